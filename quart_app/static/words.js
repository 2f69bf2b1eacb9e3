// What the entry says of tallies: how each stands, why it is held, what is to be done about a problem.

import { apart } from "./dom.js";
import { figure, percent } from "./figures.js";
import { n, t } from "./texts.js";

/** How a tally on this device stands: "kept", "going", "received", "held" or "needs". */
export function standingOf(item, live) {
  if (!item.answer) return live && item.tries > 0 ? "going" : "kept";
  if (item.answer.type !== "receipt") return "needs";
  return item.answer.status === "quarantined" ? "held" : "received";
}

export const STANDINGS = {
  none: t("Not sent yet"),
  draft: t("Begun on this device"),
  kept: t("Kept on this device"),
  going: t("On its way"),
  received: t("Received"),
  sent: t("Sent"),
  held: t("Held for review"),
  needs: t("Needs you"),
};

export const HEADINGS = {
  kept: t("Kept on this device"),
  going: t("On its way"),
  received: t("Received and counted"),
  held: t("Received, and held for review"),
  needs: t("This needs you"),
};

export const EXPLAINED = {
  kept: t("It is not sent yet. It goes by itself as soon as the server can be reached; until then keep this device."),
  going: t("There is no receipt yet. It is sent again by itself until one comes, and is counted once."),
  held: t("If a figure was mistyped, correct it; otherwise a reviewer decides."),
};

/** Why a tally is held, for whoever typed it. */
export function checkWords(failed, tally, contest) {
  const words = CHECKS[failed.check] ?? CHECKS.balance;
  return words({ found: figure(failed.found), expected: figure(failed.expected) }, failed, tally, contest);
}

const CHECKS = {
  balance: (figures) => t("Votes, write-ins, overvotes and undervotes add up to %(found)s, but the ballots make %(expected)s.", figures),
  turnout: (figures) => t("%(found)s ballots cast, but only %(expected)s registered voters.", figures),
  ceiling: (figures, failed, tally, contest) =>
    t("%(found)s votes for %(selection)s, but only %(expected)s ballots cast.", { ...figures, selection: selectionOf(failed, tally, contest) }),
  "same-ballots": (figures) => t("%(found)s ballots cast, but %(expected)s in the precinct's other contests.", figures),
  "all-zero": (figures) => t("Every count is zero, but there are %(expected)s registered voters.", figures),
  "duplicate-vector": (figures, { about }) =>
    t("All figures, with %(found)s votes, are identical with those of the precinct %(precinct)s.", { ...figures, precinct: apart(about) }),
  "double-entry": (figures, { found }) =>
    n("%(count)s figure differs between the two entries.", "%(count)s figures differ between the two entries.", found, { count: figures.found }),
  outlier: (_, failed, tally, contest) => outlierWords(failed, tally, contest),
};

function outlierWords(failed, tally, contest) {
  const shares = { found: percent(failed.found / 1000), expected: percent(failed.expected / 1000) };
  if (!failed.about) return t("A turnout of %(found)s, but %(expected)s on average in the precincts around.", shares);
  return t("A share of %(found)s for %(selection)s, but %(expected)s on average in the precincts around.",
    { ...shares, selection: selectionOf(failed, tally, contest) });
}

/** The selection that a check is about; what this device found out itself does not say which. */
function selectionOf({ about, found }, tally, contest) {
  const code = about || Object.keys(tally.votes).find((one) => tally.votes[one] === found);
  return apart(contest?.selections.find((one) => one.code === code)?.name ?? code ?? "");
}

export const CONFLICT = t("This contest of this precinct was sent meanwhile, perhaps by a colleague or in another window. Nothing of yours was lost or counted twice. If your figures are the right ones, say why and send them.");

const PROBLEMS = {
  "revision-conflict": CONFLICT,
  "ref-reused": t("Other figures were sent under the same number before. Open the figures, look at them and send them again."),
  "election-not-open": t("The election takes no tallies now. It is kept here; send it again when the election is open."),
  "not-your-precinct": t("This precinct is not assigned to you any more. It is kept here; ask the election office, then send it again."),
  "not-allowed": t("You are no officer any more. It is kept here; ask the election office, then send it again."),
};
/** Of these nothing in the figures is to be mended. */
export const SENT_AGAIN = ["election-not-open", "not-your-precinct", "not-allowed"];

export const problemWords = (problem) => PROBLEMS[problem.code] ?? problem.title;

/** The connection in words: [word, detail]. */
export const CONNECTION = {
  connecting: t("Connecting"),
  live: t("Connected"),
  lost: t("No connection"),
  refused: t("Not signed in"),
  other: t("Somebody else is signed in"),
};
