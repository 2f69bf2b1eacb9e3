// The steps of the entry as elements: lists, the form, the figures read back, how a tally stands.

import { COUNTS, balance, failedChecks, faultOf, typed } from "./ballot.js";
import { apart, h, named } from "./dom.js";
import { figure } from "./figures.js";
import { n, t } from "./texts.js";
import { EXPLAINED, HEADINGS, SENT_AGAIN, STANDINGS, checkWords, problemWords } from "./words.js";

const LABELS = {
  ballots_cast: t("Ballots cast"),
  write_ins: t("Write-ins"),
  overvotes: t("Overvotes"),
  undervotes: t("Undervotes"),
  rejected_ballots: t("Rejected ballots"),
};
const HINTS = { overvotes: t("Ballots with too many marks"), undervotes: t("Votes not given") };

export const heading = (...children) => h("h1", { tabindex: "-1" }, children);
export const lead = (...children) => h("p", { class: "lead" }, children);
export const button = (words, press, attributes = {}) => h("button", { type: "button", click: press, ...attributes }, words);

export function crumbs(base, precinct) {
  const links = [h("a", { href: base }, t("Your precincts"))];
  if (precinct) links.push(h("span", { "aria-hidden": "true" }, " / "), h("a", { href: `${base}/${precinct.code}` }, named(precinct.name)));
  return h("nav", { class: "crumbs", "aria-label": t("Where you are") }, links);
}

export const progress = (sent, most) =>
  n("%(sent)s of %(most)s contest sent", "%(sent)s of %(most)s contests sent", most, { sent: figure(sent), most: figure(most) });

/** A line that leads somewhere: a name, how it stands, and more about it. */
export function place(address, name, standing, told) {
  return h("li", {}, h("a", { href: address },
    named(name, { class: "name" }), " ",
    standing && h("span", { class: "mark", "data-mark": standing }, STANDINGS[standing]), " ",
    told && h("span", { class: "told" }, told)));
}

// ---- the form ----

function count(name, label, value, hint) {
  const input = h("input", { id: name, name, inputmode: "numeric", autocomplete: "off", maxlength: "24", pattern: "[\\d\\s]*", dir: "ltr", "aria-describedby": hint && `${name}-hint` });
  input.value = value ?? "";
  return h("div", { class: "count" }, h("label", { for: name }, label), hint && h("p", { class: "hint", id: `${name}-hint` }, hint), input);
}

/** `draft` is { figures, reason, revision }; figures are as they were typed. `second` is whether one entry waits for it. */
export function tallyForm(contest, draft, second, submit) {
  const votes = contest.selections.map(({ code, name, party }) => {
    const label = [named(name), party && " ", party && h("span", { class: "party", translate: "no" }, party)];
    return count(`votes.${code}`, label, draft.figures[`votes.${code}`]);
  });
  const counts = COUNTS.map((name) => count(name, LABELS[name], draft.figures[name], HINTS[name]));
  const reason = h("textarea", { id: "reason", name: "reason", maxlength: "500", rows: "2", autocomplete: "off", "aria-describedby": "reason-hint" });
  reason.value = draft.reason ?? "";
  return h("form", { class: "tally", id: "tally", novalidate: true, submit },
    h("fieldset", {}, h("legend", {}, t("Votes")),
      contest.votes_allowed > 1 && h("p", { class: "hint" }, t("Each ballot has up to %(allowed)s votes.", { allowed: figure(contest.votes_allowed) })),
      votes),
    h("fieldset", {}, h("legend", {}, t("Ballots")), counts),
    draft.revision > 1 && h("fieldset", { id: "correction" },
      h("legend", {}, second ? t("Revision %(revision)s", { revision: draft.revision }) : t("Correction")),
      h("div", { class: "row" }, h("label", { for: "reason" }, t("Reason")),
        h("p", { class: "hint", id: "reason-hint" }, t("It stands in the public log: name no voter.")), reason)),
    h("output", { class: "balance", id: "balance", "aria-live": "off" }),
    h("p", { class: "actions" }, h("button", { class: "main" }, t("Read the figures back"))),
    h("p", { class: "quiet" }, t("Nothing is sent yet: you see all figures once more first.")));
}

/** The tally in a draft; what is empty or no number counts as 0 while somebody types. */
export function tallyOf(precinct, contest, draft) {
  const value = (name) => typed(draft.figures[name] ?? "") || 0;
  const votes = Object.fromEntries(contest.selections.map(({ code }) => [code, value(`votes.${code}`)]));
  const counts = Object.fromEntries(COUNTS.map((name) => [name, value(name)]));
  return { type: "tally", precinct, contest: contest.code, votes, ...counts };
}

/** The figures of a tally as a draft has them. */
export function figuresOf(tally) {
  const votes = Object.entries(tally.votes).map(([code, count]) => [`votes.${code}`, String(count)]);
  return Object.fromEntries([...votes, ...COUNTS.map((name) => [name, String(tally[name])])]);
}

/** What a draft lacks, by the names of the fields. */
export function faultsOf(contest, draft) {
  const names = [...contest.selections.map(({ code }) => `votes.${code}`), ...COUNTS];
  const faults = names.map((name) => [name, faultOf(draft.figures[name] ?? "")]).filter(([, fault]) => fault);
  if (draft.revision > 1 && !draft.reason?.trim()) faults.push(["reason", t("Say why the figures change.")]);
  return faults;
}

/** A fault that was mended while typing goes away; the summary stays until the figures are read back. */
export function mended(input) {
  if (!input.hasAttribute("aria-invalid") || faultOf(input.value)) return;
  document.getElementById(`${input.id}-fault`)?.remove();
  input.removeAttribute("aria-invalid");
}

const labelOf = (form, name) => form.querySelector(`label[for="${CSS.escape(name)}"]`)?.textContent ?? name;

/** Puts each fault at its field, and all of them, with links, before the form; the summary gets the focus. */
export function showFaults(form, faults, above = []) {
  form.parentElement.querySelector("#faults")?.remove();
  for (const fault of form.querySelectorAll(".fault")) fault.remove();
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  if (!faults.length && !above.length) return;
  const lines = above.map((words) => h("li", {}, words));
  for (const [name, words] of faults) {
    const input = form.elements.namedItem(name);
    if (!input) {
      lines.push(h("li", {}, words));
      continue;
    }
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", `${name}-fault ${name}-hint`);
    input.before(h("p", { class: "fault", id: `${name}-fault` }, words));
    const link = h("a", { href: `#${name}`, click: (event) => { event.preventDefault(); input.focus(); } }, h("bdi", {}, labelOf(form, name)));
    lines.push(h("li", {}, link, ": ", words));
  }
  const summary = h("div", { class: "problem", id: "faults", role: "alert", tabindex: "-1" }, h("h2", {}, t("This was not sent")), h("ul", {}, lines));
  form.before(summary);
  summary.focus();
}

const LET_PASS = t("This election does not hold a tally for such a difference.");

/** Adds up what is typed: what is still missing counts as 0. */
export function showBalance(output, tally, contest, registered, settings) {
  const { found, expected } = balance(tally, contest.votes_allowed);
  const failed = failedChecks(tally, contest, registered, settings);
  const empty = found === 0 && expected === 0;
  output.hidden = empty;
  output.dataset.holds = failed.length ? "no" : "yes";
  const difference = Math.abs(found - expected);
  const many = { count: figure(difference) };
  const verdict = found === expected ? t("It balances.")
    : found > expected ? n("%(count)s vote too many.", "%(count)s votes too many.", difference, many)
    : n("%(count)s vote too few.", "%(count)s votes too few.", difference, many);
  const passes = found !== expected && failed.every(({ check }) => check !== "balance");
  const others = failed.filter(({ check }) => check !== "balance").map((check) => h("p", {}, checkWords(check, tally, contest)));
  output.replaceChildren(h("p", { class: "sum" }, t("%(found)s of %(expected)s votes are accounted for.", { found: figure(found), expected: figure(expected) })),
    h("p", {}, h("strong", {}, verdict), passes && " ", passes && LET_PASS), ...others);
}

// ---- the figures read back ----

export function readBack(contest, tally) {
  const line = (name, value) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, figure(value)));
  const table = (caption, rows) => h("table", { class: "read-back" }, h("caption", {}, caption), h("tbody", {}, rows));
  const names = new Map((contest?.selections ?? []).map(({ code, name }) => [code, name]));
  return [
    table(t("Votes"), Object.entries(tally.votes).map(([code, votes]) => line(named(names.get(code) ?? code), votes))),
    table(t("Ballots"), COUNTS.map((name) => line(LABELS[name], tally[name]))),
  ];
}

export function verdict(tally, contest, registered, settings) {
  const { found, expected } = balance(tally, contest.votes_allowed);
  const failed = failedChecks(tally, contest, registered, settings);
  const sum = h("p", { class: "sum" }, t("%(found)s of %(expected)s votes are accounted for.", { found: figure(found), expected: figure(expected) }));
  const words = failed.length
    ? [h("p", {}, h("strong", {}, t("It does not add up:"))), reasons(failed, tally, contest),
      h("p", {}, t("You can send it all the same. It is then stored and held for review, and is not counted until it is reviewed or corrected."))]
    : [h("p", {}, h("strong", {}, found === expected ? t("It balances.") : LET_PASS))];
  return h("div", { class: "balance", "data-holds": failed.length ? "no" : "yes" }, sum, words);
}

const reasons = (failed, tally, contest) =>
  h("ul", { class: "checks" }, failed.map((check) => h("li", { "data-check": check.check }, checkWords(check, tally, contest))));

// ---- a tally on this device ----

const pair = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

/** How a tally stands: a stub with the receipt, or what is to be done; `since` is what came of it since. */
export function stub(item, contest, standing, since, level = "h1") {
  const { tally, answer, names } = item;
  const told = [
    h(level, { tabindex: "-1" }, HEADINGS[standing]),
    lead(named(names.contest), h("br"), named(names.precinct)),
    ...since.map((words) => h("p", { class: "notice" }, words)),
  ];
  if (answer?.checks?.length) told.push(reasons(answer.checks, tally, contest));
  if (EXPLAINED[standing]) told.push(h("p", {}, EXPLAINED[standing]));
  if (standing === "needs") told.push(h("p", { class: "problem" }, problemWords(answer)));
  if (answer?.type === "receipt") {
    told.push(h("dl", { class: "pairs" },
      pair(t("Entry in the public log"), figure(answer.seq)),
      pair(t("Revision"), String(answer.revision)),
      pair(t("Leaf hash"), h("code", { dir: "ltr", translate: "no" }, answer.leaf_hash))));
  }
  return h("div", { class: "card stub", "data-mark": standing, "data-ref": item.ref }, told);
}

/** What can be done with a tally as it stands. `does` has takeBack, open, again, remove and correct. */
export function actions(item, does, names = "") {
  const more = names && h("span", { class: "hidden" }, ` ${apart(names)}`);
  if (!item.answer) return item.tries ? [] : [button([t("Take it back"), more], does.takeBack)];
  if (item.answer.type === "receipt") return [button([t("Correct it"), more], does.correct), button([t("Remove from this device"), more], does.remove)];
  const again = SENT_AGAIN.includes(item.answer.code);
  return [
    again && button([t("Send again"), more], does.again, { class: "main" }),
    button([t("Open the figures"), more], does.open, again ? {} : { class: "main" }),
    button([t("Remove from this device"), more], does.remove),
  ].filter(Boolean);
}
