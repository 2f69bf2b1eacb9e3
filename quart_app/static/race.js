// The race over time on a contest's page: asks the server to draw it again when there is something new.

// The newest minutes change little in a picture of the whole night.
const AGAIN_MS = 10_000;

export class Race {
  #section;
  #timer = 0;

  /** `section` says in `data-address` where its newest form comes from. */
  constructor(section) {
    this.#section = section;
  }

  changed() {
    this.#timer ||= setTimeout(() => this.#load(), AGAIN_MS);
  }

  /** XMLHttpRequest reads a page into a document, in which nothing runs. */
  #load() {
    this.#timer = 0;
    if (document.hidden) {
      document.addEventListener("visibilitychange", () => this.changed(), { once: true });
      return;
    }
    const request = new XMLHttpRequest();
    request.open("GET", this.#section.dataset.address);
    request.responseType = "document";
    request.addEventListener("load", () => this.#show(request.response?.getElementById("race")));
    request.send();
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
