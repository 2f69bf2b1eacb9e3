// What an officer may send, as the API tells it, and the arithmetic of a tally.

async function everything(address, name) {
  const found = [];
  for (let next = `${address}?limit=1000`; next; ) {
    const answer = await fetch(next);
    if (!answer.ok) throw new Error(`${next} was answered by ${answer.status}`);
    const page = await answer.json();
    found.push(...page[name]);
    next = page.next;
  }
  return found;
}

export class Ballots {
  #units = new Map();
  #contests = [];

  async load(election) {
    const address = `/api/v1/elections/${encodeURIComponent(election)}`;
    const [contests, units] = await Promise.all([
      everything(`${address}/contests`, "contests"),
      everything(`${address}/units`, "units"),
    ]);
    this.#contests = contests;
    this.#units = new Map(units.map((unit) => [unit.code, unit]));
  }

  nameOf(unit) {
    return this.#units.get(unit)?.name ?? unit;
  }

  contest(code) {
    return this.#contests.find((contest) => contest.code === code);
  }

  /** Contests whose district holds the precinct; the server has the last word on what is on its ballot. */
  contestsIn(precinct) {
    const above = new Set();
    for (let unit = this.#units.get(precinct); unit; unit = this.#units.get(unit.parent)) above.add(unit.code);
    return this.#contests.filter((contest) => above.has(contest.district));
  }
}

const WHOLE = /^\d+$/;

/** The whole number that was typed; null for nothing, NaN for anything else. */
export function typed(text) {
  const bare = text.trim();
  if (!bare) return null;
  return WHOLE.test(bare) ? Number(bare) : NaN;
}

/**
 * The balance check: votes + write-ins + overvotes × votes allowed + undervotes = ballots × votes allowed.
 * `found` and `expected` are in votes; a field that is empty or no number counts as 0 while typing.
 */
export function balance(tally, votesAllowed) {
  const votes = Object.values(tally.votes).reduce((sum, count) => sum + count, 0);
  const found = votes + tally.write_ins + tally.overvotes * votesAllowed + tally.undervotes;
  return { votes, found, expected: tally.ballots_cast * votesAllowed };
}
