"""What DOMAIN.md promises at every moment, added up from the tallies and held against the database."""

from collections import Counter
from typing import Any

from models.moments import permille, share_permilles
from tests.desk import Desk

_TALLIES = """
    SELECT t.seq, t.contest_id, t.unit_id, t.revision, t.status, t.ballots_cast, t.overvotes, t.undervotes,
           t.write_ins, t.rejected_ballots, t.entry, t.official_id, t.lowered, u.voters_registered,
           e.id AS election_id
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
_DECISIONS = """
    SELECT d.seq, t.contest_id, t.unit_id FROM tally_decisions d
    JOIN tallies t ON t.election_id = d.election_id AND t.seq = d.tally_seq
    JOIN elections e ON e.id = d.election_id WHERE e.code = :code AND d.lowered
"""
_WAITING = {"quarantined": "quarantined_units", "awaiting_second_entry": "awaiting_units"}
_TURNOUT = ("turnout_n", "turnout_total", "turnout_squares")
_SHARES = ("votes", "share_n", "share_total", "share_squares")
_FIGURES = ("ballots_cast", "overvotes", "undervotes", "write_ins", "rejected_ballots")


async def assert_rules_hold(desk: Desk) -> None:
    """Totals are the sums of the counted tallies at every unit, and the log is gapless up to its head.

    So are the sums by which siblings are compared, how many precincts wait, and what was lowered last.
    """
    tallies = await desk.sql(_TALLIES, code=desk.election)
    votes: dict[int, dict[int, int]] = {}
    for row in await desk.sql(_VOTES, code=desk.election):
        votes.setdefault(row.seq, {})[row.selection_id] = row.votes
    parents = {row.id: row.parent_id for row in await desk.sql(_UNITS, code=desk.election)}
    contests, selections = _sums(tallies, votes, parents)
    assert await _contest_totals(desk) == contests
    stored = await desk.sql(_SELECTION_TOTALS, code=desk.election)
    assert _not_zero({(r.selection_id, r.unit_id): r for r in stored}, _SHARES) == selections
    _assert_two_people(tallies)
    await _assert_lowered(desk, tallies, parents)
    await _assert_log_holds(desk, {row.seq for row in tallies})


def _sums(
    tallies: Any, votes: dict[int, dict[int, int]], parents: dict[int, int | None]
) -> tuple[dict[Any, dict[str, int]], dict[Any, dict[str, int]]]:
    contests: dict[tuple[int, int], Counter[str]] = {}
    selections: dict[tuple[int, int], Counter[str]] = {}
    counted = [(row.contest_id, row.unit_id) for row in tallies if row.status == "accepted"]
    assert len(counted) == len(set(counted)), "two revisions of one precinct and contest are counted"
    waiting = {(r.contest_id, r.unit_id, _WAITING[r.status]) for r in tallies if r.status in _WAITING}
    for contest, precinct, name in waiting:
        for unit in _above(precinct, parents):
            contests.setdefault((contest, unit), Counter())[name] += 1
    for row in tallies:
        if row.status == "accepted":
            _count(row, votes[row.seq], _above(row.unit_id, parents), contests, selections)
    return _plain(contests), _plain(selections)


def _count(
    row: Any,
    votes: dict[int, int],
    above: list[int],
    contests: dict[tuple[int, int], Counter[str]],
    selections: dict[tuple[int, int], Counter[str]],
) -> None:
    figures = {name: getattr(row, name) for name in _FIGURES}
    figures |= {"units_reported": 1, "voters_registered": row.voters_registered or 0}
    for unit in above:
        contests.setdefault((row.contest_id, unit), Counter()).update(figures)
        for selection, number in votes.items():
            selections.setdefault((selection, unit), Counter())["votes"] += number
    if (turnout := permille(row.ballots_cast, row.voters_registered)) is not None:
        contests[row.contest_id, above[0]].update(_moments(_TURNOUT, turnout))
    for selection, share in share_permilles(votes, row.write_ins).items():
        selections[selection, above[0]].update(_moments(_SHARES[1:], share))


def _moments(names: tuple[str, ...], share: int) -> dict[str, int]:
    return dict(zip(names, (1, share, share * share), strict=True))


def _plain(totals: dict[tuple[int, int], Counter[str]]) -> dict[Any, dict[str, int]]:
    plain = {place: {name: v for name, v in total.items() if v} for place, total in totals.items()}
    return {place: total for place, total in plain.items() if total}


def _not_zero(rows: dict[Any, Any], names: tuple[str, ...]) -> dict[Any, dict[str, int]]:
    totals = {place: {n: getattr(r, n) for n in names if getattr(r, n)} for place, r in rows.items()}
    return {place: total for place, total in totals.items() if total}


def _above(unit: int, parents: dict[int, int | None]) -> list[int]:
    parent = parents[unit]
    return [] if parent is None else [parent, *_above(parent, parents)]


async def _contest_totals(desk: Desk) -> dict[Any, dict[str, int]]:
    names = ("units_reported", *_WAITING.values(), "voters_registered", *_FIGURES, *_TURNOUT)
    rows = await desk.sql(_CONTEST_TOTALS, code=desk.election)
    return _not_zero({(r.contest_id, r.unit_id): r for r in rows}, names)


def _assert_two_people(tallies: Any) -> None:
    """No revision has two entries of one person, and none of two entries counts without the other."""
    entries: dict[Any, dict[int, Any]] = {}
    for row in tallies:
        if row.entry:
            entries.setdefault((row.contest_id, row.unit_id, row.revision), {})[row.entry] = row
    for both in entries.values():
        assert 1 in both, "a second entry without a first one"
        senders = [row.official_id for row in both.values()]
        assert len(senders) == len(set(senders)), "one person made both entries"
        assert both[1].status != "accepted", "a first entry is counted"


async def _assert_lowered(desk: Desk, tallies: Any, parents: dict[int, int | None]) -> None:
    lowered: dict[Any, int] = {}
    decisions = await desk.sql(_DECISIONS, code=desk.election)
    for row in sorted([*(t for t in tallies if t.lowered), *decisions], key=lambda row: row.seq):
        lowered |= {(row.contest_id, unit): row.seq for unit in _above(row.unit_id, parents)}
    rows = await desk.sql(_CONTEST_TOTALS, code=desk.election)
    assert {(r.contest_id, r.unit_id): r.lowered_by for r in rows if r.lowered_by} == lowered


async def _assert_log_holds(desk: Desk, tallies: set[int]) -> None:
    log = await desk.sql(_LOG, code=desk.election)
    assert [row.seq for row in log] == list(range(1, len(log) + 1))
    assert log[-1].head == len(log)
    assert {row.seq for row in log if row.kind == "tally"} == tallies
