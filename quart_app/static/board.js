// The live board and the page of one contest.

import { Connection } from "./connection.js";
import { Contest } from "./contest.js";
import { clockOf, figure, overall, timeOf } from "./figures.js";
import { Filter } from "./filter.js";
import { headline } from "./headlines.js";
import { News } from "./news.js";
import { Race } from "./race.js";
import { showStanding } from "./standing.js";
import { ResultsStream } from "./stream.js";
import { t } from "./texts.js";

// However fast tallies come in, the page is drawn at most so often.
const DRAW_MS = 250;
// What nobody sees may wait for so long, or until it comes into sight.
const UNSEEN_MS = 2_000;
const ELECTION_STATUS = { "pre-election": "draft", certified: "certified", correction: "correction" };

const page = document.getElementById("live");
const clock = clockOf(page.dataset.timezone);
const connection = new Connection(timeOf(page.dataset.timezone));
const news = new News(document.getElementById("news"));
const contests = new Map();
for (const element of page.querySelectorAll("[data-contest]")) {
  contests.set(element.dataset.contest, new Contest(element, clock));
}
const form = document.getElementById("find");
const filter = form?.dataset.instant && new Filter(form, contests, document.getElementById("shown"));
const race = page.dataset.only && new Race(document.getElementById("race"));
// Of all contests, also those that are on no card of this page.
const all = new Map();
const waiting = new Set();
let planned = false;
let drawnAt = 0;

function take(results) {
  const known = all.get(results.contest);
  if (known && known.version > results.version) return;
  all.set(results.contest, results);
  const contest = contests.get(results.contest);
  if (contest?.take(results)) {
    news.tell(results.contest, () => (contest.element.hidden ? "" : sentence(contest)));
    race?.changed();
  }
  if (contest) waiting.add(contest);
  plan();
}

/** Hidden pages get no frame: what comes meanwhile is remembered, and drawn once when they are seen again. */
function plan() {
  if (planned) return;
  planned = true;
  setTimeout(() => requestAnimationFrame(draw), Math.max(0, drawnAt + DRAW_MS - performance.now()));
}

function draw() {
  planned = false;
  drawnAt = performance.now();
  for (const contest of waiting) {
    if (!contest.seen && drawnAt - contest.drawnAt < UNSEEN_MS) continue;
    waiting.delete(contest);
    contest.draw();
  }
  filter?.apply();
  drawWhole();
  if (waiting.size) plan();
}

const sight = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      const contest = contests.get(target.dataset.contest);
      contest.seen = isIntersecting;
      if (isIntersecting && waiting.delete(contest)) contest.draw();
    }
  },
  { rootMargin: "25%" },
);
for (const { element } of contests.values()) sight.observe(element);

/** What is said of the whole election, once every contest has come over the stream. */
function drawWhole() {
  const known = [...all.values()];
  if (!known.length) return;
  write("withheld", "hidden", known[0].released);
  // A recount of one contest says nothing of the election.
  const status = known.map((results) => results.status).find((one) => one !== "recount");
  if (status) showStanding(ELECTION_STATUS[status] ?? "open");
  if (page.dataset.only || known.length < Number(page.dataset.contests)) return;
  const reported = known.reduce((sum, results) => sum + results.units_reported, 0);
  const updated = known.reduce((newest, { updated_at: at }) => (new Date(at) > new Date(newest) ? at : newest), known[0].updated_at);
  write("overall", "textContent", overall(known.map((results) => results.status)));
  write("reported-sum", "textContent", figure(reported));
  write("reported-all", "value", reported);
  if (write("updated", "dateTime", updated)) write("updated", "textContent", clock(updated));
}

function write(id, property, value) {
  const element = document.getElementById(id);
  if (element[property] === value) return false;
  element[property] = value;
  return true;
}

function sentence(contest) {
  const { results } = contest;
  const said = t("%(contest)s: %(standing)s %(reported)s of %(expected)s precincts reported.", {
    contest: results.name,
    standing: headline(results),
    reported: figure(results.units_reported),
    expected: figure(results.units_expected),
  });
  return contest.hasFallen() ? `${said} ${t("A figure here has gone down.")}` : said;
}

const only = page.dataset.only ? `?contest=${encodeURIComponent(page.dataset.only)}` : "";
const address = `/api/v1/elections/${encodeURIComponent(page.dataset.election)}/results/stream${only}`;
new ResultsStream(address, take, (state) => connection.show(state)).start();
