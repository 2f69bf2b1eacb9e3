"""What DOMAIN.md promises at every moment, added up from the tallies and held against the database."""

from collections import Counter
from typing import Any

from tests.desk import Desk

_TALLIES = """
    SELECT t.seq, t.contest_id, t.unit_id, t.revision, t.status, t.ballots_cast, t.overvotes, t.undervotes,
           t.write_ins, t.rejected_ballots, u.voters_registered, e.id AS election_id
    FROM tallies t JOIN reporting_units u ON u.id = t.unit_id
    JOIN elections e ON e.id = t.election_id WHERE e.code = :code
"""
_VOTES = """
    SELECT v.seq, v.selection_id, v.votes
    FROM tally_votes v JOIN elections e ON e.id = v.election_id WHERE e.code = :code
"""
_UNITS = """
    SELECT u.id, u.parent_id FROM reporting_units u
    JOIN elections e ON e.id = u.election_id WHERE e.code = :code
"""
_CONTEST_TOTALS = """
    SELECT t.* FROM contest_totals t JOIN contests c ON c.id = t.contest_id
    JOIN elections e ON e.id = c.election_id WHERE e.code = :code
"""
_SELECTION_TOTALS = """
    SELECT t.* FROM selection_totals t JOIN selections s ON s.id = t.selection_id
    JOIN contests c ON c.id = s.contest_id JOIN elections e ON e.id = c.election_id WHERE e.code = :code
"""
_LOG = """
    SELECT l.seq, l.kind, h.seq AS head FROM log_entries l JOIN log_heads h USING (election_id)
    JOIN elections e ON e.id = l.election_id WHERE e.code = :code ORDER BY l.seq
"""
_FIGURES = ("ballots_cast", "overvotes", "undervotes", "write_ins", "rejected_ballots")


async def assert_rules_hold(desk: Desk) -> None:
    """Totals are the sums of the counted tallies at every unit, and the log is gapless up to its head."""
    tallies = await desk.sql(_TALLIES, code=desk.election)
    votes: dict[int, dict[int, int]] = {}
    for row in await desk.sql(_VOTES, code=desk.election):
        votes.setdefault(row.seq, {})[row.selection_id] = row.votes
    parents = {row.id: row.parent_id for row in await desk.sql(_UNITS, code=desk.election)}
    contests, selections = _sums(tallies, votes, parents)
    assert await _contest_totals(desk) == contests
    stored = await desk.sql(_SELECTION_TOTALS, code=desk.election)
    assert {(r.selection_id, r.unit_id): r.votes for r in stored if r.votes} == selections
    await _assert_log_holds(desk, {row.seq for row in tallies})


def _sums(
    tallies: Any, votes: dict[int, dict[int, int]], parents: dict[int, int | None]
) -> tuple[dict[Any, dict[str, int]], dict[Any, int]]:
    contests: dict[tuple[int, int], Counter[str]] = {}
    selections: Counter[tuple[int, int]] = Counter()
    counted = [(row.contest_id, row.unit_id) for row in tallies if row.status == "accepted"]
    assert len(counted) == len(set(counted)), "two revisions of one precinct and contest are counted"
    for contest, precinct in {(r.contest_id, r.unit_id) for r in tallies if r.status == "quarantined"}:
        for unit in _above(precinct, parents):
            contests.setdefault((contest, unit), Counter())["quarantined_units"] += 1
    for row in tallies:
        if row.status == "accepted":
            for unit in _above(row.unit_id, parents):
                total = contests.setdefault((row.contest_id, unit), Counter())
                total["units_reported"] += 1
                total["voters_registered"] += row.voters_registered or 0
                for name in _FIGURES:
                    total[name] += getattr(row, name)
                for selection, number in votes[row.seq].items():
                    selections[selection, unit] += number
    plain = {place: {n: v for n, v in total.items() if v} for place, total in contests.items()}
    return {p: total for p, total in plain.items() if total}, {p: v for p, v in selections.items() if v}


def _above(unit: int, parents: dict[int, int | None]) -> list[int]:
    parent = parents[unit]
    return [] if parent is None else [parent, *_above(parent, parents)]


async def _contest_totals(desk: Desk) -> dict[Any, dict[str, int]]:
    names = ("units_reported", "quarantined_units", "voters_registered", *_FIGURES)
    rows = await desk.sql(_CONTEST_TOTALS, code=desk.election)
    totals = {(r.contest_id, r.unit_id): {n: getattr(r, n) for n in names if getattr(r, n)} for r in rows}
    return {place: total for place, total in totals.items() if total}


async def _assert_log_holds(desk: Desk, tallies: set[int]) -> None:
    log = await desk.sql(_LOG, code=desk.election)
    assert [row.seq for row in log] == list(range(1, len(log) + 1))
    assert log[-1].head == len(log)
    assert {row.seq for row in log if row.kind == "tally"} == tallies
