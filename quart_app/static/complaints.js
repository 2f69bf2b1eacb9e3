// The desk for complaints: its list is kept true while it is open, and whoever reads a complaint is told when a
// colleague has changed it.

import { Connection } from "./connection.js";
import { load } from "./documents.js";
import { figure, timeOf } from "./figures.js";
import { News } from "./news.js";
import { ResultsStream } from "./stream.js";
import { t } from "./texts.js";

// However fast complaints come, the list is asked for and drawn at most so often.
const DRAW_MS = 1_000;

/** Follows what changes behind the change that the page shows; `onState` hears how the connection is. */
function follow({ election, change }, onComplaint, onState = () => {}) {
  const address = `/api/v1/elections/${encodeURIComponent(election)}/complaints/stream?after=${change}`;
  new ResultsStream(address, onComplaint, onState, "complaint").start();
}

class List {
  #list = document.getElementById("complaints");
  #news = new News(document.getElementById("news"));
  #connection = new Connection(timeOf(this.#list.dataset.timezone));
  #shown = Number(this.#list.dataset.change);
  #seen = this.#shown;
  #planned = false;
  #drawnAt = 0;

  start() {
    follow(this.#list.dataset, (one) => this.#take(one), (state) => this.#connection.show(state));
  }

  /** After a break the stream tells again of what is shown already. */
  #take(one) {
    if (one.change <= this.#shown) return;
    this.#seen = Math.max(this.#seen, one.change);
    this.#news.tell(one.number, () => sentence(one));
    this.#plan();
  }

  #plan() {
    if (this.#planned) return;
    this.#planned = true;
    setTimeout(() => this.#draw(), Math.max(0, this.#drawnAt + DRAW_MS - performance.now()));
  }

  /** Hidden pages wait until somebody looks. */
  async #draw() {
    if (document.hidden) {
      document.addEventListener("visibilitychange", () => this.#draw(), { once: true });
      return;
    }
    const seen = this.#seen;
    this.#drawnAt = performance.now();
    try {
      this.#show((await load(location.href)).getElementById("complaints"));
      this.#shown = seen;
    } catch {
      // The server is away, and the stream with it: once it is back it tells of everything again.
    }
    this.#planned = false;
    if (this.#seen > seen) this.#plan();
  }

  /** The keyboard stays on the complaint that it was on; where that is gone, on the one in its place. */
  #show(fresh) {
    const at = this.#links().indexOf(document.activeElement);
    const number = document.activeElement.dataset.number;
    const inside = this.#list.contains(document.activeElement);
    this.#list.replaceWith(document.adoptNode(fresh));
    this.#list = fresh;
    if (!inside) return;
    const links = this.#links();
    const place = links.find((link) => link.dataset.number === number) ?? links[Math.min(at, links.length - 1)];
    (place ?? document.getElementById("complaints-heading")).focus({ preventScroll: true });
  }

  #links() {
    return [...this.#list.querySelectorAll("a[data-number]")];
  }
}

function sentence({ number, status, filed_at: filed, changed_at: changed, assignee, due_on: due }) {
  const parts = { number: figure(number) };
  if (status === "under_review") return t("Complaint %(number)s is under review.", parts);
  if (status === "upheld" || status === "dismissed") return t("Complaint %(number)s is decided.", parts);
  if (status === "withdrawn") return t("Complaint %(number)s is taken back.", parts);
  if (filed === changed && !assignee && !due) return t("A complaint has come in: number %(number)s.", parts);
  return t("Complaint %(number)s has changed.", parts);
}

const open = document.getElementById("case");
if (open) {
  follow(open.dataset, ({ number }) => {
    if (number === Number(open.dataset.number)) document.getElementById("changed").hidden = false;
  });
} else {
  new List().start();
}
