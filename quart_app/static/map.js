// The map of a contest: takes the picture into the page, with links and words, and keeps it up to date.

import { load } from "./documents.js";
import { ResultsStream } from "./stream.js";

// New figures are drawn at most so often, however fast they come.
const REFRESH_MS = 10_000;

const figure = document.getElementById("map");
const told = document.getElementById("told");
let version = Number(figure?.dataset.version);
let drawnAt = 0;
let timer = 0;

// By name: in the picture units stand by their fills, and those change all night.
let links = [];
const named = (link) => link.querySelector("title").textContent;
const byName = new Intl.Collator(document.documentElement.lang, { numeric: true });

/** Of all the units on the map one is in the tab order; arrows lead from one to the next. */
function rove(to) {
  for (const link of links) link.setAttribute("tabindex", link === to ? "0" : "-1");
}

async function draw() {
  const loaded = await load(`${figure.dataset.picture}&version=${version}`);
  const picture = document.importNode(loaded.documentElement, true);
  const focused = figure.contains(document.activeElement) && document.activeElement.dataset.unit;
  picture.setAttribute("role", "group");
  picture.setAttribute("aria-label", figure.dataset.label);
  figure.querySelector(":scope > img, :scope > svg").replaceWith(picture);
  links = [...picture.querySelectorAll("svg > g a")].sort((one, other) => byName.compare(named(one), named(other)));
  const current = links.find((link) => link.dataset.unit === focused);
  rove(current ?? links[0]);
  current?.focus();
}

async function refresh() {
  drawnAt = Date.now();
  const fresh = await load(location.href);
  for (const id of ["legend", "rows"]) {
    const [before, after] = [document.getElementById(id), fresh.getElementById(id)];
    if (before && after && !before.contains(document.activeElement)) before.replaceChildren(...document.importNode(after, true).childNodes);
  }
  await draw();
  // A proxy may have given a page of a second ago.
  if (Number(fresh.getElementById("map").dataset.version) < version) soon();
}

function tell(event) {
  const link = event.target.closest?.("a");
  told.textContent = link ? named(link).split("\n").join(" · ") : "";
}

function step(event) {
  const here = links.indexOf(event.target.closest("a"));
  const last = links.length - 1;
  const forward = document.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
  const backward = document.dir === "rtl" ? "ArrowRight" : "ArrowLeft";
  const next = { [forward]: here + 1, ArrowDown: here + 1, [backward]: here - 1, ArrowUp: here - 1, Home: 0, End: last }[event.key];
  if (here < 0 || next === undefined) return;
  event.preventDefault();
  const to = links[Math.min(last, Math.max(0, next))];
  rove(to);
  to.focus();
}

function soon() {
  timer ||= setTimeout(() => {
    timer = 0;
    refresh().catch(soon);
  }, Math.max(0, drawnAt + REFRESH_MS - Date.now()));
}

function moved(results) {
  // The whole page is another one then.
  if (String(results.released) !== figure.dataset.released) return location.reload();
  if (results.version <= version) return;
  version = results.version;
  soon();
}

if (figure) {
  for (const name of ["focusin", "mouseover"]) figure.addEventListener(name, tell);
  figure.addEventListener("keydown", step);
  draw().catch(() => {});
  const { election, contest } = figure.dataset;
  const address = `/api/v1/elections/${encodeURIComponent(election)}/results/stream?contest=${encodeURIComponent(contest)}`;
  new ResultsStream(address, moved, () => {}).start();
}
