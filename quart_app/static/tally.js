// The officer's entry, on every address below …/tally: it takes the server's page over, goes on without a
// network, and never says that a tally was sent before its receipt is here.

import { Ballots } from "./ballot.js";
import { apart, h, named } from "./dom.js";
import { Drafts } from "./drafts.js";
import { clockOf, figure } from "./figures.js";
import { Queue } from "./queue.js";
import { actions, button, crumbs, faultsOf, figuresOf, heading, lead, mended, place, progress, readBack, showBalance, showFaults, stub, tallyForm, tallyOf, verdict } from "./steps.js";
import { StatusLine } from "./status_line.js";
import { openStore } from "./store.js";
import { t } from "./texts.js";
import { showWayIn } from "./way_in.js";
import { CONFLICT, DONE, SECOND_ENTRY, SECOND_REASON, SENT_AGAIN, STANDINGS, TO_ENTER, decidedWords, fromPaper, problemWords, secondFor, sinceWords, standOf, standingOf } from "./words.js";

const root = document.getElementById("entry");
const { election } = root.dataset;
const base = `/elections/${election}/tally`;
const tokenKey = `token for ${election}`;
// A server that is busy or broken says nothing about who may enter: the entry goes on as without a network.
const refused = (error) => [401, 403].includes(error?.status);

class Entry {
  #store;
  #ballots;
  #queue = null;
  #token = sessionStorage.getItem(tokenKey);
  #username = "";
  #drafts;
  // Tallies of others that a correction started from, by the log's entry.
  #sent = new Map();
  // What is shown does not move under somebody who types or compares.
  #still = false;
  #search = "";
  #status = new StatusLine(() => this.#signOut());
  #step = h("div", { id: "step" });

  async start() {
    this.#store = await openStore();
    const last = await this.#store.get(["who", election]);
    this.#ballots = new Ballots(election, last && (await this.#store.get(["ballots", last, election])));
    try {
      await this.#ballots.load(this.#token);
    } catch (error) {
      if (refused(error)) return this.#wayIn(error);
      if (!last) return;
    }
    await this.#enter(this.#ballots.username || last);
  }

  async #enter(username) {
    this.#username = username;
    Object.assign(this.#ballots, { username, settled: true });
    await this.#keepBallots();
    this.#drafts = new Drafts(this.#store, username, election);
    await this.#drafts.load();
    this.#queue = new Queue(this.#store, election, this.#token, username, {
      onChange: () => this.#changed(),
      onWelcome: () => this.#reached(),
    });
    await this.#queue.start();
    // From here on nothing is waited for: the server's page stays until there is something in its place, and
    // what is typed into its form until then is not lost.
    this.#adopt();
    const typing = root.contains(document.activeElement) && document.activeElement.id;
    root.replaceChildren(this.#status.element, this.#step);
    this.#listen();
    this.#show({ quietly: true });
    if (typing) document.getElementById(typing)?.focus({ preventScroll: true });
    addEventListener("pagehide", () => this.#drafts.flush());
    document.addEventListener("visibilitychange", () => this.#drafts.flush());
  }

  async #keepBallots() {
    await this.#store.change(["who", election], () => this.#username);
    await this.#store.change(["ballots", this.#username, election], () => this.#ballots.kept());
  }

  /** What somebody typed into the server's form before this ran. */
  #adopt() {
    const [precinct, contest] = this.#path();
    const inputs = [...root.querySelectorAll("form.tally input:not([type=hidden]), form.tally textarea")];
    if (!contest || !inputs.some((input) => input.value !== input.defaultValue)) return;
    const draft = this.#drafts.at(precinct, contest, 1);
    draft.revision = Number(root.querySelector("form.tally [name=revision]").value);
    for (const input of inputs) {
      if (input.name === "reason") draft.reason = input.value;
      else draft.figures[input.name] = input.value;
    }
    this.#drafts.keep(draft);
  }

  #listen() {
    document.addEventListener("click", (event) => {
      const link = event.target.closest?.("a[href]");
      if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || link.target) return;
      const { origin, pathname } = new URL(link.href);
      const depth = pathname.slice(base.length).split("/").length;
      if (origin !== location.origin || (pathname !== base && !pathname.startsWith(`${base}/`)) || depth > 3 || link.hash) return;
      event.preventDefault();
      this.#go(pathname);
    });
    addEventListener("popstate", () => this.#show());
    document.addEventListener("submit", (event) => {
      if (event.target.getAttribute("action") === "/logout") this.#store.forget("who");
    }, true);
  }

  #go(path, hash = "") {
    this.#drafts.flush();
    const query = new URLSearchParams(location.search).get("lang");
    history.pushState(null, "", `${path}${query ? `?lang=${encodeURIComponent(query)}` : ""}${hash}`);
    this.#show();
  }

  #path() {
    return location.pathname.slice(base.length + 1).split("/").filter(Boolean).map(decodeURIComponent);
  }

  // ---- what the server and other tabs do ----

  #changed() {
    this.#learn();
    this.#showStatus();
    if (this.#still || !this.#step.isConnected) return;
    if (document.activeElement?.id === "search") return this.#list();
    const focused = document.activeElement;
    const ref = focused?.closest("[data-ref]")?.dataset.ref;
    const position = scrollY;
    this.#show({ quietly: true });
    const again = ref ? this.#alike(ref, focused.textContent) : document.getElementById(focused?.id);
    again?.focus({ preventScroll: true });
    scrollTo({ top: position, behavior: "instant" });
  }

  /** Of what can have the focus for a tally, the one that says the same, or the first. */
  #alike(ref, words) {
    const found = [...this.#step.querySelectorAll(`[data-ref="${CSS.escape(ref)}"] :is(a, button, [tabindex])`)];
    return found.find(({ textContent }) => textContent === words) ?? found[0];
  }

  /** What came in by a receipt is asked for, so that it is known when the receipt is removed from this device. */
  #learn() {
    if (this.#queue.state !== "live") return;
    for (const { ref, tally, answer } of this.#queue.items) {
      const { precinct, contest } = tally;
      if (answer?.type !== "receipt" || this.#learnt.has(ref) || this.#ballots.sent(precinct, contest)?.seq >= answer.seq) continue;
      this.#learnt.add(ref);
      this.#reached(precinct);
    }
  }
  #learnt = new Set();

  async #reached(precinct = "") {
    try {
      await this.#ballots.load(this.#token, precinct);
      await this.#keepBallots();
      this.#changed();
    } catch {
      // What is kept goes on; the connection says by itself what is wrong.
    }
  }

  #showStatus() {
    const open = ["open", "correction"].includes(this.#ballots.status);
    this.#status.show(this.#queue, { lasting: this.#store.lasting, open });
  }

  async #signOut() {
    sessionStorage.removeItem(tokenKey);
    await this.#store.forget("who");
    this.#queue.stop();
    location.assign(base + location.search);
  }

  // ---- the way in ----

  async #wayIn(problem) {
    sessionStorage.removeItem(tokenKey);
    const waiting = new Map();
    for (const { answer, tally, by } of await this.#store.all("tally")) {
      if (!answer && tally && by?.election === election) waiting.set(by.username, (waiting.get(by.username) ?? 0) + 1);
    }
    showWayIn(root, { problem: this.#token && problem, waiting, useToken: (token) => this.#useToken(token) });
  }

  async #useToken(token) {
    if (!token) return;
    sessionStorage.setItem(tokenKey, token);
    this.#token = token;
    try {
      this.#ballots = new Ballots(election);
      await this.#ballots.load(token);
      await this.#enter(this.#ballots.username);
    } catch (error) {
      await this.#wayIn(error.title ? error : { status: 0, title: t("The server cannot be reached. Try again in a moment.") });
    }
  }

  // ---- steps ----

  #show({ quietly = false } = {}) {
    const [precinct, contest] = this.#path();
    this.#still = false;
    const made = contest ? this.#contestStep(precinct, contest) : precinct ? this.#precinctStep(precinct) : this.#listStep();
    this.#step.replaceChildren(...made.filter(Boolean));
    this.#afterwards?.();
    this.#afterwards = null;
    const title = this.#step.querySelector("h1");
    const name = root.dataset.name;
    document.title = `${root.dataset.before}${title?.textContent ?? t("Enter a tally")} · ${name} · Tallystream`;
    this.#showStatus();
    if (!quietly && !this.#step.contains(document.activeElement)) title?.focus({ preventScroll: true });
    if (!quietly) scrollTo({ top: 0, behavior: "instant" });
  }
  #afterwards = null;

  #standing(precinct, contest) {
    const item = this.#queue.of(precinct, contest);
    const sent = this.#ballots.sent(precinct, contest);
    if (item && !(item.answer?.seq <= sent?.seq)) return standingOf(item, this.#queue.state === "live");
    if (sent) return this.#stand(sent, item?.answer?.seq === sent.seq);
    return this.#drafts.of(precinct, contest) ? "draft" : "none";
  }

  /** What the server told of a tally; `own` is one whose receipt is on this device. */
  #stand(sent, own) {
    const stand = standOf(sent, this.#username);
    return own && stand === "sent" ? "received" : stand;
  }

  #progress(precinct) {
    const sent = precinct.contests.filter((contest) => DONE.includes(this.#standing(precinct.code, contest)));
    return progress(sent.length, precinct.contests.length);
  }

  /** The stub of a tally on this device, with what the server told since of the same revision. */
  #stub(item, level) {
    const { tally, answer } = item;
    const sent = this.#ballots.sent(tally.precinct, tally.contest);
    const contest = this.#ballots.contest(tally.contest);
    const told = sent && sent.seq >= answer?.seq && sent.revision === answer.revision;
    if (told) return stub(item, contest, this.#stand(sent, true), sinceWords(answer, sent, this.#username), level);
    return stub(item, contest, standingOf(item, this.#queue.state === "live"), [], level);
  }

  #listStep() {
    const searchable = this.#ballots.more || this.#ballots.precincts().length > 10;
    const input = h("input", { id: "search", type: "search", autocomplete: "off", maxlength: "100", input: () => this.#find(input.value) });
    input.value = this.#search;
    return [
      heading(t("Your precincts")),
      h("p", { class: "quiet" }, named(root.dataset.name)),
      searchable && h("div", { class: "find" }, h("label", { for: "search" }, t("Find a precinct")), input),
      h("div", { id: "found" }, this.#found()),
    ];
  }

  #found() {
    const lines = this.#ballots.precincts(this.#search).slice(0, 200).map((precinct) => place(`${base}/${precinct.code}`, precinct.name, "", this.#progress(precinct)));
    return [
      lines.length ? h("ul", { class: "places" }, lines)
        : h("p", { class: "notice" }, this.#search ? t("None of your precincts has this in its name.") : t("No precinct of this election is assigned to you. Ask the election office to assign yours.")),
      this.#ballots.more && h("p", { class: "quiet" }, t("There are more precincts: find yours by its name.")),
      ...this.#device(),
    ].filter(Boolean);
  }

  /** The list anew below the field in which somebody types: a new field would break off what is being composed. */
  #list() {
    this.#step.querySelector("#found")?.replaceChildren(...this.#found());
  }

  async #find(search) {
    this.#search = search;
    this.#list();
    if (!this.#ballots.more || !search.trim()) return;
    await this.#ballots.load(this.#token, search.trim()).catch(() => null);
    if (search === this.#search) this.#list();
  }

  /** Everything that was typed here, the newest first, until it is removed. */
  #device() {
    if (!this.#queue.items.length) return [];
    const lines = [...this.#queue.items].reverse().map((item) => h("li", {},
      this.#stub(item, "h3"),
      h("p", { class: "actions", "data-ref": item.ref }, actions(item, this.#does(item), `${item.names.contest}, ${item.names.precinct}`))));
    return [h("section", { id: "device", "aria-labelledby": "device-heading" }, h("h2", { id: "device-heading" }, t("On this device")), h("ul", { class: "stubs" }, lines))];
  }

  #precinctStep(code) {
    const precinct = this.#ballots.precinct(code);
    if (!precinct) return this.#unknown(code);
    const clock = clockOf(this.#ballots.timezone);
    const lines = precinct.contests.map((contest) => {
      const sent = this.#ballots.sent(code, contest);
      const told = sent && t("Entry %(seq)s, revision %(revision)s, by %(by)s, %(at)s", { seq: figure(sent.seq), revision: sent.revision, by: apart(sent.by), at: clock(sent.at) });
      return place(`${base}/${code}/${contest}`, this.#ballots.contest(contest).name, this.#standing(code, contest), told);
    });
    return [crumbs(base), heading(named(precinct.name)), lead(this.#progress(precinct)), h("ul", { class: "places" }, lines)];
  }

  /** It may be one of very many, of which only the first were loaded. */
  #unknown(code) {
    if (this.#ballots.more && this.#search !== code) {
      this.#search = code;
      this.#ballots.load(this.#token, code).then(() => this.#changed(), () => null);
    }
    return [crumbs(base), heading(t("This precinct is not among yours")), h("p", {}, t("Ask the election office to assign it, or look for it in the list. Without a network only those are here that were opened before."))];
  }

  #contestStep(code, contestCode) {
    const precinct = this.#ballots.precinct(code);
    const contest = this.#ballots.contest(contestCode);
    if (!precinct || !contest || !precinct.contests.includes(contestCode)) return this.#unknown(code);
    const item = this.#queue.of(code, contestCode);
    const draft = this.#drafts.of(code, contestCode);
    if (location.hash === "#check" && draft && !faultsOf(contest, draft).length) return this.#checkStep(precinct, contest, draft);
    const asked = ["second", "again"].includes(this.#standing(code, contestCode));
    if (item && !draft && !asked && location.hash !== "#correct") return this.#stubStep(precinct, contest, item);
    if (item && !item.answer) return this.#stubStep(precinct, contest, item);
    return this.#formStep(precinct, contest);
  }

  #stubStep(precinct, contest, item) {
    const following = precinct.contests.find((code) => TO_ENTER.includes(this.#standing(precinct.code, code)));
    const next = following && this.#ballots.contest(following);
    const settled = item.answer?.type !== "problem";
    const typed = this.#drafts.of(precinct.code, contest.code);
    return [
      crumbs(base, precinct),
      typed && !item.answer && h("p", { class: "notice" }, t("This was sent from another window already. What you typed here is kept: once the receipt is here you can send it as a correction.")),
      this.#stub(item),
      ...readBack(contest, item.tally),
      lead(this.#progress(precinct)),
      h("p", { class: "actions", "data-ref": item.ref },
        settled && (next ? h("a", { class: "button main", href: `${base}/${precinct.code}/${following}` }, t("Next: %(contest)s", { contest: apart(next.name) }))
          : h("a", { class: "button main", href: base }, t("Your precincts"))),
        actions(item, this.#does(item))),
    ];
  }

  #does(item) {
    const { precinct, contest } = item.tally;
    const here = `${base}/${precinct}/${contest}`;
    const intoForm = async (problem = null) => {
      const sent = this.#ballots.sent(precinct, contest);
      const draft = this.#drafts.at(precinct, contest, this.#queue.next(precinct, contest, sent));
      Object.assign(draft.figures, figuresOf(item.tally));
      draft.reason = (problem && item.tally.reason) || this.#reason(sent);
      draft.problem = problem;
      await this.#drafts.keep(draft);
      this.#go(here, "#correct");
    };
    return {
      takeBack: async () => {
        if (await this.#queue.takeBack(item.ref)) await intoForm();
        else this.#show();
      },
      correct: () => intoForm(),
      open: async () => {
        await this.#reached();
        await intoForm(item.answer);
        await this.#queue.remove(item.ref);
      },
      again: () => this.#queue.again(item.ref),
      remove: async () => {
        // It stays known as sent: what the receipt said is asked for before the receipt is gone.
        if (item.answer.type === "receipt" && !(this.#ballots.sent(precinct, contest)?.seq >= item.answer.seq)) await this.#reached(precinct);
        await this.#queue.remove(item.ref);
      },
    };
  }

  // ---- the form ----

  #formStep(precinct, contest) {
    this.#still = true;
    const kept = this.#drafts.of(precinct.code, contest.code);
    const sent = this.#ballots.sent(precinct.code, contest.code);
    const next = this.#queue.next(precinct.code, contest.code, sent);
    const draft = kept ?? this.#begun(precinct.code, contest.code, next);
    const above = this.#overtaken(draft, next, sent);
    const form = tallyForm(contest, draft, secondFor(sent, this.#username), (event) => {
      event.preventDefault();
      draft.problem = null;
      this.#drafts.keep(draft);
      const faults = faultsOf(contest, draft);
      showFaults(form, faults);
      if (!faults.length) this.#go(location.pathname, "#check");
    });
    const output = form.querySelector("#balance");
    const addUp = () => showBalance(output, tallyOf(precinct.code, contest, draft), contest, precinct.voters_registered, this.#ballots.checks);
    form.addEventListener("input", ({ target }) => {
      if (target.name === "reason") draft.reason = target.value;
      else {
        draft.figures[target.name] = target.value;
        mended(target);
      }
      this.#drafts.keepSoon(draft);
      addUp();
    });
    addUp();
    if (!kept && sent && !fromPaper(sent, this.#username) && !Object.keys(draft.figures).length) this.#fetch(precinct.code, sent, draft);
    this.#afterwards = () => {
      if (above.length || draft.problem) showFaults(form, this.#faultsAt(draft.problem), above);
    };
    return [
      crumbs(base, precinct),
      heading(named(contest.name)),
      lead(named(precinct.name)),
      sent ? this.#already(precinct, contest, sent, Object.keys(draft.figures).length > 0)
        : this.#ballots.doubleEntry && h("p", { class: "hint" }, t("Two people enter each tally, without seeing each other's figures. It is counted once the two are equal.")),
      draft.revision > 1 && !sent && h("p", { class: "notice" }, t("What you send now corrects what you sent before. Change the figures that are wrong and say why.")),
      form,
      kept && h("p", { class: "actions" }, button(t("Empty the form"), async () => { await this.#drafts.drop(draft); this.#show(); })),
    ];
  }

  /** What a form begins with: nothing, or for a correction what was sent last, where this device knows it. */
  #begun(precinct, contest, revision) {
    const item = this.#queue.of(precinct, contest);
    const sent = this.#ballots.sent(precinct, contest);
    const newest = item?.answer?.type === "receipt" && item.answer.revision === revision - 1 ? item.tally : this.#sent.get(sent?.seq);
    const figures = newest && !fromPaper(sent, this.#username) ? figuresOf(newest) : {};
    return Object.assign(this.#drafts.begun(precinct, contest, revision, figures), { reason: this.#reason(sent) });
  }

  /** What the reason begins with: who makes a second entry may have none of their own. */
  #reason(sent) {
    return secondFor(sent, this.#username) && sent.revision > 1 ? SECOND_REASON : "";
  }

  /** What a colleague or another device sent; without a network the form stays empty. */
  async #fetch(precinct, { seq }, draft) {
    const newest = await this.#ballots.figures(this.#token, precinct, seq).catch(() => null);
    if (!newest) return;
    this.#sent.set(seq, newest);
    const [here, contest] = this.#path();
    const open = this.#still && `${here}/${contest}` === draft.place && location.hash !== "#check";
    if (open && !this.#drafts.of(here, contest)) this.#changedForm();
  }

  /** The form anew, with the keyboard where it was. */
  #changedForm() {
    const focused = document.activeElement?.id;
    this.#show({ quietly: true });
    document.getElementById(focused)?.focus({ preventScroll: true });
  }

  /** Words for what came in between, where it did; the draft is a correction from then on. */
  #overtaken(draft, next, sent) {
    const { problem } = draft;
    const overtaken = draft.revision !== next;
    draft.revision = next;
    draft.reason ||= this.#reason(sent);
    if (problem && !problem.errors.some(({ field }) => field && field !== "revision" && field !== "ref")) return [problemWords(problem)];
    if (!overtaken) return [];
    return [secondFor(sent, this.#username) ? SECOND_ENTRY : CONFLICT];
  }

  #faultsAt(problem) {
    if (!problem || problem.code === "revision-conflict" || SENT_AGAIN.includes(problem.code)) return [];
    return problem.errors.filter(({ field }) => !["ref", "revision"].includes(field)).map(({ field, message }) => [field, message]);
  }

  #already(precinct, contest, sent, known) {
    const stand = standOf(sent, this.#username);
    if (stand === "second") return this.#second();
    const clock = clockOf(this.#ballots.timezone);
    const told = t("Entry %(seq)s, revision %(revision)s, by %(by)s, %(at)s", { seq: figure(sent.seq), revision: sent.revision, by: apart(sent.by), at: clock(sent.at) });
    const decided = decidedWords(sent, this.#username);
    return h("div", { class: "card already" },
      h("p", {}, h("strong", {}, stand === "sent" ? t("Sent already") : STANDINGS[stand]), ": ", told, ". ",
        h("a", { href: `${base}/${precinct.code}/${contest.code}/${sent.seq}` }, t("See what was sent"))),
      decided && h("p", { class: "decided" }, decided),
      h("p", {}, sent.differs ? t("Two people enter each tally, and these two entries differ. Type every figure anew from the paper and say why.")
        : known ? t("What you send now corrects it. Change the figures that are wrong and say why.")
        : t("What you send now corrects it: type all figures anew and say why.")));
  }

  #second() {
    return h("div", { class: "card already" },
      h("p", {}, h("strong", {}, STANDINGS.second)),
      h("p", {}, t("Type every figure from the paper. You see the other person's entry once both are here: if the two are equal they are counted, and otherwise both are held for review.")));
  }

  // ---- the figures read back ----

  #checkStep(precinct, contest, draft) {
    this.#still = true;
    const tally = tallyOf(precinct.code, contest, draft);
    return [
      crumbs(base, precinct),
      heading(t("Are these the figures?")),
      lead(named(contest.name), h("br"), named(precinct.name)),
      ...readBack(contest, tally),
      draft.revision > 1 && h("p", {}, t("This is revision %(revision)s. Reason: %(reason)s", { revision: draft.revision, reason: apart(draft.reason) })),
      verdict(tally, contest, precinct.voters_registered, this.#ballots.checks),
      h("p", { class: "actions" },
        button(t("Send the tally"), (event) => this.#send(event.target, precinct, contest, draft, tally), { class: "main", id: "send" }),
        button(t("Back to the figures"), () => this.#go(location.pathname, "#correct"))),
    ];
  }

  async #send(pressed, precinct, contest, draft, tally) {
    pressed.disabled = true;
    const item = this.#queue.of(precinct.code, contest.code);
    const next = this.#queue.next(precinct.code, contest.code, this.#ballots.sent(precinct.code, contest.code));
    if ((item && !item.answer) || next > draft.revision) {
      // Another window, or a colleague, was faster.
      this.#go(location.pathname, "#correct");
      return;
    }
    const ref = crypto.randomUUID();
    const correcting = draft.revision > 1;
    const sent = { ...tally, ref, revision: draft.revision, ...(correcting && { reason: draft.reason.trim() }) };
    await this.#queue.add(sent, { precinct: precinct.name, contest: contest.name });
    await this.#drafts.drop(draft);
    history.replaceState(null, "", location.pathname + location.search);
    this.#show();
  }
}

async function keepForNoNetwork() {
  if (!navigator.serviceWorker) return;
  const address = `${base}/worker.js?lang=${encodeURIComponent(document.documentElement.lang)}`;
  const policy = globalThis.trustedTypes?.createPolicy("entry", { createScriptURL: (url) => url });
  await navigator.serviceWorker.register(policy?.createScriptURL(address) ?? address, { scope: base }).catch(() => null);
}

if (isSecureContext) {
  keepForNoNetwork();
  await new Entry().start();
}
