"""What an officer has to report, and what of it has been sent: precincts, their ballots, their tallies."""

import datetime
import unicodedata
from enum import StrEnum

import msgspec

from models.canvass import Decision
from models.check_settings import CheckSettings
from models.lifecycles import TallyStatus
from models.log import TallyEntry
from models.places import ContestInfo
from models.submissions import MAX_COUNT

MOST_DIGITS = 20


class Stand(StrEnum):
    """What somebody is told of a contest of which something was sent."""

    SENT = "sent"
    HELD = "held"
    WAITING = "waiting"
    """Their own entry waits for the other person's."""
    SECOND = "second"
    """Somebody else's entry waits for theirs."""
    AGAIN = "again"
    """A reviewer asks to enter it again."""
    REJECTED = "rejected"
    RECALLED = "recalled"
    RESOLVED = "resolved"
    """A reviewer said which figures hold; they count."""


_TO_ENTER = frozenset({Stand.SECOND, Stand.AGAIN})
_STANDS: dict[str, Stand] = {
    TallyStatus.QUARANTINED: Stand.HELD,
    TallyStatus.REJECTED: Stand.REJECTED,
    TallyStatus.RECALLED: Stand.RECALLED,
}


class SentTally(msgspec.Struct, frozen=True, kw_only=True):
    """The newest revision of one contest in a precinct, whoever sent it. `seq` is its log entry."""

    contest: str
    revision: int
    status: str
    seq: int
    at: datetime.datetime
    by: str
    """The sender's username."""
    channel: str
    """`web`, `ws` or `http`; `review` for the figures that a reviewer decided on."""
    differs: bool = False
    """Whether the two people's entries of this revision differ."""
    decision: str | None = None
    """What was last decided on this revision: see `models/canvass.py`."""
    decision_reason: str = ""

    def second_for(self, username: str) -> bool:
        """Whether this waits for the entry of this person: one of the same revision, from the paper."""
        return self.status == TallyStatus.AWAITING and self.by != username

    def next_for(self, username: str) -> int:
        """The revision that would be taken of this person."""
        return self.revision if self.second_for(username) else self.revision + 1

    def begins_empty_for(self, username: str) -> bool:
        """Whether this person types all figures anew, with nobody's earlier ones in the form."""
        return self.differs or self.second_for(username)

    def stand_for(self, username: str) -> Stand:
        if self.status == TallyStatus.AWAITING:
            return Stand.SECOND if self.second_for(username) else Stand.WAITING
        if self.status == TallyStatus.QUARANTINED and self.decision == Decision.ASK_AGAIN:
            return Stand.AGAIN
        if self.status == TallyStatus.ACCEPTED and self.decision == Decision.RESOLVE:
            return Stand.RESOLVED
        return _STANDS.get(self.status, Stand.SENT)


class EntryPrecinct(msgspec.Struct, frozen=True, kw_only=True):
    """A precinct that somebody reports for: its contests in ballot order, and what was sent of them."""

    code: str
    name: str
    voters_registered: int | None
    contests: list[str]
    sent: list[SentTally]

    def newest(self, contest: str) -> SentTally | None:
        return next((one for one in self.sent if one.contest == contest), None)

    def done_by(self, username: str) -> int:
        """Of how many contests nothing is to be entered by this person."""
        return sum(not self._wants(contest, username) for contest in self.contests)

    def following_for(self, username: str) -> str | None:
        """The first contest on the ballot that this person has to enter."""
        return next((contest for contest in self.contests if self._wants(contest, username)), None)

    def _wants(self, contest: str, username: str) -> bool:
        sent = self.newest(contest)
        return sent is None or sent.stand_for(username) in _TO_ENTER


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A page of somebody's precincts by name, with the contests on their ballots."""

    election: str
    name: str
    election_status: str
    is_test: bool
    double_entry: bool = False
    """Whether two people enter each tally."""
    checks: CheckSettings = CheckSettings()
    """Which checks hold a tally, so that whoever types one is warned of them."""
    timezone: str
    username: str
    total: int
    """How many precincts there are in all that were looked for."""
    precincts: list[EntryPrecinct]
    contests: list[ContestInfo]
    next: str | None
    """Code of the last precinct here, where others follow it."""

    def contest(self, code: str) -> ContestInfo | None:
        return next((one for one in self.contests if one.code == code), None)


class KeptTally(msgspec.Struct, frozen=True):
    """A tally as the log has it, and what only officers of its precinct may know: who sent it, and how."""

    entry: TallyEntry
    leaf_hash: str
    status: str
    """As it stands now; the entry has the status that it came with."""
    by: str
    channel: str
    concealed: bool = False
    """Whether nobody but its sender may see it yet: the other person's entry has not come."""

    @property
    def figures(self) -> "SentFigures":
        entry = self.entry
        return SentFigures(**{name: getattr(entry, name) for name in SentFigures.__struct_fields__})


class SentFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one tally that a precinct sent; a correction of it starts from them."""

    seq: int
    contest: str
    revision: int
    votes: dict[str, int]
    ballots_cast: int
    write_ins: int
    overvotes: int
    undervotes: int
    rejected_ballots: int


def count_of(typed: str) -> int | None:
    """The count that somebody typed: digits of any script, with spaces between groups; None for nothing.

    Raises ValueError for anything else, and for a number above MAX_COUNT.
    """
    bare = "".join(character for character in typed if not character.isspace())
    if not bare:
        return None
    if len(bare) > MOST_DIGITS:
        raise ValueError("too many digits")
    count = int("".join(str(unicodedata.decimal(character)) for character in bare))
    if count > MAX_COUNT:
        raise ValueError("too large")
    return count
