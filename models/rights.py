"""Who somebody is, and what that lets them do (pure)."""

import datetime
from enum import StrEnum

import msgspec

from models.wording import say


class Role(StrEnum):
    """What a member may be. Whoever has not signed in is the public, which is no role."""

    ADMINISTRATOR = "administrator"
    REGISTRAR = "registrar"
    OFFICER = "officer"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"
    VOTER = "voter"


ROLES = tuple(str(role) for role in Role)

_ROLE_WORDS = {
    Role.ADMINISTRATOR: say("administrator"),
    Role.REGISTRAR: say("registrar"),
    Role.OFFICER: say("officer"),
    Role.REVIEWER: say("reviewer"),
    Role.AUDITOR: say("auditor"),
    Role.VOTER: say("voter"),
}


def role_word(role: str) -> str:
    """What a role is called within a sentence: its code where people read English."""
    return _ROLE_WORDS[Role(role)] if role in ROLES else role


REGISTRARS = (Role.REGISTRAR, Role.ADMINISTRATOR)
"""Who keeps the registry: candidates and voters."""

# Staff who work with the figures before they are released; officers see their own receipts.
_SEE_WITHHELD = frozenset({Role.ADMINISTRATOR, Role.REVIEWER, Role.AUDITOR})


class Credential(msgspec.Struct, frozen=True):
    """What somebody signed in with: a session or a token."""

    kind: str
    """`session` or `token`."""
    id: int
    confirmed_at: datetime.datetime | None = None
    """When the password was last given; None for a token."""


class Identity(msgspec.Struct, frozen=True):
    """A member who has signed in. `units` are the units that an officer reports for.

    `roles` are those that the credential lets them act in: all of theirs for a session, its scopes
    for a token.
    """

    member_id: int
    username: str
    roles: frozenset[str]
    units: frozenset[int]
    credential: Credential

    @property
    def sends_tallies(self) -> bool:
        return Role.OFFICER in self.roles

    @property
    def sees_withheld_results(self) -> bool:
        return not self.roles.isdisjoint(_SEE_WITHHELD)


class Access(msgspec.Struct, frozen=True):
    """Who may enter a route, send a message or give a command.

    `public` lets everybody in; otherwise one of `roles` is needed, or only to be signed in where
    there are none. `fresh` asks for the password again where it was given too long ago.
    """

    public: bool = False
    roles: frozenset[str] = frozenset()
    fresh: bool = False

    def admits(self, identity: Identity | None) -> bool:
        """Whether the roles are right; freshness is another question."""
        if self.public:
            return True
        return identity is not None and (not self.roles or not self.roles.isdisjoint(identity.roles))


PUBLIC = Access(public=True)
SIGNED_IN = Access()


class Actor(msgspec.Struct, frozen=True):
    """Who makes a change, as the audit trail names them. `member_id` is None for commands and the public."""

    member_id: int | None
    username: str
    address: str
    """Where the request came from; empty for commands."""
    channel: str
    """`web`, `api` or `command`."""


OPERATOR = Actor(None, "operator", "", "command")
"""Whoever gives commands on the server's own machine."""
