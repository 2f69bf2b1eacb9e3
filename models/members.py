"""Frozen values about members, their credentials and the audit trail, as services hand them on."""

import datetime
from typing import Any

import msgspec


class MemberInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A member as administrators see one. `precincts` are `election/unit` codes."""

    username: str
    name: str
    roles: list[str]
    precincts: list[str]
    email: str
    mobile: str
    member_since: datetime.datetime
    disabled: bool
    has_password: bool


class SessionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One sign-in with a browser. `current` is the session that asks."""

    id: int
    created_at: datetime.datetime
    last_used_at: datetime.datetime
    expires_at: datetime.datetime
    address: str
    agent: str
    current: bool


class TokenInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A bearer token without its secret. `scopes` are the roles that it acts in."""

    id: int
    name: str
    scopes: list[str]
    created_at: datetime.datetime
    expires_at: datetime.datetime
    last_used_at: datetime.datetime | None


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One change: who made it, when, from where, to what, and which fields moved from what to what."""

    id: int
    at: datetime.datetime
    username: str
    address: str
    channel: str
    action: str
    election: str | None
    subject: str
    changes: dict[str, Any]
    reason: str
