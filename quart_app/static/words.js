// What the entry says of tallies: how each stands, why it is held, what is to be done about a problem.

import { apart } from "./dom.js";
import { figure, percent } from "./figures.js";
import { n, t } from "./texts.js";

const AWAITING = "awaiting_second_entry";

/** How a tally on this device stands: "kept", "going", "received", "waiting", "held" or "needs". */
export function standingOf(item, live) {
  if (!item.answer) return live && item.tries > 0 ? "going" : "kept";
  if (item.answer.type !== "receipt") return "needs";
  return { quarantined: "held", [AWAITING]: "waiting" }[item.answer.status] ?? "received";
}

/** Whether what was sent waits for the entry of this person: one of the same revision, from the paper. */
export const secondFor = (sent, username) => sent?.status === AWAITING && sent.by !== username;

/** Whether this person types all figures anew, with nobody's earlier ones in the form. */
export const fromPaper = (sent, username) => Boolean(sent?.differs) || secondFor(sent, username);

/** What this person is told of what was sent; as in models/entries.py. */
export function standOf(sent, username) {
  if (secondFor(sent, username)) return "second";
  if (sent.status === "quarantined" && sent.decision === "ask-again") return "again";
  if (sent.status === "accepted" && sent.decision === "resolve") return "resolved";
  return { quarantined: "held", [AWAITING]: "waiting", rejected: "rejected", recalled: "recalled" }[sent.status] ?? "sent";
}

/** Of these the entry is still to be made. */
export const TO_ENTER = ["none", "draft", "second", "again"];
/** Of these there is nothing to be made. */
export const DONE = ["received", "sent", "waiting", "held", "rejected", "recalled", "resolved"];

export const STANDINGS = {
  none: t("Not sent yet"),
  draft: t("Begun on this device"),
  kept: t("Kept on this device"),
  going: t("On its way"),
  received: t("Received"),
  sent: t("Sent"),
  held: t("Held for review"),
  waiting: t("Your entry waits for the other person's"),
  second: t("Waits for a second entry: enter it"),
  again: t("A reviewer asks for it again"),
  rejected: t("Rejected by a reviewer"),
  recalled: t("Taken out of the count"),
  resolved: t("Decided by a reviewer, and counted"),
  needs: t("Needs you"),
};

export const HEADINGS = {
  kept: t("Kept on this device"),
  going: t("On its way"),
  received: t("Received and counted"),
  held: t("Received, and held for review"),
  waiting: t("Received; the other person's entry is awaited"),
  again: STANDINGS.again,
  rejected: STANDINGS.rejected,
  recalled: STANDINGS.recalled,
  resolved: STANDINGS.resolved,
  needs: t("This needs you"),
};

export const EXPLAINED = {
  kept: t("It is not sent yet. It goes by itself as soon as the server can be reached; until then keep this device."),
  going: t("There is no receipt yet. It is sent again by itself until one comes, and is counted once."),
  held: t("If a figure was mistyped, correct it; otherwise a reviewer decides."),
  waiting: t("Another officer enters the same tally, without seeing yours. If the two are equal they are counted; otherwise both are held for review."),
};

const DECIDED = {
  again: (why) => t("A reviewer asks you to enter this again: %(reason)s", why),
  rejected: (why) => t("A reviewer has rejected it: %(reason)s", why),
  recalled: (why) => t("It was taken out of the count: %(reason)s", why),
  resolved: (why) => t("A reviewer has decided which figures hold: %(reason)s", why),
};
const ACCEPTED = (why) => t("A reviewer has accepted it: %(reason)s", why);

/** What a reviewer decided on what was sent, with the reason; empty where nothing was. */
export function decidedWords(sent, username) {
  const words = DECIDED[standOf(sent, username)] ?? (sent.status === "accepted" && sent.decision === "accept" && ACCEPTED);
  return words ? words({ reason: apart(sent.decision_reason) }) : "";
}

const EQUAL = t("The other person's entry is equal and has taken the place of this one.");
const DIFFERS = t("The other person's entry differs from this one: both are held for review.");

/** What came of a receipt's tally since, as far as `sent` tells of the same revision; empty where nothing did. */
export function sinceWords(answer, sent, username) {
  const entered = answer.status === AWAITING && sent.seq > answer.seq && (sent.differs ? DIFFERS : EQUAL);
  return [entered, decidedWords(sent, username)].filter(Boolean);
}

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

export const SECOND_ENTRY = t("Another person's entry came meanwhile and waits for yours. If these are the figures on the paper, send them.");
/** The reason of a second entry, where whoever makes it has no other. */
export const SECOND_REASON = t("Second entry");

const PROBLEMS = {
  "revision-conflict": CONFLICT,
  "second-entry-needed": SECOND_ENTRY,
  "second-person-needed": t("Your entry is here already and waits for the other person's; nothing was lost. To correct it, open the figures and say why; otherwise remove this from the device."),
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
