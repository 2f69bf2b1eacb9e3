"""The race over time: how a contest's totals came to be, folded out of the log (pure).

A tally that was accepted counts from its entry on. One that takes the place of earlier ones first takes
away what those had counted, so that totals may fall: a correction is part of the story. Held tallies
count nothing.
"""

import datetime
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from models.lifecycles import TallyStatus

# As many as a line on a screen can show; the table and the file hold the same.
MOST_POINTS = 200


class CountedTally(msgspec.Struct, frozen=True):
    """Of a tally's log entry (`models/log.py`), what totals are made of."""

    seq: int
    at: datetime.datetime
    status: str
    votes: dict[str, int]
    ballots_cast: int
    write_ins: int
    supersedes: tuple[int, ...]


class Point(msgspec.Struct, frozen=True):
    """A contest's totals once log entry `seq` was counted; `votes` in the order of the ballot."""

    seq: int
    at: datetime.datetime
    units_reported: int
    ballots_cast: int
    write_ins: int
    votes: tuple[int, ...]

    def shares(self) -> tuple[float, ...] | None:
        """Of all votes for selections and write-ins, 0 to 1; None while there are none."""
        whole = sum(self.votes) + self.write_ins
        return tuple(votes / whole for votes in self.votes) if whole else None


class Race:
    """Totals of one contest that grow with each entry, and the points that they went through."""

    def __init__(self, selections: Sequence[str]) -> None:
        self._selections = tuple(selections)
        self._counted: dict[int, tuple[int, ...]] = {}
        """Ballots cast, write-ins and votes of each tally that counts, by its seq."""
        self._totals = [0] * (2 + len(self._selections))
        self.points: list[Point] = []

    @property
    def size(self) -> int:
        """How many tallies count."""
        return len(self._counted)

    def take(self, tally: CountedTally) -> None:
        """The next entry of the contest; entries come in the order of the log."""
        if tally.status != TallyStatus.ACCEPTED:
            return
        for seq in tally.supersedes:
            if earlier := self._counted.pop(seq, None):
                self._add(-1, earlier)
        votes = (tally.votes.get(code, 0) for code in self._selections)
        figures = self._counted[tally.seq] = (tally.ballots_cast, tally.write_ins, *votes)
        self._add(+1, figures)
        ballots_cast, write_ins, *totals = self._totals
        self.points.append(Point(tally.seq, tally.at, self.size, ballots_cast, write_ins, tuple(totals)))
        if len(self.points) > 2 * MOST_POINTS:
            self.points = thinned(self.points)

    def _add(self, sign: int, figures: Sequence[int]) -> None:
        for place, figure in enumerate(figures):
            self._totals[place] += sign * figure


def thinned(points: Sequence[Point], most: int = MOST_POINTS) -> list[Point]:
    """At most `most` (2 or more) of the points: the first, the last, and the others evenly by units reported.

    A fall of a total keeps the points on both its sides, so that it stands where it happened and as deep
    as it was. Where there are too many falls for that, the deepest are kept.
    """
    if len(points) <= most:
        return list(points)
    kept = {0, len(points) - 1}
    for place in _falls(points):
        if len(kept | {place - 1, place}) <= most:
            kept |= {place - 1, place}
    units = [point.units_reported for point in points]
    free = most - len(kept)
    for step in range(1, free + 1):
        wanted = units[0] + (units[-1] - units[0]) * step / (free + 1)
        kept.add(bisect_left(units, wanted))
    return [points[place] for place in sorted(kept)]


def _falls(points: Sequence[Point]) -> list[int]:
    """Places of the points at which a total is lower than before, the deepest fall first."""
    depths = {
        place: max((old - new for old, new in zip(before.votes, after.votes, strict=True)), default=0)
        for place, (before, after) in enumerate(pairwise(points), start=1)
    }
    return sorted((place for place, depth in depths.items() if depth > 0), key=lambda place: -depths[place])


class History(msgspec.Struct, frozen=True, kw_only=True):
    """A contest's race as it is told to readers, at log position `version`; no points while withheld."""

    election: str
    contest: str
    version: int
    units_expected: int
    selections: tuple[str, ...]
    """Codes, in the order of the ballot; `votes` of each point are in this order."""
    points: tuple[Point, ...]
