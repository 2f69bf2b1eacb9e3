"""Frozen values about members, their credentials and the audit trail, as services hand them on."""

import datetime
import re
from typing import Annotated, Any

import msgspec

from models.patterns import EMAIL, LINE, TELEPHONE, UNIT_PATH, USERNAME
from models.rights import ROLES

Username = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=USERNAME)]
"""Lower-case letters, digits, dots, hyphens and underscores; `logins` has the same CHECK."""
RoleName = Annotated[str, msgspec.Meta(max_length=20, extra_json_schema={"enum": list(ROLES)})]
Line = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=200,
        pattern=LINE,
        description="One line with something to be seen in it",
    ),
]
Email = Annotated[str, msgspec.Meta(max_length=254, pattern=EMAIL)]
Mobile = Annotated[str, msgspec.Meta(max_length=40, pattern=TELEPHONE)]
UnitPath = Annotated[str, msgspec.Meta(max_length=201, pattern=UNIT_PATH)]
"""A unit as `election/unit`."""


def is_username(text: str) -> bool:
    return len(text) <= 64 and re.match(USERNAME, text) is not None


class MemberEdit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What administrators say of a member. `precincts` are units as `election/unit`."""

    name: Line
    roles: Annotated[list[RoleName], msgspec.Meta(max_length=len(ROLES))]
    precincts: Annotated[list[UnitPath], msgspec.Meta(max_length=1000)] = []
    email: Email = ""
    mobile: Mobile = ""
    disabled: bool = False


class NewMember(MemberEdit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member who is not there yet; the username stays for good."""

    username: Username


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
