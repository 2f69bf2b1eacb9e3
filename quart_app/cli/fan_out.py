"""`tallystream fan-out`: live results into the memory of an nginx with Nchan on the same machine."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator

import click
from hypercorn.asyncio import serve
from hypercorn.config import Config

from quart_app.cli.access import operator
from quart_app.cli.addresses import SERVER, Server
from quart_app.cli.running import Failure, run, running_engines
from quart_app.connections import listening
from quart_app.fan_out.door import Door
from quart_app.fan_out.nchan import Nchan
from quart_app.settings import Settings
from repositories.database import Database
from repositories.migrations import current, newest
from services.broker import Broker
from services.results import ResultsService

HOST = "127.0.0.1"
# Elections are read one at a time, each by a statement or two.
POOL_SIZE = 4


@operator
@click.command("fan-out")
@click.option(
    "--to",
    "nginx",
    type=SERVER,
    default="http://127.0.0.1:8081",
    show_default=True,
    help="Where nginx takes messages for Nchan.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8082,
    show_default=True,
    help="Of 127.0.0.1, where nginx asks which channels a viewer may follow.",
)
def fan_out(nginx: Server, port: int) -> None:
    """Feed nginx with Nchan, which serves the live results to the public (docs/fan-out.md).

    It follows every election that is asked for, like a server does, and needs the same DATABASE_URL and
    REDIS_URL, but none of the keys. Run it beside each nginx.
    """
    with running_engines() as settings:
        run(_feed(settings, nginx, port))


async def _feed(settings: Settings, nginx: Server, port: int) -> None:
    if await current(settings.database_url or "") != newest():
        raise Failure("The database does not have this program's schema; run: tallystream migrate")
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    bound = listening(f"{HOST}:{port}", backlog=128, shared=False)
    config = Config()
    config.bind = [f"fd://{bound.detach()}"]
    config.include_server_header = False
    async with _door(settings, nginx) as door:
        await serve(door, config, shutdown_trigger=stopping.wait)


@contextlib.asynccontextmanager
async def _door(settings: Settings, nginx: Server) -> AsyncIterator[Door]:
    """What follows results and tells nginx of them: of the rooms only what that needs, and no keys."""
    database = Database(settings.database_url or "", pool_size=POOL_SIZE)
    results = ResultsService(database)
    broker = Broker(settings.redis_url or "", [results])
    broker.start()
    try:
        async with Nchan(nginx.http) as nchan:
            door = Door(results, nchan, settings.live, lambda: broker.connected)
            try:
                yield door
            finally:
                await door.close()
    finally:
        await broker.close()
        await results.close()
        await database.dispose()
