"""Tables: elections, reporting units, parties, contests, selections and who votes on what."""

import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.ballot_order import BallotOrder
from models.base import Base, one_of
from models.lifecycles import ElectionStatus

CODE = "code ~ '^[a-z0-9]+(-[a-z0-9]+)*$'"


class Election(Base):
    """A dated event with contests. `changed_seq` is the log position of its last own change."""

    __tablename__ = "elections"
    __table_args__ = (
        CheckConstraint(CODE, name="code"),
        CheckConstraint(one_of("status", list(ElectionStatus)), name="status"),
        CheckConstraint("recount_threshold BETWEEN 0 AND 10000", name="recount_threshold"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    date: Mapped[datetime.date]
    timezone: Mapped[str]
    is_test: Mapped[bool]
    status: Mapped[str]
    results_released: Mapped[bool]
    changed_seq: Mapped[int]
    changed_at: Mapped[datetime.datetime]
    ballot_seed: Mapped[str | None]
    """Published before ballots are ordered by lot."""
    checks: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    """What differs from the checks' defaults (`models/check_settings.py`)."""
    double_entry: Mapped[bool] = mapped_column(server_default=text("false"))
    recount_threshold: Mapped[int] = mapped_column(server_default=text("50"))
    """A margin of so many hundredths of a percent of the votes, or less, is recounted; 0 for none."""


class ReportingUnit(Base):
    """A place that reports. Units form one tree for each election; precincts are its leaves."""

    __tablename__ = "reporting_units"
    __table_args__ = (
        UniqueConstraint("election_id", "code"),
        UniqueConstraint("election_id", "id"),
        # A parent is a unit of the same election.
        ForeignKeyConstraint(
            ["election_id", "parent_id"], ["reporting_units.election_id", "reporting_units.id"]
        ),
        Index("uq_reporting_units_root", "election_id", unique=True, postgresql_where="parent_id IS NULL"),
        Index(None, "parent_id"),
        CheckConstraint(CODE, name="code"),
        CheckConstraint("parent_id <> id", name="not_its_own_parent"),
        CheckConstraint("voters_registered >= 0", name="voters_registered"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"))
    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    parent_id: Mapped[int | None]
    voters_registered: Mapped[int | None]


class Party(Base):
    __tablename__ = "parties"
    __table_args__ = (
        UniqueConstraint("election_id", "code"),
        UniqueConstraint("election_id", "id"),
        CheckConstraint("colour ~ '^#[0-9a-f]{6}$'", name="colour"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"))
    code: Mapped[str]
    name: Mapped[str]
    colour: Mapped[str]


class Contest(Base):
    """One question on the ballot in one district."""

    __tablename__ = "contests"
    __table_args__ = (
        UniqueConstraint("election_id", "code"),
        UniqueConstraint("election_id", "id"),
        ForeignKeyConstraint(
            ["election_id", "district_id"], ["reporting_units.election_id", "reporting_units.id"]
        ),
        CheckConstraint(CODE, name="code"),
        CheckConstraint("votes_allowed >= 1", name="votes_allowed"),
        CheckConstraint("number_elected >= 1", name="number_elected"),
        CheckConstraint(one_of("ballot_order", list(BallotOrder)), name="ballot_order"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"))
    district_id: Mapped[int]
    code: Mapped[str]
    name: Mapped[str]
    position: Mapped[int]
    is_measure: Mapped[bool]
    vote_variation: Mapped[str]
    votes_allowed: Mapped[int]
    number_elected: Mapped[int]
    ballot_order: Mapped[str]
    recounting: Mapped[bool] = mapped_column(server_default=text("false"))
    recounted: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether a recount of it has ended: none is due by its margin any more."""


class Selection(Base):
    """One choice that can be voted for in a contest."""

    __tablename__ = "selections"
    __table_args__ = (
        UniqueConstraint("contest_id", "code"),
        UniqueConstraint("contest_id", "id"),
        CheckConstraint(CODE, name="code"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    contest_id: Mapped[int] = mapped_column(ForeignKey("contests.id"))
    code: Mapped[str]
    name: Mapped[str]
    position: Mapped[int]
    party_id: Mapped[int | None] = mapped_column(ForeignKey("parties.id"))


class ContestUnit(Base):
    """A contest stands on the ballot in this unit: a precinct, or a unit above such precincts.

    `units_expected` counts the precincts at or below the unit; `voters_registered` is their sum,
    and unknown where one of theirs is.
    """

    __tablename__ = "contest_units"
    __table_args__ = (
        ForeignKeyConstraint(["election_id", "contest_id"], ["contests.election_id", "contests.id"]),
        ForeignKeyConstraint(
            ["election_id", "unit_id"], ["reporting_units.election_id", "reporting_units.id"]
        ),
        Index(None, "unit_id"),
        CheckConstraint("units_expected >= 1", name="units_expected"),
    )

    contest_id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(primary_key=True)
    election_id: Mapped[int]
    units_expected: Mapped[int]
    voters_registered: Mapped[int | None]
