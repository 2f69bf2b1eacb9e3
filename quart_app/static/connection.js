// Says in words how old the figures are and how good the connection is.

import { ago } from "./figures.js";
import { t } from "./texts.js";

// Seconds are counted once there are some.
const MOMENT_MS = 3_000;

const WORDS = {
  connecting: t("Connecting"),
  live: t("Live"),
  delayed: t("Live, with a delay"),
  stale: t("Stale"),
  lost: t("Connection lost"),
};

function detail({ name, since, age }, clock) {
  if (age === null) {
    return name === "lost"
      ? t("Since %(time)s; trying again. The figures are those of the last load.", { time: clock(since) })
      : t("The figures are those of the last load.");
  }
  if (name === "live" && age < MOMENT_MS) return t("Figures of this moment.");
  const parts = { ago: ago(age), time: clock(since) };
  if (name === "lost") return t("Since %(time)s; trying again. Figures of %(ago)s.", parts);
  if (name === "stale") return t("It is not known just now whether there is anything newer. Figures of %(ago)s.", parts);
  if (name === "delayed") return t("New figures come some seconds late just now. Figures of %(ago)s.", parts);
  return t("Figures of %(ago)s.", parts);
}

/** Keeps what `connection` in `templates/design/states.html` says true; writes only what has changed. */
export class Connection {
  #box = document.getElementById("connection");
  #word = document.getElementById("connection-word");
  #detail = document.getElementById("connection-detail");

  /** `clock` writes a time of the day. */
  constructor(clock) {
    this.clock = clock;
  }

  show(state) {
    if (document.hidden) return;
    if (this.#box.dataset.state !== state.name) {
      this.#box.dataset.state = state.name;
      this.#word.textContent = WORDS[state.name];
    }
    const text = detail(state, this.clock);
    if (this.#detail.textContent !== text) this.#detail.textContent = text;
  }
}
