"""Models and migrations agree, and an empty database comes to the newest schema."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
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
from quart_app.wiring import Services
from repositories.database import asyncpg_url
from repositories.migrations import alembic_config, current, migrate, newest
from tests.building import FIGURES, REGISTERED, a_tally, every_tally, tiny_election, unbalanced
from tests.desk import define


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


async def test_what_is_counted_already_is_a_part_of_the_sums_that_an_upgrade_adds(
    house: Services, empty: str
) -> None:
    """A database of before the canvass comes to what the same tallies would have made of it now."""
    desk = await define(house, tiny_election(registered={**REGISTERED, "south-2": None}))
    await desk.receipts(*every_tally())
    await desk.receipts(unbalanced(revision=2, reason="Counted anew"))
    none = dict.fromkeys(FIGURES["measure"]["votes"], 0)
    nothing = {"votes": none, "ballots_cast": 0, "undervotes": 0}
    await desk.receipts(a_tally("south-1", "measure", revision=2, reason="The wrong box", **nothing))
    await _copy_as_of("0004", desk.database_url, empty)

    await migrate(empty)

    for table, key in _SUMMED.items():
        rows = f"SELECT to_jsonb(t) FROM {table} t ORDER BY {key}"
        assert await _rows(empty, rows) == await _rows(desk.database_url, rows)
    moved = "UPDATE tallies SET vector = 1"
    with pytest.raises(IntegrityError, match="append-only"):
        await _rows(empty, moved)


_SUMMED = {
    "tallies": "seq",
    "contest_totals": "contest_id, unit_id",
    "selection_totals": "selection_id, unit_id",
}


async def _copy_as_of(revision: str, source: str, target: str) -> None:
    """Brings an empty database to a revision, and fills it with what it can hold of another one."""
    columns = """
        SELECT table_name, string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name <> 'alembic_version' GROUP BY table_name"""
    engine = create_async_engine(asyncpg_url(target), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade_to, revision)
    async with engine.begin() as connection:
        # Rows come in no order, and what guards them was past when they were written.
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table, names in (await connection.execute(text(columns))).all():
            [(rows,)] = await _rows(source, f"SELECT coalesce(json_agg(t), '[]')::text FROM {table} t")
            await connection.execute(
                text(
                    f"INSERT INTO {table} ({names}) "
                    f"SELECT {names} FROM json_populate_recordset(CAST(NULL AS {table}), CAST(:rows AS json))"
                ),
                {"rows": rows},
            )
    await engine.dispose()


def _upgrade_to(connection: Connection, revision: str) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


async def _rows(url: str, query: str) -> list[tuple[object, ...]]:
    engine = create_async_engine(asyncpg_url(url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            result = await connection.execute(text(query))
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        await engine.dispose()
