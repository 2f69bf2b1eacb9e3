"""Real engines for the whole run: PostgreSQL and Valkey of our own, or those of the environment."""

import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import cast

import hypothesis
import pytest
from quart import Quart
from quart.typing import TestClientProtocol
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from models.base import Base
from quart_app import create_app
from quart_app.embedded import Engines, engines
from quart_app.settings import Settings, load_settings
from quart_app.wiring import Services
from repositories.database import asyncpg_url
from repositories.migrations import migrate
from tests.sockets import client_of

# However much else this machine does: overload has tests of its own.
PATIENT = {"TALLYSTREAM_OVERLOAD_LATE": "60"}
# Tests run side by side on whatever machine there is: how long an example takes says nothing.
hypothesis.settings.register_profile("side by side", deadline=None)
hypothesis.settings.load_profile("side by side")

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def running_engines() -> Iterator[Engines]:
    """The engines of the test run. A database named in the environment is emptied between tests."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        # As root, PostgreSQL runs as `nobody`, who must be able to pass through.
        Path(folder).chmod(0o711)
        yield stack.enter_context(_engines(Path(folder)))


def _engines(folder: Path) -> contextlib.AbstractContextManager[Engines]:
    return engines(
        folder,
        database_url=os.environ.get("TEST_DATABASE_URL"),
        redis_url=os.environ.get("TEST_REDIS_URL"),
        durable=False,
    )


@pytest.fixture(scope="session")
async def migrated(running_engines: Engines) -> Engines:
    await migrate(running_engines.database_url)
    return running_engines


@pytest.fixture
async def clean(migrated: Engines) -> AsyncIterator[Engines]:
    """Engines with an empty database."""
    engine = create_async_engine(asyncpg_url(migrated.database_url), poolclass=NullPool)
    async with engine.begin() as connection:
        await _empty(connection)
    yield migrated
    await engine.dispose()


async def _empty(connection: AsyncConnection) -> None:
    """Deletes the rows there are, past the triggers, and counts ids from 1 again.

    TRUNCATE would make new files for every table and index; thousands of tests leave so many behind
    that the database stands still for seconds while it removes them.
    """
    await connection.execute(text("SET LOCAL session_replication_role = replica"))
    names = [table.name for table in Base.metadata.sorted_tables]
    filled = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names)
    for name in list(await connection.scalars(text(filled))):
        await connection.execute(text(f"DELETE FROM {name}"))
    begun = "SELECT setval(sequencename::regclass, 1, false) FROM pg_sequences WHERE last_value IS NOT NULL"
    await connection.execute(text(begun))


@pytest.fixture
def settings(clean: Engines, tmp_path: Path) -> Settings:
    # Rate limits have tests of their own; in others they would count requests of tests before.
    environ = {"TALLYSTREAM_DATA": str(tmp_path / "data"), "TALLYSTREAM_REQUESTS_LIMITS": "false", **PATIENT}
    loaded = load_settings(environ)
    return loaded.with_engines(clean.database_url, clean.redis_url)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Quart]:
    """The application, serving."""
    made = create_app(settings)
    async with made.test_app():
        yield made


@pytest.fixture
def client(app: Quart) -> TestClientProtocol:
    return cast(TestClientProtocol, client_of(app))


@pytest.fixture
def house(app: Quart) -> Services:
    """The services behind the application."""
    found: Services = app.extensions["tallystream"]
    return found


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real precinct results; skips, and says so, where it is not there."""
    if not DATA.is_dir():
        pytest.skip(f"real election data is not beside the checkout ({DATA})")
    return DATA
