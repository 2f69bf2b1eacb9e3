// How pages write figures, times and states, in the language of the page. The server writes the same ones
// (quart_app/languages/figures.py, quart_app/pages/words.py).

import catalogue from "./messages.js";
import { t } from "./texts.js";

const NOTHING = "–";
// Digits are Latin in every language.
const locale = `${catalogue.language}-u-nu-latn`;

export const STATUS_WORDS = {
  "pre-election": t("Not begun"),
  "unofficial-partial": t("Unofficial, partial"),
  "unofficial-complete": t("Unofficial, complete"),
  certified: t("Certified"),
  correction: t("Being corrected"),
  recount: t("Recount"),
};

const grouped = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, catalogue.group);

export const figure = (number) => (number === null ? NOTHING : grouped(String(number)));

export function percent(part) {
  if (part === null) return NOTHING;
  const [whole, tenths] = (part * 100).toFixed(1).split(".");
  return `${grouped(whole)}${catalogue.decimal}${tenths}${catalogue.percent}`;
}

/** Writes date and time in the election's own timezone. */
export function clockOf(timeZone) {
  const format = new Intl.DateTimeFormat(locale, { timeZone, dateStyle: "medium", timeStyle: "medium" });
  return (at) => format.format(new Date(at));
}

/** The status of a whole election in words: certified when all are, partial while one is. */
export function overall(statuses) {
  const order = ["correction", "recount", "unofficial-partial", "unofficial-complete", "pre-election"];
  return STATUS_WORDS[order.find((status) => statuses.includes(status)) ?? "certified"];
}
