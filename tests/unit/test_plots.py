"""Drawings for observers: everything within its frame, and as high as what it stands for."""

import datetime
import re

from hypothesis import given
from hypothesis import strategies as st

from models.integrity import statistics
from models.integrity.counts import PrecinctCount
from models.integrity.digits import LastDigits, last_digits
from models.reporting import Hour, HourSums, by_hour
from quart_app.pages.clocks import hour_words
from quart_app.pages.plots import (
    BOTTOM,
    HOURS_BOTTOM,
    HOURS_TOP,
    LEAST_PART,
    LEFT,
    MOST_DOTS,
    RIGHT,
    SO_FAR_BOTTOM,
    TOP,
    Column,
    cloud_plot,
    digits_plot,
    hours_plot,
    sizes_plot,
)

AT = datetime.datetime(2026, 11, 4, 1, tzinfo=datetime.UTC)
# What rounding to a tenth of a unit may add.
NEARLY = 0.11


def hours_of(*precincts: int, apart: int = 1) -> tuple[Hour, ...]:
    sums = [
        HourSums(AT + datetime.timedelta(hours=apart * place), number, number, 80 * number, 100 * number)
        for place, number in enumerate(precincts)
    ]
    return by_hour(sums, "America/New_York", voters_known=True, withhold=False)


def within(columns: tuple[Column, ...], top: float, bottom: float) -> bool:
    return all(
        c.x >= LEFT and c.x + c.width <= RIGHT + NEARLY and c.y >= top - NEARLY
        and abs(c.y + c.height - bottom) <= NEARLY and 0 <= c.part <= c.height + NEARLY
        for c in columns
    )  # fmt: skip


def precincts(*figures: tuple[int, int, int]) -> list[PrecinctCount]:
    """Registered voters and the votes of two selections, precinct by precinct."""
    return [
        PrecinctCount(f"p-{number}", f"P {number}", registered, sum(votes), 0, tuple(votes))
        for number, (registered, *votes) in enumerate(figures)
    ]


def test_there_is_nothing_to_draw_before_the_first_precinct() -> None:
    assert hours_plot((), 4) is None
    assert hours_plot(hours_of(0), 4) is None


def test_an_hour_is_as_high_as_the_precincts_that_reported_in_it() -> None:
    found = hours_plot(hours_of(5, 10, 0, 5), 40)
    assert found is not None
    whole = HOURS_BOTTOM - HOURS_TOP
    assert [column.height for column in found.columns] == [whole / 2, whole, whole / 2]
    assert found.so_far.startswith(f"M{LEFT} {SO_FAR_BOTTOM}L")
    # 20 of 40 have reported at the end.
    assert f" {SO_FAR_BOTTOM - (SO_FAR_BOTTOM - TOP) / 2:.1f}H" in found.so_far
    assert [tick.value for tick in found.so_far_ticks] == [0, 0.5, 1]
    assert [tick.label for tick in found.times] == ["20:00", "21:00", "22:00", "23:00", "00:00"]


def test_the_words_of_an_hour_are_those_of_the_elections_clock() -> None:
    assert hour_words(hours_of(1)[0].at) == "Nov 3, 2026, 20:00"


@given(st.lists(st.integers(0, 5_000), min_size=1, max_size=80), st.integers(0, 9_000), st.integers(1, 40))
def test_hours_stay_in_their_frames(numbers: list[int], expected: int, apart: int) -> None:
    found = hours_plot(hours_of(*numbers, apart=apart), expected)
    if found is None:
        assert not any(numbers)
        return
    assert within(found.columns, HOURS_TOP, HOURS_BOTTOM)
    steps = re.findall(r"L([\d.]+) ([\d.]+)", found.so_far)
    assert all(LEFT <= float(x) <= RIGHT + NEARLY and TOP <= float(y) <= SO_FAR_BOTTOM for x, y in steps)
    assert all(LEFT <= tick.at <= RIGHT for tick in found.times)


def test_digits_stand_as_high_as_they_are_frequent_and_the_line_where_all_would_be() -> None:
    found = digits_plot(
        LastDigits(counts=100, needed=50, digits=(20, 0, *[10] * 8), chi_square=20.0, p_value=0.02)
    )
    assert found is not None
    assert [column.height for column in found.columns[:3]] == [BOTTOM - TOP, 0, (BOTTOM - TOP) / 2]
    assert found.expected == (TOP + BOTTOM) / 2
    assert [tick.value for tick in found.ticks] == [0, 5, 10, 15, 20]


def test_too_little_is_not_drawn() -> None:
    found = statistics(precincts((100, 40, 30)), ("ada", "ben"))
    assert digits_plot(found.last_digits) is cloud_plot(found.turnout_and_share) is None
    assert sizes_plot(found.identical_votes) is None


@given(
    st.lists(
        st.tuples(st.integers(0, 900), st.integers(0, 2_000), st.integers(0, 2_000)), min_size=20, max_size=60
    )
)
def test_whatever_the_figures_every_drawing_stays_in_its_frame(figures: list[tuple[int, int, int]]) -> None:
    found = statistics(precincts(*figures), ("ada", "ben"))
    if digits := digits_plot(found.last_digits):
        assert within(digits.columns, TOP, BOTTOM)
    if sizes := sizes_plot(found.identical_votes):
        assert within(sizes.columns, TOP, BOTTOM)
        assert len(sizes.columns) == len(sizes.sizes)
    if cloud := cloud_plot(found.turnout_and_share):
        dots = re.findall(r"M([\d.]+) ([\d.]+)h0", cloud.dots)
        assert dots and all(LEFT <= float(x) <= RIGHT and TOP <= float(y) <= BOTTOM for x, y in dots)
        assert all(LEFT <= tick.at <= RIGHT for tick in cloud.turnouts)
        if cloud.fit:
            x1, y1, x2, y2 = cloud.fit
            assert LEFT <= x1 < x2 <= RIGHT and TOP <= min(y1, y2) <= max(y1, y2) <= BOTTOM


def test_very_many_precincts_are_as_many_dots_as_a_drawing_can_show() -> None:
    figures = [(1_000, 1 + number % 499, 1 + number // 499) for number in range(30_000)]
    found = statistics(precincts(*figures), ("ada", "ben"))
    cloud = cloud_plot(found.turnout_and_share)
    assert cloud is not None
    assert 100 < cloud.dots.count("M") <= MOST_DOTS


def test_last_digits_of_large_counts_are_drawn() -> None:
    figures = [(1_000, 100 + number, 200 + number) for number in range(30)]
    assert digits_plot(last_digits(precincts(*figures))) is not None


def test_a_few_precincts_with_the_same_votes_are_seen_among_very_many() -> None:
    figures = [(2_000, 300 + number, 200) for number in range(400)]
    found = sizes_plot(statistics(precincts(*figures, figures[0]), ("ada", "ben")).identical_votes)
    assert found is not None
    assert [column.part for column in found.columns if column.part] == [LEAST_PART]
