// <tallystream-contest election="https://HOST/elections/CODE" contest="CODE">: one contest, live, on any page.
// For other sites: it imports nothing, and asks only the server that the election's address names.
// docs/sharing.md tells its attributes and its colours.

(() => {
  "use strict";

  if (customElements.get("tallystream-contest")) return;

  // The server shows that it is alive at least every 15 seconds.
  const QUIET_MS = 45_000;
  // A stream that brings nothing at once is held up somewhere on its way.
  const HELD_UP_MS = 8_000;
  const POLL_MS = 15_000;
  const STREAM_AGAIN_MS = 60_000;
  // Screen readers hear of the count at most this often.
  const NEWS_MS = 60_000;
  const AGE_MS = 15_000;
  const ENGLISH = { language: "en", direction: "ltr", decimal: ".", group: ",", percent: "%", texts: {} };

  const SHEET = new CSSStyleSheet();
  SHEET.replaceSync(`
    :host {
      --paper: var(--tallystream-paper, #fff); --ink: var(--tallystream-ink, #14201f);
      --quiet: var(--tallystream-quiet, #4a5856); --line: var(--tallystream-line, #d5dcda);
      --track: var(--tallystream-track, #e3e9e7); --bar: var(--tallystream-bar, #5f6f6c);
      --accent: var(--tallystream-accent, #0a5a63); --good: #17693a; --warn: #fdf0d0; --warn-ink: #6a4100; --edge: transparent;
      display: block; container-type: inline-size; color-scheme: light;
    }
    @media (prefers-color-scheme: dark) { :host(:not([theme="light"])) { DARK } }
    :host([theme="dark"]) { DARK }
    :host([hidden]) { display: none; }
    * { box-sizing: border-box; margin: 0; }
    article {
      padding: 1rem; border: 1px solid var(--line); border-radius: var(--tallystream-radius, .5rem);
      background: var(--paper); color: var(--ink); line-height: 1.45; text-align: start; overflow-wrap: anywhere;
      font-family: var(--tallystream-font, system-ui, sans-serif); font-variant-numeric: tabular-nums;
    }
    .test { margin: -1rem -1rem .75rem; padding: .375rem 1rem; border-radius: inherit; border-end-start-radius: 0; border-end-end-radius: 0;
      background: repeating-linear-gradient(135deg, #ffd84d 0 1.25rem, #ffe68a 1.25rem 2.5rem); color: #2b2100; }
    .name { font-size: 1.25em; font-weight: 700; line-height: 1.25; }
    .above, .state, .foot, thead th, .party { color: var(--quiet); font-size: .8125em; }
    .state { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: center; margin-block: .25rem .5rem; }
    .pill { padding: 0 .5rem; border: 1px solid var(--line); border-radius: 1rem; color: var(--ink); }
    .connection::before { content: ""; display: inline-block; width: .5rem; height: .5rem; margin-inline-end: .375rem; border: 2px solid currentColor; border-radius: 50%; }
    .connection[data-state="live"]::before { background: var(--good); border-color: var(--good); }
    .connection[data-state="lost"]::before { border-radius: 0; }
    .notice { padding: .5rem .75rem; border-inline-start: 4px solid; background: var(--warn); color: var(--warn-ink); }
    table { width: 100%; border-collapse: collapse; }
    th, td { padding: .3rem 0; font-weight: 400; text-align: start; vertical-align: top; }
    /* Figures stand below each other by their last digit, whatever the direction of the page. */
    td, th.number { padding-inline-start: 1rem; text-align: right; white-space: nowrap; }
    tr[data-ahead] .choice, tr[data-ahead] td { font-weight: 650; }
    .mark { margin-inline-start: .375rem; padding: 0 .375rem; border-radius: .25rem; background: var(--good); color: var(--paper); font-size: .75em; font-weight: 650; white-space: nowrap; }
    .mark:empty, .party:empty { display: none; }
    .party { margin-inline-start: .375rem; }
    .track { display: block; height: .625rem; margin-top: .1875rem; border-radius: .1875rem; background: var(--track); overflow: hidden; }
    .fill { display: block; height: 100%; border-radius: inherit; background: var(--bar); box-shadow: inset 0 0 0 1px var(--edge); }
    progress { display: block; width: 100%; height: .5rem; margin-block: .25rem .5rem; appearance: none; border: 0; border-radius: .25rem; background: var(--track); color: var(--accent); overflow: hidden; }
    progress::-webkit-progress-bar { background: var(--track); }
    progress::-webkit-progress-value { background: var(--accent); }
    progress::-moz-progress-bar { background: var(--accent); }
    .outlook:empty { display: none; }
    .outlook { margin-block-end: .25rem; font-size: .875em; }
    .reported { margin-top: .5rem; font-size: .875em; }
    .foot { display: flex; flex-wrap: wrap; gap: .25rem 1rem; justify-content: space-between; }
    a { color: var(--accent); text-underline-offset: .15em; }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
    .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    [hidden] { display: none; }
    @media (prefers-reduced-motion: no-preference) { .fill { transition: width .4s; } }
    @media (forced-colors: active) { .track { border: 1px solid; } .fill { background: CanvasText; forced-color-adjust: none; } .mark { border: 1px solid; } }
    @container (max-width: 20rem) { .party { display: none; } td, th.number { padding-inline-start: .5rem; } }
  `.replaceAll("DARK", `
      --paper: var(--tallystream-paper, #172120); --ink: var(--tallystream-ink, #e8efed);
      --quiet: var(--tallystream-quiet, #a7b6b3); --line: var(--tallystream-line, #2e3b39);
      --track: var(--tallystream-track, #293634); --bar: var(--tallystream-bar, #92a4a0);
      --accent: var(--tallystream-accent, #7fd0da); --good: #6dd394; --warn: #3a2c0e; --warn-ink: #ffd98a; --edge: #a7b6b3;
      color-scheme: dark;`));

  /** An element with a class and what stands in it. Text is always set as text. */
  function made(tag, name = "", ...content) {
    const element = document.createElement(tag);
    if (name) element.className = name;
    element.append(...content);
    return element;
  }

  async function json(address, options = {}) {
    const response = await fetch(address, { credentials: "omit", ...options });
    if (!response.ok) throw Object.assign(new Error(`${response.status} at ${address}`), { status: response.status });
    return response.json();
  }

  /** What one language says, and how it writes figures; the server's catalogue of what this file says. */
  class Words {
    static #known = new Map();

    static of(origin, code) {
      const address = `${origin}/embed/${encodeURIComponent(code)}.json`;
      if (!Words.#known.has(address)) {
        const loading = code === "en" ? Promise.resolve(ENGLISH) : json(address).catch(() => ENGLISH);
        Words.#known.set(address, loading.then((catalogue) => new Words(catalogue)));
      }
      return Words.#known.get(address);
    }

    constructor(catalogue) {
      this.catalogue = catalogue;
      // Digits are Latin in every language, as on the server's own pages.
      this.locale = `${catalogue.language}-u-nu-latn`;
      this.since = new Intl.RelativeTimeFormat(this.locale, { numeric: "auto" });
      this.clock = new Intl.DateTimeFormat(this.locale, { dateStyle: "medium", timeStyle: "short" });
      this.t = (text, parts = {}) =>
        (catalogue.texts[text] ?? text).replace(/%\((\w+)\)s/g, (_, name) => parts[name]);
    }

    figure = (number) => (number === null ? "–" : String(number).replace(/\B(?=(\d{3})+$)/g, this.catalogue.group));

    percent = (part) => {
      if (part === null) return "–";
      return `${(part * 100).toFixed(1).replace(".", this.catalogue.decimal)}${this.catalogue.percent}`;
    };

    ago(at) {
      const seconds = Math.min(0, Math.round((at - Date.now()) / 1000));
      if (seconds > -60) return this.since.format(seconds, "second");
      if (seconds > -3600) return this.since.format(Math.round(seconds / 60), "minute");
      return seconds > -86_400 ? this.since.format(Math.round(seconds / 3600), "hour") : this.clock.format(at);
    }

    status(code) {
      const { t } = this;
      const words = {
        "pre-election": t("Not begun"),
        "unofficial-partial": t("Unofficial, partial"),
        "unofficial-complete": t("Unofficial, complete"),
        certified: t("Certified"),
        correction: t("Being corrected"),
        recount: t("Recount"),
      };
      return words[code] ?? code;
    }

    /** What can still change who wins, and whether a recount is due; nothing once it is certified. */
    outlook({ outlook, recount_due: recountDue, status, is_measure: isMeasure }) {
      const { t } = this;
      if (!outlook || ["certified", "recount"].includes(status)) return "";
      const decided = isMeasure ? t("Decided: no outstanding vote can change the outcome.") : t("Decided: no outstanding vote can change who is elected.");
      const said = { decided, tied: t("Tied: no vote is outstanding that could change it."), open: this.#open(outlook) }[outlook.call];
      return recountDue ? `${said} ${t("A recount is due.")}` : said;
    }

    #open({ outstanding, reopened, margin }) {
      const { t, figure } = this;
      const moving = outstanding === null || reopened === null ? null : outstanding + reopened;
      if (moving === 0) return t("Open: no vote is outstanding, but these counts alone do not tell who is elected.");
      if (moving === null || margin === null || margin > moving) return t("Open: outstanding votes may still change who wins.");
      return t("Open: votes that may still come: %(votes)s, margin: %(margin)s.", { votes: figure(moving), margin: figure(margin) });
    }

    standing(code) {
      const { t } = this;
      return { leads: t("Leads"), elected: t("Elected"), tied: t("Tied") }[code] ?? "";
    }
  }

  /** One election's results for all elements on the page: a stream, or questions where no stream comes through. */
  class Feed {
    static #known = new Map();

    static of(election) {
      if (!Feed.#known.has(election)) Feed.#known.set(election, new Feed(election));
      return Feed.#known.get(election);
    }

    #elements = new Set();
    #newest = new Map();
    #versions = new Map();
    #source = null;
    #followed = null;
    #heardAt = 0;
    #state = "connecting";
    #timers = { judge: 0, poll: 0, held: 0, again: 0 };

    constructor(election) {
      const { origin, pathname } = new URL(election);
      this.api = `${origin}/api/v1${pathname.replace(/\/+$/, "")}`;
    }

    parties() {
      this.loaded ??= json(`${this.api}/parties?limit=1000`).then(({ parties }) => new Map(parties.map((party) => [party.code, party])), () => new Map());
      return this.loaded;
    }

    join(element) {
      this.#elements.add(element);
      if (this.#newest.has(element.contest)) element.show(this.#newest.get(element.contest));
      element.connected(this.#state);
      queueMicrotask(() => this.#aim());
    }

    leave(element) {
      this.#elements.delete(element);
      queueMicrotask(() => this.#aim());
    }

    get #wanted() {
      return [...new Set([...this.#elements].map((element) => element.contest))];
    }

    /** Follows what the elements on the page show: one contest, or the election as soon as it is two. */
    #aim() {
      const wanted = this.#wanted;
      const following = wanted.length === 1 ? `?contest=${encodeURIComponent(wanted[0])}` : "";
      if (!wanted.length) this.#stop();
      else if (!this.#source || (this.#followed !== "" && this.#followed !== following)) this.#open(following);
    }

    #open(following) {
      this.#stop();
      this.#followed = following;
      this.#versions.clear();
      this.#heardAt = Date.now();
      const source = (this.#source = new EventSource(`${this.api}/results/stream${following}`));
      source.addEventListener("results", (event) => {
        this.#take(JSON.parse(event.data));
        this.#hear();
      });
      source.addEventListener("heartbeat", () => this.#hear());
      source.addEventListener("error", () => this.#lose(source));
      this.#timers.judge = setInterval(() => this.#judge(), 5_000);
      this.#timers.held = setTimeout(() => this.#poll(), HELD_UP_MS);
    }

    #poll() {
      this.#ask();
      clearInterval(this.#timers.poll);
      this.#timers.poll = setInterval(() => this.#ask(), POLL_MS);
    }

    #stop() {
      this.#source?.close();
      this.#source = null;
      clearInterval(this.#timers.judge);
      clearInterval(this.#timers.poll);
      clearTimeout(this.#timers.held);
      clearTimeout(this.#timers.again);
    }

    #hear() {
      this.#heardAt = Date.now();
      clearInterval(this.#timers.poll);
      clearTimeout(this.#timers.held);
      this.#tell("live");
    }

    #lose(source) {
      this.#tell("lost");
      // A browser comes back by itself after a cut, and not after an answer such as 503.
      if (source.readyState !== EventSource.CLOSED) return;
      this.#poll();
      clearTimeout(this.#timers.again);
      this.#timers.again = setTimeout(() => this.#open(this.#followed), STREAM_AGAIN_MS * (1 + Math.random()));
    }

    #judge() {
      if (Date.now() - this.#heardAt < QUIET_MS || this.#source?.readyState === EventSource.CLOSED) return;
      this.#tell("lost");
      this.#open(this.#followed);
    }

    /** The browser asks whether its copy is still the newest: an unchanged version comes without a body. */
    async #ask() {
      const wanted = this.#wanted;
      try {
        const place = wanted.length === 1 ? `/contests/${encodeURIComponent(wanted[0])}/results` : "/results";
        const found = await json(`${this.api}${place}`, { cache: "no-cache", signal: AbortSignal.timeout(POLL_MS) });
        for (const results of found.contests ?? [found]) this.#take(results);
        this.#tell("asking");
      } catch (error) {
        this.#tell(error.status === 404 ? "missing" : "lost");
      }
    }

    /** Older results are ignored, unless they are what a new connection begins with. */
    #take(results) {
      if (results.version < (this.#versions.get(results.contest) ?? 0)) return;
      this.#versions.set(results.contest, results.version);
      this.#newest.set(results.contest, results);
      for (const element of this.#elements) if (element.contest === results.contest) element.show(results);
    }

    #tell(state) {
      this.#state = state;
      for (const element of this.#elements) element.connected(state);
    }
  }

  class TallystreamContest extends HTMLElement {
    static observedAttributes = ["election", "contest", "lang"];

    #root = this.attachShadow({ mode: "open" });
    #feed = null;
    #words = null;
    #parties = new Map();
    #parts = null;
    #rows = new Map();
    #results = null;
    #state = "connecting";
    #aging = 0;
    #turn = 0;
    #toldAt = Date.now();
    #telling = 0;

    constructor() {
      super();
      this.#root.adoptedStyleSheets = [SHEET];
      // What stands in the element, such as a link, is shown until there are figures.
      this.#root.append(document.createElement("slot"));
    }

    get contest() {
      return this.getAttribute("contest") ?? "";
    }

    connectedCallback() {
      this.#begin();
    }

    disconnectedCallback() {
      this.#end();
    }

    attributeChangedCallback(_name, before, after) {
      if (!this.isConnected || before === after) return;
      this.#end();
      this.#begin();
    }

    async #begin() {
      const turn = ++this.#turn;
      const asked = this.getAttribute("election");
      if (!asked || !this.contest || !URL.canParse(asked, document.baseURI)) return;
      const election = new URL(asked, document.baseURI).href;
      const feed = (this.#feed = Feed.of(election));
      const lang = this.closest("[lang]")?.lang || navigator.language || "en";
      const loaded = await Promise.all([Words.of(new URL(election).origin, lang.split("-")[0].toLowerCase()), feed.parties()]);
      // Meanwhile it may have been taken away, or show something else.
      if (this.#turn !== turn || !this.isConnected) return;
      [this.#words, this.#parties] = loaded;
      this.election = election;
      feed.join(this);
      this.#aging = setInterval(() => this.#age(), AGE_MS);
    }

    #end() {
      this.#turn += 1;
      this.#feed?.leave(this);
      this.#feed = this.#parts = this.#results = null;
      this.#rows.clear();
      clearInterval(this.#aging);
      clearTimeout(this.#telling);
      this.#telling = 0;
      this.#root.replaceChildren(document.createElement("slot"));
    }

    connected(state) {
      this.#state = state;
      if (!this.#parts) return;
      const { t } = this.#words;
      const words = { live: t("Live"), asking: t("Updated every 15 seconds"), lost: t("Connection lost, trying again"), missing: t("These results are not there"), connecting: t("Connecting") };
      this.#parts.connection.dataset.state = state;
      this.#parts.connection.textContent = words[state];
    }

    show(results) {
      this.#results = results;
      this.#parts ??= this.#build();
      const { t, figure, percent } = this.#words;
      const parts = this.#parts;
      parts.name.textContent = results.name;
      parts.caption.textContent = t("%(contest)s: votes for each choice, the most first", { contest: results.name });
      parts.test.hidden = !results.is_test;
      parts.status.textContent = this.#words.status(results.status);
      parts.withheld.hidden = results.released;
      parts.outlook.textContent = this.#words.outlook(results);
      this.#lowered(results.lowered_by);
      for (const choice of results.selections) this.#choose(choice, figure, percent);
      parts.body.append(...results.selections.map((choice) => this.#rows.get(choice.code).row));
      const counts = { reported: figure(results.units_reported), expected: figure(results.units_expected) };
      parts.reported.textContent = t("%(reported)s of %(expected)s precincts reported", counts);
      parts.progress.max = results.units_expected || 1;
      parts.progress.value = results.units_reported;
      this.#age();
      this.#tell();
    }

    /** Leads to the log entry that lowered a figure, where one did. */
    #lowered(seq) {
      const { lowered } = this.#parts;
      lowered.hidden = !seq;
      const { origin, pathname } = new URL(this.election);
      if (seq) lowered.firstChild.href = `${origin}${pathname.replace(/\/+$/, "")}/log?before=${seq + 1}#entry-${seq}`;
    }

    #choose(choice, figure, percent) {
      const found = this.#rows.get(choice.code) ?? this.#row(choice);
      found.votes.textContent = figure(choice.votes);
      found.share.textContent = percent(choice.share);
      found.fill.style.width = `${((choice.share ?? 0) * 100).toFixed(1)}%`;
      found.mark.textContent = this.#words.standing(choice.standing);
      found.row.toggleAttribute("data-ahead", ["leads", "elected"].includes(choice.standing));
    }

    #row(choice) {
      const party = this.#parties.get(choice.party);
      const name = made("bdi", "choice", choice.name);
      const label = made("abbr", "party", choice.party ?? "");
      if (party) label.title = party.name;
      name.translate = label.translate = false;
      const mark = made("span", "mark");
      const fill = made("span", "fill");
      if (party) fill.style.backgroundColor = party.colour;
      const track = made("span", "track", fill);
      track.ariaHidden = "true";
      const head = made("th", "", name, " ", label, " ", mark, track);
      head.scope = "row";
      const found = { mark, fill, votes: made("td"), share: made("td") };
      found.row = made("tr", "", head, found.votes, found.share);
      this.#rows.set(choice.code, found);
      return found;
    }

    #build() {
      const { t, catalogue } = this.#words;
      const parts = {
        test: made("p", "test", made("strong", "", t("Test election.")), " ", t("Nothing here is a real result.")),
        name: made("bdi"),
        status: made("span", "pill"),
        connection: made("span", "connection"),
        withheld: made("p", "notice", t("Results are withheld until they are released.")),
        outlook: made("p", "outlook"),
        lowered: made("p", "outlook", made("a", "", t("Why did this number go down?"))),
        caption: made("caption", "unseen"),
        body: made("tbody"),
        reported: made("p", "reported"),
        progress: made("progress"),
        age: made("span"),
        news: made("p", "unseen"),
      };
      parts.name.translate = false;
      parts.news.role = "status";
      parts.progress.ariaLabel = t("Precincts reported");
      const heads = [[t("Choice"), ""], [t("Votes"), "number"], [t("Share"), "number"]].map(([words, name]) => {
        const head = made("th", name, words);
        head.scope = "col";
        return head;
      });
      const link = made("a", "", t("All results"));
      const { pathname, origin } = new URL(this.election);
      link.href = `${origin}${pathname.replace(/\/+$/, "")}/contests/${encodeURIComponent(this.contest)}`;
      link.hreflang = catalogue.language;
      // In a frame the whole page would become small.
      if (window.top !== window) for (const one of [link, parts.lowered.firstChild]) Object.assign(one, { target: "_blank", rel: "noopener" });
      const article = made("article", "", parts.test, made(this.#heading(), "name", parts.name), made("p", "state", parts.status, parts.connection), parts.withheld,
        parts.outlook, parts.lowered, made("table", "", parts.caption, made("thead", "", made("tr", "", ...heads)), parts.body),
        parts.reported, parts.progress, made("p", "foot", parts.age, link), parts.news);
      article.lang = catalogue.language;
      article.dir = catalogue.direction;
      this.#root.replaceChildren(article);
      this.#parts = parts;
      this.connected(this.#state);
      return parts;
    }

    /** Below the page's own heading, or the first one where the page has none. */
    #heading() {
      return [...document.querySelectorAll("h1")].some((heading) => !this.contains(heading)) ? "h2" : "h1";
    }

    #age() {
      if (!this.#parts) return;
      const { t } = this.#words;
      const at = new Date(this.#results.updated_at);
      this.#parts.age.textContent = t("Last change %(ago)s", { ago: this.#words.ago(at) });
      this.#parts.age.title = this.#words.clock.format(at);
    }

    /** Says it to screen readers, once a minute at most, and not when the page has just come. */
    #tell() {
      if (this.#telling) return;
      this.#telling = setTimeout(() => {
        this.#telling = 0;
        this.#toldAt = Date.now();
        this.#parts.news.textContent = `${this.#results.name}: ${this.#parts.reported.textContent}`;
      }, Math.max(1_000, this.#toldAt + NEWS_MS - Date.now()));
    }
  }

  customElements.define("tallystream-contest", TallystreamContest);
})();
