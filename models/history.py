"""The race over time: how a contest's totals came to be, folded out of the log (pure).

A tally that was accepted counts from its entry on; one that was held, from the decision to accept it; one
that is recalled, no more from that decision on. What takes the place of earlier tallies first takes away
what those had counted, so that totals may fall: a correction is part of the story.
"""

import datetime
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise

import msgspec

from models.canvass import Decision
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


class DecidedTally(msgspec.Struct, frozen=True):
    """Of a decision's log entry, what totals are made of, with the tally that it is about."""

    seq: int
    at: datetime.datetime
    decision: str
    supersedes: tuple[int, ...]
    tally: CountedTally


Told = CountedTally | DecidedTally
"""An entry of the log that is about a tally of the contest."""


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

    def take(self, told: Told) -> None:
        """The next entry of the contest; entries come in the order of the log."""
        match told:
            case CountedTally(status=TallyStatus.ACCEPTED):
                self._count(told, told.supersedes)
            case DecidedTally(decision=Decision.ACCEPT):
                self._count(told.tally, told.supersedes)
            case DecidedTally(decision=Decision.RECALL):
                self._take_away(told.tally.seq)
            case _:
                return
        self._mark(told)

    def _count(self, tally: CountedTally, supersedes: Sequence[int]) -> None:
        for seq in supersedes:
            self._take_away(seq)
        votes = (tally.votes.get(code, 0) for code in self._selections)
        figures = self._counted[tally.seq] = (tally.ballots_cast, tally.write_ins, *votes)
        self._add(+1, figures)

    def _take_away(self, seq: int) -> None:
        if earlier := self._counted.pop(seq, None):
            self._add(-1, earlier)

    def _mark(self, told: Told) -> None:
        """A point where totals stand now."""
        ballots_cast, write_ins, *totals = self._totals
        self.points.append(Point(told.seq, told.at, self.size, ballots_cast, write_ins, tuple(totals)))
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
    # A recall takes units away again, and each is reached once.
    units = list(accumulate((point.units_reported for point in points), max))
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
