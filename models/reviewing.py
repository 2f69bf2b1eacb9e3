"""The reviewers' desk: what waits for a person, and all that is known of one case (pure)."""

import datetime
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import msgspec

from models.canvass import Decision
from models.checks import FailedCheck
from models.complaints import UnitComplaint
from models.log import MAX_SEQ
from models.patterns import NO_NUL
from models.places import SelectionInfo
from models.rights import Role

DESK = (Role.REVIEWER, Role.ADMINISTRATOR)
"""Who decides on tallies."""
DESK_READERS = (*DESK, Role.AUDITOR)

COUNTS = ("ballots_cast", "write_ins", "overvotes", "undervotes", "rejected_ballots")
"""The counts of a tally beside its votes, in the order of the paper form."""

MOST_SIBLINGS = 12
"""Precincts beside that of a case that are shown one by one."""

Code = Annotated[str, msgspec.Meta(max_length=100, pattern=NO_NUL)]
Check = Literal[
    "",
    "balance",
    "turnout",
    "ceiling",
    "same-ballots",
    "all-zero",
    "duplicate-vector",
    "outlier",
    "double-entry",
]


class ReviewFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases are wanted, all by default."""

    contest: Annotated[Code, msgspec.Meta(description="Only this contest")] = ""
    unit: Annotated[Code, msgspec.Meta(description="Only this unit and those below it")] = ""
    check: Annotated[Check, msgspec.Meta(description="Only those that this check holds")] = ""
    asked: Annotated[
        Literal["", "yes", "no"],
        msgspec.Meta(description="Only those that the officer was asked to enter again, or was not"),
    ] = ""
    minutes: Annotated[
        int, msgspec.Meta(ge=0, le=100_000, description="Only those that have waited so many minutes")
    ] = 0
    mine: Annotated[bool, msgspec.Meta(description="Only those that you may decide")] = False


class ReviewQuery(ReviewFilter, frozen=True, kw_only=True):
    """A page of them, the oldest first."""

    after: Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ, description="`position` of the last one seen")] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=200, description="Cases on a page at most")] = 50


class ReviewCase(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that waits for a person, `position` being the log entry since which it does.

    A quarantined tally, two entries of one that differ, or a counted tally that is to be recalled; `seq` is
    the tally's own log entry, of two entries that of the second.
    """

    kind: Literal["tally", "entries", "recall"]
    position: int
    seq: int
    precinct: str
    precinct_name: str
    contest: str
    contest_name: str
    revision: int
    checks: list[FailedCheck]
    since: datetime.datetime
    senders: list[str]
    """Usernames of those who sent it, of two entries both."""
    asked_by: str | None
    """Who asked for the recall."""
    reason: str
    """Why it was corrected, or is to be recalled."""
    asked_again: bool
    """Whether the officer was asked to enter it again."""
    complaints: int
    """How many there are about the precinct, but for those that were taken back."""

    def open_to(self, username: str) -> bool:
        """Whether this person may decide it."""
        return username not in self.senders and username != self.asked_by


class ReviewQueue(msgspec.Struct, frozen=True, kw_only=True):
    """What waits, at log position `version`: the first cases of those that fit, the oldest first."""

    election: str
    is_test: bool
    version: int
    waiting: int
    """How many cases there are in all."""
    oldest: datetime.datetime | None
    """Since when the oldest of all waits."""
    found: int
    """How many fit what was asked for."""
    cases: list[ReviewCase]


# ---- one case ----


class CaseTally(msgspec.Struct, frozen=True, kw_only=True):
    """A tally of the case's precinct and contest, with what only staff may know: who sent it, and how."""

    seq: int
    revision: int
    entry: int
    """1 and 2 for the two entries of a revision, 0 where one is enough."""
    status: str
    at: datetime.datetime
    by: str
    channel: str
    reason: str
    votes: dict[str, int]
    ballots_cast: int
    write_ins: int
    overvotes: int
    undervotes: int
    rejected_ballots: int
    checks: tuple[FailedCheck, ...]
    lowered: bool
    """Whether a figure of its precinct went down as it was counted."""

    def figures(self) -> Iterator[tuple[str, int]]:
        """Every figure by the name of its field, `votes.CODE` and those of COUNTS."""
        yield from ((f"votes.{code}", count) for code, count in self.votes.items())
        yield from ((name, getattr(self, name)) for name in COUNTS)


class CaseDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided on the tally of entry `tally`; `seq` is its log entry."""

    seq: int
    tally: int
    decision: Decision
    at: datetime.datetime
    by: str
    reason: str
    lowered: bool


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """Of a share from 0 to 1 in so many sibling precincts: the mean, the least and the most."""

    precincts: int
    mean: float
    least: float
    most: float


class Sibling(msgspec.Struct, frozen=True, kw_only=True):
    """The counted tally of a precinct beside this one."""

    precinct: str
    name: str
    seq: int
    voters_registered: int | None
    ballots_cast: int
    turnout: float | None
    shares: dict[str, float]
    """Of votes and write-ins, by selection code; empty where there are none."""


class Siblings(msgspec.Struct, frozen=True, kw_only=True):
    """What the precincts right below the same unit report: the spread of all, and those closest in size."""

    unit: str
    name: str
    turnout: Spread | None
    shares: dict[str, Spread]
    closest: list[Sibling]


class OtherContest(msgspec.Struct, frozen=True, kw_only=True):
    """How many ballots the same precinct reported in another contest, counted or waiting."""

    contest: str
    name: str
    seq: int
    status: str
    ballots_cast: int


class Twin(msgspec.Struct, frozen=True, kw_only=True):
    """Another precinct whose figures for the contest are identical."""

    precinct: str
    name: str
    seq: int
    status: str


class CaseFile(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one tally, for whoever decides on it."""

    election: str
    is_test: bool
    seq: int
    precinct: str
    precinct_name: str
    voters_registered: int | None
    contest: str
    contest_name: str
    votes_allowed: int
    selections: list[SelectionInfo]
    tally: CaseTally
    entries: list[CaseTally]
    """The two entries of its revision, where they differ; else empty."""
    counted: CaseTally | None
    """What is counted of the place now, where that is another tally."""
    newest: int
    """The log entry of the newest tally of the place."""
    recall: CaseDecision | None
    """That somebody asks to recall it, where nobody has answered yet."""
    siblings: Siblings | None
    others: list[OtherContest]
    twins: list[Twin]
    tallies: list[CaseTally]
    """All tallies of the place in their order, the newest hundred."""
    decisions: list[CaseDecision]
    complaints: list[UnitComplaint]
    may: list[Decision]
    """What whoever asks may decide."""
    barred: str
    """Why they may not decide more, in a sentence; empty where nothing is in the way."""
    following: int | None
    """The log entry of the tally that has waited longest of those that they may decide, but for this one."""

    @property
    def selection_names(self) -> dict[str, str]:
        return {one.code: one.name for one in self.selections}

    def balance(self, tally: CaseTally) -> tuple[int, int]:
        """What its votes add up to, and what the ballots make."""
        return self.sums(votes=tally.votes, **{name: getattr(tally, name) for name in COUNTS})

    def sums(
        self,
        *,
        votes: dict[str, int],
        ballots_cast: int,
        write_ins: int,
        overvotes: int,
        undervotes: int,
        rejected_ballots: int = 0,
    ) -> tuple[int, int]:
        """The two sides of the balance (`models/checks.py`); rejected ballots are on neither."""
        allowed = self.votes_allowed
        return sum(votes.values()) + write_ins + overvotes * allowed + undervotes, ballots_cast * allowed


def differing(tallies: Sequence[CaseTally], revision: int) -> list[CaseTally]:
    """The two entries of a revision, where a figure differs; else none."""
    pair = [tally for tally in tallies if tally.revision == revision and tally.entry]
    return pair if len({tuple(sorted(tally.figures())) for tally in pair}) > 1 else []


def open_recall(decisions: Sequence[CaseDecision], tally: CaseTally) -> CaseDecision | None:
    """The newest word on recalling a counted tally, where that is that somebody asks for it."""
    about = {Decision.ASK_RECALL, Decision.RECALL, Decision.REFUSE_RECALL}
    words = [one for one in decisions if one.tally == tally.seq and one.decision in about]
    asked = words and words[-1].decision == Decision.ASK_RECALL and tally.status == "accepted"
    return words[-1] if asked else None
