"""Tables: members with their logins, sessions and tokens, candidates, voters, and the audit trail.

What identifies a person privately (e-mail, mobile, address, telephone, voter number) stands only in
columns called `personal`, encrypted (`services/vault.py`), and is found by keyed hashes of 32 bytes.
"""

import datetime
from typing import Any

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
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, one_of
from models.lifecycles import CandidateStatus
from models.rights import ROLES

CANDIDATE_CODE = "code ~ '^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$'"


class Member(Base):
    """A person known to the system, with roles. `created_at` is since when."""

    __tablename__ = "members"
    __table_args__ = (
        CheckConstraint(f"roles <@ ARRAY{list(ROLES)!r}::text[]", name="roles"),
        CheckConstraint("octet_length(email_hash) = 32", name="email_hash"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str]
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    personal: Mapped[bytes | None]
    email_hash: Mapped[bytes | None] = mapped_column(unique=True)
    created_at: Mapped[datetime.datetime]
    disabled_at: Mapped[datetime.datetime | None]


class Login(Base):
    """A member's username and argon2id hash. Without a hash only tokens let the member in."""

    __tablename__ = "logins"
    __table_args__ = (CheckConstraint("username ~ '^[a-z0-9][a-z0-9._-]{0,63}$'", name="username"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    changed_at: Mapped[datetime.datetime | None]


class PasswordReset(Base):
    """A one-time token with which a member sets a new password. Only its SHA-256 is kept."""

    __tablename__ = "password_resets"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime.datetime]


class SignInTries(Base):
    """What came of trying a password (`services/tries.py`); `key` is a keyed hash of under what and where.

    `failures` are those in a row. A place from which it went well once is known by `succeeded_at`.
    """

    __tablename__ = "sign_in_tries"
    __table_args__ = (Index(None, "tried_at"),)

    key: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    tried_at: Mapped[datetime.datetime]
    locked_until: Mapped[datetime.datetime]
    succeeded_at: Mapped[datetime.datetime | None]


class MemberUnit(Base):
    """An officer reports for this precinct, or for all precincts below this unit."""

    __tablename__ = "member_units"
    __table_args__ = (Index(None, "unit_id"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("reporting_units.id"), primary_key=True)


class Session(Base):
    """A member signed in with a browser. Only the SHA-256 of what its cookie holds is kept."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index(None, "member_id"),
        CheckConstraint("octet_length(token_hash) = 32", name="token_hash"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime.datetime]
    confirmed_at: Mapped[datetime.datetime]
    last_used_at: Mapped[datetime.datetime]
    expires_at: Mapped[datetime.datetime]
    address: Mapped[str]
    agent: Mapped[str]


class Token(Base):
    """A bearer token for programs, good for the roles in `scopes`.

    Only its SHA-256 is kept: the token has 256 random bits of its own.
    """

    __tablename__ = "tokens"
    __table_args__ = (
        Index(None, "member_id"),
        CheckConstraint("octet_length(token_hash) = 32", name="token_hash"),
    )

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Identity(), unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    name: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime.datetime]
    expires_at: Mapped[datetime.datetime]
    last_used_at: Mapped[datetime.datetime | None]


class AuditEntry(Base):
    """Who changed what, when and from where. Never holds personal data; triggers refuse to change it."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index(None, "election_id", "id"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    at: Mapped[datetime.datetime]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    username: Mapped[str]
    address: Mapped[str]
    channel: Mapped[str]
    action: Mapped[str]
    election_id: Mapped[int | None] = mapped_column(ForeignKey("elections.id"))
    subject: Mapped[str]
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str]


class Candidate(Base):
    """A person's filing for a contest; qualified ones stand behind a selection, alone or as a ticket.

    `digest` is a keyed hash of the filing as it was sent: the same code sent again with the same
    content is the same filing.
    """

    __tablename__ = "candidates"
    __table_args__ = (
        UniqueConstraint("election_id", "code"),
        ForeignKeyConstraint(["election_id", "contest_id"], ["contests.election_id", "contests.id"]),
        ForeignKeyConstraint(["contest_id", "selection_id"], ["selections.contest_id", "selections.id"]),
        Index(None, "contest_id"),
        CheckConstraint(CANDIDATE_CODE, name="code"),
        CheckConstraint(one_of("status", list(CandidateStatus)), name="status"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"))
    contest_id: Mapped[int]
    selection_id: Mapped[int | None]
    party_id: Mapped[int | None] = mapped_column(ForeignKey("parties.id"))
    code: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str]
    personal: Mapped[bytes | None]
    digest: Mapped[bytes]
    filed_at: Mapped[datetime.datetime]
    status: Mapped[str]
    decided_at: Mapped[datetime.datetime | None]
    reason: Mapped[str]


class Voter(Base):
    """A registration in a precinct. Names, number and contact are personal; four keyed hashes find it.

    A removed registration stays, so that its removal can be explained; the number may register again.
    """

    __tablename__ = "voters"
    __table_args__ = (
        ForeignKeyConstraint(
            ["election_id", "unit_id"], ["reporting_units.election_id", "reporting_units.id"]
        ),
        Index(
            "uq_voters_number",
            "election_id",
            "number_hash",
            unique=True,
            postgresql_where="removed_at IS NULL",
        ),
        Index(None, "election_id", "unit_id", "id"),
        Index(None, "election_id", "name_hash"),
        Index(None, "election_id", "email_hash"),
        Index(None, "election_id", "mobile_hash"),
        Index(None, "member_id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"))
    unit_id: Mapped[int]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    number_hash: Mapped[bytes]
    name_hash: Mapped[bytes]
    email_hash: Mapped[bytes | None]
    mobile_hash: Mapped[bytes | None]
    personal: Mapped[bytes]
    digest: Mapped[bytes]
    registered_at: Mapped[datetime.datetime]
    changed_at: Mapped[datetime.datetime]
    removed_at: Mapped[datetime.datetime | None]
    removal_reason: Mapped[str]
