// How pages write figures, times and states. quart_app/pages/words.py writes the same ones.

const NOTHING = "–";
const whole = new Intl.NumberFormat("en-US");

export const STATUS_WORDS = {
  "pre-election": "Not begun",
  "unofficial-partial": "Unofficial, partial",
  "unofficial-complete": "Unofficial, complete",
  certified: "Certified",
  correction: "Being corrected",
  recount: "Recount",
};

export const figure = (number) => (number === null ? NOTHING : whole.format(number));

export const percent = (part) => (part === null ? NOTHING : `${(part * 100).toFixed(1)}%`);

/** Writes date and time in the election's own timezone. */
export function clockOf(timeZone) {
  // Swedish writes dates as ISO 8601 does.
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  return (at) => format.format(new Date(at));
}

/** The status of a whole election in words: certified when all are, partial while one is. */
export function overall(statuses) {
  const order = ["correction", "recount", "unofficial-partial", "unofficial-complete", "pre-election"];
  return STATUS_WORDS[order.find((status) => statuses.includes(status)) ?? "certified"];
}
