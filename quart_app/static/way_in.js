// The way into the entry where nobody who sends tallies is signed in: a token will do, and what waits on this
// device is said, without figures.

import { apart, h } from "./dom.js";
import { figure } from "./figures.js";
import { heading } from "./steps.js";
import { n, t } from "./texts.js";

/** Where to sign in, and to come back from. */
export const signInAddress = () => `/login?next=${encodeURIComponent(location.pathname + location.search)}`;

/**
 * `problem` is why a token was not taken, null where none was given. `waiting` has how many tallies wait, by username.
 * `useToken(token)` is called with the token that somebody gives.
 */
export function showWayIn(root, { problem, waiting, useToken }) {
  const said = [...waiting].map(([username, count]) => h("p", { class: "notice" },
    n("%(count)s tally of %(username)s waits on this device, and goes when %(username)s signs in again.", "%(count)s tallies of %(username)s wait on this device, and go when %(username)s signs in again.", count, { count: figure(count), username: apart(username) })));
  const way = document.getElementById("token-way") ?? bareWayIn(root);
  const open = Boolean(problem) || !document.querySelector("#entry a.main");
  const form = tokenForm(problem, useToken);
  way.replaceChildren(...said, h("details", { open }, h("summary", {}, t("Use a token instead")), form));
  if (problem) form.querySelector("input").focus();
}

function tokenForm(problem, useToken) {
  const input = h("input", { id: "token", type: "password", autocomplete: "off", required: true, spellcheck: "false", "aria-describedby": "token-hint token-fault" });
  if (problem?.status === 401) input.setAttribute("aria-invalid", "true");
  const send = (event) => {
    event.preventDefault();
    useToken(input.value.trim());
  };
  return h("form", { id: "sign-in", submit: send },
    h("div", { class: "row" }, h("label", { for: "token" }, t("Your token")),
      h("p", { class: "hint", id: "token-hint" }, t("It stays in this tab and is forgotten when the tab is closed.")),
      h("p", { class: "fault", id: "token-fault" }, problem?.title ?? ""), input),
    h("p", { class: "actions" }, h("button", {}, t("Connect"))));
}

/** The kept page has no way in of the server's. */
function bareWayIn(root) {
  const way = h("div", { id: "token-way" });
  const signIn = h("a", { class: "button main", href: signInAddress() }, t("Sign in"));
  root.replaceChildren(heading(t("Enter a tally")), h("p", { class: "actions" }, signIn), way);
  return way;
}
