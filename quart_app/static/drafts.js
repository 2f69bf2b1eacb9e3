// What is typed and not sent yet: a draft for each precinct and contest, kept on the device while one types.

// Typing is kept when somebody pauses for so long; a flat battery loses no more.
const PAUSE_MS = 250;

const placeOf = (precinct, contest) => `${precinct}/${contest}`;

/**
 * Drafts are { place, figures, reason, revision, problem }: figures as they were typed, by field; `revision` the one
 * that would be taken when the draft was begun; `problem` what the server said against it, or null.
 */
export class Drafts {
  #store;
  #who;
  #drafts = new Map();
  #unsaved = null;
  #saving = 0;

  constructor(store, username, election) {
    this.#store = store;
    this.#who = ["draft", username, election];
  }

  async load() {
    for (const draft of await this.#store.all(...this.#who)) this.#drafts.set(draft.place, draft);
  }

  of(precinct, contest) {
    return this.#drafts.get(placeOf(precinct, contest));
  }

  /** One that is kept only once something is typed. */
  begun(precinct, contest, revision, figures = {}) {
    return { place: placeOf(precinct, contest), figures, reason: "", revision, problem: null };
  }

  /** The draft of a place that is to be kept, begun now where there is none. */
  at(precinct, contest, revision) {
    const draft = this.of(precinct, contest) ?? this.begun(precinct, contest, revision);
    this.#drafts.set(draft.place, draft);
    return draft;
  }

  keep(draft) {
    this.#drafts.set(draft.place, draft);
    if (this.#unsaved === draft) this.#settle();
    return this.#store.change([...this.#who, draft.place], () => draft);
  }

  keepSoon(draft) {
    if (this.#unsaved !== draft) this.flush();
    this.#drafts.set(draft.place, draft);
    this.#settle();
    this.#unsaved = draft;
    this.#saving = setTimeout(() => this.flush(), PAUSE_MS);
  }

  /** Keeps at once what still waits for a pause. */
  flush() {
    if (this.#unsaved) this.keep(this.#unsaved);
  }

  #settle() {
    clearTimeout(this.#saving);
    this.#unsaved = null;
  }

  async drop(draft) {
    if (this.#unsaved === draft) this.#settle();
    this.#drafts.delete(draft.place);
    await this.#store.change([...this.#who, draft.place], () => null);
  }
}
