// The live board and the page of one contest.

import { Contest } from "./contest.js";
import { clockOf, figure, overall } from "./figures.js";
import { ResultsStream } from "./stream.js";

const CONNECTION = {
  connecting: ["Connecting", "The figures are those of the last load."],
  live: ["Live", "Updates by itself."],
  stale: ["Stale", "The server cannot say just now whether there is anything newer."],
  lost: ["Connection lost", "The figures may be old; trying to connect again."],
};
// Screen readers hear of the count at most this often.
const NEWS_MS = 60_000;

const page = document.getElementById("live");
const clock = clockOf(page.dataset.timezone);
const contests = new Map();
for (const element of page.querySelectorAll("[data-contest]")) {
  contests.set(element.dataset.contest, new Contest(element, clock));
}

function showState(state) {
  const [word, detail] = CONNECTION[state];
  document.getElementById("connection").dataset.state = state;
  document.getElementById("connection-word").textContent = word;
  document.getElementById("connection-detail").textContent = detail;
}

function showResults(results, connection) {
  const contest = contests.get(results.contest);
  const before = contest?.version;
  if (!contest?.show(results, connection)) return;
  document.getElementById("withheld").hidden = results.released;
  if (page.dataset.only) document.getElementById("newer").hidden &&= results.version <= before;
  else requestAnimationFrame(showWhole);
  tellNews();
}

/** What the board says of all contests together, once every one of them has come over the stream. */
function showWhole() {
  const all = [...contests.values()].map((contest) => contest.results);
  if (all.includes(null)) return;
  const reported = all.reduce((sum, results) => sum + results.units_reported, 0);
  const updated = all.reduce((newest, { updated_at: at }) => (new Date(at) > new Date(newest) ? at : newest), all[0].updated_at);
  document.getElementById("overall").textContent = overall(all.map((results) => results.status));
  document.getElementById("reported-sum").textContent = figure(reported);
  document.getElementById("reported-all").value = reported;
  document.getElementById("updated").textContent = clock(updated);
  document.getElementById("updated").dateTime = updated;
}

let toldAt = Date.now();
let telling = 0;

function tellNews() {
  if (telling) return;
  telling = setTimeout(() => {
    telling = 0;
    toldAt = Date.now();
    const progress = page.querySelector("progress");
    document.getElementById("news").textContent = `${progress.labels[0].textContent}: ${figure(progress.value)} of ${figure(progress.max)}`;
  }, Math.max(0, toldAt + NEWS_MS - Date.now()));
}

const only = page.dataset.only ? `?contest=${encodeURIComponent(page.dataset.only)}` : "";
const address = `/api/v1/elections/${encodeURIComponent(page.dataset.election)}/results/stream${only}`;
new ResultsStream(address, showResults, showState).start();
