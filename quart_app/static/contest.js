// One contest on the page: takes whole results, never goes back to older ones, and writes what has changed.

import { load } from "./documents.js";
import { STANDING_WORDS, STATUS_WORDS, figure, percent, ratio } from "./figures.js";
import { headline } from "./headlines.js";
import { isToBeRecounted, outlookWords } from "./outlook.js";
import { slide, stretch, touch } from "./motion.js";

// Of what the server draws the newest is asked for at most so often.
const AGAIN_MS = 10_000;
// Not all who look at a board ask for the same in the same moment.
const SPREAD_MS = 2_000;

const SHOWN = {
  status: (results) => STATUS_WORDS[results.status],
  standing: (choice) => STANDING_WORDS[choice.standing] ?? "",
  headline,
  outlook: outlookWords,
  turnout: (results) => percent(results.turnout),
  share: (choice) => percent(choice.share),
  write_ins_share: (results) => percent(writeInsShare(results)),
};

function writeInsShare({ selections, write_ins: writeIns }) {
  if (writeIns === null) return null;
  return ratio(writeIns, selections.reduce((sum, { votes }) => sum + votes, writeIns));
}

/** Whether a figure of `newer` went down since `older`: a correction or a recall does that, and no more than those. */
const fell = (older, newer) => Boolean(older?.released) && (newer.lowered_by ?? 0) > (older.lowered_by ?? 0);

export class Contest {
  #drawn = null;
  #askedAt = -AGAIN_MS;
  #asking = 0;
  #picturing = 0;
  #fallen = false;

  constructor(element, clock) {
    this.element = element;
    this.clock = clock;
    this.version = Number(element.dataset.version);
    this.results = null;
    /** Whether somebody may see it now; a browser says so when it first looks. */
    this.seen = true;
    this.drawnAt = 0;
    this.progress = element.querySelector("progress");
    this.race = element.querySelector(".over-time");
    this.race?.addEventListener("toggle", () => this.#picture());
    this.#find();
  }

  #find() {
    const rows = [...this.element.querySelectorAll("[data-selection]")];
    this.rows = new Map(rows.map((row) => [row.dataset.selection, parts(row)]));
    this.fields = [...this.element.querySelectorAll("[data-field]")].filter((field) => !field.closest("[data-selection]"));
  }

  /** Remembers results, unless they are older than what is known; says whether they are news. */
  take(results) {
    if (results.version < this.version) return false;
    const news = results.version > this.version;
    this.version = results.version;
    this.results = results;
    return news;
  }

  /** Draws what was taken last. */
  draw() {
    const results = this.results;
    if (results === this.#drawn) return;
    this.#tellOfFall(results);
    if (this.#lacks(results)) this.#rowsAnew();
    for (const field of this.fields) this.#fill(field, results);
    if (this.progress.max !== results.units_expected) this.progress.max = results.units_expected || 1;
    if (this.progress.value !== results.units_reported) this.progress.value = results.units_reported;
    for (const choice of results.selections) this.#choose(choice);
    this.#order(results.selections);
    this.#show("recount-due", isToBeRecounted(results));
    this.#pictureSoon(results.released);
    this.#drawn = results;
    this.drawnAt = performance.now();
  }

  /** Whether a total has fallen since this was last asked. */
  hasFallen() {
    const fallen = this.#fallen;
    this.#fallen = false;
    return fallen;
  }

  /** Only some of the choices have a row here, and another one has come up among them. */
  #lacks({ selections }) {
    const first = Number(this.element.dataset.skipped ?? 0);
    return selections.slice(first, first + this.rows.size).some(({ code }) => !this.rows.has(code));
  }

  /** Rows are written by the server, with colours and signs. */
  #rowsAnew() {
    const pause = Math.max(0, this.#askedAt + AGAIN_MS - performance.now()) + Math.random() * SPREAD_MS;
    this.#asking ||= setTimeout(async () => {
      this.#askedAt = performance.now();
      const fresh = await load(location.href).catch(() => null);
      this.#asking = 0;
      const body = fresh?.querySelector(`[data-contest="${CSS.escape(this.element.dataset.contest)}"] .choices tbody`);
      if (body) this.element.querySelector(".choices tbody").replaceWith(document.adoptNode(body));
      this.#find();
      this.#drawn = null;
      this.draw();
    }, pause);
  }

  #pictureSoon(released) {
    if (!this.race) return;
    this.race.hidden = !released;
    if (this.race.open) this.#picturing ||= setTimeout(() => this.#picture(), AGAIN_MS);
  }

  /** The race of a card is a picture, and its address says of which version. */
  #picture() {
    this.#picturing = 0;
    const image = this.race.querySelector("img");
    const address = new URL(image.src);
    if (!this.race.open || this.version <= Number(address.searchParams.get("version") ?? this.element.dataset.version)) return;
    address.searchParams.set("version", this.version);
    image.src = address;
  }

  /** Leads to the log entry that lowered a figure; one that came while somebody looks stays in sight. */
  #tellOfFall(results) {
    const seq = results.lowered_by ?? 0;
    const said = this.#show("lowered", seq > 0);
    if (!said) return;
    const link = said.querySelector("a");
    const address = new URL(link.href);
    address.searchParams.set("before", seq + 1);
    address.hash = `entry-${seq}`;
    link.href = address;
    if (!fell(this.#drawn, results)) return;
    this.#fallen = true;
    said.classList.add("fresh");
  }

  /** What a contest does not always say, as the page's template has it; nothing where it is not so. */
  #show(name, isSo) {
    const shown = this.element.querySelector(`.${name}`);
    if (!isSo) return shown?.remove();
    if (shown) return shown;
    const made = document.importNode(document.getElementById(name).content, true).firstElementChild;
    this.element.querySelector(".outlook").after(made);
    return made;
  }

  #fill(field, values) {
    const name = field.dataset.field;
    if (name === "updated_at") {
      if (field.dateTime === values[name]) return false;
      field.dateTime = values[name];
      return write(field, this.clock(values[name]));
    }
    return write(field, SHOWN[name]?.(values) ?? figure(values[name]));
  }

  #choose(choice) {
    const row = this.rows.get(choice.code);
    if (!row) return;
    let changed = false;
    for (const field of row.fields) changed = this.#fill(field, choice) || changed;
    if (!changed) return;
    row.element.classList.toggle("first", choice.votes > 0 && choice.rank === 1);
    stretch(row.bars, choice.share ?? 0, this.seen);
    if (this.seen) touch(row.element);
  }

  #order(selections) {
    const wanted = selections.map((choice) => this.rows.get(choice.code)?.element).filter(Boolean);
    const body = wanted[0]?.parentElement;
    if (body && wanted.some((row, place) => body.children[place] !== row)) slide(wanted, () => body.prepend(...wanted), this.seen);
  }
}

const parts = (element) => ({
  element,
  fields: [...element.querySelectorAll("[data-field]")],
  bars: [...element.querySelectorAll("[data-bar]")],
});

function write(field, text) {
  if (field.textContent === text) return false;
  field.textContent = text;
  return true;
}
