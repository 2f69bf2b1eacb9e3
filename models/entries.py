"""What an officer has to report, and what of it has been sent: precincts, their ballots, their tallies."""

import datetime
import unicodedata

import msgspec

from models.log import TallyEntry
from models.places import ContestInfo
from models.submissions import MAX_COUNT

MOST_DIGITS = 20


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
    """`web`, `ws` or `http`."""


class EntryPrecinct(msgspec.Struct, frozen=True, kw_only=True):
    """A precinct that somebody reports for: its contests in ballot order, and what was sent of them."""

    code: str
    name: str
    voters_registered: int | None
    contests: list[str]
    sent: list[SentTally]

    def newest(self, contest: str) -> SentTally | None:
        return next((one for one in self.sent if one.contest == contest), None)

    @property
    def following(self) -> str | None:
        """The first contest on the ballot of which nothing was sent."""
        sent = {one.contest for one in self.sent}
        return next((contest for contest in self.contests if contest not in sent), None)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A page of somebody's precincts by name, with the contests on their ballots."""

    election: str
    name: str
    election_status: str
    is_test: bool
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
