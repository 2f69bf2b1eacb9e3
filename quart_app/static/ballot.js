// What an officer has to report, as the API tells it, and the arithmetic of a tally.

import { figure } from "./figures.js";
import { t } from "./texts.js";

export const COUNTS = ["ballots_cast", "write_ins", "overvotes", "undervotes", "rejected_ballots"];
export const MOST = 2_147_483_647;

const PAGE = 200;
// A network that says nothing for so long is none.
const PATIENCE_MS = 6_000;

/** Own precincts with their ballots. What was loaded once is kept, and is there without a network. */
export class Ballots {
  #address;
  #precincts = new Map();
  #contests = new Map();
  timezone = "UTC";
  username = "";
  status = "open";
  /** Whether two people enter each tally. */
  doubleEntry = false;
  /** The settings of the election's checks, by their names. */
  checks = {};
  /** Whose they are is certain; what the server says to somebody else is not taken then. */
  settled = false;
  /** Whether there are precincts that were not loaded: they are found by their names. */
  more = false;

  constructor(election, kept) {
    this.#address = `/api/v1/elections/${encodeURIComponent(election)}/entry`;
    for (const page of kept?.pages ?? []) this.#take(page);
  }

  /** Asks the server. Throws the problem that it answers, and TypeError or DOMException without a network. */
  async load(token, search = "") {
    const query = new URLSearchParams({ limit: PAGE, search, lang: document.documentElement.lang });
    const page = await this.#ask(`${this.#address}?${query}`, token);
    if (this.settled && page.username !== this.username) throw new Error("somebody else has signed in");
    // Nothing stays of an officer who was here before.
    if (page.username !== this.username) this.#precincts.clear();
    this.#take(page);
    if (!search) this.more = page.next !== null;
    return page;
  }

  /** The figures of a tally that an own precinct sent: the log's entry `seq`. Throws as `load` does. */
  figures(token, precinct, seq) {
    return this.#ask(`${this.#address}/${encodeURIComponent(precinct)}/${seq}`, token);
  }

  async #ask(address, token) {
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    const answer = await fetch(address, { headers, signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw await answer.json().catch(() => ({ status: answer.status, code: "", title: "" }));
    return answer.json();
  }

  #take(page) {
    this.timezone = page.timezone;
    this.username = page.username;
    this.status = page.election_status;
    this.doubleEntry = page.double_entry ?? false;
    this.checks = page.checks ?? {};
    this.more ||= page.more ?? false;
    for (const precinct of page.precincts) this.#precincts.set(precinct.code, precinct);
    for (const contest of page.contests) this.#contests.set(contest.code, contest);
  }

  /** To be kept on this device. */
  kept() {
    const { timezone, username, status, doubleEntry, checks, more } = this;
    return { pages: [{ timezone, username, election_status: status, double_entry: doubleEntry, checks, more, precincts: this.precincts(), contests: [...this.#contests.values()] }] };
  }

  precincts(search = "") {
    const wanted = search.trim().toLowerCase();
    const found = [...this.#precincts.values()].filter(({ name, code }) => name.toLowerCase().includes(wanted) || code.includes(wanted));
    return found.sort((one, other) => one.name.localeCompare(other.name));
  }

  precinct(code) {
    return this.#precincts.get(code);
  }

  contest(code) {
    return this.#contests.get(code);
  }

  /** The newest revision that the server told of; none while nothing was sent. */
  sent(precinct, contest) {
    return this.precinct(precinct)?.sent.find((one) => one.contest === contest);
  }
}

const DIGIT = /^\p{Nd}$/u;
const isDigit = (point) => DIGIT.test(String.fromCodePoint(point));

/** 0 to 9 of a digit of any script: each script has its ten in one row. */
function valueOf(character) {
  const point = character.codePointAt(0);
  let first = point;
  while (isDigit(first - 1)) first -= 1;
  return (point - first) % 10;
}

/** The whole number that was typed, with or without spaces between groups; null for nothing, NaN for anything else. */
export function typed(text) {
  const bare = [...text.replace(/\s/gu, "")];
  if (!bare.length) return null;
  const number = bare.every((one) => DIGIT.test(one)) && bare.length <= 20 ? Number(bare.map(valueOf).join("")) : NaN;
  return number <= MOST ? number : NaN;
}

/** What is wrong with a figure as it was typed; nothing where it can be sent. */
export function faultOf(text) {
  const number = typed(text);
  if (number === null) return t("Fill in 0 if there were none.");
  return Number.isNaN(number) ? t("Digits only: a whole number from 0 to %(most)s.", { most: figure(MOST) }) : "";
}

/**
 * The balance check: votes + write-ins + overvotes × votes allowed + undervotes = ballots × votes allowed.
 * `found` and `expected` are in votes.
 */
export function balance(tally, votesAllowed) {
  const votes = Object.values(tally.votes).reduce((sum, count) => sum + count, 0);
  const found = votes + tally.write_ins + tally.overvotes * votesAllowed + tally.undervotes;
  return { found, expected: tally.ballots_cast * votesAllowed };
}

/**
 * The checks for which a tally will be held, as the server makes them (models/checks.py), as far as its own
 * figures tell. `settings` are the election's; a check that is not among them lets nothing pass.
 */
export function failedChecks(tally, contest, registered, settings) {
  const { found, expected } = balance(tally, contest.votes_allowed);
  const cast = tally.ballots_cast;
  const votes = Object.values(tally.votes);
  const allowed = (check) => ({ on: true, tolerance: 0, ...settings[check] });
  const fails = (check, holds) => allowed(check).on && !holds(allowed(check).tolerance);
  const above = votes.find((one) => one > cast + allowed("ceiling").tolerance);
  const empty = [...votes, ...COUNTS.map((name) => tally[name])].every((count) => count === 0);
  return [
    fails("balance", (most) => Math.abs(found - expected) <= most * contest.votes_allowed) && { check: "balance", found, expected },
    fails("turnout", (most) => registered === null || cast <= registered + most) && { check: "turnout", found: cast, expected: registered },
    fails("ceiling", () => above === undefined) && { check: "ceiling", found: above, expected: cast },
    fails("all-zero", (most) => !empty || registered === null || registered <= most) && { check: "all-zero", found: 0, expected: registered },
  ].filter(Boolean);
}
