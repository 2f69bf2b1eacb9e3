"""What is still possible: never `decided` while some way of counting what is outstanding elects others."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.check_settings import CheckSetting, CheckSettings
from models.definitions import VoteVariation
from models.outlook import Outlook, outlook, outstanding_votes, recount_is_due

VARIATIONS = (VoteVariation.PLURALITY, VoteVariation.N_OF_M, VoteVariation.APPROVAL)
MOST = 6


class Votes(msgspec.Struct, frozen=True):
    """Votes for each selection on the ballot, and all write-ins."""

    selections: tuple[int, ...]
    write_ins: int

    @property
    def most(self) -> int:
        return max(*self.selections, self.write_ins)

    def __add__(self, other: "Votes") -> "Votes":
        pairs = zip(self.selections, other.selections, strict=True)
        return Votes(tuple(ours + theirs for ours, theirs in pairs), self.write_ins + other.write_ins)


class Place(msgspec.Struct, frozen=True):
    """A precinct: what is counted there, what waits, and how many voters may still vote in it."""

    registered: int
    counted: Votes | None
    waiting: tuple[Votes, ...]
    ends: Votes
    """How it ends in one way of many."""

    def possible(self, tolerance: int, allowed: int) -> Iterator[Votes]:
        """Its extreme ends: all votes that may still come for one, or nothing; and what is drawn."""
        if self.counted is not None:
            yield self.counted
            if not self.waiting:
                return
        yield from self.waiting
        number = len(self.ends.selections)
        most = self.registered + (0 if self.counted is not None else tolerance)
        yield Votes((0,) * number, 0)
        # A ballot gives one vote each to as many selections as it may.
        for several in range(1, allowed + 1):
            for chosen in itertools.combinations(range(number + 1), several):
                given_ = [most if place in chosen else 0 for place in range(number + 1)]
                yield Votes(tuple(given_[:-1]), given_[-1])
        yield Votes(tuple(min(votes, most) for votes in self.ends.selections), min(self.ends.write_ins, most))


class Night(msgspec.Struct, frozen=True):
    """A contest at one moment of the count."""

    places: tuple[Place, ...]
    seats: int
    allowed: int
    variation: str
    turnout: int
    ceiling: int

    @property
    def counted(self) -> Votes:
        start = Votes((0,) * len(self.places[0].ends.selections), 0)
        return sum((place.counted for place in self.places if place.counted is not None), start)

    @property
    def nothing_is_outstanding(self) -> bool:
        return all(place.counted is not None and not place.waiting for place in self.places)

    def ways(self) -> Iterator[Votes]:
        """The totals that the count may come to."""
        tolerance = self.turnout + self.ceiling
        ends = [set(place.possible(tolerance, self.allowed)) for place in self.places]
        for way in itertools.product(*ends):
            yield sum(way[1:], way[0])

    def outlook(self) -> Outlook:
        reported = [place for place in self.places if place.counted is not None]
        excess = sum(
            max([votes.most - place.registered for votes in place.waiting] + [0])
            for place in self.places
            if place.counted is None
        )
        reopened = sum(
            place.counted.most + max(place.registered, *(votes.most for votes in place.waiting))
            for place in self.places
            if place.counted is not None and place.waiting
        )
        checks = CheckSettings(
            turnout=CheckSetting(tolerance=self.turnout), ceiling=CheckSetting(tolerance=self.ceiling)
        )
        outstanding = outstanding_votes(
            units_left=len(self.places) - len(reported),
            voters_registered=sum(place.registered for place in self.places),
            voters_registered_reported=sum(place.registered for place in reported),
            excess=excess,
            checks=checks,
        )
        counted = self.counted
        found = outlook(
            sorted(counted.selections, reverse=True),
            counted.write_ins,
            seats=self.seats,
            variation=self.variation,
            outstanding=outstanding,
            reopened=reopened,
        )
        assert found is not None
        return found


def elected(votes: Votes, seats: int) -> frozenset[int] | None:
    """The places on the ballot of those who are elected.

    None where the votes alone do not say, or where it is somebody who was written in.
    """
    ranked = sorted(range(len(votes.selections)), key=lambda place: -votes.selections[place])
    inside, outside = ranked[:seats], ranked[seats:]
    last = votes.selections[inside[-1]]
    rivals = [votes.selections[place] for place in outside] + [votes.write_ins]
    if last <= max(rivals) or (len(inside) < seats and votes.write_ins):
        return None
    return frozenset(inside)


counts = st.integers(0, MOST)


@st.composite
def nights(draw: st.DrawFn) -> Night:
    number = draw(st.integers(1, 3))
    votes = st.builds(Votes, st.tuples(*[counts] * number), st.integers(0, 2))
    place = st.builds(
        Place,
        registered=st.integers(0, 4),
        counted=st.none() | votes,
        waiting=st.lists(votes, max_size=2).map(tuple),
        ends=votes,
    )
    variation = draw(st.sampled_from(VARIATIONS))
    most_allowed = {VoteVariation.PLURALITY: 1, VoteVariation.APPROVAL: number}.get(variation, 2)
    return Night(
        tuple(draw(st.lists(place, min_size=1, max_size=3))),
        seats=draw(st.integers(1, 3)),
        allowed=most_allowed,
        variation=variation,
        turnout=draw(st.integers(0, 1)),
        ceiling=draw(st.integers(0, 1)),
    )


@given(nights())
@settings(max_examples=600, deadline=None)
def test_nothing_outstanding_changes_what_is_decided(night: Night) -> None:
    if night.outlook().call == "decided":
        ends = {elected(votes, night.seats) for votes in night.ways()}
        assert ends == {elected(night.counted, night.seats)} != {None}


@given(nights())
@settings(max_examples=250, deadline=None)
def test_it_is_tied_only_where_nothing_is_outstanding_and_the_last_seat_is_shared(night: Night) -> None:
    found = night.outlook()
    if found.call == "tied":
        assert night.nothing_is_outstanding or not any(place.registered for place in night.places)
        assert found.margin == 0
        assert all(elected(votes, night.seats) is None for votes in night.ways())


@given(nights())
@settings(max_examples=250, deadline=None)
def test_where_nothing_is_outstanding_it_is_open_only_because_of_write_ins_or_of_no_votes(
    night: Night,
) -> None:
    counted, found = night.counted, night.outlook()
    if night.nothing_is_outstanding and found.call == "open":
        last = sorted(counted.selections, reverse=True)[: night.seats][-1]
        too_few = len(counted.selections) < night.seats and counted.write_ins
        assert counted.write_ins >= last or too_few


@given(nights())
@settings(max_examples=250, deadline=None)
def test_it_is_not_more_cautious_than_the_arithmetic_where_no_counted_tally_is_in_question(
    night: Night,
) -> None:
    """Some way elects others, or leaves it to votes for one person who was written in."""
    plain = all(not place.waiting for place in night.places)
    if plain and night.outlook().call != "decided":
        now = elected(night.counted, night.seats)
        assert now is None or any(elected(votes, night.seats) != now for votes in night.ways())


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=9), st.integers(1, 5), st.integers(0, 10**9))
def test_it_is_decided_as_soon_as_the_margin_exceeds_everything(
    votes: list[int], seats: int, outstanding: int
) -> None:
    ordered = sorted(votes, reverse=True)
    ordered[:seats] = [number + outstanding + 1 for number in ordered[:seats]]
    found = looked(ordered, seats=min(seats, len(ordered)), outstanding=outstanding)
    assert found.call == "decided"


def looked(votes: Sequence[int], **changes: Any) -> Outlook:
    asked: dict[str, Any] = {"seats": 1, "variation": "plurality", "outstanding": 0, "reopened": 0}
    write_ins = changes.pop("write_ins", 0)
    found = outlook(votes, write_ins, **{**asked, **changes})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("outstanding", "call"), [(0, "decided"), (19, "decided"), (20, "open"), (21, "open"), (None, "open")]
)
def test_as_many_votes_as_the_margin_may_still_make_a_tie(outstanding: int | None, call: str) -> None:
    found = looked([100, 80], outstanding=outstanding)
    assert (found.call, found.margin, found.outstanding) == (call, 20, outstanding)


def test_of_several_seats_it_is_the_last_one_that_may_change_hands() -> None:
    assert looked([90, 60, 50, 2], seats=2, outstanding=9).call == "decided"
    assert looked([90, 60, 50, 2], seats=2, outstanding=10).call == "open"
    assert looked([90, 60, 50, 2], seats=3, outstanding=47).call == "decided"


def test_those_who_share_the_votes_at_the_last_seat_are_tied_and_those_who_share_within_are_not() -> None:
    assert looked([50, 50, 3]).call == "tied"
    assert looked([50, 50, 3], seats=2).call == "decided"
    assert looked([60, 50, 50], seats=2).call == "tied"
    assert looked([50, 50, 3], outstanding=1).call == "open"


def test_all_write_ins_may_be_for_one_person() -> None:
    assert looked([50, 3], write_ins=49).call == "decided"
    assert looked([50, 3], write_ins=50).call == "open"
    assert looked([50, 50], write_ins=51).call == "open"
    assert looked([50, 3], write_ins=40, outstanding=10).call == "open"


def test_a_seat_that_nobody_stands_for_is_open_as_long_as_somebody_may_be_written_in() -> None:
    assert looked([50, 40], seats=3).call == "decided"
    assert looked([50, 40], seats=3, write_ins=1).call == "open"
    assert looked([50, 40], seats=3, outstanding=1).call == "open"


def test_whoever_stands_alone_is_decided_on_once_nobody_can_be_written_in_past_them() -> None:
    assert looked([50], outstanding=49).call == "decided"
    assert looked([50], outstanding=50).call == "open"
    assert looked([50]).margin is None


def test_a_tally_that_waits_beside_a_counted_one_may_move_votes_from_one_to_the_other() -> None:
    assert looked([100, 80], outstanding=5, reopened=14).call == "decided"
    assert looked([100, 80], outstanding=5, reopened=15).call == "open"
    assert looked([100, 80], reopened=None).call == "open"


@pytest.mark.parametrize("variation", sorted(set(VoteVariation) - set(VARIATIONS)))
def test_nothing_is_said_where_the_most_votes_do_not_win_or_a_ballot_gives_one_several(
    variation: str,
) -> None:
    assert outlook([9, 3], 0, seats=1, variation=variation, outstanding=0, reopened=0) is None


def left(**changes: Any) -> int | None:
    asked: dict[str, Any] = {
        "units_left": 3,
        "voters_registered": 1000,
        "voters_registered_reported": 400,
        "excess": 0,
        "checks": CheckSettings(),
    }
    return outstanding_votes(**{**asked, **changes})


def test_outstanding_are_the_registered_voters_of_the_precincts_that_have_not_reported() -> None:
    assert left() == 600
    assert left(excess=7) == 607


def test_what_the_checks_tolerate_may_come_from_each_of_them_as_well() -> None:
    checks = CheckSettings(turnout=CheckSetting(tolerance=5), ceiling=CheckSetting(tolerance=2))
    assert left(checks=checks) == 600 + 3 * 7


def test_nobody_knows_what_is_outstanding_without_registered_voters_or_without_a_bound() -> None:
    assert left(voters_registered=None) is None
    for check in ("turnout", "ceiling"):
        assert left(checks=CheckSettings(**{check: CheckSetting(on=False)})) is None


def test_once_all_have_reported_nothing_is_outstanding_whoever_was_registered() -> None:
    assert left(units_left=0, voters_registered=None) == 0


@pytest.mark.parametrize(
    ("margin", "all_votes", "threshold", "due"),
    [
        (50, 10_000, 50, True),
        (51, 10_000, 50, False),
        (0, 10_000, 50, True),
        (0, 10_000, 0, False),
        (0, 0, 50, False),
        (None, 10_000, 50, False),
    ],
)
def test_a_recount_is_due_within_half_a_percent(
    margin: int | None, all_votes: int, threshold: int, due: bool
) -> None:
    assert recount_is_due(margin, all_votes, threshold) is due
