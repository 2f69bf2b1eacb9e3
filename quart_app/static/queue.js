// The tallies that one officer typed on this device, in every tab the same; one tab at a time sends them.

import { Outbox } from "./outbox.js";
import { secondFor } from "./words.js";

// A tab that does not say so for this long is not sending, whatever it holds: telephones put tabs to sleep.
const SILENCE_MS = 8_000;

/**
 * Items are { ref, order, tally, answer, tries, names, by }: `answer` is null until a receipt or a problem came,
 * `tries` is 0 as long as the tally never left this device.
 */
export class Queue {
  #store;
  #who;
  #channel;
  #outbox = null;
  #leave = () => {};
  #heard = 0;
  items = [];
  state = "connecting";
  problem = null;

  /** `on` has onChange() for anything that is new here, and onWelcome() when the server was reached. */
  constructor(store, election, token, username, on) {
    this.#store = store;
    this.#who = ["tally", username, election];
    this.election = election;
    this.token = token;
    this.username = username;
    this.by = { username, election };
    this.on = on;
    this.#channel = new BroadcastChannel(`tallies of ${username} in ${election}`);
    this.#channel.addEventListener("message", ({ data }) => this.#hear(data));
  }

  async start() {
    await this.#read();
    // What only this tab knows no other one can send.
    if (!navigator.locks || !this.#store.lasting) this.#send();
    else {
      this.#queueUp({});
      this.#ask();
    }
  }

  /** Whoever sends for all tabs answers, or has gone to sleep and is relieved. */
  #ask() {
    if (this.#outbox) return;
    this.#tell({ ask: true });
    clearTimeout(this.#heard);
    this.#heard = setTimeout(() => this.#queueUp({ steal: true }), SILENCE_MS);
  }

  stop() {
    clearTimeout(this.#heard);
    this.#leave();
    this.#outbox?.close();
    this.#outbox = null;
    this.#channel.close();
  }

  /** The newest of one place. */
  of(precinct, contest) {
    return this.items.findLast(({ tally }) => tally.precinct === precinct && tally.contest === contest);
  }

  /** The revision that follows all that this device knows of; that of somebody else's entry which waits for one. */
  next(precinct, contest, sent) {
    const own = this.items.filter(({ tally, answer }) => tally.precinct === precinct && tally.contest === contest && answer?.type === "receipt");
    const newest = Math.max(0, ...own.map(({ answer }) => answer.revision));
    if (secondFor(sent, this.username) && sent.revision > newest) return sent.revision;
    return Math.max(sent?.revision ?? 0, newest) + 1;
  }

  async add(tally, names) {
    await this.#read();
    const order = 1 + Math.max(0, ...this.items.map((item) => item.order));
    await this.#change(tally.ref, () => ({ ref: tally.ref, order, tally, answer: null, tries: 0, names, by: this.by }));
    if (!this.#outbox && !this.#store.lasting) this.#send();
    else this.#ask();
  }

  /** What never left this device comes back; true where it did. */
  async takeBack(ref) {
    let back = false;
    await this.#change(ref, (item) => {
      back = item?.tries === 0;
      return back ? null : undefined;
    });
    return back;
  }

  again(ref) {
    return this.#change(ref, (item) => item && { ...item, answer: null });
  }

  remove(ref) {
    return this.#change(ref, (item) => (item?.answer ? null : undefined));
  }

  async #change(ref, make) {
    const made = await this.#store.change([...this.#who, ref], make);
    await this.#read();
    this.#tell({ changed: true });
    this.#outbox?.wake();
    return made;
  }

  async #read() {
    const found = await this.#store.all(...this.#who);
    this.items = found.sort((one, other) => one.order - other.order);
    this.on.onChange();
  }

  #tell(message) {
    this.#channel.postMessage(message);
  }

  async #hear({ changed, ask, state, problem }) {
    if (changed) {
      await this.#read();
      this.#outbox?.wake();
    }
    if (ask && this.#outbox) this.#tell({ state: this.state, problem: this.problem });
    if (state && !this.#outbox) {
      clearTimeout(this.#heard);
      this.#stand(state, problem);
    }
  }

  #queueUp(options) {
    const held = () => new Promise((leave) => {
      clearTimeout(this.#heard);
      this.#leave = leave;
      if (!this.#outbox) this.#send();
    });
    navigator.locks.request(`sender of ${this.#who.join(" ")}`, options, held).catch(() => {
      // Another tab took over while this one slept.
      this.#outbox?.close();
      this.#outbox = null;
      this.#queueUp({});
    });
  }

  #send() {
    const waiting = () => this.items.filter(({ answer }) => !answer).map(({ tally }) => tally);
    const starting = async (ref) => Boolean(await this.#change(ref, (item) => item && { ...item, tries: item.tries + 1 }));
    const answered = (answer) => answer.ref && this.#change(answer.ref, (item) => item && { ...item, answer });
    this.#outbox = new Outbox(this.election, this.token, this.username, { waiting, starting, answered }, {
      onState: (state, problem) => {
        this.#stand(state, problem);
        this.#tell({ state, problem });
      },
      onWelcome: () => this.on.onWelcome(),
    });
    this.#outbox.open();
  }

  #stand(state, problem = null) {
    this.state = state;
    this.problem = problem;
    this.on.onChange();
  }
}
