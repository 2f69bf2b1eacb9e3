"""Turnouts and shares in whole per mille, and how those of many precincts are spread (pure).

Everything is kept in whole numbers, which stay exact whatever is added and taken away.
"""

import math
from collections.abc import Hashable, Mapping
from typing import TypeVar

import msgspec

from models.submissions import TallySubmission

MIN_WHOLE = 20
"""Votes, or registered voters, below which a share or a turnout says too little to be compared."""

_MOST_PERMILLE = 10_000

K = TypeVar("K", bound=Hashable)


class Moments(msgspec.Struct, gc=False):
    """Number, sum and sum of squares of whole numbers, exact however often some are added and taken away."""

    n: int = 0
    total: int = 0
    squares: int = 0

    def add(self, sign: int, permille: int) -> None:
        """Adds a figure, or takes one away with the sign -1."""
        self.n += sign
        self.total += sign * permille
        self.squares += sign * permille * permille

    @property
    def mean(self) -> float:
        """The arithmetic mean; 0 of nothing."""
        return self.total / self.n if self.n else 0.0

    @property
    def deviation(self) -> float:
        """The sample standard deviation, with n - 1; 0 of fewer than two figures.

        Those that have reported are a sample of all siblings (NIST/SEMATECH e-Handbook, 1.3.5.6).
        """
        if self.n < 2:
            return 0.0
        return math.sqrt((self.n * self.squares - self.total * self.total) / (self.n * (self.n - 1)))


def permille(part: int, whole: int | None) -> int | None:
    """part of whole in whole per mille, a half rounded up; None where the whole is not known.

    None too where it is below MIN_WHOLE: a tiny precinct neither is an outlier nor widens what others are
    held against. At most 10,000, so that the sum of the squares over a million precincts fits a bigint.
    """
    if whole is None or whole < MIN_WHOLE:
        return None
    return min((2000 * part + whole) // (2 * whole), _MOST_PERMILLE)


def turnout_permille(tally: TallySubmission, voters_registered: int | None) -> int | None:
    """ballots_cast / voters_registered, in per mille; see `permille`."""
    return permille(tally.ballots_cast, voters_registered)


def share_permilles(votes: Mapping[K, int], write_ins: int) -> dict[K, int]:
    """Each selection's share of all votes for selections and write-ins, in per mille.

    Empty where these are fewer than MIN_WHOLE.
    """
    whole = sum(votes.values()) + write_ins
    if whole < MIN_WHOLE:
        return {}
    # The formula of `permille`, of which a share never is more than 1,000: three times for each tally.
    return {code: (2000 * count + whole) // (2 * whole) for code, count in votes.items()}
