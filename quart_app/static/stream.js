// Follows a results stream for as long as the page is open, and knows how good the connection is.

// The server shows that it is alive at least every 15 seconds.
const QUIET_MS = 22_000;
const DEAD_MS = 45_000;
// Seconds by which the server itself may be behind its database before its figures are called old.
const LAG_SECONDS = 12;
const AGAIN_MS = 3_000;

export class ResultsStream {
  #source = null;
  #heardAt = 0;
  #lag = 0;
  #broken = false;
  #opened = 0;
  #state = "";
  #timer = 0;

  /**
   * `onResults(results, connection)` gets one contest's results and the number of the connection, from 1.
   * `onState(state)` gets "connecting", "live", "stale" or "lost", whenever it changes.
   */
  constructor(address, onResults, onState) {
    this.address = address;
    this.onResults = onResults;
    this.onState = onState;
  }

  start() {
    this.#open();
    setInterval(() => this.#judge(), 1_000);
    addEventListener("online", () => this.#broken && this.#open());
    addEventListener("pageshow", (event) => event.persisted && this.#open());
  }

  #open() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#heardAt = Date.now();
    const source = (this.#source = new EventSource(this.address));
    source.addEventListener("open", () => {
      this.#opened += 1;
      this.#broken = false;
    });
    source.addEventListener("error", () => this.#lose(source));
    source.addEventListener("results", (event) => {
      this.#hear(0);
      this.onResults(JSON.parse(event.data), this.#opened);
    });
    source.addEventListener("heartbeat", (event) => this.#hear(JSON.parse(event.data).lag));
    this.#judge();
  }

  #hear(lag) {
    this.#heardAt = Date.now();
    this.#lag = lag;
    this.#broken = false;
    this.#judge();
  }

  #lose(source) {
    this.#broken = true;
    this.#judge();
    // A browser comes back by itself after a cut, and not after an answer such as 503.
    if (source.readyState === EventSource.CLOSED) {
      this.#timer = setTimeout(() => this.#open(), AGAIN_MS * (1 + Math.random()));
    }
  }

  #judge() {
    const silence = Date.now() - this.#heardAt;
    if (silence > DEAD_MS && !this.#broken) {
      this.#broken = true;
      this.#open();
      return;
    }
    let state = "live";
    if (this.#broken) state = "lost";
    else if (!this.#opened) state = "connecting";
    else if (silence > QUIET_MS || this.#lag > LAG_SECONDS) state = "stale";
    if (state !== this.#state) this.onState((this.#state = state));
  }
}
