"""Members: their logins, roles and the units they report for."""

import datetime
from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import any_, delete, func, insert, literal, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from models.elections import Election, ReportingUnit
from models.errors import AlreadyExists, EmailTaken, UnknownMember
from models.members import is_username
from models.people import Login, Member, MemberUnit
from models.wording import say

# The key of an advisory lock, of no meaning but to be one.
_ADMINISTRATORS = 2_026_110_301


class MemberRow(msgspec.Struct, frozen=True, kw_only=True):
    """A member as stored: `personal` is sealed."""

    id: int
    username: str
    name: str
    roles: list[str]
    personal: bytes | None
    created_at: datetime.datetime
    disabled_at: datetime.datetime | None
    password_hash: str | None
    password_at: datetime.datetime | None
    """When the member was given this password."""


_MEMBER = select(
    Member.id,
    Login.username,
    Member.name,
    Member.roles,
    Member.personal,
    Member.created_at,
    Member.disabled_at,
    Login.password_hash,
    Login.changed_at.label("password_at"),
).join(Login, Login.member_id == Member.id)


class People:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def member(self, username: str, *, lock: bool = False) -> MemberRow:
        """Raises UnknownMember. `lock` holds the member until the commit."""
        found = await self.find(username, lock=lock)
        if found is None:
            raise UnknownMember(username)
        return found

    async def find(self, username: str, *, lock: bool = False) -> MemberRow | None:
        if not is_username(username):
            return None
        query = _MEMBER.where(Login.username == username)
        return _row((await self._session.execute(query.with_for_update() if lock else query)).one_or_none())

    async def by_id(self, member_id: int, *, lock: bool = False) -> MemberRow:
        query = _MEMBER.where(Member.id == member_id)
        row = (await self._session.execute(query.with_for_update() if lock else query)).one()
        return MemberRow(**row._mapping)

    async def page(self, after: str, limit: int, prefix: str = "") -> list[MemberRow]:
        """Members by username, those whose username begins with `prefix`."""
        query = _MEMBER.where(Login.username > after).order_by(Login.username).limit(limit)
        if prefix:
            query = query.where(Login.username.startswith(prefix, autoescape=True))
        return [MemberRow(**row._mapping) for row in await self._session.execute(query)]

    async def usernames(self, roles: Collection[str]) -> list[str]:
        """Those who have one of these roles and may sign in, by username."""
        query = select(Login.username).join(Member, Member.id == Login.member_id)
        fits = or_(*(literal(role) == any_(Member.roles) for role in roles))
        query = query.where(fits, Member.disabled_at.is_(None))
        return list(await self._session.scalars(query.order_by(Login.username)))

    async def add(
        self,
        username: str,
        name: str,
        roles: list[str],
        at: datetime.datetime,
        *,
        personal: bytes | None = None,
        email_hash: bytes | None = None,
    ) -> int:
        """Adds a member with a login that has no password yet; returns the id. Raises AlreadyExists."""
        values = {
            "name": name,
            "roles": sorted(set(roles)),
            "personal": personal,
            "email_hash": email_hash,
            "created_at": at,
        }
        member = await self._session.scalar(insert(Member).values(values).returning(Member.id))
        login = upsert(Login).values(member_id=member, username=username).on_conflict_do_nothing()
        if await self._session.scalar(login.returning(Login.member_id)) is None:
            raise AlreadyExists(say("There is already a member %(username)r.", username=username))
        return int(member or 0)

    async def change(self, member_id: int, **values: Any) -> None:
        """Writes columns of a member: name, roles, personal, email_hash, disabled_at. Raises EmailTaken."""
        try:
            await self._session.execute(update(Member).where(Member.id == member_id).values(values))
        except IntegrityError as error:
            raise EmailTaken from error

    async def set_password(self, member_id: int, password_hash: str, at: datetime.datetime) -> None:
        values = {"password_hash": password_hash, "changed_at": at}
        await self._session.execute(update(Login).where(Login.member_id == member_id).values(values))

    async def rehash(self, member_id: int, before: str, password_hash: str) -> None:
        """The same password hashed anew, unless there is another by now."""
        query = update(Login).where(Login.member_id == member_id, Login.password_hash == before)
        await self._session.execute(query.values(password_hash=password_hash))

    async def hold_administrators(self) -> None:
        """Until the commit nobody else takes an administrator away; two at once would see each other stay."""
        await self._session.execute(select(func.pg_advisory_xact_lock(_ADMINISTRATORS)))

    async def administrators(self) -> int:
        """How many members could administrate, were they to sign in."""
        query = select(func.count()).where(
            literal("administrator") == any_(Member.roles), Member.disabled_at.is_(None)
        )
        return int(await self._session.scalar(query) or 0)

    async def assign(self, member_id: int, units: list[int]) -> None:
        """The member reports for these units from now on, besides those they had."""
        if units:
            rows = [{"member_id": member_id, "unit_id": unit} for unit in units]
            await self._session.execute(upsert(MemberUnit).values(rows).on_conflict_do_nothing())

    async def unassign(self, member_id: int, units: list[int]) -> None:
        await self._session.execute(
            delete(MemberUnit).where(MemberUnit.member_id == member_id, MemberUnit.unit_id.in_(units))
        )

    async def units_of(self, members: list[int]) -> dict[int, dict[int, str]]:
        """For each member, the units they report for: codes as `election/unit` by id."""
        query = (
            select(MemberUnit.member_id, MemberUnit.unit_id, Election.code, ReportingUnit.code)
            .join(ReportingUnit, ReportingUnit.id == MemberUnit.unit_id)
            .join(Election, Election.id == ReportingUnit.election_id)
            .where(MemberUnit.member_id.in_(members))
            .order_by(Election.code, ReportingUnit.code)
        )
        found: dict[int, dict[int, str]] = {member: {} for member in members}
        for member, unit, election, code in await self._session.execute(query):
            found[member][unit] = f"{election}/{code}"
        return found

    async def units_at(self, places: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Ids of the units at these places, codes of election and unit; unknown ones are left out."""
        query = (
            select(Election.code, ReportingUnit.code, ReportingUnit.id)
            .join(Election, Election.id == ReportingUnit.election_id)
            .where(tuple_(Election.code, ReportingUnit.code).in_(places))
        )
        rows = await self._session.execute(query) if places else ()
        return {(election, unit): id for election, unit, id in rows}

    async def units_named(self, code: str, election: str | None) -> list[tuple[int, str]]:
        """Ids of the units with this code and the elections they are in, all elections if none is named."""
        query = (
            select(ReportingUnit.id, Election.code)
            .join(Election, Election.id == ReportingUnit.election_id)
            .where(ReportingUnit.code == code)
        )
        if election is not None:
            query = query.where(Election.code == election)
        return [(unit, name) for unit, name in await self._session.execute(query)]


def _row(row: Any) -> MemberRow | None:
    return None if row is None else MemberRow(**row._mapping)
