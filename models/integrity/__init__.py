"""What the figures of a contest look like taken together, and what that can and cannot show (pure).

None of these statistics proves that an election was manipulated, and none proves that it was not. They
say where somebody might look, at sheets of paper and at people.
"""

from collections.abc import Sequence

import msgspec

from models.integrity.counts import PrecinctCount
from models.integrity.digits import LastDigits, last_digits
from models.integrity.shares import TurnoutAndShare, turnout_and_share
from models.integrity.vectors import IdenticalVotes, identical_votes


class Statistics(msgspec.Struct, frozen=True):
    """The three statistics of a contest, over its counted tallies."""

    last_digits: LastDigits
    turnout_and_share: TurnoutAndShare
    identical_votes: IdenticalVotes


def statistics(counts: Sequence[PrecinctCount], selections: Sequence[str]) -> Statistics:
    """Of the counted tallies of a contest; `selections` are the codes of its choices, in ballot order."""
    return Statistics(last_digits(counts), turnout_and_share(counts, selections), identical_votes(counts))


class Integrity(msgspec.Struct, frozen=True, kw_only=True):
    """Integrity statistics of a contest at log position `version`: signs of where to look, never a proof.

    Each is null while results are withheld. Where there is too little to say anything about, the figures
    that would say it are null; `needed` tells how much it takes.
    """

    election: str
    contest: str
    version: int
    is_test: bool
    released: bool
    units_reported: int
    units_expected: int
    selections: tuple[str, ...]
    """Codes, in the order of the ballot; the votes of identical vectors are in this order."""
    last_digits: LastDigits | None
    turnout_and_share: TurnoutAndShare | None
    identical_votes: IdenticalVotes | None
