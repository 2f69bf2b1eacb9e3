"""The race's drawing: lines within their frame, labels apart, and round times."""

import datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from models.history import History, Point
from models.places import PartyInfo
from models.results import ContestResults, contest_results
from quart_app.pages.race import (
    DASHES,
    LABEL_GAP,
    LEFT,
    LINES,
    REPORTED_BOTTOM,
    RIGHT,
    ROWS,
    SHARES_BOTTOM,
    SHARES_TOP,
    SIGNS,
    Drawing,
    drawing,
    shortened,
    spread,
)
from tests.unit.test_results import AT, count, election, votes

PARTIES = [PartyInfo("BLU", "Blue", "#0000ff")]


def history_of(*given_: tuple[int, ...], seconds: int = 60) -> History:
    """A point for each tuple of votes, so many seconds apart."""
    points = [
        Point(number, AT + datetime.timedelta(seconds=seconds * number), number, sum(each), 0, each)
        for number, each in enumerate(given_, start=1)
    ]
    codes = tuple(f"s{number}" for number in range(len(given_[0])))
    return History(
        election="tiny",
        contest="president",
        version=9,
        units_expected=len(points),
        selections=codes,
        points=tuple(points),
    )


def results_of(history: History) -> ContestResults:
    last = history.points[-1].votes
    named = votes(**dict(zip(history.selections, last, strict=True)))
    return contest_results(election(), count(selections=named))


def drawn(history: History) -> Drawing:
    found = drawing(history, results_of(history), PARTIES, "America/New_York")
    assert found is not None
    return found


def places(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (step.split() for step in path.removeprefix("M").split("L"))]


def test_there_is_no_race_before_two_moments_have_votes() -> None:
    for history in (history_of((40, 30)), history_of((0, 0), (40, 30))):
        assert drawing(history, results_of(history), PARTIES, "UTC") is None


@given(st.lists(st.tuples(st.integers(1, 999), st.integers(0, 999), st.integers(0, 999)), min_size=2))
def test_lines_stay_in_their_frame_and_go_forwards(given_: list[tuple[int, ...]]) -> None:
    found = drawn(history_of(*given_))
    for line in found.lines:
        steps = places(line.path)
        assert all(LEFT <= x <= RIGHT and SHARES_TOP <= y <= SHARES_BOTTOM for x, y in steps)
        assert all(before[0] <= after[0] for before, after in pairwise(steps))
        assert (line.x, line.y) == (steps[-1][0], steps[-1][1])
    assert found.reported.startswith(f"M{LEFT} {REPORTED_BOTTOM}")
    assert all(LEFT <= tick.at <= RIGHT for tick in found.times)
    assert 2 <= len(found.rows) <= ROWS


def test_the_first_are_drawn_and_the_rest_is_counted() -> None:
    found = drawn(history_of((9, 8, 7, 6, 5, 4, 3, 2), (90, 80, 70, 60, 50, 40, 30, 20)))
    assert [line.name for line in found.lines] == ["S0", "S1", "S2", "S3", "S4", "S5"]
    assert found.undrawn == 2


def test_every_line_is_told_apart_without_its_colour() -> None:
    assert len(set(DASHES)) == len(set(SIGNS)) == LINES


def test_times_are_round_on_the_clock_of_the_election() -> None:
    found = drawn(history_of(*[(number, 1) for number in range(1, 30)], seconds=600))
    assert [tick.label for tick in found.times] == ["16:00", "17:00", "18:00", "19:00"]


def test_what_came_all_at_once_is_drawn_one_after_the_other() -> None:
    found = drawn(history_of((1, 2), (3, 4), (5, 6), seconds=0))
    assert [x for x, _ in places(found.lines[0].path)] == [LEFT, (LEFT + RIGHT) / 2, RIGHT]


@given(st.lists(st.floats(SHARES_TOP, SHARES_BOTTOM), min_size=1, max_size=LINES))
def test_labels_never_cover_each_other(wanted: list[float]) -> None:
    placed = sorted(spread(wanted))
    assert all(after - before >= LABEL_GAP - 0.2 for before, after in pairwise(placed))
    assert all(SHARES_TOP <= height <= SHARES_BOTTOM + LABEL_GAP for height in placed)


def test_a_long_name_is_shortened_and_says_so() -> None:
    assert shortened("Ada") == "Ada"
    assert shortened("Ana Zoller and Mirela Oduya") == "Ana Zoller and…"
