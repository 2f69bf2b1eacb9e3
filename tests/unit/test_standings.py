"""Who leads, is elected or is tied, and by how many votes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.standings import margins, standings

VOTES = st.lists(st.integers(0, 30), max_size=8).map(lambda numbers: sorted(numbers, reverse=True))


def of(*votes: int, seats: int = 1, variation: str = "plurality", final: bool = False) -> list[str | None]:
    return list(standings(votes, seats=seats, variation=variation, final=final))


@pytest.mark.parametrize(
    ("votes", "seats", "found"),
    [
        ((), 1, []),
        ((0, 0), 1, [None, None]),
        ((5, 3, 0), 1, ["leads", None, None]),
        ((5, 5, 1), 1, ["tied", "tied", None]),
        ((9, 5, 5, 1), 2, ["leads", "tied", "tied", None]),
        ((9, 9, 5), 2, ["leads", "leads", None]),
        ((9, 9, 9), 2, ["tied", "tied", "tied"]),
        ((9, 0, 0), 2, ["leads", None, None]),
        ((4, 3), 5, ["leads", "leads"]),
    ],
)
def test_as_many_lead_as_there_are_seats_unless_votes_are_equal(
    votes: tuple[int, ...], seats: int, found: list[str | None]
) -> None:
    assert of(*votes, seats=seats) == found


def test_somebody_is_elected_only_when_results_are_final_and_the_most_votes_win() -> None:
    assert of(5, 3, final=True) == ["elected", None]
    assert of(5, 3, variation="majority", final=True) == ["leads", None]
    assert of(5, 3, variation="rcv", final=True) == [None, None]


@given(VOTES, st.integers(1, 4))
def test_never_more_win_than_there_are_seats(votes: list[int], seats: int) -> None:
    found = of(*votes, seats=seats, final=True)
    assert found.count("elected") <= seats
    if "tied" in found:
        assert found.count("elected") < seats < found.count("elected") + found.count("tied")


@given(VOTES)
def test_margins_add_up_to_the_distance_between_first_and_last(votes: list[int]) -> None:
    found = margins(votes)
    assert len(found) == len(votes)
    if votes:
        assert found[-1] is None
        assert sum(margin or 0 for margin in found) == votes[0] - votes[-1]
