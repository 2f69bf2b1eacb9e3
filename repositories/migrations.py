"""Brings a database to the newest schema, and tells whether it is there."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from repositories.database import asyncpg_url, away_is_said

T = TypeVar("T")

# Any number will do, as long as every migrating process takes the same lock.
_LOCK = text("SELECT pg_advisory_lock(7411)")

_FOLDER = Path(__file__).resolve().parent.parent / "models" / "migrations"


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config


def newest() -> str | None:
    """The newest revision that this program knows."""
    return ScriptDirectory(str(_FOLDER)).get_current_head()


async def migrate(url: str) -> tuple[str | None, str | None]:
    """Upgrades to the newest schema; returns the revisions before and after. Raises DatabaseAway.

    Two processes that start at once do it one after the other.
    """
    return await _with_connection(url, _upgrade)


async def current(url: str) -> str | None:
    """The revision that the database is at; None for an empty one. Raises DatabaseAway."""
    return await _with_connection(url, _current)


async def _with_connection(url: str, work: Callable[[Connection], T]) -> T:
    engine = create_async_engine(asyncpg_url(url), poolclass=NullPool)
    try:
        async with away_is_said(), engine.connect() as connection:
            result = await connection.run_sync(work)
            await connection.commit()
            return result
    finally:
        await engine.dispose()


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection) -> tuple[str | None, str | None]:
    connection.execute(_LOCK)
    before = _current(connection)
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return before, _current(connection)
