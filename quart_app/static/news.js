// What a screen reader hears: one sentence at a time, about one contest, and of each at most one a minute.

const EACH_MS = 60_000;
// A sentence is spoken to its end before the next one comes.
const BETWEEN_MS = 8_000;

export class News {
  #place;
  #waiting = new Map();
  #told = new Map();
  #timer = 0;

  /** `place` is a polite live region. */
  constructor(place) {
    this.#place = place;
  }

  /** `sentence()` makes the newest sentence about `topic` when its turn comes; "" says nothing. */
  tell(topic, sentence) {
    this.#waiting.set(topic, sentence);
    this.#plan();
  }

  #plan() {
    if (this.#timer || !this.#waiting.size) return;
    const now = Date.now();
    const turns = [...this.#waiting.keys()].map((topic) => (this.#told.get(topic)?.at ?? now - EACH_MS) + EACH_MS);
    this.#timer = setTimeout(() => this.#speak(), Math.max(BETWEEN_MS, Math.min(...turns) - now));
  }

  #speak() {
    this.#timer = 0;
    const now = Date.now();
    for (const [topic, sentence] of document.hidden ? [] : this.#waiting) {
      const before = this.#told.get(topic);
      if (before && now - before.at < EACH_MS) continue;
      this.#waiting.delete(topic);
      const text = sentence();
      if (!text || text === before?.text) continue;
      this.#told.set(topic, { at: now, text });
      this.#place.textContent = text;
      break;
    }
    this.#plan();
  }
}
