// Tallies on their way: each is sent again, with the same ref, until an answer comes.

const AGAIN_MS = 1_000;
const SLOWEST_MS = 15_000;
// An answer that takes longer than this is asked for again on a new connection.
const PATIENCE_MS = 20_000;
const REFUSED = 401;

export class Outbox {
  #socket = null;
  #tries = 0;
  #timer = 0;
  #welcome = false;

  /**
   * `token` is null where the cookie of a session says who it is.
   * `waiting` are the tallies without an answer, oldest first; they are this outbox's to keep.
   * `on` has onState("connecting" | "live" | "lost" | "refused" | "closed", problem),
   * onWelcome(welcome), and onAnswer(answer): a receipt, or a problem, with the ref of a tally.
   */
  constructor(election, token, waiting, on) {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.address = `${scheme}//${location.host}/api/v1/elections/${encodeURIComponent(election)}/tallies/ws`;
    this.token = token;
    this.waiting = new Map(waiting.map((tally) => [tally.ref, tally]));
    this.on = on;
    this.hurry = () => this.#timer && this.open();
    addEventListener("online", this.hurry);
  }

  open() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#welcome = false;
    this.on.onState("connecting");
    const socket = (this.#socket = new WebSocket(this.address));
    socket.addEventListener("open", () => this.token && socket.send(JSON.stringify({ type: "hello", token: this.token })));
    socket.addEventListener("message", (event) => socket === this.#socket && this.#take(JSON.parse(event.data)));
    socket.addEventListener("close", () => socket === this.#socket && this.#lose());
  }

  send(tally) {
    this.waiting.set(tally.ref, tally);
    this.#put(tally);
  }

  close() {
    clearTimeout(this.#timer);
    removeEventListener("online", this.hurry);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.on.onState("closed");
  }

  #put(tally) {
    const socket = this.#socket;
    if (!this.#welcome || socket?.readyState !== WebSocket.OPEN) return;
    socket.send(JSON.stringify(tally));
    setTimeout(() => {
      if (socket === this.#socket && this.waiting.has(tally.ref)) this.#lose();
    }, PATIENCE_MS);
  }

  #take(message) {
    if (message.type === "welcome") {
      this.#welcome = true;
      this.#tries = 0;
      this.on.onState("live");
      this.on.onWelcome(message);
      for (const tally of this.waiting.values()) this.#put(tally);
    } else if (!this.#welcome) {
      this.#refuse(message);
    } else if (message.status === 503) {
      const tally = this.waiting.get(message.ref);
      if (tally) setTimeout(() => this.#put(tally), (message.retry_after ?? 2) * 1_000);
    } else {
      this.waiting.delete(message.ref);
      this.on.onAnswer(message);
    }
  }

  /** A problem in the place of a welcome: a token or an address that will not get better, or a busy server. */
  #refuse(problem) {
    if (problem.status === 503) return;
    this.#socket = null;
    this.on.onState(problem.status === REFUSED ? "refused" : "closed", problem);
  }

  #lose() {
    const socket = this.#socket;
    this.#socket = null;
    this.#welcome = false;
    socket?.close();
    this.on.onState("lost");
    const pause = Math.min(SLOWEST_MS, AGAIN_MS * 2 ** this.#tries++);
    this.#timer = setTimeout(() => this.open(), pause * (0.5 + Math.random()));
  }
}
