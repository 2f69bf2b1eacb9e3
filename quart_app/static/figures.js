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

export const STANDING_WORDS = { leads: t("Leads"), tied: t("Tied"), elected: t("Elected") };

const grouped = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, catalogue.group);

export const figure = (number) => (number === null ? NOTHING : grouped(String(number)));

export function percent(part) {
  if (part === null) return NOTHING;
  const [whole, tenths] = (part * 100).toFixed(1).split(".");
  return `${grouped(whole)}${catalogue.decimal}${tenths}${catalogue.percent}`;
}

// Browsers do not agree on the space before AM and PM.
const plain = (text) => text.replaceAll("\u202f", " ");

/** Writes date and time in the election's own timezone. */
export function clockOf(timeZone) {
  const format = new Intl.DateTimeFormat(locale, { timeZone, dateStyle: "medium", timeStyle: "medium" });
  return (at) => plain(format.format(new Date(at)));
}

/** The status of a whole election in words: certified when all are, partial while one is. */
export function overall(statuses) {
  const order = ["correction", "recount", "unofficial-partial", "unofficial-complete", "pre-election"];
  return STATUS_WORDS[order.find((status) => statuses.includes(status)) ?? "certified"];
}

/** part / whole to three decimals, rounded as the server rounds (half to even); null without a whole. */
export function ratio(part, whole) {
  if (!whole) return null;
  const exact = part / whole;
  const up = Number(exact.toFixed(3));
  // Only odd sixteenths stand exactly between two thousandths.
  return (exact * 16) % 2 === 1 && Math.round(up * 1_000) % 2 ? up - 0.001 : up;
}

/** A time of the day in the election's own timezone, with its seconds. */
export function timeOf(timeZone) {
  const format = new Intl.DateTimeFormat(locale, { timeZone, timeStyle: "medium" });
  return (at) => plain(format.format(new Date(at)));
}

const relative = new Intl.RelativeTimeFormat(locale, { numeric: "always" });
const UNITS = [
  ["second", 1_000, 60],
  ["minute", 60_000, 60],
  ["hour", 3_600_000, 48],
  ["day", 86_400_000, Infinity],
];

/** How long ago that is, in the largest unit that says enough: "12 seconds ago". */
export function ago(milliseconds) {
  const [unit, length] = UNITS.find(([, length, most]) => milliseconds < length * most);
  return relative.format(-Math.floor(milliseconds / length), unit);
}

const list = new Intl.ListFormat(locale, { type: "conjunction" });
export const listed = (names) => list.format(names);
