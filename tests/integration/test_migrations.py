"""Models and migrations agree, and an empty database comes to the newest schema."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

import models.complaint_tables
import models.elections
import models.log
import models.people
import models.shapes
import models.tallies  # noqa: F401
from models.base import Base
from quart_app.embedded import Engines
from repositories.database import asyncpg_url
from repositories.migrations import current, migrate, newest


@pytest.fixture
async def empty(running_engines: Engines) -> AsyncIterator[str]:
    """The URL of a database that has nothing in it."""
    url = make_url(running_engines.database_url)
    engine = create_async_engine(asyncpg_url(running_engines.database_url), poolclass=NullPool)
    commands = engine.execution_options(isolation_level="AUTOCOMMIT")
    async with commands.connect() as connection:
        await connection.execute(text("DROP DATABASE IF EXISTS tallystream_empty"))
        await connection.execute(text("CREATE DATABASE tallystream_empty"))
    yield url.set(database="tallystream_empty").render_as_string(hide_password=False)
    async with commands.connect() as connection:
        await connection.execute(text("DROP DATABASE tallystream_empty WITH (FORCE)"))
    await engine.dispose()


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))


async def test_models_and_migrations_agree(migrated: Engines) -> None:
    engine = create_async_engine(asyncpg_url(migrated.database_url), poolclass=NullPool)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_every_check_of_the_models_is_in_the_database(migrated: Engines) -> None:
    """Alembic does not compare CHECK constraints, so their names and partial indexes are compared here."""
    engine = create_async_engine(asyncpg_url(migrated.database_url), poolclass=NullPool)
    async with engine.connect() as connection:
        checks = await connection.scalars(text("SELECT conname FROM pg_constraint WHERE contype = 'c'"))
        stored = set(checks)
        partial = await connection.execute(
            text(
                "SELECT indexname, indexdef FROM pg_indexes "
                "WHERE schemaname = 'public' AND indexdef LIKE '%WHERE%'"
            )
        )
        indexes = {row.indexname: row.indexdef for row in partial}
    await engine.dispose()
    wanted = {
        str(constraint.name)
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if constraint.__visit_name__ == "check_constraint"
    }
    assert wanted <= stored
    assert "status = 'accepted'" in indexes["uq_tallies_counted"]
    assert "UNIQUE" in indexes["uq_tallies_counted"]
    assert "parent_id IS NULL" in indexes["uq_reporting_units_root"]


async def test_an_empty_database_comes_to_the_newest_schema_once(empty: str) -> None:
    assert await current(empty) is None
    assert await migrate(empty) == (None, newest())
    assert await migrate(empty) == (newest(), newest())


async def test_two_processes_that_migrate_at_once_do_it_one_after_the_other(empty: str) -> None:
    results = await asyncio.gather(migrate(empty), migrate(empty))
    assert sorted(results, key=str) == sorted([(None, newest()), (newest(), newest())], key=str)
