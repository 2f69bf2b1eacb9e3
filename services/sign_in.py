"""Signing in and out with a password, and changing it."""

import datetime
import secrets

import msgspec

from models.errors import FieldError, Invalid, NotSignedIn, TooMany
from models.rights import Actor, Identity
from repositories.database import Database
from services.clock import Clock
from services.credentials import SESSION_PREFIX, secret_hash
from services.passwords import Passwords, check_password
from services.signals import rights_changed
from services.vault import Vault

FREE_TRIES = 5
MAX_LOCK = datetime.timedelta(minutes=15)
# Failures that are over so long do not count any more.
FORGOTTEN = datetime.timedelta(days=1)


class NewSession(msgspec.Struct, frozen=True):
    """`secret` goes into the cookie and is kept nowhere."""

    id: int
    secret: str
    username: str
    roles: list[str]
    expires_at: datetime.datetime


def lock_of(failures: int) -> datetime.timedelta:
    """How long a name is locked after so many failures in a row: 1, 2, 4 … seconds from the sixth on."""
    if failures <= FREE_TRIES:
        return datetime.timedelta(0)
    return min(MAX_LOCK, datetime.timedelta(seconds=2 ** min(failures - FREE_TRIES - 1, 20)))


class SignIn:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        passwords: Passwords,
        vault: Vault,
        *,
        lasts: datetime.timedelta,
    ) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._vault = vault
        self._lasts = lasts

    async def sign_in(
        self, username: str, password: str, by: Actor, *, agent: str = "", replacing: Identity | None = None
    ) -> NewSession:
        """Begins a session, and ends the one that it replaces.

        Raises NotSignedIn, the same for a wrong password and an unknown name, and TooMany while the
        name is locked.
        """
        username = username.strip().lower()
        await self._check(username, password)
        at = self._clock()
        secret = SESSION_PREFIX + secrets.token_urlsafe(32)
        async with self._database.transaction() as repos:
            member = await repos.people.member(username)
            if replacing is not None and replacing.credential.kind == "session":
                await repos.credentials.end_session(replacing.member_id, replacing.credential.id)
            session = await repos.credentials.add_session(
                token_hash=secret_hash(secret),
                member_id=member.id,
                created_at=at,
                confirmed_at=at,
                last_used_at=at,
                expires_at=at + self._lasts,
                address=by.address,
                agent=agent[:200],
            )
            who = msgspec.structs.replace(by, member_id=member.id, username=username)
            await repos.audit.add(who, at, "signed-in", username)
        return NewSession(session, secret, username, member.roles, at + self._lasts)

    async def confirm(self, who: Identity, password: str) -> None:
        """The password given again, before something of weight. Raises NotSignedIn and TooMany."""
        await self._check(who.username, password)
        async with self._database.transaction() as repos:
            await repos.credentials.confirm(who.credential.id, self._clock())

    async def sign_out(self, who: Identity, by: Actor) -> None:
        """Ends the session on the server, whatever becomes of its cookie."""
        async with self._database.transaction() as repos:
            await repos.credentials.end_session(who.member_id, who.credential.id)
            await repos.audit.add(by, self._clock(), "signed-out", who.username)
        await rights_changed.send_async(self, members=frozenset({who.member_id}))

    async def change_password(self, who: Identity, old: str, new: str, by: Actor) -> None:
        """Ends the member's other sessions. Raises Invalid, NotSignedIn for a wrong old one, and TooMany."""
        check_password(new, who.username, "new_password")
        await self._check(who.username, old)
        await self._set(who.member_id, who.username, new, by, keep=who.credential.id)

    async def set_password(self, reset: str, new: str, by: Actor) -> str:
        """A new password by a one-time token; returns whose. Raises Invalid."""
        at = self._clock()
        async with self._database.transaction() as repos:
            member_id = await repos.credentials.take_reset(secret_hash(reset), at)
            if member_id is None:
                message = "is not known, was used already or has expired; ask an administrator for another"
                raise Invalid((FieldError("token", message, "unknown-reset"),))
            username = (await repos.people.by_id(member_id)).username
            # A password that is refused rolls back: the token stays good.
            check_password(new, username, "new_password")
        who = msgspec.structs.replace(by, member_id=member_id, username=username)
        await self._set(member_id, username, new, who, keep=None)
        return username

    async def give_password(self, username: str, new: str, by: Actor) -> None:
        """A new password for somebody else, as the operator gives one. Raises Invalid and UnknownMember."""
        check_password(new, username)
        async with self._database.snapshot() as repos:
            member = await repos.people.member(username)
        await self._set(member.id, username, new, by, keep=None)

    async def _set(self, member_id: int, username: str, new: str, by: Actor, keep: int | None) -> None:
        hashed = await self._passwords.hash(new)
        at = self._clock()
        async with self._database.transaction() as repos:
            await repos.people.set_password(member_id, hashed, at)
            await repos.credentials.end_sessions(member_id, keep)
            await repos.audit.add(by, at, "password-changed", username)
        await rights_changed.send_async(self, members=frozenset({member_id}))

    async def _check(self, username: str, password: str) -> None:
        """Counts the try before it looks, so that many at once gain nothing."""
        key = self._vault.lookup("username", username)
        async with self._database.transaction() as repos:
            at = self._clock()
            known = await repos.credentials.failures(key)
            if known is not None and known.locked_until > at:
                raise _locked(known.locked_until - at)
            failures = await repos.credentials.count_failure(key, at, at - FORGOTTEN)
            if lock := lock_of(failures):
                await repos.credentials.lock(key, at + lock)
            member = await repos.people.find(username)
        stored = member.password_hash if member is not None and member.disabled_at is None else None
        verdict = await self._passwords.verify(stored, password)
        if not verdict.right or member is None:
            raise NotSignedIn("This name and password do not belong together.")
        async with self._database.transaction() as repos:
            await repos.credentials.forgive(key, self._clock() - FORGOTTEN)
            if verdict.rehashed is not None:
                await repos.people.set_password(member.id, verdict.rehashed, self._clock())


def _locked(remaining: datetime.timedelta) -> TooMany:
    seconds = max(1, round(remaining.total_seconds() + 0.5))
    return TooMany(f"Too many failed sign-ins under this name; wait {seconds} s before the next.", seconds)
