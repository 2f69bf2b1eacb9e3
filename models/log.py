"""The election's public log: its tables, and the exact bytes of an entry.

An entry's bytes are its JSON in the form of RFC 8785 (members sorted, no white space): every number
in it is an integer and every key is ASCII, where msgspec's sorted encoding and the RFC agree. The
leaf hash is that of RFC 9162, section 2.1.1: SHA-256 over 0x00 and the entry. Sixteen random bytes
in every entry keep a published hash from being opened by guessing the few numbers behind it.
"""

import datetime
import hashlib
from typing import Any

import msgspec
from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.check_settings import CheckSettings
from models.checks import FailedCheck

MAX_SEQ = 2**63 - 1
"""PostgreSQL's bigint: nothing lies behind it."""


class LogEntry(Base):
    """One entry. Triggers keep the rows of an existing election gapless and refuse UPDATE and DELETE."""

    __tablename__ = "log_entries"
    __table_args__ = (
        CheckConstraint("seq >= 1", name="seq"),
        CheckConstraint("octet_length(leaf_hash) = 32", name="leaf_hash"),
    )

    election_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime.datetime]
    kind: Mapped[str]
    entry: Mapped[str]
    leaf_hash: Mapped[bytes]


class LogHead(Base):
    """Where the log ends. Whoever appends holds a lock on this row until the commit."""

    __tablename__ = "log_heads"
    __table_args__ = (CheckConstraint("seq >= 0", name="seq"),)

    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"), primary_key=True)
    seq: Mapped[int]


class TallyEntry(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="tally"):
    """A tally arrived. `checks` names what failed where the status is quarantined."""

    seq: int
    at: datetime.datetime
    election: str
    is_test: bool
    precinct: str
    contest: str
    revision: int
    status: str
    votes: dict[str, int]
    ballots_cast: int
    overvotes: int
    undervotes: int
    write_ins: int
    rejected_ballots: int
    checks: tuple[FailedCheck, ...]
    supersedes: tuple[int, ...]
    """The seqs of earlier tallies of this precinct and contest that this one takes the place of."""
    reason: str
    nonce: str
    second_of: int | msgspec.UnsetType = msgspec.UNSET
    """The seq of the first entry, where each tally is entered twice and this is the second of the two."""


class DecisionEntry(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="decision"):
    """It was decided on the tally of entry `tally`, which has `status` from here on."""

    seq: int
    at: datetime.datetime
    election: str
    is_test: bool
    tally: int
    precinct: str
    contest: str
    revision: int
    decision: str
    status: str
    supersedes: tuple[int, ...]
    """The seqs of earlier tallies of this precinct and contest that it takes the place of."""
    reason: str
    nonce: str


class CertifiedContest(msgspec.Struct, frozen=True, kw_only=True):
    """The totals of a contest as certified. `votes` are by selection code."""

    contest: str
    units_reported: int
    units_expected: int
    ballots_cast: int
    overvotes: int
    undervotes: int
    write_ins: int
    rejected_ballots: int
    votes: dict[str, int]


class CertificateEntry(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="certificate"):
    """Two people certified the totals as they stood at log entry `position`.

    `reason` says why, where tallies were still waiting: `quarantined` and `awaiting` of them.
    """

    seq: int
    at: datetime.datetime
    election: str
    is_test: bool
    position: int
    quarantined: int
    awaiting: int
    reason: str
    contests: tuple[CertifiedContest, ...]
    nonce: str


class ElectionEntry(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="election"):
    """The election itself moved or was edited; `change` is the word for it (`services/elections.py`)."""

    seq: int
    at: datetime.datetime
    election: str
    is_test: bool
    change: str
    status: str
    results_released: bool
    reason: str
    nonce: str
    ballot_seed: str | msgspec.UnsetType | None = msgspec.UNSET
    """Only where it was set or taken back; other entries do not have it."""
    checks: CheckSettings | msgspec.UnsetType = msgspec.UNSET
    """Only where they were set: all checks on tallies as they are from here on."""
    double_entry: bool | msgspec.UnsetType = msgspec.UNSET
    recount_threshold: int | msgspec.UnsetType = msgspec.UNSET
    contest: str | msgspec.UnsetType = msgspec.UNSET
    """Only where a recount of one contest begins or ends."""


Entry = TallyEntry | DecisionEntry | CertificateEntry | ElectionEntry

_encoder = msgspec.json.Encoder(order="sorted")


def entry_bytes(entry: Entry | dict[str, Any]) -> bytes:
    """The canonical bytes of an entry, which its leaf hash covers."""
    return _encoder.encode(entry)


def leaf_hash(data: bytes) -> bytes:
    """RFC 9162, 2.1.1: SHA-256(0x00 || d). 32 bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


class LogRecord(msgspec.Struct, frozen=True):
    """A stored entry as readers hand it on: its position, its canonical text and its leaf hash.

    `concealed` is a first entry, of two people's, for as long as no second one has come for its place.
    """

    seq: int
    at: datetime.datetime
    kind: str
    entry: str
    leaf_hash: bytes
    concealed: bool = False

    def public(self, *, released: bool) -> bytes:
        """The entry as JSON with its leaf hash; before release only what gives no figure away."""
        closing = f',"leaf_hash":"{self.leaf_hash.hex()}"}}'
        if (released or self.kind == "election") and not self.concealed:
            return (self.entry[:-1] + closing).encode()
        withheld = {"at": self.at, "kind": self.kind, "seq": self.seq, "withheld": True}
        # Quotes within a text are escaped, so that this is found as a member alone.
        withheld["is_test"] = ',"is_test":true,' in self.entry
        return _encoder.encode(withheld)[:-1] + closing.encode()
