"""An election's log replayed to totals, by a fold that shares nothing with the code that wrote it.

It is held against the database in one question, so that it can be asked after every move.
"""

import hashlib
import json
from collections import Counter, defaultdict
from typing import Any

COUNTS = ("ballots_cast", "overvotes", "undervotes", "write_ins", "rejected_ballots")
HELD = ("quarantined", "awaiting_second_entry")

# Everything of one moment.
EVERYTHING = """
    WITH e AS (SELECT id FROM elections WHERE code = :code)
    SELECT json_build_object(
        'head', (SELECT h.seq FROM log_heads h, e WHERE h.election_id = e.id),
        'log', (SELECT json_agg(json_build_array(l.seq, l.kind, l.entry, encode(l.leaf_hash, 'hex'))
                                ORDER BY l.seq) FROM log_entries l, e WHERE l.election_id = e.id),
        'units', (SELECT json_agg(json_build_array(u.id, u.code, u.parent_id, u.voters_registered))
                  FROM reporting_units u, e WHERE u.election_id = e.id),
        'contests', (SELECT json_agg(json_build_array(c.id, c.code, c.recounting))
                     FROM contests c, e WHERE c.election_id = e.id),
        'selections', (SELECT json_agg(json_build_array(s.id, s.contest_id, s.code))
                       FROM selections s JOIN contests c ON c.id = s.contest_id, e
                       WHERE c.election_id = e.id),
        'tallies', (SELECT json_agg(to_jsonb(t) - 'digest' || jsonb_build_object('votes', (
                        SELECT jsonb_object_agg(v.selection_id, v.votes) FROM tally_votes v
                        WHERE v.election_id = t.election_id AND v.seq = t.seq)))
                    FROM tallies t, e WHERE t.election_id = e.id),
        'contest_totals', (SELECT json_agg(to_jsonb(t)) FROM contest_totals t
                           JOIN contests c ON c.id = t.contest_id, e WHERE c.election_id = e.id),
        'selection_totals', (SELECT json_agg(to_jsonb(t)) FROM selection_totals t
                             JOIN selections s ON s.id = t.selection_id
                             JOIN contests c ON c.id = s.contest_id, e WHERE c.election_id = e.id),
        'decisions', (SELECT json_agg(to_jsonb(d) ORDER BY d.seq) FROM tally_decisions d, e
                      WHERE d.election_id = e.id),
        'certificates', (SELECT json_agg(to_jsonb(c)) FROM certificates c, e WHERE c.election_id = e.id)
    )
"""

Place = tuple[str, str]
"""A contest and a unit, by their codes."""


class Replay:
    """What the log says of an election up to some entry."""

    def __init__(self, parents: dict[str, str | None]) -> None:
        self._parents = parents
        self.status = "draft"
        self.recounting: set[str] = set()
        self.tallies: dict[int, dict[str, Any]] = {}
        self.statuses: dict[int, str] = {}
        self.counted: dict[Place, int] = {}
        self.lowered: dict[Place, int] = defaultdict(int)
        self.certified: tuple[Any, ...] | None = None

    def take(self, entry: dict[str, Any]) -> None:
        before = dict(self.counted)
        match entry["kind"]:
            case "election":
                self._change(entry)
            case "tally":
                self._tally(entry)
            case "decision":
                self._decision(entry)
            case "certificate":
                self._certificate(entry)
        self._see_what_fell(entry["seq"], before)

    def above(self, precinct: str) -> list[str]:
        """Every unit that a precinct lies in."""
        parent = self._parents[precinct]
        return [] if parent is None else [parent, *self.above(parent)]

    def _change(self, entry: dict[str, Any]) -> None:
        self.status = entry["status"]
        if entry["change"] == "recount-ordered":
            self.recounting.add(entry["contest"])
        if entry["change"] == "recount-ended":
            self.recounting.remove(entry["contest"])
        assert self.status != "certified" or self.certified is not None

    def _tally(self, entry: dict[str, Any]) -> None:
        resolves = any(self.statuses[seq] == "quarantined" for seq in entry["supersedes"])
        recounted = self.status == "closed" and entry["contest"] in self.recounting
        assert self.status in ("open", "correction") or recounted or (self.status == "closed" and resolves)
        seq = entry["seq"]
        self.tallies[seq] = entry
        self._become(seq, entry["status"], entry["supersedes"])
        if (first := entry.get("second_of")) is not None and first not in entry["supersedes"]:
            assert self.statuses[first] == "awaiting_second_entry"
            self.statuses[first] = "quarantined"

    def _decision(self, entry: dict[str, Any]) -> None:
        assert self.status in ("open", "closed", "correction")
        seq = entry["tally"]
        assert {"accept": "quarantined", "reject": "quarantined", "ask-again": "quarantined"}.get(
            entry["decision"], "accepted"
        ) == self.statuses[seq]
        self._become(seq, entry["status"], entry["supersedes"])
        if entry["decision"] == "reject":
            # Of two entries that differ neither holds.
            same = [s for s, t in self.tallies.items() if _revision(t) == _revision(self.tallies[seq])]
            self.statuses |= {s: "rejected" for s in same if self.statuses[s] == "quarantined"}

    def _become(self, seq: int, status: str, supersedes: list[int]) -> None:
        tally = self.tallies[seq]
        place = (tally["contest"], tally["precinct"])
        for gone in supersedes:
            assert _place(self.tallies[gone]) == place and self.statuses[gone] in ("accepted", *HELD)
            self.statuses[gone] = "superseded"
        self.statuses[seq] = status
        if status == "accepted":
            assert self.counted.get(place, seq) in (*supersedes, seq), "two revisions are counted"
            self.counted[place] = seq
        elif self.counted.get(place) == seq:
            del self.counted[place]

    def _certificate(self, entry: dict[str, Any]) -> None:
        assert not self.recounting
        assert entry["position"] == entry["seq"] - 1
        waiting = Counter(self.statuses.values())
        assert (entry["quarantined"], entry["awaiting"]) == tuple(waiting[status] for status in HELD)
        assert entry["reason"] or not (entry["quarantined"] or entry["awaiting"])
        root = next(unit for unit, parent in self._parents.items() if parent is None)
        contests, votes = self.totals({})
        for told in entry["contests"]:
            total = contests.get((told["contest"], root), Counter())
            assert {name: told[name] for name in COUNTS} == {name: total[name] for name in COUNTS}
            assert told["votes"] == {s: votes.get((told["contest"], s, root), 0) for s in told["votes"]}
        self.certified = (contests, votes)

    def _see_what_fell(self, seq: int, before: dict[Place, int]) -> None:
        for place, was in before.items():
            now = self.counted.get(place)
            if now != was and (now is None or _falls(self.tallies[was], self.tallies[now])):
                for unit in self.above(place[1]):
                    self.lowered[place[0], unit] = seq

    def totals(
        self, voters: dict[str, int | None]
    ) -> tuple[dict[Place, Counter[str]], Counter[tuple[str, str, str]]]:
        """Sums by (contest, unit), and votes by (contest, selection, unit)."""
        contests: dict[Place, Counter[str]] = defaultdict(Counter)
        votes: Counter[tuple[str, str, str]] = Counter()
        for (contest, precinct), seq in self.counted.items():
            tally = self.tallies[seq]
            for unit in self.above(precinct):
                total = contests[contest, unit]
                total["units_reported"] += 1
                total["voters_registered"] += voters.get(precinct) or 0
                for name in COUNTS:
                    total[name] += tally[name]
                for selection, number in tally["votes"].items():
                    votes[contest, selection, unit] += number
        for status, name in zip(HELD, ("quarantined_units", "awaiting_units"), strict=True):
            for contest, precinct in {
                _place(self.tallies[s]) for s, now in self.statuses.items() if now == status
            }:
                for unit in self.above(precinct):
                    contests[contest, unit][name] += 1
        return contests, votes


def _place(tally: dict[str, Any]) -> Place:
    return tally["contest"], tally["precinct"]


def _revision(tally: dict[str, Any]) -> tuple[str, str, int]:
    return tally["contest"], tally["precinct"], tally["revision"]


def _falls(was: dict[str, Any], now: dict[str, Any]) -> bool:
    return any(now[name] < was[name] for name in COUNTS) or any(
        now["votes"][selection] < number for selection, number in was["votes"].items()
    )


def assert_replayed(found: dict[str, Any]) -> Replay:
    """Holds what `EVERYTHING` answered against the log alone."""
    units = {id: code for id, code, _, _ in found["units"]}
    replay = Replay({code: units.get(parent) for _, code, parent, _ in found["units"]})
    _assert_gapless(found)
    for _, _, entry, _ in found["log"]:
        replay.take(json.loads(entry))
    contests = {id: code for id, code, _ in found["contests"]}
    assert replay.recounting == {code for _, code, recounting in found["contests"] if recounting}
    _assert_tallies(replay, found, units, contests)
    _assert_totals(replay, found, units, contests)
    _assert_two_people(found)
    return replay


def _assert_gapless(found: dict[str, Any]) -> None:
    assert [seq for seq, *_ in found["log"]] == list(range(1, found["head"] + 1))
    for seq, kind, entry, hashed in found["log"]:
        told = json.loads(entry)
        assert (told["seq"], told["kind"]) == (seq, kind)
        assert hashlib.sha256(b"\0" + entry.encode()).hexdigest() == hashed


def _assert_tallies(
    replay: Replay, found: dict[str, Any], units: dict[int, str], contests: dict[int, str]
) -> None:
    """Every tally of the log is stored once, with the figures and the status that the log gives it."""
    codes = {str(id): code for id, _, code in found["selections"]}
    stored = {}
    for row in found["tallies"] or ():
        entry = replay.tallies[row["seq"]]
        assert (contests[row["contest_id"]], units[row["unit_id"]]) == _place(entry)
        assert row["revision"] == entry["revision"]
        assert {name: row[name] for name in COUNTS} == {name: entry[name] for name in COUNTS}
        assert {codes[id]: number for id, number in row["votes"].items()} == entry["votes"]
        stored[row["seq"]] = row["status"]
    assert stored == replay.statuses


def _assert_totals(
    replay: Replay, found: dict[str, Any], units: dict[int, str], contests: dict[int, str]
) -> None:
    sums, votes = replay.totals({code: voters for _, code, _, voters in found["units"]})
    names = ("units_reported", "voters_registered", "quarantined_units", "awaiting_units", *COUNTS)
    for row in found["contest_totals"] or ():
        place = (contests[row["contest_id"]], units[row["unit_id"]])
        total = sums.pop(place, Counter())
        assert {name: row[name] for name in names} == {name: total[name] for name in names}, place
        assert row["lowered_by"] == replay.lowered[place], place
        assert row["lowered_by"] <= row["version"] <= found["head"]
    assert not any(map(any, (total.values() for total in sums.values()))), "a total has no row"
    selections = {id: (contests[contest], code) for id, contest, code in found["selections"]}
    for row in found["selection_totals"] or ():
        contest, selection = selections[row["selection_id"]]
        assert row["votes"] == votes.pop((contest, selection, units[row["unit_id"]]), 0)
    assert not any(votes.values()), "votes have no row"


def _assert_two_people(found: dict[str, Any]) -> None:
    """Nobody decides on what they sent, and a recall and a certificate are two people's."""
    tallies = {row["seq"]: row for row in found["tallies"] or ()}
    asked: dict[int, int] = {}
    for decision in found["decisions"] or ():
        tally, member = tallies[decision["tally_seq"]], decision["member_id"]
        match decision["decision"]:
            case "ask-recall":
                asked[tally["seq"]] = member
            case "refuse-recall":
                asked.pop(tally["seq"])
            case "recall":
                assert member not in (asked[tally["seq"]], tally["official_id"])
            case _:
                same = [t for t in tallies.values() if _columns(t) == _columns(tally) and t["entry"]]
                assert member not in {tally["official_id"], *(t["official_id"] for t in same)}
    for certificate in found["certificates"] or ():
        assert certificate["asked_by"] != certificate["confirmed_by"]
    entered = [(*_columns(t), t["official_id"]) for t in tallies.values() if t["entry"]]
    assert len(entered) == len(set(entered)), "one person entered a revision twice"


def _columns(tally: dict[str, Any]) -> tuple[int, int, int]:
    return tally["contest_id"], tally["unit_id"], tally["revision"]
