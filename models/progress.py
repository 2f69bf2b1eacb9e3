"""How far counting is in a place, and how a contest stands there: what maps are made of (pure)."""

import datetime
from collections.abc import Sequence
from typing import Literal

import msgspec

from models.checks import FailedCheck
from models.places import PrecinctTally, UnitInfo
from models.results import ratio

PrecinctStatus = Literal["reported", "held", "outstanding"]


class UnitProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far counting is in one unit.

    Tallies are counted over all contests on its ballots; precincts, ballots and turnout (0 to 1) are those
    of one contest, which the answer around this names. They are null where that contest is not on the
    ballot; `held`, ballots and turnout are null while results are withheld.
    """

    code: str
    name: str
    kind: str
    tallies_counted: int
    tallies_expected: int
    units_reported: int | None
    units_expected: int | None
    held: int | None
    ballots_cast: int | None
    turnout: float | None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A unit, what it lies in (the whole election first) and what lies right below it.

    `contest` is the code of the contest by which the children's precincts, ballots and turnout are told: of
    those on the most ballots here the first.
    """

    election: str
    released: bool
    unit: UnitInfo
    ancestors: list[UnitInfo]
    contest: str | None
    children: list[UnitProgress]


class UnitTally(msgspec.Struct, frozen=True, kw_only=True):
    """A tally that a precinct has sent, whatever became of it; `seq` is its log entry."""

    seq: int
    at: datetime.datetime
    contest: str
    contest_name: str
    revision: int
    status: str
    reason: str
    ballots_cast: int
    overvotes: int
    undervotes: int
    write_ins: int
    rejected_ballots: int
    votes: dict[str, int]
    checks: tuple[FailedCheck, ...]


class UnitTallies(msgspec.Struct, frozen=True, kw_only=True):
    """A precinct's tallies, contest by contest, the newest revision first; none while withheld.

    Of more than 50 revisions of a contest, the newest and the one that counts; the log has all of them.
    """

    election: str
    unit: str
    released: bool
    tallies: list[UnitTally]


class PrecinctState(msgspec.Struct, frozen=True, kw_only=True):
    """A precinct in whose ballots a contest stands, and its counted tally where there is one.

    `held` tells that a tally waits for review: the only one, or a correction of what is counted.
    """

    code: str
    name: str
    parent: str | None
    voters_registered: int | None
    held: bool
    tally: PrecinctTally | None
    reported: bool

    @property
    def status(self) -> PrecinctStatus:
        return "reported" if self.reported else "held" if self.held else "outstanding"

    @property
    def turnout(self) -> float | None:
        if self.tally is None or self.voters_registered is None:
            return None
        return ratio(self.tally.ballots_cast, self.voters_registered)

    @property
    def leaders(self) -> list[str]:
        """Codes of those with the most votes: several where they are tied, none without votes."""
        votes = self.tally.votes if self.tally else {}
        most = max(votes.values(), default=0)
        return [code for code, number in votes.items() if number == most and most > 0]


class SelectionCount(msgspec.Struct, frozen=True):
    """A selection of a contest, with the votes that one unit gave it."""

    code: str
    party: str | None
    votes: int


class MapUnit(msgspec.Struct, frozen=True, kw_only=True):
    """How a contest stands in one unit, as a map shows it.

    `leader` has the most votes; it is null without votes and where the first two are tied. `margin` is how
    far it is ahead of the next, as a part of all votes for selections and write-ins, 0 to 1. `turnout` is
    of the precincts that have reported. While results are withheld all but the precincts is null.
    """

    code: str
    name: str
    kind: str
    parent: str | None
    units_reported: int
    units_expected: int
    held: int | None
    leader: str | None
    party: str | None
    share: float | None
    margin: float | None
    turnout: float | None
    ballots_cast: int | None

    @property
    def tied(self) -> bool:
        return self.leader is None and self.margin == 0

    @property
    def complete(self) -> bool:
        return self.units_reported >= self.units_expected


class ContestMap(msgspec.Struct, frozen=True, kw_only=True):
    """A contest in the units below one unit: those right below, or all precincts (`level`)."""

    election: str
    contest: str
    released: bool
    unit: UnitInfo
    level: Literal["below", "precincts"]
    units: list[MapUnit]


class Lead(msgspec.Struct, frozen=True):
    """Who is ahead, and by how much; parts of all votes, 0 to 1."""

    leader: str | None = None
    party: str | None = None
    share: float | None = None
    margin: float | None = None


def lead(selections: Sequence[SelectionCount], write_ins: int) -> Lead:
    """Of the votes in one place. Write-ins count as votes, but are nobody who could lead."""
    total = sum(selection.votes for selection in selections) + write_ins
    ordered = sorted(selections, key=lambda selection: -selection.votes)
    if not ordered or not ordered[0].votes:
        return Lead()
    first = ordered[0]
    behind = ordered[1].votes if len(ordered) > 1 else 0
    share, margin = ratio(first.votes, total), ratio(first.votes - behind, total)
    if first.votes == behind:
        return Lead(share=share, margin=0)
    return Lead(first.code, first.party, share, margin)
