// One contest on the page: takes whole results and never goes back to older ones.

import { STATUS_WORDS, figure, percent } from "./figures.js";

const PERCENTS = new Set(["turnout", "share"]);

export class Contest {
  constructor(element, clock) {
    this.element = element;
    this.clock = clock;
    this.version = Number(element.dataset.version);
    this.connection = 1;
    this.results = null;
    this.progress = element.querySelector("progress");
    this.rows = new Map();
    for (const row of element.querySelectorAll("[data-selection]")) this.rows.set(row.dataset.selection, row);
    this.fields = [...element.querySelectorAll("[data-field]")].filter((field) => !field.closest("[data-selection]"));
  }

  /** Older results are ignored, unless they are the first that a new connection brings. */
  show(results, connection) {
    if (results.version < this.version && connection === this.connection) return false;
    this.connection = connection;
    this.version = results.version;
    this.results = results;
    for (const field of this.fields) this.#fill(field, results);
    this.progress.max = results.units_expected;
    this.progress.value = results.units_reported;
    for (const choice of results.selections) this.#choose(choice);
    this.#order(results.selections);
    return true;
  }

  #fill(field, values) {
    const name = field.dataset.field;
    const value = values[name];
    let text = PERCENTS.has(name) ? percent(value) : name === "status" ? STATUS_WORDS[value] : "";
    if (name === "updated_at") {
      field.dateTime = value;
      text = this.clock(value);
    }
    set(field, text || figure(value));
  }

  #choose(choice) {
    const row = this.rows.get(choice.code);
    if (!row) return;
    for (const field of row.querySelectorAll("[data-field]")) this.#fill(field, choice);
    row.classList.toggle("first", choice.votes > 0 && choice.rank === 1);
    for (const bar of row.querySelectorAll("[data-bar]")) bar.setAttribute("width", `${((choice.share ?? 0) * 100).toFixed(1)}%`);
  }

  #order(selections) {
    const wanted = selections.map((choice) => this.rows.get(choice.code)).filter(Boolean);
    const body = wanted[0]?.parentElement;
    if (body && wanted.some((row, place) => body.children[place] !== row)) body.append(...wanted);
  }
}

/** Writes a text where it changed, and lets the change be seen for a moment. */
function set(field, text) {
  if (field.textContent === text) return;
  field.textContent = text;
  field.classList.remove("moved");
  requestAnimationFrame(() => field.classList.add("moved"));
}
