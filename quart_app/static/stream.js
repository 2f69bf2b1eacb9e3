// Follows a results stream for as long as the page is open, and knows how good the connection is.

const TICK_MS = 1_000;
// The server shows that it is alive at least every 15 seconds.
const QUIET_MS = 17_000;
// An attempt to connect that has no answer by then is given up: another may find a way.
const ATTEMPT_MS = 6_000;
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
  #source = null;
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

  /** `onResults(results)` gets one contest's results; `onState(state)` how it stands, about every second. */
  constructor(address, onResults, onState) {
    this.address = address;
    this.onResults = onResults;
    this.onState = onState;
  }

  start() {
    this.#open();
    setInterval(() => this.#tick(), TICK_MS);
    addEventListener("online", () => this.#open());
    addEventListener("offline", () => this.#lose());
    // A page that the browser puts aside lets go of its connection, and takes a new one when it is back.
    addEventListener("pagehide", () => this.#source.close());
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
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#source?.close();
    this.#opened = false;
    this.#broker = true;
    this.#triedAt = Date.now();
    const source = (this.#source = new EventSource(this.address));
    source.addEventListener("open", () => this.#hear(0));
    source.addEventListener("error", () => this.#lose());
    source.addEventListener("results", (event) => {
      this.#hear(0);
      this.onResults(JSON.parse(event.data));
    });
    source.addEventListener("heartbeat", (event) => {
      const { lag, broker } = JSON.parse(event.data);
      this.#broker = broker ?? true;
      this.#hear(lag);
    });
    this.#judge();
  }

  #hear(lag) {
    this.#opened = true;
    this.#failures = 0;
    this.#lostAt = 0;
    this.#lag = lag;
    this.#heardAt = Date.now();
    this.#judge();
  }

  /** The connection is gone, or an answer such as 503 came: tries again after a pause. */
  #lose() {
    this.#source.close();
    this.#opened = false;
    this.#lostAt ||= Date.now();
    if (!this.#timer) {
      const pause = Math.min(AGAIN_MOST_MS, AGAIN_MS * 2 ** this.#failures);
      this.#failures += 1;
      this.#timer = setTimeout(() => this.#open(), pause * (0.5 + Math.random() / 2));
    }
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
