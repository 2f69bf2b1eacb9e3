"""Tallies taken one by one: a session and a commit for each message. The work in it is the product's."""

import os
from collections.abc import Callable

import msgspec
from quart import Quart, websocket
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from models.ballot_book import BallotBook
from models.batch import Recorded, Sender, Submission
from models.errors import Invalid
from models.recording import Recorder
from models.submissions import check_against, read_tally
from repositories.database import ALWAYS_BY_INDEX, Repositories, asyncpg_url
from services.clock import utc_now
from services.intake import looked_up

DATABASE_URL = asyncpg_url(os.environ.get("DATABASE_URL", "postgresql://"))
# The same planner settings as the product's, so that only sessions and commits differ.
CONNECT_ARGS = {"server_settings": {"jit": "off", **ALWAYS_BY_INDEX}}
OFFICIAL = int(os.environ.get("BENCHMARK_OFFICIAL", "0"))

Session = Callable[[], AsyncSession]


async def take(session: Session, book: BallotBook, frame: str | bytes) -> bytes:
    """Reads, checks and records a tally, and returns its receipt once it is committed."""
    tally = read_tally(frame)
    if errors := check_against(tally, book):
        raise Invalid(errors)
    submission = Submission.of(tally, Sender(OFFICIAL, "ws"), book)
    place = (book.contests[tally.contest].id, book.precincts[tally.precinct].id)
    async with session() as open_session, open_session.begin():
        repos = Repositories(open_session)
        recorded = Recorded.begin(await repos.log.lock_head(book.election_id), utc_now())
        state = await repos.tallies.state(book.election_id, [place], [submission])
        surrounding = await repos.surroundings.of(book, [place], *looked_up(book, [submission]))
        Recorder(book, state.election_status, state.standings, state.earlier, surrounding, recorded).take(
            submission
        )
        await repos.tallies.write(book.election_id, recorded)
    return msgspec.json.encode(recorded.answers[0])


async def ballot_book(session: Session, election: str) -> BallotBook:
    async with session() as open_session:
        elections = Repositories(open_session).elections
        return await elections.book(await elections.get(election))


def serving(make_engine: Callable[[], AsyncEngine]) -> Quart:
    """An application that takes tallies over WebSocket with sessions on the engine given."""
    app = Quart(__name__)
    books: dict[str, BallotBook] = {}

    @app.before_serving
    async def start() -> None:
        app.extensions["session"] = async_sessionmaker(make_engine())

    @app.websocket("/api/v1/elections/<election>/tallies/ws")
    async def tallies(election: str) -> None:
        session: Session = app.extensions["session"]
        if election not in books:
            books[election] = await ballot_book(session, election)
        await websocket.send('{"type":"welcome"}')
        while True:
            receipt = await take(session, books[election], await websocket.receive())
            await websocket.send(receipt.decode())

    return app
