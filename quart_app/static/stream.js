// Follows a results stream for as long as the page is open, and knows how good the connection is.

const TICK_MS = 1_000;
// The server shows that it is alive at least every 15 seconds.
const QUIET_MS = 17_000;
// Attempts to connect that have no answer by then are given up.
const ATTEMPT_MS = 9_000;
// After a change of networks a browser may hold several connections that are dead without its knowing, and tries
// each of them first. So one attempt after the other joins in until one has an answer.
const JOIN_MS = 1_500;
// Pauses between attempts double up to the longest, and differ from reader to reader.
const AGAIN_MS = 500;
const AGAIN_MOST_MS = 4_000;
// A clock that jumps so far was not running: the machine slept.
const SLEPT_MS = 8_000;
// Seconds by which the server itself may be behind its database before its figures are called old.
const LAG_SECONDS = 12;

/**
 * How it stands: `name` is "connecting", "live", "delayed" (the server hears of other servers' tallies some
 * seconds late), "stale" (nobody knows whether there is anything newer) or "lost", since the time `since`.
 * `age` is how many milliseconds ago the figures were known to be the newest; null before there were any.
 */
const state = (name, since, age) => ({ name, since, age });

export class ResultsStream {
  #attempts = new Set();
  #opened = false;
  #heardAt = 0;
  #triedAt = 0;
  #tickedAt = Date.now();
  #hidden = document.hidden;
  #lostAt = 0;
  #lag = 0;
  #broker = true;
  #failures = 0;
  #timer = 0;
  #joining = 0;

  /**
   * `onResults(results)` gets one contest's results, or what else events called `kind` carry; `onState(state)` how
   * it stands, about every second.
   */
  constructor(address, onResults, onState, kind = "results") {
    this.address = address;
    this.onResults = onResults;
    this.onState = onState;
    this.kind = kind;
  }

  start() {
    this.#open();
    setInterval(() => this.#tick(), TICK_MS);
    addEventListener("online", () => this.#open());
    addEventListener("offline", () => this.#lose());
    // A page that the browser puts aside lets go of its connection, and takes a new one when it is back.
    addEventListener("pagehide", () => this.#close());
    addEventListener("pageshow", (event) => event.persisted && this.#open());
    document.addEventListener("resume", () => this.#open());
    document.addEventListener("visibilitychange", () => this.#tick());
    this.#watchTheNetwork(navigator.connection);
  }

  /** From one network to another a connection may stay open and be dead. */
  #watchTheNetwork(network) {
    let type = network?.type;
    network?.addEventListener?.("change", () => {
      if (network.type === type) return;
      type = network.type;
      this.#open();
    });
  }

  #open() {
    this.#close();
    this.#triedAt = Date.now();
    this.#attempt();
    this.#judge();
  }

  #close(but = null) {
    clearTimeout(this.#timer);
    clearTimeout(this.#joining);
    this.#timer = 0;
    for (const source of this.#attempts) if (source !== but) source.close();
    this.#attempts = new Set(but ? [but] : []);
    this.#opened = but !== null;
    this.#broker = true;
  }

  #attempt() {
    const source = new EventSource(this.address);
    this.#attempts.add(source);
    source.addEventListener("open", () => {
      this.#close(source);
      this.#hear(0);
    });
    source.addEventListener("error", () => this.#fail(source));
    source.addEventListener(this.kind, (event) => {
      this.#hear(0);
      this.onResults(JSON.parse(event.data));
    });
    source.addEventListener("heartbeat", (event) => {
      const { lag, broker } = JSON.parse(event.data);
      this.#broker = broker ?? true;
      this.#hear(lag);
    });
    if (this.#heardAt) this.#joining = setTimeout(() => this.#attempt(), JOIN_MS);
  }

  /** The connection is gone, or an answer such as 503 came; another attempt may still be under way. */
  #fail(source) {
    source.close();
    this.#attempts.delete(source);
    if (!this.#attempts.size) this.#lose();
  }

  #hear(lag) {
    this.#failures = 0;
    this.#lostAt = 0;
    this.#lag = lag;
    this.#heardAt = Date.now();
    this.#judge();
  }

  /** Tries again after a pause. */
  #lose() {
    this.#close();
    this.#lostAt ||= Date.now();
    const pause = Math.min(AGAIN_MOST_MS, AGAIN_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#timer = setTimeout(() => this.#open(), pause * (0.5 + Math.random() / 2));
    this.#judge();
  }

  #tick() {
    const now = Date.now();
    // Clocks of hidden pages run slowly without any sleep.
    const slept = now - this.#tickedAt > SLEPT_MS && !this.#hidden;
    this.#tickedAt = now;
    this.#hidden = document.hidden;
    if (slept || (this.#opened && now - this.#heardAt > QUIET_MS)) this.#open();
    else if (!this.#opened && !this.#timer && now - this.#triedAt > ATTEMPT_MS) this.#lose();
    this.#judge();
  }

  #judge() {
    const age = this.#heardAt && Date.now() - this.#heardAt + this.#lag * 1_000;
    if (this.#lostAt) this.onState(state("lost", this.#lostAt, age || null));
    else if (!this.#heardAt) this.onState(state("connecting", this.#triedAt, null));
    else if (!this.#opened || this.#lag > LAG_SECONDS) this.onState(state("stale", this.#heardAt, age));
    else this.onState(state(this.#broker ? "live" : "delayed", this.#heardAt, age));
  }
}
