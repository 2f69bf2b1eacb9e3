// Finds contests on the board while one types, and keeps what is looked for in the address. The server finds
// the same ones (quart_app/pages/finding.py).

import { figure } from "./figures.js";
import { n } from "./texts.js";

const CLOSE = 0.01;
// The count is told once somebody stops typing.
const TELL_MS = 600;

const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function close({ released, selections, number_elected: seats, write_ins: writeIns }) {
  const last = selections[Math.max(seats, 1) - 1];
  if (!released || !last) return false;
  const whole = selections.reduce((sum, { votes }) => sum + votes, writeIns);
  return Boolean(last.votes) && last.margin !== null && last.margin < CLOSE * whole;
}

export class Filter {
  #timer = 0;

  /** `contests` are those on the page, by code; `said` is a polite live region. */
  constructor(form, contests, said) {
    this.form = form;
    this.contests = contests;
    this.said = said;
    form.addEventListener("input", () => this.#change());
    form.addEventListener("submit", (event) => this.#submit(event));
    // What was typed before this was here, or a browser that went back filled in, is looked for too.
    if (this.#isTyped()) this.#change();
  }

  /** Another place needs other figures, and those come from the server; all else is found here. */
  #submit(event) {
    if (this.form.elements.unit.value.trim()) return;
    event.preventDefault();
    this.#change();
  }

  #isTyped() {
    const { searchParams } = new URL(location.href);
    return ["q", "show"].some((name) => this.form.elements[name].value.trim() !== (searchParams.get(name) ?? "").trim());
  }

  #change() {
    const address = new URL(location.href);
    for (const name of ["q", "show"]) {
      const value = this.form.elements[name].value.trim();
      if (value) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
    }
    history.replaceState(null, "", address);
    this.apply();
    this.#tellSoon();
  }

  /** Hides what is not looked for. */
  apply() {
    const words = folded(this.form.elements.q.value).split(/\s+/).filter(Boolean);
    const show = this.form.elements.show.value;
    for (const contest of this.contests.values()) {
      const hidden = !(this.#fits(contest, show) && words.every((word) => this.#names(contest).includes(word)));
      // What comes in meanwhile takes nothing away from below the keyboard.
      if (contest.element.hidden === hidden || (hidden && contest.element.contains(document.activeElement))) continue;
      contest.element.hidden = hidden;
      this.#tellSoon();
    }
  }

  #tellSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), TELL_MS);
  }

  #fits({ results }, show) {
    if (!show || !results) return true;
    return show === "close" ? close(results) : results.units_reported < results.units_expected;
  }

  /** Everything that a contest can be found by; whom its card leaves out is known once the stream has told. */
  #names(contest) {
    const { element, results } = contest;
    if (!contest.names || (results && !contest.namesOfAll)) {
      const written = [...element.querySelectorAll("h2, .name, .party")].flatMap((one) => [one.textContent, one.title]);
      const told = results?.selections.map(({ name }) => name) ?? [];
      contest.names = folded([element.dataset.contest, ...written, ...told].join("\n"));
      contest.namesOfAll = Boolean(results);
    }
    return contest.names;
  }

  #tell() {
    const all = this.contests.size;
    const shown = [...this.contests.values()].filter(({ element }) => !element.hidden).length;
    const parts = { count: figure(shown), all: figure(all) };
    this.said.textContent = n("%(count)s of %(all)s contest is shown.", "%(count)s of %(all)s contests are shown.", all, parts);
  }
}
