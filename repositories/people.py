"""Officials, the units they report for, and their tokens."""

import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from models.elections import Election, ReportingUnit
from models.errors import UnknownOfficial
from models.people import Official, OfficialUnit, Token
from models.rights import Identity


class People:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def official_id(self, username: str) -> int:
        """Raises UnknownOfficial."""
        found = await self._session.scalar(select(Official.id).where(Official.username == username))
        if found is None:
            raise UnknownOfficial(username)
        return found

    async def put_official(self, username: str, roles: list[str], at: datetime.datetime) -> int:
        """Adds an official, or gives an existing one further roles; returns the id."""
        known = await self._session.execute(
            select(Official.id, Official.roles).where(Official.username == username).with_for_update()
        )
        if row := known.one_or_none():
            official = await self._session.get_one(Official, row.id)
            official.roles = sorted({*row.roles, *roles})
            await self._session.flush()
            return int(row.id)
        values = {"username": username, "roles": sorted(set(roles)), "created_at": at}
        added = await self._session.execute(insert(Official).values(values).returning(Official.id))
        return int(added.scalar_one())

    async def assign(self, official_id: int, units: list[int]) -> None:
        """The official reports for these units from now on, besides those it had."""
        if units:
            rows = [{"official_id": official_id, "unit_id": unit} for unit in units]
            await self._session.execute(upsert(OfficialUnit).values(rows).on_conflict_do_nothing())

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

    async def add_token(
        self, official_id: int, token_hash: bytes, at: datetime.datetime, expires_at: datetime.datetime
    ) -> None:
        """Keeps a new token's hash, and forgets this official's tokens that have expired."""
        await self._session.execute(
            delete(Token).where(Token.official_id == official_id, Token.expires_at < at)
        )
        values = {
            "official_id": official_id,
            "token_hash": token_hash,
            "created_at": at,
            "expires_at": expires_at,
        }
        await self._session.execute(insert(Token).values(values))

    async def by_token(self, token_hash: bytes, at: datetime.datetime) -> Identity | None:
        """Whose token this is, unless it is unknown or has expired."""
        query = (
            select(Official.id, Official.username, Official.roles)
            .join(Token, Token.official_id == Official.id)
            .where(Token.token_hash == token_hash, Token.expires_at > at)
        )
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            return None
        units = await self._session.scalars(
            select(OfficialUnit.unit_id).where(OfficialUnit.official_id == row.id)
        )
        return Identity(row.id, row.username, frozenset(row.roles), frozenset(units))
