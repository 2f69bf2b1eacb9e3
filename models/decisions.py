"""Tables of the canvass: what was decided on tallies, by whom, and who certified.

The log tells the public what was decided and why; these rows know who it was.
"""

import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Identity, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, one_of
from models.canvass import Decision

_ENTRY = ["log_entries.election_id", "log_entries.seq"]


class TallyDecision(Base):
    """A decision on the tally `tally_seq`; `seq` is its log entry, or that of the tally that resolved it."""

    __tablename__ = "tally_decisions"
    __table_args__ = (
        ForeignKeyConstraint(["election_id", "seq"], _ENTRY),
        ForeignKeyConstraint(["election_id", "tally_seq"], ["tallies.election_id", "tallies.seq"]),
        Index(None, "election_id", "tally_seq"),
        CheckConstraint(one_of("decision", list(Decision)), name="decision"),
        CheckConstraint("reason <> ''", name="reason"),
    )

    election_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    tally_seq: Mapped[int]
    decision: Mapped[str]
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    reason: Mapped[str]
    lowered: Mapped[bool]
    """Whether a figure of the precinct went down by it."""
    at: Mapped[datetime.datetime]


class CertificationRequest(Base):
    """The first of two people asks to certify the totals that hash to `totals_hash`."""

    __tablename__ = "certification_requests"
    __table_args__ = (
        Index(
            "uq_certification_requests_open", "election_id", unique=True, postgresql_where="ended_at IS NULL"
        ),
        CheckConstraint("octet_length(totals_hash) = 32", name="totals_hash"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"))
    asked_by: Mapped[int] = mapped_column(ForeignKey("members.id"))
    asked_at: Mapped[datetime.datetime]
    totals_hash: Mapped[bytes]
    in_the_way: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """What was waiting then (`models/certification.py`)."""
    reason: Mapped[str]
    """Why it is certified although tallies wait; empty where none do."""
    ended_at: Mapped[datetime.datetime | None]


class Certificate(Base):
    """An election was certified as it stood at log entry `position`; a test by command names nobody."""

    __tablename__ = "certificates"
    __table_args__ = (
        ForeignKeyConstraint(["election_id", "seq"], _ENTRY),
        CheckConstraint("asked_by <> confirmed_by", name="two_people"),
    )

    election_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int]
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    reason: Mapped[str]
    at: Mapped[datetime.datetime]
