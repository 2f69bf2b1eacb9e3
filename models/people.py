"""Tables: candidates, officials, their precincts and their tokens."""

import datetime

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, one_of
from models.lifecycles import CandidateStatus

ROLES = ("administrator", "registrar", "officer", "reviewer", "auditor")


class Candidate(Base):
    """A person's filing for a contest; qualified ones stand behind a selection, alone or as a ticket."""

    __tablename__ = "candidates"
    __table_args__ = (
        UniqueConstraint("election_id", "code"),
        ForeignKeyConstraint(["election_id", "contest_id"], ["contests.election_id", "contests.id"]),
        ForeignKeyConstraint(["contest_id", "selection_id"], ["selections.contest_id", "selections.id"]),
        CheckConstraint(one_of("status", list(CandidateStatus)), name="status"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"))
    contest_id: Mapped[int]
    selection_id: Mapped[int | None]
    party_id: Mapped[int | None] = mapped_column(ForeignKey("parties.id"))
    code: Mapped[str]
    name: Mapped[str]
    filed_at: Mapped[datetime.datetime]
    status: Mapped[str]


class Official(Base):
    """A member acting for the election authority."""

    __tablename__ = "officials"
    __table_args__ = (
        CheckConstraint(f"roles <@ ARRAY{list(ROLES)!r}::text[]", name="roles"),
        CheckConstraint("username ~ '^[a-z0-9][a-z0-9._-]{0,63}$'", name="username"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime.datetime]


class OfficialUnit(Base):
    """An officer reports for this precinct, or for all precincts below this unit."""

    __tablename__ = "official_units"
    __table_args__ = (Index(None, "unit_id"),)

    official_id: Mapped[int] = mapped_column(ForeignKey("officials.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("reporting_units.id"), primary_key=True)


class Token(Base):
    """A bearer token for programs. Only its SHA-256 is kept: the token has 256 random bits of its own."""

    __tablename__ = "tokens"
    __table_args__ = (
        Index(None, "official_id"),
        CheckConstraint("octet_length(token_hash) = 32", name="token_hash"),
    )

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    official_id: Mapped[int] = mapped_column(ForeignKey("officials.id"))
    created_at: Mapped[datetime.datetime]
    expires_at: Mapped[datetime.datetime]
