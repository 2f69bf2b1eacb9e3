"""Tables: tallies, their votes, and the running totals that they move.

A tally is known by the log entry that brought it: (election, seq). Its figures never change and it
is never deleted, which triggers in the migrations enforce; only its status moves. Triggers, not foreign
keys, see to it that a tally has its log entry and its ballot, and votes their tally and their selection: once
for a batch.
"""

import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, one_of
from models.lifecycles import TallyStatus

_COUNTS = ("ballots_cast", "overvotes", "undervotes", "write_ins", "rejected_ballots")
_CONTEST_UNIT = ["contest_units.contest_id", "contest_units.unit_id"]
_NOT_NEGATIVE = " AND ".join(f"{column} >= 0" for column in _COUNTS)


class Tally(Base):
    """One precinct's count of one contest. `digest` tells a repeated submission from a changed one."""

    __tablename__ = "tallies"
    __table_args__ = (
        UniqueConstraint("unit_id", "contest_id", "revision", "entry"),
        UniqueConstraint("election_id", "official_id", "ref"),
        # Rule 1: at most one counted revision for each precinct and contest.
        Index(
            "uq_tallies_counted", "contest_id", "unit_id", unique=True, postgresql_where="status = 'accepted'"
        ),
        # Where each tally is entered twice, by two people.
        Index(
            "uq_tallies_two_people",
            "contest_id",
            "unit_id",
            "revision",
            "official_id",
            unique=True,
            postgresql_where="entry > 0",
        ),
        Index("ix_tallies_vector", "contest_id", "vector"),
        Index(
            "ix_tallies_waiting",
            "contest_id",
            "unit_id",
            postgresql_where="status IN ('awaiting_second_entry', 'quarantined')",
        ),
        CheckConstraint("entry BETWEEN 0 AND 2", name="entry"),
        CheckConstraint(_NOT_NEGATIVE, name="counts"),
        CheckConstraint("revision >= 1", name="revision"),
        CheckConstraint("revision = 1 OR reason <> ''", name="corrections_have_a_reason"),
        CheckConstraint(one_of("status", list(TallyStatus)), name="status"),
    )

    election_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    contest_id: Mapped[int]
    unit_id: Mapped[int]
    official_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    revision: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str]
    ballots_cast: Mapped[int] = mapped_column(Integer)
    overvotes: Mapped[int] = mapped_column(Integer)
    undervotes: Mapped[int] = mapped_column(Integer)
    write_ins: Mapped[int] = mapped_column(Integer)
    rejected_ballots: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str]
    ref: Mapped[str]
    digest: Mapped[bytes]
    channel: Mapped[str]
    submitted_at: Mapped[datetime.datetime]
    entry: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    """1 and 2 for the two entries of a revision, 0 where one is enough."""
    vector: Mapped[int | None]
    """What the same figures of another precinct are found by (`models/checks.py`)."""
    lowered: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether a figure of its precinct went down as this was counted."""


class TallyVote(Base):
    """The votes for one selection on one tally."""

    __tablename__ = "tally_votes"
    __table_args__ = (CheckConstraint("votes >= 0", name="votes"),)

    election_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    selection_id: Mapped[int] = mapped_column(primary_key=True)
    votes: Mapped[int] = mapped_column(Integer)


class ContestTotal(Base):
    """What a contest's counted tallies add up to at a unit above precincts.

    A precinct's own figures are those of its counted tally. `version` is the log position of the
    last entry that moved the row.
    """

    __tablename__ = "contest_totals"
    __table_args__ = (
        ForeignKeyConstraint(["contest_id", "unit_id"], _CONTEST_UNIT),
        CheckConstraint(
            _NOT_NEGATIVE
            + " AND units_reported >= 0 AND voters_registered >= 0 AND quarantined_units >= 0"
            + " AND awaiting_units >= 0",
            name="counts",
        ),
    )

    contest_id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(primary_key=True)
    units_reported: Mapped[int]
    quarantined_units: Mapped[int]
    voters_registered: Mapped[int]
    """Registered voters of the precincts reported."""
    ballots_cast: Mapped[int]
    overvotes: Mapped[int]
    undervotes: Mapped[int]
    write_ins: Mapped[int]
    rejected_ballots: Mapped[int]
    version: Mapped[int]
    awaiting_units: Mapped[int] = mapped_column(server_default=text("0"))
    turnout_n: Mapped[int] = mapped_column(server_default=text("0"))
    """Of turnouts right below, per mille: how many, their sum and that of their squares."""
    turnout_total: Mapped[int] = mapped_column(server_default=text("0"))
    turnout_squares: Mapped[int] = mapped_column(server_default=text("0"))
    lowered_by: Mapped[int] = mapped_column(server_default=text("0"))
    """Log position of the last entry that lowered a figure here; 0 for none."""
    updated_at: Mapped[datetime.datetime]


class SelectionTotal(Base):
    """The votes of a selection in the counted tallies below a unit."""

    __tablename__ = "selection_totals"
    __table_args__ = (CheckConstraint("votes >= 0", name="votes"),)

    selection_id: Mapped[int] = mapped_column(ForeignKey("selections.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("reporting_units.id"), primary_key=True)
    votes: Mapped[int]
    share_n: Mapped[int] = mapped_column(server_default=text("0"))
    """Of shares right below, per mille: how many, their sum and that of their squares."""
    share_total: Mapped[int] = mapped_column(server_default=text("0"))
    share_squares: Mapped[int] = mapped_column(server_default=text("0"))
