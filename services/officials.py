"""Members: who they are, what they may do, and which places officers report for."""

import datetime
import secrets
from collections.abc import Iterable, Sequence

import msgspec

from models.editions import changed, hold_against
from models.errors import Conflict, FieldError, Invalid, UnknownUnit
from models.members import MemberEdit, MemberInfo, is_username
from models.personal import MemberContact
from models.reading import read_struct
from models.rights import OPERATOR, ROLES, Actor, Role
from models.wording import say
from repositories.database import Database, Repositories
from repositories.people import MemberRow
from services.clock import Clock
from services.credentials import CredentialService, secret_hash
from services.passwords import Passwords, check_password
from services.signals import telling_rights
from services.vault import Vault

RESET_PREFIX = "tr_"
RESET_LASTS = datetime.timedelta(days=1)

_KIND = "member"
_PERSONAL = ("email", "mobile")


class Reset(msgspec.Struct, frozen=True):
    """A one-time token with which a member sets a password; shown this once."""

    username: str
    token: str
    expires_at: datetime.datetime


class OfficialService:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        passwords: Passwords,
        credentials: CredentialService,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._passwords = passwords
        self._credentials = credentials

    async def page(self, *, after: str = "", limit: int = 100, prefix: str = "") -> list[MemberInfo]:
        """Members by username, a page at a time; those whose username begins with `prefix`."""
        async with self._database.snapshot() as repos:
            rows = await repos.people.page(after, limit, prefix)
            units = await repos.people.units_of([row.id for row in rows])
        return [self._info(row, units[row.id]) for row in rows]

    async def get(self, username: str) -> MemberInfo:
        """Raises UnknownMember."""
        async with self._database.snapshot() as repos:
            return await self._read(repos, username)

    async def create(self, username: str, edit: MemberEdit, by: Actor) -> MemberInfo:
        """Adds a member, who cannot sign in before a password was set. Raises Invalid and AlreadyExists."""
        _check_username(username)
        async with self._database.transaction() as repos:
            member = await repos.people.add(username, edit.name, [], self._clock())
            return await self._write(repos, member, username, None, edit, by, "member-added")

    async def edit(self, username: str, edit: MemberEdit, expected: str, by: Actor) -> MemberInfo:
        """Writes what a member is; their rights change at once, wherever they are connected.

        `expected` is the edition that was read. Raises UnknownMember, Stale, Invalid, and Conflict
        where no administrator would be left.
        """
        async with telling_rights(self) as told, self._database.transaction() as repos:
            await repos.people.hold_administrators()
            row = await repos.people.member(username, lock=True)
            told.add(row.id)
            before = await self._read(repos, username)
            hold_against(before, expected)
            info = await self._write(repos, row.id, username, before, edit, by, "member-changed")
            if edit.disabled:
                await repos.credentials.end_sessions(row.id)
                await repos.credentials.revoke_tokens(row.id)
                await repos.credentials.drop_reset(row.id)
            if _administrates(before) and not await repos.people.administrators():
                raise Conflict(say("No administrator would be left: make another one first."))
        return info

    async def reset(self, username: str, by: Actor) -> Reset:
        """A one-time token for a new password; until it is used nothing changes. Raises UnknownMember."""
        token = RESET_PREFIX + secrets.token_urlsafe(32)
        at = self._clock()
        async with self._database.transaction() as repos:
            member = await repos.people.member(username)
            await repos.credentials.put_reset(member.id, secret_hash(token), at + RESET_LASTS)
            await repos.audit.add(by, at, "reset-issued", username)
        return Reset(username, token, at + RESET_LASTS)

    # ---- from the command line ----

    async def add(
        self,
        username: str,
        roles: Iterable[str],
        precincts: Iterable[str],
        election: str | None = None,
        *,
        password: str | None = None,
        by: Actor = OPERATOR,
    ) -> None:
        """Adds an official, or gives an existing one further roles and precincts, and a password.

        `precincts` are codes of units; a unit above precincts stands for all of them. Raises Invalid,
        and UnknownUnit for a code that no election (or not the one named) has.
        """
        roles = _checked_roles(roles, "role")
        _check_username(username)
        hashed = None
        if password is not None:
            check_password(password, username)
            hashed = await self._passwords.hash(password)
        async with telling_rights(self) as told, self._database.transaction() as repos:
            known = await repos.people.find(username, lock=True)
            before = await self._read(repos, username) if known else None
            member = known.id if known else await repos.people.add(username, username, roles, self._clock())
            if known:
                await repos.people.change(member, roles=sorted({*known.roles, *roles}))
            told.add(member)
            await repos.people.assign(member, [await _unit(repos, code, election) for code in precincts])
            if hashed is not None:
                await repos.people.set_password(member, hashed, self._clock())
                await repos.credentials.end_sessions(member)
            after = await self._read(repos, username)
            await self._record(repos, by, "member-changed" if known else "member-added", before, after)
            if hashed is not None:
                await repos.audit.add(by, self._clock(), "password-changed", username)

    async def root_officer_token(self, election: str, valid_for: datetime.timedelta) -> str:
        """A short-lived token of an officer for the whole election, for replays on the server's machine."""
        username = f"replay-{election}"[:64]
        async with self._database.transaction() as repos:
            state = await repos.elections.get(election)
            root = await repos.elections.root(state.id)
            if root is None:
                raise UnknownUnit(election)
            known = await repos.people.find(username, lock=True)
            before = await self._read(repos, username) if known else None
            member = (
                known.id if known else await repos.people.add(username, username, ["officer"], self._clock())
            )
            await repos.people.assign(member, [root])
            after = await self._read(repos, username)
            if after != before:
                action = "member-changed" if known else "member-added"
                await self._record(repos, OPERATOR, action, before, after)
        return (await self._credentials.issue_token(username, valid_for)).token

    # ---- parts ----

    async def _write(
        self,
        repos: Repositories,
        member: int,
        username: str,
        before: MemberInfo | None,
        edit: MemberEdit,
        by: Actor,
        action: str,
    ) -> MemberInfo:
        edit = read_struct(msgspec.to_builtins(edit), type(edit))
        if before is None or edit.disabled != before.disabled:
            await repos.people.change(member, disabled_at=self._clock() if edit.disabled else None)
        await repos.people.change(
            member,
            name=edit.name,
            roles=_checked_roles(edit.roles, "roles"),
            personal=self._vault.seal(_KIND, MemberContact(edit.email, edit.mobile)),
            email_hash=self._vault.lookup("email", edit.email) if edit.email else None,
        )
        wanted = await _qualified_units(repos, edit.precincts)
        had = set((await repos.people.units_of([member]))[member])
        await repos.people.unassign(member, list(had - wanted))
        await repos.people.assign(member, list(wanted - had))
        after = await self._read(repos, username)
        await self._record(repos, by, action, before, after)
        return after

    async def _record(
        self, repos: Repositories, by: Actor, action: str, before: MemberInfo | None, after: MemberInfo
    ) -> None:
        changes = changed(before, after)
        for field in _PERSONAL:
            if field in changes:
                changes[field] = ["(not shown)", "(not shown)"]
        await repos.audit.add(by, self._clock(), action, after.username, changes=changes)

    async def _read(self, repos: Repositories, username: str) -> MemberInfo:
        row = await repos.people.member(username)
        return self._info(row, (await repos.people.units_of([row.id]))[row.id])

    def _info(self, row: MemberRow, units: dict[int, str]) -> MemberInfo:
        contact = self._vault.open(_KIND, row.personal, MemberContact) if row.personal else MemberContact()
        return MemberInfo(
            username=row.username,
            name=row.name,
            roles=row.roles,
            precincts=list(units.values()),
            email=contact.email,
            mobile=contact.mobile,
            member_since=row.created_at,
            disabled=row.disabled_at is not None,
            has_password=row.password_hash is not None,
        )


async def _qualified_units(repos: Repositories, codes: Sequence[str]) -> set[int]:
    named = [code.partition("/")[::2] for code in codes]
    found = await repos.people.units_at(named)
    unknown = tuple(
        FieldError(
            f"precincts[{number}]",
            say("there is no unit %(unit)r; write ELECTION/UNIT", unit=code),
            "unknown-unit",
        )
        for number, (code, place) in enumerate(zip(codes, named, strict=True))
        if place not in found
    )
    if unknown:
        raise Invalid(unknown)
    return set(found.values())


async def _unit(repos: Repositories, code: str, election: str | None) -> int:
    found = await repos.people.units_named(code, election)
    if not found:
        raise UnknownUnit(code)
    if len(found) > 1:
        elections = ", ".join(sorted(name for _, name in found))
        message = say(
            "%(unit)r is a unit of several elections (%(elections)s); name the election",
            unit=code,
            elections=elections,
        )
        raise Invalid((FieldError("precinct", message, "ambiguous-precinct"),))
    return found[0][0]


def _administrates(info: MemberInfo) -> bool:
    return Role.ADMINISTRATOR in info.roles and not info.disabled


def _checked_roles(roles: Iterable[str], field: str) -> list[str]:
    roles = sorted(set(roles))
    if unknown := [role for role in roles if role not in ROLES]:
        message = say("%(role)r is not one of %(roles)s", role=unknown[0], roles=", ".join(ROLES))
        raise Invalid((FieldError(field, message, "unknown-role"),))
    return roles


def _check_username(username: str) -> None:
    if not is_username(username):
        message = say("must be 1 to 64 lower-case letters, digits, dots, hyphens or underscores")
        raise Invalid((FieldError("username", message, "invalid-username"),))
    if username == OPERATOR.username:
        message = say("is how the audit trail calls whoever gives commands on the server; choose another")
        raise Invalid((FieldError("username", message, "reserved-username"),))
