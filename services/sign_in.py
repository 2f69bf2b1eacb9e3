"""Signing in and out with a password, and changing it."""

import datetime
import secrets
from typing import NoReturn

import msgspec

from models.errors import FieldError, Invalid, NotAllowed, SessionNeeded, WrongPassword
from models.rights import Actor, Identity, Role, role_word
from models.wording import say
from repositories.database import Database, Repositories
from repositories.people import MemberRow
from services.clock import Clock
from services.credentials import SESSION_PREFIX, secret_hash
from services.passwords import Passwords, check_password
from services.signals import telling_rights
from services.tries import Subject, Tries

_NOT_TOGETHER = say("This name and password do not belong together.")
_NOT_YOURS = say("This is not your password.")


class NewSession(msgspec.Struct, frozen=True):
    """`secret` goes into the cookie and is kept nowhere."""

    id: int
    secret: str
    username: str
    roles: list[str]
    expires_at: datetime.datetime


class SignIn:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        passwords: Passwords,
        tries: Tries,
        *,
        lasts: datetime.timedelta,
    ) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._tries = tries
        self._lasts = lasts

    async def sign_in(
        self, username: str, password: str, by: Actor, *, agent: str = "", replacing: Identity | None = None
    ) -> NewSession:
        """Begins a session, and ends the one that it replaces.

        Raises WrongPassword, the same for a wrong password and an unknown name, and TooMany after too
        many tries (`services/tries.py`).
        """
        username = username.strip().lower()
        member = await self._checked(username, password, self._tries.at_place(username, by.address))
        at = self._clock()
        secret = SESSION_PREFIX + secrets.token_urlsafe(32)
        async with telling_rights(self) as told, self._database.transaction() as repos:
            await _unchanged(repos, member)
            if replacing is not None and replacing.credential.kind == "session":
                await repos.credentials.end_session(replacing.member_id, replacing.credential.id)
                told.add(replacing.member_id)
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

    async def prove(self, username: str, password: str, role: Role, by: Actor) -> Actor:
        """Somebody who gives their password for one act, at the server's own machine: who acts then.

        It counts as a sign-in does. Raises WrongPassword, TooMany, and NotAllowed without the role.
        """
        username = username.strip().lower()
        member = await self._checked(username, password, self._tries.at_place(username, by.address))
        if role not in member.roles:
            message = say("%(username)s is no %(role)s.", username=username, role=role_word(role))
            raise NotAllowed(message)
        return msgspec.structs.replace(by, member_id=member.id, username=username)

    async def confirm(self, who: Identity, password: str) -> None:
        """The password given again, before something of weight.

        Raises SessionNeeded, WrongPassword and TooMany.
        """
        session = _session_of(who)
        await self._checked(who.username, password, self._tries.in_session(session), _NOT_YOURS)
        async with self._database.transaction() as repos:
            await repos.credentials.confirm(session, self._clock())

    async def sign_out(self, who: Identity, by: Actor) -> None:
        """Ends the session on the server, whatever becomes of its cookie. Raises SessionNeeded."""
        session = _session_of(who)
        async with telling_rights(self) as told, self._database.transaction() as repos:
            told.add(who.member_id)
            await repos.credentials.end_session(who.member_id, session)
            await repos.audit.add(by, self._clock(), "signed-out", who.username)

    async def change_password(self, who: Identity, old: str, new: str, by: Actor) -> None:
        """Ends the member's other sessions; tokens stay.

        Raises Invalid, SessionNeeded, WrongPassword for a wrong old one, and TooMany.
        """
        session = _session_of(who)
        check_password(new, who.username, "new_password")
        member = await self._checked(who.username, old, self._tries.in_session(session), _NOT_YOURS)
        hashed = await self._passwords.hash(new)
        async with telling_rights(self) as told, self._database.transaction() as repos:
            told.add(member.id)
            await _unchanged(repos, member)
            await self._set(repos, member, hashed, by, keep=session)

    async def set_password(self, reset: str, new: str, by: Actor) -> str:
        """A new password by a one-time token; returns whose. Raises Invalid; a token it names stays good."""
        reset_hash = secret_hash(reset)
        async with self._database.snapshot() as repos:
            member_id = await repos.credentials.reset_of(reset_hash, self._clock())
            if member_id is None:
                _unknown_reset()
            member = await repos.people.by_id(member_id)
        check_password(new, member.username, "new_password")
        hashed = await self._passwords.hash(new)
        who = msgspec.structs.replace(by, member_id=member.id, username=member.username)
        async with telling_rights(self) as told, self._database.transaction() as repos:
            told.add(member.id)
            if not await repos.credentials.take_reset(reset_hash, self._clock()):
                _unknown_reset()
            await self._set(repos, member, hashed, who)
        return member.username

    async def give_password(self, username: str, new: str, by: Actor) -> None:
        """A new password for somebody else, as the operator gives one. Raises Invalid and UnknownMember."""
        check_password(new, username)
        async with self._database.snapshot() as repos:
            member = await repos.people.member(username)
        hashed = await self._passwords.hash(new)
        async with telling_rights(self) as told, self._database.transaction() as repos:
            told.add(member.id)
            await self._set(repos, member, hashed, by)

    async def _set(
        self, repos: Repositories, member: MemberRow, hashed: str, by: Actor, keep: int | None = None
    ) -> None:
        at = self._clock()
        await repos.people.set_password(member.id, hashed, at)
        await repos.credentials.end_sessions(member.id, keep)
        await self._tries.begin_anew(repos, member.username)
        await repos.audit.add(by, at, "password-changed", member.username)

    async def _checked(
        self, username: str, password: str, subject: Subject, wrong: str = _NOT_TOGETHER
    ) -> MemberRow:
        """The member whose password this is. Raises WrongPassword, titled `wrong`, and TooMany."""
        subject = await self._tries.count(subject)
        async with self._database.snapshot() as repos:
            member = await repos.people.find(username)
        stored = member.password_hash if member is not None and member.disabled_at is None else None
        verdict = await self._passwords.verify(stored, password)
        if not verdict.right or member is None:
            raise WrongPassword(wrong)
        async with self._database.transaction() as repos:
            if verdict.rehashed is not None and stored is not None:
                await repos.people.rehash(member.id, stored, verdict.rehashed)
            # After the login, as in `_set`: two that lock in different orders would wait for each other.
            await self._tries.succeed(repos, subject)
        return member


async def _unchanged(repos: Repositories, member: MemberRow) -> None:
    """Holds the member until the commit. Raises WrongPassword where the password is another by now.

    Or the member is disabled: what was checked a moment ago does not let in.
    """
    now = await repos.people.by_id(member.id, lock=True)
    if now.disabled_at is not None or now.password_at != member.password_at:
        raise WrongPassword(_NOT_TOGETHER)


def _session_of(who: Identity) -> int:
    if who.credential.kind != "session":
        raise SessionNeeded
    return who.credential.id


def _unknown_reset() -> NoReturn:
    message = say("is not known, was used already or has expired; ask an administrator for another")
    raise Invalid((FieldError("token", message, "unknown-reset"),))
