// What this device keeps: typed drafts, tallies with their answers, ballots. In IndexedDB; where a browser
// gives none (private windows), in memory for as long as the page is open.

const NAME = "tallystream";
const KEPT = "kept";

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

function opened() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(KEPT);
  return done(request);
}

// In the order of IndexedDB arrays come behind every text: this holds all keys that begin so.
const beginning = (prefix) => IDBKeyRange.bound(prefix, [...prefix, []]);

/** Keys are arrays of texts, values anything that can be cloned. What was written outlives a power cut. */
class Durable {
  lasting = true;
  #database;

  constructor(database) {
    this.#database = database;
    // Another tab brings a newer version: let go, and be opened anew with it.
    database.onversionchange = () => database.close();
  }

  #kept(mode) {
    return this.#database.transaction(KEPT, mode, { durability: "strict" }).objectStore(KEPT);
  }

  get(key) {
    return done(this.#kept("readonly").get(key));
  }

  all(...prefix) {
    return done(this.#kept("readonly").getAll(beginning(prefix)));
  }

  /** In one step: `make` of the value becomes the value; undefined leaves it, null deletes it. */
  change(key, make) {
    const kept = this.#kept("readwrite");
    return new Promise((resolve, reject) => {
      let made;
      const reading = kept.get(key);
      reading.onsuccess = () => {
        made = make(reading.result);
        if (made === null) kept.delete(key);
        else if (made !== undefined) kept.put(made, key);
      };
      kept.transaction.oncomplete = () => resolve(made);
      kept.transaction.onabort = () => reject(kept.transaction.error);
    });
  }

  forget(...prefix) {
    return done(this.#kept("readwrite").delete(beginning(prefix)));
  }

  /** Everything, as pairs of a key and its value. */
  async everything() {
    const kept = this.#kept("readonly");
    const [keys, values] = await Promise.all([done(kept.getAllKeys()), done(kept.getAll())]);
    return keys.map((key, place) => [key, values[place]]);
  }
}

class Passing {
  lasting = false;
  #values;

  constructor(pairs = []) {
    this.#values = new Map(pairs.map(([key, value]) => [JSON.stringify(key), value]));
  }

  async get(key) {
    return this.#values.get(JSON.stringify(key));
  }

  async all(...prefix) {
    const start = JSON.stringify(prefix).slice(0, -1);
    return [...this.#values].filter(([key]) => key.startsWith(`${start},`)).map(([, value]) => value);
  }

  async change(key, make) {
    const name = JSON.stringify(key);
    const made = make(this.#values.get(name));
    if (made === null) this.#values.delete(name);
    else if (made !== undefined) this.#values.set(name, structuredClone(made));
    return made;
  }

  async forget(...prefix) {
    const start = JSON.stringify(prefix).slice(0, -1);
    for (const key of this.#values.keys()) if (key.startsWith(start)) this.#values.delete(key);
  }
}

/** Keeps what it can: from the moment that a device takes nothing more (it is full), in memory only. */
class Store {
  #within;

  constructor(within) {
    this.#within = within;
  }

  get lasting() {
    return this.#within.lasting;
  }

  get(key) {
    return this.#do((within) => within.get(key));
  }

  all(...prefix) {
    return this.#do((within) => within.all(...prefix));
  }

  change(key, make) {
    return this.#do((within) => within.change(key, make));
  }

  forget(...prefix) {
    return this.#do((within) => within.forget(...prefix));
  }

  async #do(work) {
    try {
      return await work(this.#within);
    } catch (fault) {
      if (!this.lasting) throw fault;
    }
    try {
      // The connection may have died while a telephone slept.
      this.#within = new Durable(await opened());
      return await work(this.#within);
    } catch {
      this.#within = new Passing(await this.#within.everything().catch(() => []));
      return work(this.#within);
    }
  }
}

export async function openStore() {
  try {
    const store = new Store(new Durable(await opened()));
    await store.get(["try"]);
    // iOS forgets a site's storage after some days without a visit, other browsers when the disk is full.
    navigator.storage?.persist?.().catch(() => false);
    return store;
  } catch {
    return new Passing();
  }
}
