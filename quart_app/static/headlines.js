// Who leads, who is elected and by how much, in a sentence. The server writes the same ones
// (quart_app/pages/headlines.py).

import { figure, listed, percent } from "./figures.js";
import { n, t } from "./texts.js";

const NAMED = 6;

// A name may run in another direction than the sentence around it.
const isolated = (name) => `\u2068${name}\u2069`;
const names = (selections) => listed(selections.map(({ name }) => isolated(name)));

/** Empty while results are withheld. */
export function headline(results) {
  const { released, selections, number_elected: seats } = results;
  if (!released) return "";
  if (!selections.some(({ votes }) => votes)) return t("No votes are counted yet.");
  const tied = selections.filter(({ standing }) => standing === "tied");
  const ahead = selections.filter(({ standing }) => standing === "leads" || standing === "elected");
  if (!tied.length && !ahead.length) return t("These counts alone do not tell who wins.");
  if (seats > 1) return ofSeats(ahead, tied, seats);
  return tied.length ? t("Tied: %(names)s.", { names: several(tied) }) : ofOne(ahead[0]);
}

function ofOne({ name, share, margin, standing }) {
  const parts = { name: isolated(name), share: percent(share), margin: figure(margin) };
  if (standing === "elected") {
    return margin === null
      ? t("%(name)s is elected with %(share)s.", parts)
      : n("%(name)s is elected with %(share)s, %(margin)s vote ahead.", "%(name)s is elected with %(share)s, %(margin)s votes ahead.", margin, parts);
  }
  return margin === null
    ? t("%(name)s leads with %(share)s.", parts)
    : n("%(name)s leads with %(share)s, %(margin)s vote ahead.", "%(name)s leads with %(share)s, %(margin)s votes ahead.", margin, parts);
}

function ofSeats(ahead, tied, seats) {
  const sentences = [];
  if (ahead.length) {
    const parts = { seats: figure(seats), names: several(ahead) };
    sentences.push(
      ahead[0].standing === "elected"
        ? t("Elected to %(seats)s seats: %(names)s.", parts)
        : t("Leading for %(seats)s seats: %(names)s.", parts),
    );
  }
  if (tied.length) sentences.push(t("Tied for the last seat: %(names)s.", { names: several(tied) }));
  return sentences.join(" ");
}

function several(selections) {
  if (selections.length <= NAMED) return names(selections);
  return n("%(names)s and %(count)s other", "%(names)s and %(count)s others", selections.length - NAMED, {
    names: names(selections.slice(0, NAMED)),
    count: figure(selections.length - NAMED),
  });
}
