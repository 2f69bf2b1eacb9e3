"""Integrity statistics against examples computed by hand, table values, and what must hold of any figures."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.integrity import statistics
from models.integrity.counts import PrecinctCount
from models.integrity.digits import LEAST_COUNT, NEEDED_COUNTS, chi_square, last_digits, upper_tail
from models.integrity.shares import NEEDED_PRECINCTS, turnout_and_share
from models.integrity.vectors import LEAST_VOTES, identical_votes

# Upper points of chi-square with 9 degrees of freedom, as every table of it has them (NIST/SEMATECH
# e-Handbook of Statistical Methods, 1.3.6.7.4).
POINTS = ((14.684, 0.10), (16.919, 0.05), (19.023, 0.025), (21.666, 0.01), (27.877, 0.001))
LOWER_POINTS = ((2.088, 0.99), (3.325, 0.95), (4.168, 0.90))

COUNTS = st.builds(
    PrecinctCount,
    precinct=st.text("abc", min_size=1, max_size=6),
    name=st.just("A precinct"),
    voters_registered=st.none() | st.integers(0, 3_000),
    ballots_cast=st.integers(0, 3_000),
    write_ins=st.integers(0, 20),
    votes=st.tuples(st.integers(0, 400), st.integers(0, 400)),
)


def a_count(
    number: int, *votes: int, registered: int | None = 1000, cast: int | None = None
) -> PrecinctCount:
    ballots = sum(votes) if cast is None else cast
    return PrecinctCount(f"p-{number:04}", f"P {number}", registered, ballots, 0, votes)


@pytest.mark.parametrize(("point", "tail"), [*POINTS, *LOWER_POINTS])
def test_the_p_value_is_that_of_the_tables(point: float, tail: float) -> None:
    assert upper_tail(point, 9) == pytest.approx(tail, abs=1e-4)


@pytest.mark.parametrize(
    ("point", "degrees", "tail"), [(3.841, 1, 0.05), (7.815, 3, 0.05), (11.070, 5, 0.05)]
)
def test_the_p_value_of_fewer_degrees_is_that_of_the_tables(point: float, degrees: int, tail: float) -> None:
    assert upper_tail(point, degrees) == pytest.approx(tail, abs=1e-4)


@given(st.floats(0, 400), st.floats(0, 400))
def test_a_larger_statistic_never_has_a_larger_p_value(one: float, other: float) -> None:
    smaller, larger = sorted((one, other))
    assert 1 >= upper_tail(smaller, 9) >= upper_tail(larger, 9) - 1e-12 >= -1e-12


def test_chi_square_is_the_sum_of_squares_over_what_is_expected() -> None:
    # Ten of each are expected of a hundred: (15 - 10)^2 / 10 + (5 - 10)^2 / 10.
    assert chi_square([15, 5, *[10] * 8]) == pytest.approx(5.0)
    assert chi_square([10] * 10) == 0


def test_only_counts_of_three_digits_have_a_last_digit_that_counts() -> None:
    found = last_digits([a_count(1, 99, 100), a_count(2, 9, 1007), a_count(3, 117, 0)])
    assert (found.counts, found.digits) == (3, (1, 0, 0, 0, 0, 0, 0, 2, 0, 0))
    assert (found.chi_square, found.p_value) == (None, None)


def test_last_digits_that_are_all_zero_are_told_as_what_chance_hardly_gives() -> None:
    found = last_digits([a_count(number, 100 + 10 * number) for number in range(NEEDED_COUNTS)])
    # Five are expected of each digit: (50 - 5)^2 / 5 + 9 * 5.
    assert (found.digits[0], found.chi_square, found.p_value) == (50, 450.0, 0.0)
    even = last_digits([a_count(number, 100 + number) for number in range(NEEDED_COUNTS)])
    assert (even.digits, even.chi_square, even.p_value) == ((5,) * 10, 0.0, 1.0)


def test_one_count_too_few_says_nothing_of_last_digits() -> None:
    found = last_digits([a_count(number, 100) for number in range(NEEDED_COUNTS - 1)])
    assert (found.counts, found.needed, found.p_value) == (49, 50, None)


def test_a_share_that_falls_with_turnout_has_the_slope_of_its_line() -> None:
    # At turnouts of 20%, 21% and so on of 100,000, ben has 13,000, 12,900 and so on of 20,000 votes:
    # share = 0.75 - 0.5 * turnout.
    counts = [
        a_count(number, 7_000 + 100 * number, 13_000 - 100 * number, registered=100_000, cast=cast)
        for number, cast in enumerate(range(20_000, 40_000, 1_000))
    ]
    found = turnout_and_share(counts, ("ada", "ben"))
    assert found.selection == "ben"
    assert (found.correlation, found.slope, found.intercept) == (-1.0, -0.5, 0.75)
    assert [(c.least, c.below, c.precincts) for c in found.classes] == [(0.2, 0.3, 10), (0.3, 0.4, 10)]
    # 13,000 down to 12,100 of 20,000 votes each: 125,500 of 200,000.
    assert found.classes[0].share == pytest.approx(0.6275, abs=0.001)


def test_precincts_that_are_all_alike_have_no_slope() -> None:
    found = turnout_and_share([a_count(number, 60, 40) for number in range(NEEDED_PRECINCTS)], ("ada", "ben"))
    assert (found.precincts, found.correlation, found.slope) == (NEEDED_PRECINCTS, None, None)


def test_a_precinct_without_voters_known_or_without_votes_is_no_point() -> None:
    counts = [
        a_count(1, 6, 4),
        a_count(2, 6, 4, registered=None),
        a_count(3, 0, 0),
        a_count(4, 1, 0, registered=0),
    ]
    found = turnout_and_share(counts, ("ada", "ben"))
    assert [point.precinct for point in found.points] == ["p-0001"]
    assert (found.points[0].turnout, found.points[0].share, found.slope) == (0.01, 0.6, None)


def test_turnout_above_the_registered_voters_stands_in_the_last_class() -> None:
    found = turnout_and_share([a_count(1, 90, 30, registered=100)], ("ada", "ben"))
    assert [(c.least, c.below, c.precincts, c.share) for c in found.classes] == [(1.0, None, 1, 0.75)]


def test_nobody_leads_where_nobody_has_votes() -> None:
    found = turnout_and_share([a_count(1, 0, 0)], ("ada", "ben"))
    assert (found.selection, found.points, found.classes) == (None, (), ())
    assert turnout_and_share([], ("ada", "ben")).selection is None


def test_precincts_with_the_same_votes_are_a_group_and_small_ones_are_none() -> None:
    different = [a_count(number, 30 + number, 200) for number in range(18)]
    small = [a_count(number, 10, 9) for number in (91, 92)]
    found = identical_votes([*different, a_count(50, 70, 50), a_count(40, 70, 50), *small])
    assert (found.precincts, found.alike) == (20, 2)
    assert found.groups is not None and found.sizes is not None
    assert [(group.votes, group.precincts) for group in found.groups] == [((70, 50), ("p-0040", "p-0050"))]
    assert [(s.least, s.below, s.precincts, s.alike) for s in found.sizes] == [
        (20, 50, 0, 0),
        (50, 100, 0, 0),
        (100, 200, 2, 2),
        (200, 400, 18, 0),
    ]


def test_one_choice_alone_and_too_few_precincts_say_nothing_of_identical_votes() -> None:
    alone = identical_votes([a_count(number, 100) for number in range(60)])
    assert (alone.precincts, alone.groups, alone.sizes) == (0, None, None)
    few = identical_votes([a_count(number, 100, 50) for number in range(19)])
    assert (few.precincts, few.groups) == (19, None)


@given(st.lists(COUNTS, max_size=60, unique_by=lambda count: count.precinct))
def test_whatever_the_figures_every_statistic_holds_together(counts: list[PrecinctCount]) -> None:
    found = statistics(counts, ("ada", "ben"))
    digits, told, same = found.last_digits, found.turnout_and_share, found.identical_votes
    large = [votes for count in counts for votes in count.votes if votes >= LEAST_COUNT]
    assert sum(digits.digits) == digits.counts == len(large)
    assert (digits.p_value is None) == (digits.counts < NEEDED_COUNTS)
    assert digits.p_value is None or 0 <= digits.p_value <= 1
    assert sum(each.precincts for each in told.classes) == told.precincts == len(told.points)
    assert told.correlation is None or -1 <= told.correlation <= 1
    assert all(math.isfinite(point.turnout) and 0 <= point.share <= 1 for point in told.points)
    large_enough = {count.precinct for count in counts if count.all_votes >= LEAST_VOTES}
    if same.groups is not None and same.sizes is not None:
        grouped = [precinct for group in same.groups for precinct in group.precincts]
        assert len(grouped) == len(set(grouped)) == same.alike == sum(size.alike for size in same.sizes)
        assert set(grouped) <= large_enough
        assert sum(size.precincts for size in same.sizes) == same.precincts == len(large_enough)
    else:
        assert same.precincts < same.needed


@given(st.lists(COUNTS, max_size=40, unique_by=lambda count: count.precinct))
def test_the_order_of_precincts_changes_no_statistic(counts: list[PrecinctCount]) -> None:
    one, other = statistics(counts, ("ada", "ben")), statistics(counts[::-1], ("ada", "ben"))
    assert one.last_digits == other.last_digits
    assert one.identical_votes == other.identical_votes
    assert one.turnout_and_share.classes == other.turnout_and_share.classes
