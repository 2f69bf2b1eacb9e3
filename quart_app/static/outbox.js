// Tallies on their way: each is sent again, with the same ref, until an answer comes.

const AGAIN_MS = 1_000;
const SLOWEST_MS = 15_000;
// An answer that takes longer than this is asked for again on a new connection.
const PATIENCE_MS = 20_000;
// Who was not let in may be by now: somebody signs in again in another window, an office gives rights back.
const KNOCK_MS = 30_000;

export class Outbox {
  #socket = null;
  #tries = 0;
  #timer = 0;
  #welcome = false;
  #sent = new Set();

  /**
   * `token` is null where the cookie of a session says who it is. `queue` keeps what is to be sent:
   * waiting() are the tallies without an answer, oldest first; starting(ref) is told, and waited for, before
   * one leaves for the first time, and says whether it may; answered(answer) keeps a receipt or a problem.
   * `on` has onState("connecting" | "live" | "lost" | "refused" | "other", problem) and onWelcome(welcome).
   * "other" is somebody else than `username`, for whom nothing is sent.
   */
  constructor(election, token, username, queue, on) {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const query = new URLSearchParams({ lang: document.documentElement.lang, ...(token && { by: "hello" }) });
    const path = `/api/v1/elections/${encodeURIComponent(election)}/tallies/ws`;
    this.address = `${scheme}//${location.host}${path}?${query}`;
    this.token = token;
    this.username = username;
    this.queue = queue;
    this.on = on;
    this.hurry = () => this.#timer && document.visibilityState === "visible" && this.open();
    addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.hurry);
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
    setTimeout(() => socket === this.#socket && !this.#welcome && this.#lose(), PATIENCE_MS);
  }

  /** There may be more to send. */
  async wake() {
    const socket = this.#socket;
    if (!this.#welcome) return;
    for (const tally of await this.queue.waiting()) {
      if (socket !== this.#socket) return;
      if (this.#sent.has(tally.ref)) continue;
      this.#sent.add(tally.ref);
      if (await this.queue.starting(tally.ref)) this.#put(socket, tally);
    }
  }

  close() {
    clearTimeout(this.#timer);
    removeEventListener("online", this.hurry);
    document.removeEventListener("visibilitychange", this.hurry);
    const socket = this.#socket;
    this.#socket = null;
    this.#welcome = false;
    socket?.close();
  }

  #put(socket, tally) {
    if (socket !== this.#socket || socket.readyState !== WebSocket.OPEN) return;
    socket.send(JSON.stringify(tally));
    setTimeout(() => {
      if (socket === this.#socket && this.#sent.has(tally.ref)) this.#lose();
    }, PATIENCE_MS);
  }

  #take(message) {
    if (message.type === "welcome") {
      if (message.username === this.username) this.#begin(message);
      else this.#stay("other", { username: message.username });
    } else if (!this.#welcome) {
      if (message.status !== 503) this.#stay("refused", message);
    } else if (message.status === 503) {
      setTimeout(() => {
        this.#sent.delete(message.ref);
        this.wake();
      }, (message.retry_after ?? 2) * 1_000);
    } else {
      this.#sent.delete(message.ref);
      this.queue.answered(message);
    }
  }

  #begin(welcome) {
    this.#welcome = true;
    this.#tries = 0;
    this.#sent.clear();
    this.on.onState("live");
    this.on.onWelcome(welcome);
    this.wake();
  }

  /** Nothing can be sent as things are; everything is kept, and tried again now and then. */
  #stay(state, problem) {
    const socket = this.#socket;
    this.#socket = null;
    this.#welcome = false;
    socket?.close();
    this.on.onState(state, problem);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.open(), KNOCK_MS);
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
