"""What commands stand on: running engines, open services, an event loop, and codes as they are typed."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import click
import uvloop
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column

from models.codes import MAX_CODE, make_code
from models.errors import FieldError
from quart_app.cli.access import require_operator
from quart_app.embedded import engines
from quart_app.settings import Settings, load_settings
from quart_app.wiring import Services
from repositories.migrations import current, migrate, newest

T = TypeVar("T")

_FIELDS_SHOWN = 3


class Failure(click.ClickException):
    """A failure that one line explains; exit status 1."""


def in_brackets(errors: Sequence[FieldError]) -> str:
    """The first of a message's field errors, to stand behind its title."""
    shown = [f"{fault.field}: {fault.message}" for fault in errors[:_FIELDS_SHOWN]]
    if len(errors) > len(shown):
        shown.append(f"and {len(errors) - len(shown)} more")
    return f" ({'; '.join(shown)})" if shown else ""


def run(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


async def together(parts: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Runs all parts at once. The first that fails ends the others; its error is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(part)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


@contextlib.contextmanager
def running_engines() -> Iterator[Settings]:
    """Settings with the addresses of engines that run: named there, joined, or started for this command.

    Raises SettingsError and EngineUnavailable, and UndeclaredAccess in a command that is for anyone.
    """
    require_operator()
    settings = load_settings()
    with engines(settings.data, database_url=settings.database_url, redis_url=settings.redis_url) as running:
        yield settings.with_engines(running.database_url, running.redis_url)


@contextlib.asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Services that announce what they change to the servers that run."""
    house = Services(settings)
    house.start()
    try:
        yield house
    finally:
        await house.close()


def with_services(work: Callable[[Services], Awaitable[T]], *, migrating: bool = False) -> T:
    """Runs a use case on running engines; `migrating` brings the database to the newest schema first.

    Raises Failure where the schema is another, besides what `work` raises.
    """

    async def in_house() -> T:
        url = settings.database_url or ""
        if migrating:
            await migrate(url)
        elif await current(url) != newest():
            raise Failure("The database does not have this program's schema; run: tallystream migrate")
        async with open_services(settings) as house:
            return await work(house)

    with running_engines() as settings:
        return run(in_house())


@contextlib.contextmanager
def leaving_on_sigterm() -> Iterator[None]:
    """A SIGTERM leaves the block like an exception, so that no child stays behind."""

    def leave(number: int, _frame: object) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def progress_bar(figures: ProgressColumn | None = None) -> Progress:
    """A progress bar on standard error, and none where that is no terminal."""
    console = Console(stderr=True)
    return Progress(
        BarColumn(None, table_column=Column(ratio=1)),
        figures or MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=console,
        expand=True,
        disable=not console.is_terminal,
    )


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def election_code(_context: click.Context, _parameter: click.Parameter, code: str) -> str:
    """A callback for parameters that name a new election."""
    if not code or make_code(code) != code or len(code) > MAX_CODE:
        suggestion = make_code(code)[:MAX_CODE].strip("-")
        hint = f"; perhaps {suggestion!r}" if suggestion else ""
        raise click.BadParameter(
            f"{code!r} is not a code of lower-case letters, digits and single hyphens{hint}"
        )
    return code
