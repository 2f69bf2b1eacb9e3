"""Reporting by the hour: sums that grow, in the election's own time."""

import datetime

from hypothesis import given
from hypothesis import strategies as st

from models.reporting import HourSums, by_hour

EIGHT = datetime.datetime(2026, 11, 4, 1, tzinfo=datetime.UTC)
"""Eight in the evening of the third in New York."""
HOUR = datetime.timedelta(hours=1)
SUMS = [HourSums(EIGHT, 3, 1, 80, 100), HourSums(EIGHT + 2 * HOUR, 4, 2, 160, 400)]


def test_hours_have_what_came_in_and_all_until_then() -> None:
    first, second = by_hour(SUMS, "America/New_York", voters_known=True, withhold=False)
    assert first.at.isoformat() == "2026-11-03T20:00:00-05:00"
    assert (first.tallies, first.precincts, first.ballots_cast, first.turnout) == (3, 1, 80, 0.8)
    assert (second.tallies_so_far, second.precincts_so_far, second.ballots_so_far) == (7, 3, 240)
    assert second.turnout == 0.48


def test_hours_that_are_withheld_say_who_reported_and_nothing_else() -> None:
    for hour in by_hour(SUMS, "UTC", voters_known=True, withhold=True):
        assert (hour.ballots_cast, hour.ballots_so_far, hour.turnout) == (None, None, None)
        assert hour.tallies and hour.precincts_so_far


def test_turnout_is_not_told_where_registered_voters_are_not_known() -> None:
    hours = by_hour(SUMS, "UTC", voters_known=False, withhold=False)
    assert [hour.turnout for hour in hours] == [None, None]
    assert hours[-1].ballots_so_far == 240


@given(st.lists(st.tuples(*[st.integers(0, 999)] * 4)))
def test_the_last_hour_has_the_sum_of_all(rows: list[tuple[int, int, int, int]]) -> None:
    sums = [HourSums(EIGHT + number * HOUR, *row) for number, row in enumerate(rows)]
    hours = by_hour(sums, "Europe/London", voters_known=True, withhold=False)
    assert len(hours) == len(rows)
    if hours:
        assert hours[-1].tallies_so_far == sum(row[0] for row in rows)
        assert hours[-1].precincts_so_far == sum(row[1] for row in rows)
        assert hours[-1].ballots_so_far == sum(row[2] for row in rows)
    so_far = [hour.precincts_so_far for hour in hours]
    assert so_far == sorted(so_far)
