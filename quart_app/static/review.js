// The reviewers' queue: kept true while it is open, and gone through with the keyboard.

import catalogue from "./messages.js";
import { Connection } from "./connection.js";
import { load } from "./documents.js";
import { figure, timeOf } from "./figures.js";
import { News } from "./news.js";
import { ResultsStream } from "./stream.js";
import { n, t } from "./texts.js";

// However fast the queue moves, it is asked for and drawn at most so often.
const DRAW_MS = 1_000;
const AGES_MS = 10_000;
const MINUTE = 60_000;
const UNITS = [
  ["day", 1_440 * MINUTE, 2_880 * MINUTE],
  ["hour", 60 * MINUTE, 60 * MINUTE],
  ["minute", MINUTE, 0],
];
const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

let queue = document.getElementById("queue");
const news = new News(document.getElementById("news"));
const connection = new Connection(timeOf(queue.dataset.timezone));
let shown = Number(queue.dataset.version);
let wanted = 0;
let newest = null;
let planned = false;
let drawnAt = 0;

// ---- what is shown ----

function take(state) {
  newest = state;
  wanted += 1;
  if (state.version !== shown || wanted > 1) plan();
}

function plan() {
  if (planned) return;
  planned = true;
  setTimeout(draw, Math.max(0, drawnAt + DRAW_MS - performance.now()));
}

/** Hidden pages wait until somebody looks. */
async function draw() {
  if (document.hidden) {
    document.addEventListener("visibilitychange", draw, { once: true });
    return;
  }
  const before = wanted;
  drawnAt = performance.now();
  try {
    show((await load(location.href)).getElementById("queue"));
    shown = newest.version;
    news.tell("queue", sentence);
  } catch {
    wanted += 1;
  }
  planned = false;
  if (wanted !== before) plan();
}

/** The keyboard stays on the case that it was on; where that is gone, on the one in its place. */
function show(fresh) {
  if (!fresh) return;
  const at = cases().indexOf(document.activeElement);
  const on = at < 0 ? null : document.activeElement.dataset.case;
  queue.replaceWith(document.adoptNode(fresh));
  queue = fresh;
  if (on === null) return;
  const now = cases();
  const place = now.find((link) => link.dataset.case === on) ?? now[Math.min(at, now.length - 1)];
  (place ?? document.getElementById("queue-heading")).focus({ preventScroll: true });
}

const sentence = () =>
  n("%(count)s case waits.", "%(count)s cases wait.", newest.waiting, { count: figure(newest.waiting) });

// ---- for how long it waits ----

const said = (name) =>
  new Intl.NumberFormat(`${catalogue.language}-u-nu-latn`, { style: "unit", unit: name, unitDisplay: "long" });

function waited(since) {
  const passed = Date.now() - since;
  if (passed < MINUTE) return t("less than a minute");
  const [name, length] = UNITS.find(([, , least]) => passed >= least);
  return said(name).format(Math.floor(passed / length));
}

function age() {
  for (const time of queue.querySelectorAll("time[data-since]")) {
    const text = waited(new Date(time.dateTime));
    if (time.textContent !== text) time.textContent = text;
  }
}

// ---- by keyboard ----

const cases = () => [...queue.querySelectorAll("a[data-case]")];

/** Only on a case itself: elsewhere every key does what it always does. */
document.addEventListener("keydown", (event) => {
  const step = STEPS[event.key];
  if (!step || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  const links = cases();
  const at = links.indexOf(document.activeElement);
  if (at < 0) return;
  event.preventDefault();
  links[Math.max(0, Math.min(links.length - 1, at + step))].focus();
});

setInterval(age, AGES_MS);
const address = `/api/v1/elections/${encodeURIComponent(queue.dataset.election)}/review/stream`;

new ResultsStream(address, take, (state) => connection.show(state), "queue").start();
