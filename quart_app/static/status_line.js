// One line about the connection, about what waits on this device, and about whose it is.

import { apart, h } from "./dom.js";
import { figure } from "./figures.js";
import { button } from "./steps.js";
import { n, t } from "./texts.js";
import { signInAddress } from "./way_in.js";
import { CONNECTION } from "./words.js";

export class StatusLine {
  element = h("div", { class: "connection", id: "connection", "data-state": "connecting" });
  #word = h("strong", { id: "connection-word", role: "status" });

  /** `signOut` forgets a token. */
  constructor(signOut) {
    this.signOut = signOut;
  }

  /** `lasting` is whether this browser keeps what is typed; `open` whether tallies are taken now. */
  show(queue, { lasting, open }) {
    const { state, token, username } = queue;
    const told = sentences(queue, { lasting, open }).flatMap((sentence) => [sentence, " "]);
    if (["refused", "other"].includes(state) && !token) told.push(h("a", { href: signInAddress() }, t("Sign in")));
    if (token) told.push(button(t("Forget the token"), this.signOut, { id: "sign-out" }));
    this.element.dataset.state = state;
    // Written only where it is another one: it is read out each time.
    if (this.#word.textContent !== CONNECTION[state]) this.#word.textContent = CONNECTION[state];
    const dot = h("span", { class: "dot", "aria-hidden": "true" });
    this.element.replaceChildren(dot, this.#word, h("span", { id: "connection-detail" }, told));
  }
}

function sentences({ state, problem, items, token, username }, { lasting, open }) {
  const waiting = items.filter(({ answer }) => !answer).length;
  const name = { username: apart(username) };
  return [
    waiting > 0 && n("%(count)s tally waits on this device and goes by itself.", "%(count)s tallies wait on this device and go by themselves.", waiting, { count: figure(waiting) }),
    state === "live" && t("You are %(username)s.", name),
    state === "lost" && t("What you type and send is kept on this device. It goes by itself when the network is back."),
    state === "refused" && refusal(problem, token),
    state === "other" && t("What waits here is %(username)s's, and goes when %(username)s signs in again.", name),
    !open && t("The election is not open: no tally is taken now."),
    !lasting && h("strong", {}, t("This browser keeps nothing: leave this page open until every receipt is here.")),
  ].filter(Boolean);
}

function refusal(problem, token) {
  if (problem?.status !== 401) return t("You are not let in: %(why)s All is kept on this device.", { why: problem?.title ?? "" });
  return token
    ? t("The token is not good any more. All is kept on this device: give a new one of yours to send it.")
    : t("Your session has ended. All is kept on this device: sign in again to send it.");
}
