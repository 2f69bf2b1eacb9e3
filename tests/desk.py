"""The election authority's desk in tests: officials, tallies, and questions to the database itself."""

import asyncio
import datetime
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from models.batch import Receipt
from models.definitions import ElectionDefinition
from models.errors import DomainError
from models.rights import Actor, Identity, Role
from models.submissions import TallySubmission
from quart_app.wiring import Services
from repositories.database import asyncpg_url
from services.elections import Change
from services.intake import Answer

T = TypeVar("T")

DEADLINE = 15.0
"""Seconds that a test waits for what must come. Only a failing test ever waits so long."""


class Official(msgspec.Struct, frozen=True):
    identity: Identity
    token: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class Desk:
    def __init__(self, house: Services, election: str) -> None:
        self.house = house
        self.election = election
        self.path = f"/api/v1/elections/{election}"
        self.database_url = house.settings.database_url or ""

    async def official(
        self,
        username: str = "olga",
        *,
        roles: Sequence[str] = ("officer",),
        units: Sequence[str] = ("country",),
    ) -> Official:
        await self.house.officials.add(username, roles, units, self.election)
        token = (await self.house.credentials.issue_token(username, datetime.timedelta(hours=1))).token
        return Official(await self.house.credentials.by_token(token), token)

    async def send(
        self,
        *tallies: TallySubmission | DomainError,
        by: Official | None = None,
        house: Services | None = None,
    ) -> list[Answer]:
        by = by or await self.official()
        return await (house or self.house).intake.submit(self.election, by.identity, "ws", tallies)

    async def receipts(self, *tallies: TallySubmission, by: Official | None = None) -> list[Receipt]:
        answers = await self.send(*tallies, by=by)
        assert all(isinstance(answer, Receipt) for answer in answers), answers
        return [answer for answer in answers if isinstance(answer, Receipt)]

    async def sql(self, query: str, **parameters: Any) -> Sequence[Row[Any]]:
        """Asks the database itself, or tells it to do something, in a transaction of its own."""
        engine = create_async_engine(asyncpg_url(self.database_url), poolclass=NullPool)
        try:
            async with engine.begin() as connection:
                result = await connection.execute(text(query), parameters)
                return result.all() if result.returns_rows else []
        finally:
            await engine.dispose()

    async def votes(self, contest: str = "president", unit: str | None = None) -> dict[str, int | None]:
        """Votes by selection, as staff see them."""
        if unit is None:
            view = await self.house.results.current(self.election)
            results = view.contest(contest, staff=True).results
        else:
            results = await self.house.results.in_unit(self.election, contest, unit, staff=True)
        return {selection.code: selection.votes for selection in results.selections}


async def define(house: Services, definition: ElectionDefinition, *, released: bool = True) -> Desk:
    await house.elections.define(definition, opened=True, released=released)
    return Desk(house, definition.code)


async def administrator(house: Services, username: str) -> Actor:
    """An administrator who acts in a browser, added where there is none of this name."""
    await house.officials.add(username, [Role.ADMINISTRATOR], [])
    async with house.database.snapshot() as repos:
        return Actor((await repos.people.member(username)).id, username, "", "web")


async def certify(house: Services, election: str = "tiny", reason: str = "a test needs it") -> None:
    """Two administrators certify a closed election; the reason is for whatever is missing."""
    await house.certification.ask(election, await administrator(house, "cleo"), reason)
    await house.certification.confirm(election, await administrator(house, "carl"))


async def move(house: Services, election: str, change: Change, reason: str = "a test needs it") -> None:
    """One step of an election's life, whoever has to take it."""
    if change == "certify":
        await certify(house, election, reason)
    else:
        await house.elections.move(election, change, reason)


async def soon(coming: Awaitable[T]) -> T:
    """The value, or a failure when it does not come."""
    return await asyncio.wait_for(coming, DEADLINE)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Waits until something holds that no event tells of."""
    async with asyncio.timeout(DEADLINE):
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def refusal(answer: Answer) -> str:
    """The code of a problem."""
    assert isinstance(answer, DomainError), answer
    return answer.code
