// What is still possible in a contest, in a sentence. The server writes the same ones (quart_app/pages/outlooks.py).

import { figure } from "./figures.js";
import { n, t } from "./texts.js";

/** Empty where there is nothing to say: while results are withheld, and once they are certified. */
export function outlookWords(results) {
  const { outlook: found, status, is_measure: isMeasure } = results;
  if (!found || status === "certified") return "";
  if (found.call === "tied") return t("Tied: no vote is outstanding that could change it.");
  const moving = found.outstanding === null || found.reopened === null ? null : found.outstanding + found.reopened;
  if (found.call === "open") return open(status, found, moving);
  if (!moving) return t("Decided: no vote is outstanding.");
  if (isMeasure) return t("Decided: no outstanding vote can change the outcome.");
  return t("Decided: no outstanding vote can change who is elected.");
}

function open(status, { margin, reopened }, moving) {
  if (status === "recount") return t("Open: the votes are counted again.");
  if (moving === null) return t("Open: nobody can say how many votes are outstanding.");
  if (!moving) return t("Open: no vote is outstanding, but these counts alone do not tell who is elected.");
  const parts = { votes: figure(moving), margin: figure(margin) };
  if (margin === null || margin > moving) {
    return n(
      "Open: up to %(votes)s vote is outstanding, and somebody who is written in may win.",
      "Open: up to %(votes)s votes are outstanding, and somebody who is written in may win.",
      moving,
      parts,
    );
  }
  if (reopened) {
    return n(
      "Open: up to %(votes)s vote is outstanding or may change sides, the margin is %(margin)s.",
      "Open: up to %(votes)s votes are outstanding or may change sides, the margin is %(margin)s.",
      moving,
      parts,
    );
  }
  return n(
    "Open: up to %(votes)s vote is outstanding, the margin is %(margin)s.",
    "Open: up to %(votes)s votes are outstanding, the margin is %(margin)s.",
    moving,
    parts,
  );
}

/** Whether a recount is due and has not begun; what is certified is settled. */
export const isToBeRecounted = ({ recount_due: due, status }) => Boolean(due) && !["recount", "certified"].includes(status);
