// What was sent in this session, kept in the tab: it outlives a reload, and not the tab.

const NAMES = { accepted: "Accepted", quarantined: "Held for review", awaiting_second_entry: "Awaits the second entry" };

export class Sent {
  #key;
  #items;

  constructor(election) {
    this.#key = `tallies sent to ${election}`;
    this.#items = JSON.parse(sessionStorage.getItem(this.#key) ?? "[]");
  }

  /** Tallies that have no answer yet, oldest first. */
  waiting() {
    return this.#items.filter((item) => !item.answer).map((item) => item.tally);
  }

  add(tally) {
    this.#items.push({ tally, answer: null });
    this.#keep();
  }

  answered(answer) {
    const item = this.#items.find(({ tally }) => tally.ref === answer.ref);
    if (item) item.answer = answer;
    this.#keep();
    return item;
  }

  #keep() {
    sessionStorage.setItem(this.#key, JSON.stringify(this.#items));
  }

  /** Fills the table, the newest first; `take(item)` puts an item back into the form. */
  show(body, ballots, take) {
    body.replaceChildren(...this.#items.toReversed().map((item) => row(item, ballots, take)));
  }
}

function row(item, ballots, take) {
  const { tally, answer } = item;
  const line = document.createElement("tr");
  line.dataset.ref = tally.ref;
  const precinct = document.createElement("th");
  precinct.scope = "row";
  precinct.textContent = ballots.nameOf(tally.precinct);
  const told = cell("");
  told.className = "told";
  told.append(...describe(answer));
  if (answer) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = answer.type === "receipt" ? "Correct it" : "Back into the form";
    button.addEventListener("click", () => take(item));
    told.append(button);
  }
  line.append(precinct, cell(ballots.contest(tally.contest)?.name ?? tally.contest), cell(tally.revision), told);
  return line;
}

function cell(text) {
  const made = document.createElement("td");
  made.textContent = text;
  return made;
}

/** A receipt or a problem in words, as nodes. */
export function describe(answer) {
  if (!answer) return ["No receipt yet. It is sent again by itself until one comes."];
  if (answer.type !== "receipt") {
    const faults = answer.errors.map(({ field, message }) => `${field}: ${message}`);
    return [`Not taken (${answer.code}). ${faults.length > 1 ? faults.join("; ") : answer.title}`];
  }
  const hash = document.createElement("code");
  hash.textContent = answer.leaf_hash;
  const checks = answer.checks.map(({ check, message }) => ` ${check}: ${message}.`).join("");
  const words = `${NAMES[answer.status] ?? answer.status}: entry ${answer.seq}, revision ${answer.revision}.${checks} Leaf hash `;
  return [words, hash];
}
