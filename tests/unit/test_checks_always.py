"""What is true of the checks whatever the figures are."""

import statistics
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.check_settings import CHECKS, CheckName, CheckSettings
from models.checks import (
    MIN_SIBLINGS,
    Surroundings,
    failed_checks,
    outlier,
    vector_of,
)
from models.moments import Moments, permille, share_permilles
from models.submissions import MAX_COUNT, TallySubmission
from tests.building import a_tally

PERMILLES = st.lists(st.integers(0, 10_000), max_size=40)
COUNTS = st.integers(0, 400) | st.integers(0, MAX_COUNT)
SELECTIONS = ("ada", "ben", "cy")
TALLIES = st.builds(
    a_tally,
    votes=st.fixed_dictionaries(dict.fromkeys(SELECTIONS, COUNTS)),
    **dict.fromkeys(("ballots_cast", "overvotes", "undervotes", "write_ins", "rejected_ballots"), COUNTS),
)


def moments(permilles: Sequence[int]) -> Moments:
    made = Moments()
    for value in permilles:
        made.add(+1, value)
    return made


MOMENTS = PERMILLES.map(moments)
AROUND = st.builds(
    Surroundings,
    ballots=st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 400), max_size=8),
    contests=st.integers(0, 9),
    twin=st.none() | st.just("south-2"),
    turnout=MOMENTS,
    shares=st.dictionaries(st.sampled_from(SELECTIONS), MOMENTS),
)


@given(PERMILLES, PERMILLES)
def test_what_is_added_and_taken_away_leaves_no_trace(kept: list[int], passing: list[int]) -> None:
    made = moments([*passing, *kept])
    for value in passing:
        made.add(-1, value)
    assert made == moments(kept)


@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=40))
def test_mean_and_deviation_are_those_of_statistics(permilles: list[int]) -> None:
    made = moments(permilles)
    assert made.mean == pytest.approx(statistics.mean(permilles))
    assert made.deviation == pytest.approx(statistics.stdev(permilles))


@given(TALLIES, st.permutations(SELECTIONS))
def test_the_order_in_which_votes_came_makes_no_other_vector(
    tally: TallySubmission, order: list[str]
) -> None:
    mixed = msgspec.structs.replace(tally, votes={code: tally.votes[code] for code in order})
    assert vector_of(mixed, SELECTIONS) == vector_of(tally, SELECTIONS)


@given(TALLIES, TALLIES)
def test_other_figures_make_another_vector(one: TallySubmission, other: TallySubmission) -> None:
    assert (vector_of(one, SELECTIONS) == vector_of(other, SELECTIONS)) == (figures(one) == figures(other))


def figures(tally: TallySubmission) -> tuple[Any, ...]:
    return (tally.votes, tally.ballots_cast, tally.overvotes, tally.undervotes, tally.write_ins)


@given(COUNTS, COUNTS)
def test_per_mille_of_anything_fits_where_its_square_is_summed_up(part: int, whole: int) -> None:
    share = permille(part, whole)
    assert share is None or 0 <= share <= 10_000
    assert 1_000_000 * 10_000**2 < 2**63


@given(TALLIES, st.integers(1, 100), st.lists(st.integers(0, 500), min_size=MIN_SIBLINGS, max_size=30))
def test_a_tally_at_the_mean_of_its_siblings_is_no_outlier(
    tally: TallySubmission, tolerance: int, distances: list[int]
) -> None:
    shares = share_permilles(tally.votes, tally.write_ins)
    around = Surroundings(
        shares={
            code: moments([value for distance in distances for value in (share - distance, share + distance)])
            for code, share in shares.items()
        }
    )
    assert outlier(tally, None, around, tolerance) is None


@given(TALLIES, AROUND, st.sampled_from(CheckName), st.data())
def test_who_tolerates_more_never_holds_more(
    tally: TallySubmission, around: Surroundings, check: CheckName, data: st.DataObject
) -> None:
    bounds = st.integers(CHECKS[check].least, CHECKS[check].most)
    less, more = sorted((data.draw(bounds), data.draw(bounds)))
    strict, mild = (failed(tally, around, {check: {"tolerance": allowed}}) for allowed in (less, more))
    assert set(mild) <= set(strict)
    assert set(strict) - set(mild) <= {check.value}


@given(TALLIES, AROUND, st.sets(st.sampled_from(CheckName)))
def test_only_checks_that_are_on_are_made_and_always_in_one_order(
    tally: TallySubmission, around: Surroundings, off: set[CheckName]
) -> None:
    every = failed(tally, around, {})
    assert every == [check.value for check in CheckName if check.value in every]
    tolerances = {check: CheckSettings().of(check).tolerance for check in off}
    some = failed(tally, around, {check: {"on": False, "tolerance": it} for check, it in tolerances.items()})
    assert some == [check for check in every if check not in off]


def failed(tally: TallySubmission, around: Surroundings, stored: dict[CheckName, Any]) -> list[str]:
    settings = msgspec.convert({check.value: setting for check, setting in stored.items()}, CheckSettings)
    found = failed_checks(tally, settings, votes_allowed=1, voters_registered=300, surroundings=around)
    return [check.check for check in found]
