// The race over time on a contest's page: asks the server to draw it again when there is something new.

import { load } from "./documents.js";

// The newest minutes change little in a picture of the whole night.
const AGAIN_MS = 10_000;

export class Race {
  #section;
  #timer = 0;
  #waiting = false;

  /** `section` says in `data-address` where its newest form comes from. */
  constructor(section) {
    this.#section = section;
  }

  changed() {
    this.#timer ||= setTimeout(() => this.#load(), AGAIN_MS);
  }

  async #load() {
    this.#timer = 0;
    if (document.hidden) return this.#wait();
    try {
      this.#show((await load(this.#section.dataset.address)).getElementById("race"));
    } catch {
      this.changed();
    }
  }

  /** Nobody looks: it is drawn when somebody does. */
  #wait() {
    if (this.#waiting) return;
    this.#waiting = true;
    const seen = () => {
      this.#waiting = false;
      this.changed();
    };
    document.addEventListener("visibilitychange", seen, { once: true });
  }

  /** The table stays open if it was, and the keyboard where it was. */
  #show(newest) {
    if (!newest || this.#section.contains(document.activeElement)) {
      if (newest) this.changed();
      return;
    }
    const open = this.#section.querySelector("details")?.open;
    this.#section.replaceWith(document.adoptNode(newest));
    this.#section = newest;
    const details = newest.querySelector("details");
    if (details) details.open = open;
  }
}
