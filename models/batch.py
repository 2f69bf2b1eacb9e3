"""What goes into a batch of tallies and comes out of it: submissions, standings, rows, receipts."""

import datetime
import os
from typing import Self

import msgspec

from models.ballot_book import BallotBook
from models.checks import FailedCheck, vector_of
from models.errors import DomainError
from models.log import Entry, entry_bytes, leaf_hash
from models.submissions import TallySubmission, digest
from models.totals import Figures, Totals

_NONCES = 32


class Receipt(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="receipt", gc=False):
    """Given once a tally is durable. `leaf_hash` is the hex leaf hash of log entry `seq`."""

    ref: str
    seq: int
    revision: int
    status: str
    checks: tuple[FailedCheck, ...]
    leaf_hash: str


class Sender(msgspec.Struct, frozen=True, gc=False):
    """Who sent a tally, and by what channel."""

    official_id: int
    channel: str


class Submission(msgspec.Struct, frozen=True, gc=False):
    """A tally that has no hard errors, on its way to the log. `digest` covers all it says."""

    tally: TallySubmission
    sender: Sender
    digest: bytes
    vector: int | None
    """See `vector_of`."""
    changed_seq: int
    """That of the book by which it has no hard errors."""

    @classmethod
    def of(cls, tally: TallySubmission, sender: Sender, book: BallotBook) -> Self:
        vector = vector_of(tally, book.contests[tally.contest].selections)
        return cls(tally, sender, digest(tally), vector, book.changed_seq)


class Held(msgspec.Struct, frozen=True, gc=False):
    """A tally that waits: for a reviewer, or for the second person's entry."""

    figures: Figures
    revision: int
    official_id: int
    entry: int = 0
    vector: int | None = None

    @property
    def seq(self) -> int:
        return self.figures.seq


class Standing(msgspec.Struct):
    """How one (precinct, contest) stands: its newest revision, what is counted, what waits and for what."""

    revision: int = 0
    counted: Figures | None = None
    quarantined: tuple[Held, ...] = ()
    awaiting: Held | None = None


class Earlier(msgspec.Struct, frozen=True):
    """A submission of the same sender with the same ref that is already in the log."""

    digest: bytes
    receipt: Receipt


class TallyRow(msgspec.Struct, frozen=True, gc=False):
    """One row of `tallies` with its votes."""

    seq: int
    contest_id: int
    unit_id: int
    status: str
    submission: Submission
    votes: dict[int, int]
    entry: int
    vector: int | None
    lowered: bool


class LogLine(msgspec.Struct, frozen=True, gc=False):
    """One row of the log: an entry with its exact bytes."""

    seq: int
    kind: str
    entry: str
    leaf_hash: bytes


class Recorded(msgspec.Struct):
    """The writes of a batch. `answers` are in the order of the submissions."""

    at: datetime.datetime
    seq: int
    lines: list[LogLine]
    rows: list[TallyRow]
    statuses: dict[int, str]
    """What tallies become that came before, and those of the batch that did not keep their first status."""
    totals: Totals
    answers: list[Receipt | DomainError]
    nonces: list[str]
    """Random ones that no entry has yet."""

    @classmethod
    def begin(cls, seq: int, at: datetime.datetime) -> Self:
        return cls(at, seq, [], [], {}, Totals(), [], [])

    def nonce(self) -> str:
        """Sixteen random bytes in hex, for one entry. The system is asked for those of many at once."""
        if not self.nonces:
            drawn = os.urandom(16 * _NONCES).hex()
            self.nonces = [drawn[place : place + 32] for place in range(0, len(drawn), 32)]
        return self.nonces.pop()

    @property
    def contests(self) -> frozenset[int]:
        """Ids of the contests whose totals moved, or whose quarantine did."""
        return frozenset(contest for contest, _ in self.totals.contests)

    def append(self, entry: Entry) -> bytes:
        """Adds the entry behind the head; returns its leaf hash."""
        data = entry_bytes(entry)
        hashed = leaf_hash(data)
        kind = entry.__struct_config__.tag
        assert isinstance(kind, str)
        self.lines.append(LogLine(entry.seq, kind, data.decode(), hashed))
        self.seq = entry.seq
        return hashed
