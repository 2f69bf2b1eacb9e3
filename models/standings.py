"""Who leads, who is elected and by how much, out of the votes of a contest alone (pure).

Whether what is outstanding can still change it is another question, and not answered here.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from models.definitions import VoteVariation

Standing = Literal["elected", "leads", "tied"]

_MOST_VOTES_WIN = frozenset(
    {
        VoteVariation.PLURALITY,
        VoteVariation.N_OF_M,
        VoteVariation.APPROVAL,
        VoteVariation.CUMULATIVE,
        VoteVariation.RANGE,
        VoteVariation.BORDA,
    }
)
# Here the most votes may lead and still not be enough.
_MOST_VOTES_LEAD = _MOST_VOTES_WIN | {VoteVariation.MAJORITY, VoteVariation.SUPER_MAJORITY}


def margins(votes: Sequence[int]) -> list[int | None]:
    """How many votes each is ahead of the next, of votes that stand the most first; None for the last."""
    return [ahead - behind for ahead, behind in pairwise(votes)] + [None] * bool(votes)


def standings(votes: Sequence[int], *, seats: int, variation: str, final: bool) -> list[Standing | None]:
    """The standing of each, of votes that stand the most first.

    `seats` selections lead, or are elected where the results are `final` and the most votes win. Those
    who share the votes at the last seat with more than fit are tied: no rule of counting says which of
    them it is. Where first votes do not tell who wins, as in ranked voting, nobody has a standing.
    """
    if variation not in _MOST_VOTES_LEAD or not seats:
        return [None] * len(votes)
    last, next_one = _at(votes, seats - 1), _at(votes, seats)
    won: Standing = "elected" if final and variation in _MOST_VOTES_WIN else "leads"
    return [
        None if number == 0 or number < last else "tied" if number == last == next_one else won
        for number in votes
    ]


def _at(votes: Sequence[int], place: int) -> int:
    return votes[place] if place < len(votes) else 0
