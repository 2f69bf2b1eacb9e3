"""What lets somebody in: who a session or token belongs to, and how they are listed and ended."""

import datetime
import hashlib
import secrets
from collections.abc import Collection, Iterable

import msgspec

from models.errors import Conflict, FieldError, Invalid, NotFound, NotSignedIn, SessionNeeded
from models.members import SessionInfo, TokenInfo
from models.rights import OPERATOR, Actor, Identity
from models.wording import say
from repositories.database import Database, Repositories
from services.clock import Clock
from services.signals import telling_rights

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
            raise NotSignedIn(say("This token is not known, was revoked or has expired."))
        return identity

    async def by_session(self, secret: str) -> Identity | None:
        """Whose session this is; None for one that is unknown, ended or has expired."""
        async with self._database.transaction() as repos:
            return await repos.credentials.by_session(secret_hash(secret), self._clock())

    # ---- listed and ended: one's own, and another member's by administrators ----

    async def sessions(self, who: Identity) -> list[SessionInfo]:
        current = who.credential.id if who.credential.kind == "session" else None
        async with self._database.snapshot() as repos:
            return await repos.credentials.sessions(who.member_id, current, self._clock())

    async def sessions_of(self, username: str) -> list[SessionInfo]:
        """Raises UnknownMember."""
        async with self._database.snapshot() as repos:
            member = await repos.people.member(username)
            return await repos.credentials.sessions(member.id, None, self._clock())

    async def end_session(self, who: Identity, session_id: int, by: Actor) -> None:
        """Ends one of one's own sessions, here and on every server at once.

        Raises NotFound, and SessionNeeded: a program's token puts nobody out.
        """
        if who.credential.kind != "session":
            raise SessionNeeded
        await self.end_session_of(who.username, session_id, by)

    async def end_session_of(self, username: str, session_id: int, by: Actor) -> None:
        """Raises UnknownMember and NotFound."""
        async with telling_rights(self) as told, self._database.transaction() as repos:
            member = await repos.people.member(username)
            told.add(member.id)
            if not await repos.credentials.end_session(member.id, session_id):
                raise NotFound(say("There is no such session."))
            await repos.audit.add(by, self._clock(), "session-ended", username)

    async def tokens(self, who: Identity) -> list[TokenInfo]:
        return await self.tokens_of(who.username)

    async def tokens_of(self, username: str) -> list[TokenInfo]:
        """Raises UnknownMember."""
        async with self._database.snapshot() as repos:
            member = await repos.people.member(username)
            return await repos.credentials.tokens(member.id, self._clock())

    async def revoke_token(self, who: Identity, token_id: int, by: Actor) -> None:
        """Ends one of one's own tokens, here and on every server at once; a token, only itself.

        Raises NotFound.
        """
        if who.credential.kind == "token" and who.credential.id != token_id:
            raise NotFound(say("There is no such token; with a token, none but itself is revoked."))
        await self.revoke_token_of(who.username, token_id, by)

    async def revoke_token_of(self, username: str, token_id: int, by: Actor) -> None:
        """Raises UnknownMember and NotFound."""
        async with telling_rights(self) as told, self._database.transaction() as repos:
            member = await repos.people.member(username)
            told.add(member.id)
            name = await repos.credentials.revoke_token(member.id, token_id)
            if name is None:
                raise NotFound(say("There is no such token."))
            await repos.audit.add(by, self._clock(), "token-revoked", f"{username}: {name}")

    # ---- given out ----

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

        Raises UnknownMember, Conflict for a disabled member, and Invalid for a scope that is not one of
        the member's roles.
        """
        async with self._database.transaction() as repos:
            return await self._issue(repos, username, valid_for, name, scopes, by)

    async def issue_tokens(
        self, usernames: Iterable[str], valid_for: datetime.timedelta, *, name: str, by: Actor = OPERATOR
    ) -> list[str]:
        """A new bearer token for each of many members, in all their roles. Raises UnknownMember."""
        async with self._database.transaction() as repos:
            return [
                (await self._issue(repos, username, valid_for, name, None, by)).token
                for username in usernames
            ]

    async def _issue(
        self,
        repos: Repositories,
        username: str,
        valid_for: datetime.timedelta,
        name: str,
        scopes: Collection[str] | None,
        by: Actor,
    ) -> NewToken:
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        at = self._clock()
        member = await repos.people.member(username, lock=True)
        if member.disabled_at is not None:
            raise Conflict(say("%(username)s is disabled.", username=username))
        acting = sorted(member.roles if scopes is None else set(scopes))
        if foreign := set(acting) - set(member.roles):
            message = say("%(role)r is not one of your roles", role=sorted(foreign)[0])
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


def secret_hash(secret: str) -> bytes:
    """SHA-256: enough for secrets of 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()
