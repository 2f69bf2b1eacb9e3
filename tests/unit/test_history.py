"""The race over time adds up to the results, stays small, and hides no correction."""

import datetime
from collections import Counter
from itertools import pairwise

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from models.batch import Submission
from models.history import CountedTally, DecidedTally, Point, Race, Told, thinned
from tests.ledger import BOOK, Ledger
from tests.unit.test_recording import submissions

AT = datetime.datetime(2026, 11, 3, 20, 0, tzinfo=datetime.UTC)


def tally(seq: int, *votes: int, supersedes: tuple[int, ...] = (), status: str = "accepted") -> CountedTally:
    named = dict(zip(("ada", "ben"), votes, strict=True))
    return CountedTally(seq, AT, status, named, sum(votes), 0, supersedes)


def decision(
    seq: int, decided: str, about: CountedTally, *, supersedes: tuple[int, ...] = ()
) -> DecidedTally:
    return DecidedTally(seq, AT, decided, supersedes, about)


def race_of(*told: Told) -> Race:
    race = Race(("ada", "ben"))
    for each in told:
        race.take(each)
    return race


def climb(*votes: int) -> list[Point]:
    """A point for each number of votes, with one precinct more each time."""
    return [Point(seq, AT, seq, number, 0, (number,)) for seq, number in enumerate(votes, start=1)]


def test_each_accepted_tally_is_a_point_with_the_totals_after_it() -> None:
    points = race_of(tally(3, 40, 30), tally(5, 10, 20)).points
    assert [(p.seq, p.units_reported, p.ballots_cast, p.votes) for p in points] == [
        (3, 1, 70, (40, 30)),
        (5, 2, 100, (50, 50)),
    ]


def test_a_correction_first_takes_away_what_it_corrects() -> None:
    last = race_of(tally(3, 40, 30), tally(4, 1, 1), tally(5, 4, 30, supersedes=(3,))).points[-1]
    assert (last.units_reported, last.ballots_cast, last.votes) == (2, 36, (5, 31))


def test_a_held_tally_counts_nothing_and_takes_nothing_away_when_it_is_replaced() -> None:
    held = tally(4, 900, 900, status="quarantined")
    points = race_of(tally(3, 40, 30), held, tally(5, 41, 30, supersedes=(4, 3))).points
    assert [point.votes for point in points] == [(40, 30), (41, 30)]


def test_a_held_tally_counts_from_the_decision_to_accept_it() -> None:
    held = tally(4, 9, 9, status="quarantined")
    accepted = decision(6, "accept", held, supersedes=(3,))
    points = race_of(tally(3, 40, 30), held, tally(5, 1, 1), accepted).points
    assert [(p.seq, p.units_reported, p.votes) for p in points] == [
        (3, 1, (40, 30)),
        (5, 2, (41, 31)),
        (6, 2, (10, 10)),
    ]


def test_a_recalled_tally_counts_no_more_and_what_only_asks_for_it_is_no_point() -> None:
    first, second = tally(3, 40, 30), tally(4, 1, 1)
    asked, recalled = decision(5, "ask-recall", first), decision(6, "recall", first)
    points = race_of(first, second, asked, recalled).points
    assert [(p.seq, p.units_reported, p.votes) for p in points] == [
        (3, 1, (40, 30)),
        (4, 2, (41, 31)),
        (6, 1, (1, 1)),
    ]


def test_of_two_equal_entries_only_the_second_counts() -> None:
    first = tally(3, 40, 30, status="awaiting_second_entry")
    points = race_of(first, tally(4, 40, 30, supersedes=(3,))).points
    assert [(p.seq, p.units_reported, p.votes) for p in points] == [(4, 1, (40, 30))]


def test_thinning_bears_with_precincts_that_were_recalled() -> None:
    points = [Point(seq, AT, units, units, 0, (units,)) for seq, units in enumerate([*range(9), 2, 1, 3])]
    kept = thinned(points, 5)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert [point.seq for point in kept] == sorted({point.seq for point in kept})


@given(st.lists(st.lists(submissions(), min_size=1, max_size=5), max_size=12))
@settings(max_examples=60, deadline=None)
def test_the_last_point_has_the_results_whatever_officers_send(batches: list[list[Submission]]) -> None:
    ledger = Ledger()
    for batch in batches:
        ledger.take(batch)
    country = next(iter(BOOK.precincts.values())).above[-1]
    for contest in BOOK.contests.values():
        race = Race(tuple(contest.selections))
        for seq, row in ledger.rows.items():
            if row.contest_id == contest.id:
                race.take(msgspec.json.decode(ledger.entries[seq], type=CountedTally))
        totals = ledger.contest_totals.get((contest.id, country), Counter())
        last = race.points[-1] if race.points else Point(0, AT, 0, 0, 0, (0,) * len(contest.selections))
        assert last.units_reported == totals.get("units_reported", 0)
        assert (last.ballots_cast, last.write_ins) == (
            totals.get("ballots_cast", 0),
            totals.get("write_ins", 0),
        )
        votes = [ledger.selection_totals.get((s, country), Counter()) for s in contest.selections.values()]
        assert list(last.votes) == [total["votes"] for total in votes]


@given(st.lists(st.integers(0, 50), min_size=1, max_size=400), st.integers(2, 60))
def test_thinning_keeps_both_ends_the_order_and_the_limit(votes: list[int], most: int) -> None:
    points = climb(*votes)
    kept = thinned(points, most)
    assert len(kept) <= max(most, 2)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert [point.seq for point in kept] == sorted({point.seq for point in kept})
    assert set(kept) <= set(points)


@given(st.integers(2, 900))
def test_a_fall_of_a_total_stays_where_it_was_and_as_deep(place: int) -> None:
    votes = [1000 + number if number < place else 700 + number for number in range(1000)]
    falls = [(a.votes[0], b.votes[0]) for a, b in pairwise(thinned(climb(*votes), 50)) if a.votes > b.votes]
    assert falls == [(999 + place, 700 + place)]


def test_a_race_without_a_fall_is_thinned_evenly_by_precincts_reported() -> None:
    kept = thinned(climb(*range(1000)), 11)
    assert [point.units_reported for point in kept] == [1, *range(101, 1000, 100), 1000]


def test_a_long_night_never_keeps_many_points() -> None:
    race = race_of(*(tally(seq, seq % 7, 1) for seq in range(1, 2_000)))
    assert len(race.points) <= 400
    assert race.points[-1].units_reported == 1_999
