"""The database: an engine, and transactions that hand out repositories sharing one session."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import cast

import asyncpg
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import QueuePool

from models.errors import DatabaseAway, Unreadable
from models.wording import say
from repositories.audit import Audit
from repositories.ballots import Ballots
from repositories.candidates import Candidates
from repositories.canvass import CanvassDecisions
from repositories.certification import CertificationRecords
from repositories.complaints import Complaints
from repositories.contests import Contests
from repositories.credentials import Credentials
from repositories.definitions import Definitions
from repositories.elections import Elections
from repositories.entries import Entries
from repositories.log import Log
from repositories.observing import Observing
from repositories.opening import Opening
from repositories.people import People
from repositories.places import Places
from repositories.previewing import Previewing
from repositories.results import Results
from repositories.review_cases import ReviewCases
from repositories.reviewing import Reviewing
from repositories.sealed import Sealed
from repositories.shapes import Shapes
from repositories.surroundings import Surroundings
from repositories.tallies import Tallies
from repositories.tries import Tries
from repositories.units import Units
from repositories.voters import Voters

# A statement that takes longer than this is given up: nobody waits for ever behind a stuck lock.
STATEMENT_SECONDS = 30
CONNECT_SECONDS = 5
# How long a use case waits for a free connection before it says that the database is unavailable.
POOL_SECONDS = 10

# SQLSTATE classes (PostgreSQL, appendix A) of a server that is not there, that is stopping, starting or
# recovering from a crash, that has no connection, memory or disk space left, or has given us up.
_AWAY = ("08", "57P", "53", "25P03")
# A NUL character, which a client can put into an address; on a tally it is found before.
_NOT_STORABLE = "22021"

# Intake's statements touch a few rows of tables that may have grown a thousandfold since their plan
# was made. An index lookup for each row is right at every size; a hash of the table only at first.
ALWAYS_BY_INDEX = {
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_material": "off",
}

# Whoever holds the head of a log holds up all hosts. One that vanishes with it, by a pulled cable or a
# power cut, is not heard of again, and PostgreSQL would wait for hours.
LETS_OTHERS_ON = {"idle_in_transaction_session_timeout": "5s"}


class Repositories:
    """All repositories, on one session."""

    def __init__(self, session: AsyncSession) -> None:
        self.audit = Audit(session)
        self.ballots = Ballots(session)
        self.candidates = Candidates(session)
        self.certification = CertificationRecords(session)
        self.canvass = CanvassDecisions(session)
        self.complaints = Complaints(session)
        self.contests = Contests(session)
        self.credentials = Credentials(session)
        self.definitions = Definitions(session)
        self.elections = Elections(session)
        self.entries = Entries(session)
        self.log = Log(session)
        self.observing = Observing(session)
        self.opening = Opening(session)
        self.people = People(session)
        self.places = Places(session)
        self.previewing = Previewing(session)
        self.results = Results(session)
        self.review_cases = ReviewCases(session)
        self.reviewing = Reviewing(session)
        self.sealed = Sealed(session)
        self.shapes = Shapes(session)
        self.surroundings = Surroundings(session)
        self.tallies = Tallies(session)
        self.tries = Tries(session)
        self.voters = Voters(session)
        self.units = Units(session)


def asyncpg_url(url: str) -> URL:
    """`postgresql://…` as asyncpg wants it; libpq's `sslmode` is called `ssl` there."""
    parsed = make_url(url).set(drivername="postgresql+asyncpg")
    if mode := parsed.query.get("sslmode"):
        parsed = parsed.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    return parsed


class Database:
    """One pool of connections. Make it where an event loop runs, and dispose of it there."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int,
        pre_ping: bool = True,
        settings: Mapping[str, str] | None = None,
        statement_seconds: float = STATEMENT_SECONDS,
    ) -> None:
        """`pre_ping` asks a pooled connection for a sign of life before it is used: after the database
        was restarted, nobody meets a dead one. Without it a round trip is saved, and callers try again.
        """
        self._engine: AsyncEngine = create_async_engine(
            asyncpg_url(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=POOL_SECONDS,
            pool_pre_ping=pre_ping,
            # What a statement was about may be personal, and errors are logged.
            hide_parameters=True,
            connect_args={
                "timeout": CONNECT_SECONDS,
                "command_timeout": statement_seconds,
                "server_settings": {"application_name": "tallystream", "jit": "off", **(settings or {})},
            },
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        snapshots = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._snapshots = async_sessionmaker(snapshots, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Repositories]:
        """Leaving the block commits; an error rolls back. Raises DatabaseAway when it cannot be reached."""
        async with away_is_said(), self._sessions.begin() as session:
            yield Repositories(session)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Repositories]:
        """Reads only, and all its reads see the same moment. Raises DatabaseAway likewise."""
        async with away_is_said(), self._snapshots.begin() as session:
            yield Repositories(session)

    async def ping(self) -> None:
        """Asks the database for a sign of life. Raises DatabaseAway."""
        async with away_is_said(), self._engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    @property
    def size(self) -> int:
        """Connections that there are at most."""
        return self._pool.size()

    @property
    def in_use(self) -> int:
        """Connections that somebody works with just now."""
        return self._pool.checkedout()

    @property
    def _pool(self) -> QueuePool:
        return cast(QueuePool, self._engine.pool)

    async def dispose(self) -> None:
        await self._engine.dispose()


@asynccontextmanager
async def away_is_said() -> AsyncIterator[None]:
    try:
        yield
    except (InterfaceError, OperationalError, PoolTimeout, OSError, TimeoutError) as error:
        raise DatabaseAway from error
    except asyncpg.InterfaceError as error:
        raise DatabaseAway from error
    except asyncpg.PostgresError as error:
        _forget_row(error)
        if str(error.sqlstate).startswith(_AWAY):
            raise DatabaseAway from error
        raise
    except DBAPIError as error:
        _forget_rows(error)
        state = str(getattr(error.orig, "sqlstate", ""))
        if error.connection_invalidated or state.startswith(_AWAY):
            raise DatabaseAway from error
        if state == _NOT_STORABLE:
            raise Unreadable(say("A text holds a NUL character (U+0000); leave it out.")) from error
        raise


def _forget_rows(error: DBAPIError) -> None:
    """PostgreSQL quotes in its details the row that it refused, with all that is secret in it."""
    cause: BaseException | None = error.orig
    while cause is not None:
        _forget_row(cause)
        cause = cause.__cause__


def _forget_row(error: BaseException) -> None:
    if hasattr(error, "detail"):
        error.detail = None
