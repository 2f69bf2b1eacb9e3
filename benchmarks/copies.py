"""Databases beside the stage's own, and copies of them: what one measurement adds, the next does not meet."""

import contextlib
import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit

from benchmarks.stage import Stage
from repositories.migrations import migrate


@contextlib.contextmanager
def new_database(stage: Stage) -> Iterator[Stage]:
    """The stage on a database of its own, with the product's tables; it is dropped in the end."""
    with _created(stage, "") as here:
        here.run(migrate(here.engines.database_url))
        yield here


@contextlib.contextmanager
def copied(stage: Stage) -> Iterator[Stage]:
    """The stage on a copy of its database, in which nobody else may be at work; dropped in the end.

    Its files are copied and on the disk before anybody can connect, so that nothing is left to be written
    while something is measured.
    """
    with _created(stage, f"TEMPLATE {_name_of(stage)} STRATEGY file_copy") as here:
        yield here


@contextlib.contextmanager
def _created(stage: Stage, how: str) -> Iterator[Stage]:
    name = f"benchmark_{secrets.token_hex(4)}"
    # From a database that is always there, and that nobody copies.
    outside = stage.on_database("postgres")
    outside.run(_execute(outside, f"CREATE DATABASE {name} {how}"))
    try:
        yield stage.on_database(name)
    finally:
        outside.run(_execute(outside, f"DROP DATABASE {name} WITH (FORCE)"))


def _name_of(stage: Stage) -> str:
    return urlsplit(stage.engines.database_url).path.lstrip("/")


async def _execute(stage: Stage, statement: str) -> None:
    connection = await stage.connect()
    await connection.execute(statement)
    await connection.close()
