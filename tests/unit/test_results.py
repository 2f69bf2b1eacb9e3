"""What is said of sums: ranks, shares, turnout, the status by rule, and what is withheld."""

import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.results import (
    ContestCount,
    ElectionState,
    SelectionVotes,
    contest_results,
    ranked,
    ratio,
    results_status,
)

AT = datetime.datetime(2026, 11, 3, 20, 0, tzinfo=datetime.UTC)
LATER = AT + datetime.timedelta(minutes=5)


def election(**changes: Any) -> ElectionState:
    fields = {
        "id": 1,
        "code": "tiny",
        "name": "Tiny",
        "date": AT.date(),
        "timezone": "UTC",
        "is_test": False,
        "status": "open",
        "results_released": True,
        "changed_seq": 2,
        "changed_at": AT,
    }
    return ElectionState(**{**fields, **changes})


def count(**changes: Any) -> ContestCount:
    fields = {
        "code": "president",
        "name": "President",
        "is_measure": False,
        "vote_variation": "plurality",
        "votes_allowed": 1,
        "number_elected": 1,
        "units_expected": 4,
        "units_reported": 2,
        "quarantined_units": 1,
        "voters_registered": 570,
        "voters_registered_reported": 300,
        "ballots_cast": 160,
        "overvotes": 2,
        "undervotes": 6,
        "write_ins": 2,
        "rejected_ballots": 0,
        "version": 7,
        "updated_at": LATER,
        "selections": votes(ada=80, ben=60, cy=10),
    }
    return ContestCount(**{**fields, **changes})


def votes(**given_: int) -> tuple[SelectionVotes, ...]:
    return tuple(SelectionVotes(code, code.title(), None, number) for code, number in given_.items())


def test_selections_stand_by_votes_and_equal_votes_share_a_rank_in_ballot_order() -> None:
    places = ranked(votes(ada=10, ben=30, cy=10, dora=30, emil=5), 85)
    assert [(place.code, place.rank) for place in places] == [
        ("ben", 1),
        ("dora", 1),
        ("ada", 3),
        ("cy", 3),
        ("emil", 5),
    ]


def test_before_any_vote_all_share_the_first_rank_and_have_no_share() -> None:
    places = ranked(votes(ada=0, ben=0), 0)
    assert [(place.rank, place.share) for place in places] == [(1, None), (1, None)]


def test_a_share_is_of_all_votes_for_selections_and_write_ins() -> None:
    results = contest_results(election(), count(selections=votes(ada=80, ben=60, cy=10), write_ins=50))
    assert [selection.share for selection in results.selections] == [0.4, 0.3, 0.05]


@given(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=12))
def test_ranks_say_how_many_have_more_votes(numbers: list[int]) -> None:
    selections = tuple(SelectionVotes(str(i), str(i), None, n) for i, n in enumerate(numbers))
    for place in ranked(selections, sum(numbers)):
        assert place.votes is not None
        assert place.rank == 1 + sum(other > place.votes for other in numbers)


def test_a_ratio_has_three_decimals_and_is_unknown_where_there_is_nothing_to_divide_by() -> None:
    assert ratio(61039, 76008) == 0.803
    assert ratio(0, 5) == 0.0
    assert ratio(0, 0) is None


def test_turnout_is_of_the_registered_voters_of_precincts_that_have_reported() -> None:
    assert contest_results(election(), count()).turnout == 0.533


def test_turnout_is_unknown_where_registered_voters_are() -> None:
    results = contest_results(election(), count(voters_registered=None))
    assert results.turnout is None
    assert results.voters_registered is None
    assert results.voters_registered_reported is None


@pytest.mark.parametrize(
    ("status", "reported", "said"),
    [
        ("draft", 0, "pre-election"),
        ("open", 0, "unofficial-partial"),
        ("open", 3, "unofficial-partial"),
        ("open", 4, "unofficial-complete"),
        ("closed", 3, "unofficial-partial"),
        ("closed", 4, "unofficial-complete"),
        ("certified", 4, "certified"),
        ("certified", 3, "certified"),
        ("correction", 4, "correction"),
    ],
)
def test_the_status_follows_from_the_lifecycle_and_the_units_reported(
    status: str, reported: int, said: str
) -> None:
    assert results_status(status, reported, 4) == said


def test_the_version_and_time_are_those_of_the_newest_of_tallies_and_the_election() -> None:
    tallied = contest_results(election(changed_seq=2, changed_at=AT), count(version=7, updated_at=LATER))
    assert (tallied.version, tallied.updated_at) == (7, LATER)
    moved = contest_results(election(changed_seq=9, changed_at=LATER), count(version=7, updated_at=AT))
    assert (moved.version, moved.updated_at) == (9, LATER)
    untouched = contest_results(election(), count(version=0, updated_at=None))
    assert (untouched.version, untouched.updated_at) == (2, AT)


def test_withheld_results_tell_who_has_reported_and_nothing_of_votes() -> None:
    results = contest_results(election(results_released=False), count(), withhold=True)
    said = msgspec.to_builtins(results)
    assert said["released"] is False
    assert (said["units_reported"], said["units_expected"], said["voters_registered"]) == (2, 4, 570)
    for field in (
        "ballots_cast",
        "turnout",
        "overvotes",
        "undervotes",
        "write_ins",
        "rejected_ballots",
        "quarantined_units",
        "voters_registered_reported",
    ):
        assert said[field] is None, field
    for selection in said["selections"]:
        assert (selection["votes"], selection["share"], selection["rank"]) == (None, None, None)


def test_withheld_selections_stand_in_ballot_order_which_tells_nothing() -> None:
    results = contest_results(election(), count(selections=votes(cy=1, ben=2, ada=3)), withhold=True)
    assert [selection.code for selection in results.selections] == ["cy", "ben", "ada"]


def test_results_of_a_test_election_say_so() -> None:
    assert contest_results(election(is_test=True), count()).is_test


def test_what_is_certified_moves_no_more_although_a_tally_waits() -> None:
    waiting = count(units_reported=4, voters_registered_reported=570, reopened=500)
    assert looked(election(), waiting) == ("open", 0, 500)
    assert looked(election(status="certified"), waiting) == ("decided", 0, 0)
    assert looked(election(status="correction"), waiting) == ("open", 0, 500)


def test_a_recount_leaves_everything_open() -> None:
    done = count(units_reported=4, voters_registered_reported=570)
    assert looked(election(), done) == ("decided", 0, 0)
    again = msgspec.structs.replace(done, recounting=True)
    assert looked(election(), again) == ("open", None, 0)


def test_a_draft_and_a_part_of_an_election_say_nothing_of_what_is_possible() -> None:
    assert contest_results(election(status="draft"), count()).outlook is None
    assert contest_results(election(), count(), unit="north").outlook is None
    withheld = contest_results(election(), count(lowered_by=7), withhold=True)
    assert (withheld.outlook, withheld.recount_due, withheld.lowered_by) == (None, None, None)


@pytest.mark.parametrize(
    ("reported", "ben", "due"), [(3, 80, None), (4, 80, True), (4, 79, False), (4, 60, False)]
)
def test_a_recount_is_due_once_all_have_reported_and_the_margin_is_small(
    reported: int, ben: int, due: bool | None
) -> None:
    found = contest_results(election(), count(units_reported=reported, selections=votes(ada=80, ben=ben)))
    assert found.recount_due is due


def looked(state: ElectionState, counted: ContestCount) -> Any:
    found = contest_results(state, counted).outlook
    return found and (found.call, found.outstanding, found.reopened)
