"""The product's own server and sealing, with a single-row INSERT for each voter, committed at the end."""

from collections.abc import AsyncIterator

import msgspec
from quart import Quart
from sqlalchemy import insert

import quart_app
from models.people import Voter
from models.rights import Actor
from quart_app.wiring import Services
from repositories.database import Repositories
from repositories.voters import SealedVoter
from services.bulk import ADDED, Raw, RowResult, refused
from services.clock import utc_now
from services.registration import Registration

_INSERT = insert(Voter).returning(Voter.id)


class OneInsertARow(Registration):
    async def register(
        self, election: str, chunks: AsyncIterator[list[Raw]], by: Actor
    ) -> AsyncIterator[list[RowResult]]:
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_register(election)
            precincts = await repos.voters.precincts(state.id)
            async for chunk in chunks:
                read = await self._read(chunk, precincts)
                yield [
                    RowResult(row, ADDED, str(await _add(repos, state.id, voter)))
                    if isinstance(voter, SealedVoter)
                    else refused(row, *voter)
                    for row, voter in read
                ]


async def _add(repos: Repositories, election_id: int, voter: SealedVoter) -> int:
    at = utc_now()
    times = {"registered_at": at, "changed_at": at, "removal_reason": ""}
    values = {"election_id": election_id, **msgspec.structs.asdict(voter), **times}
    return int(await repos.voters._session.scalar(_INSERT, values) or 0)


def create_app() -> Quart:
    app = quart_app.create_app()

    @app.before_serving
    async def take_its_place() -> None:
        house: Services = app.extensions["tallystream"]
        house.registration = OneInsertARow(house.database, utc_now, house.vault)

    return app
