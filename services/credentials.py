"""What lets somebody in: who a session or token belongs to, and how they are listed and ended."""

import datetime
import hashlib
import secrets
from collections.abc import Collection

import msgspec

from models.errors import FieldError, Invalid, NotFound, NotSignedIn
from models.members import SessionInfo, TokenInfo
from models.rights import OPERATOR, Actor, Identity
from repositories.database import Database
from services.clock import Clock
from services.signals import rights_changed

TOKEN_PREFIX = "ts_"
SESSION_PREFIX = "ss_"
MAX_TOKEN_DAYS = 3650


class NewToken(msgspec.Struct, frozen=True):
    """A bearer token, shown this once: only its hash is kept."""

    id: int
    token: str
    name: str
    scopes: list[str]
    expires_at: datetime.datetime


class CredentialService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def by_token(self, token: str) -> Identity:
        """Whose token this is. Raises NotSignedIn for one that is unknown, revoked or has expired."""
        async with self._database.transaction() as repos:
            identity = await repos.credentials.by_token(secret_hash(token), self._clock())
        if identity is None:
            raise NotSignedIn("This token is not known, was revoked or has expired.")
        return identity

    async def by_session(self, secret: str) -> Identity | None:
        """Whose session this is; None for one that is unknown, ended or has expired."""
        async with self._database.transaction() as repos:
            return await repos.credentials.by_session(secret_hash(secret), self._clock())

    async def sessions(self, who: Identity) -> list[SessionInfo]:
        current = who.credential.id if who.credential.kind == "session" else None
        async with self._database.transaction() as repos:
            return await repos.credentials.sessions(who.member_id, current, self._clock())

    async def end_session(self, who: Identity, session_id: int, by: Actor) -> None:
        """Ends one of one's own sessions, here and on every server at once. Raises NotFound."""
        async with self._database.transaction() as repos:
            if not await repos.credentials.end_session(who.member_id, session_id):
                raise NotFound("You have no such session.")
            await repos.audit.add(by, self._clock(), "session-ended", who.username)
        await rights_changed.send_async(self, members=frozenset({who.member_id}))

    async def tokens(self, who: Identity) -> list[TokenInfo]:
        async with self._database.transaction() as repos:
            return await repos.credentials.tokens(who.member_id, self._clock())

    async def issue_token(
        self,
        username: str,
        valid_for: datetime.timedelta,
        *,
        name: str = "made by a command",
        scopes: Collection[str] | None = None,
        by: Actor = OPERATOR,
    ) -> NewToken:
        """A new bearer token of a member. `scopes` are the roles it acts in, all of theirs if None.

        Raises UnknownMember, and Invalid for a scope that is not one of the member's roles.
        """
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        at = self._clock()
        async with self._database.transaction() as repos:
            member = await repos.people.member(username)
            acting = sorted(member.roles if scopes is None else set(scopes))
            if foreign := set(acting) - set(member.roles):
                message = f"{sorted(foreign)[0]!r} is none of your roles"
                raise Invalid((FieldError("scopes", message, "foreign-scope"),))
            token_id = await repos.credentials.add_token(
                member_id=member.id,
                token_hash=secret_hash(token),
                name=name,
                scopes=acting,
                created_at=at,
                expires_at=at + valid_for,
            )
            changes = {"scopes": [None, acting], "expires_at": [None, (at + valid_for).isoformat()]}
            await repos.audit.add(by, at, "token-issued", f"{username}: {name}", changes=changes)
        return NewToken(token_id, token, name, acting, at + valid_for)

    async def revoke_token(self, who: Identity, token_id: int, by: Actor) -> None:
        """Ends one of one's own tokens, here and on every server at once. Raises NotFound."""
        async with self._database.transaction() as repos:
            name = await repos.credentials.revoke_token(who.member_id, token_id)
            if name is None:
                raise NotFound("You have no such token.")
            await repos.audit.add(by, self._clock(), "token-revoked", f"{who.username}: {name}")
        await rights_changed.send_async(self, members=frozenset({who.member_id}))


def secret_hash(secret: str) -> bytes:
    """SHA-256: enough for secrets of 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()
