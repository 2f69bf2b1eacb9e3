// Adds up the figures that hold while they are typed.

import { figure } from "./figures.js";
import { t } from "./texts.js";

const form = document.getElementById("resolve");

/** Digits of any script, with spaces between groups; null for anything else. */
function count(name) {
  const bare = form.elements[name].value.replace(/\s/g, "");
  if (!/^\p{Nd}{1,10}$/u.test(bare)) return null;
  return Number([...bare].map(digit).join(""));
}

/** Decimal digits of a script follow each other, from a zero that no digit stands before. */
function digit(character) {
  let zero = character.codePointAt(0);
  const at = zero;
  while (at - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return at - zero;
}

function sums() {
  const allowed = Number(form.dataset.allowed);
  const votes = [...form.elements].filter(({ name }) => name.startsWith("votes.")).map(({ name }) => count(name));
  const [ballots, writeIns, over, under] = ["ballots_cast", "write_ins", "overvotes", "undervotes"].map(count);
  const all = [...votes, ballots, writeIns, over, under];
  if (all.includes(null)) return null;
  return [votes.reduce((sum, one) => sum + one, 0) + writeIns + over * allowed + under, ballots * allowed];
}

function tell() {
  const found = sums();
  const text = found
    ? `${t("%(found)s of %(expected)s votes are accounted for.", { found: figure(found[0]), expected: figure(found[1]) })} ${
        found[0] === found[1] ? t("It balances.") : t("It does not add up.")
      }`
    : t("Some figures are missing.");
  const place = document.getElementById("sum").firstElementChild;
  if (place.textContent !== text) place.textContent = text;
}

if (form) {
  form.addEventListener("input", tell);
  // On a slow line somebody types before this is here; and a browser that goes back fills in what was typed.
  tell();
}
