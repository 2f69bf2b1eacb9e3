"""`tallystream watch`: the live results stream of a server, followed in the terminal."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import click
import httpx
import msgspec
from rich.live import Live
from rich.table import Table
from rich.text import Text

from models.results import ContestResults
from quart_app.cli.access import anyone
from quart_app.cli.addresses import SERVER, Server
from quart_app.cli.results import percent
from quart_app.cli.running import Failure, run
from quart_app.settings import load_settings

# A stream shows that it is alive every 15 seconds; one that is silent for longer is opened again.
SILENCE_SECONDS = 40.0
CONNECT_SECONDS = 10.0
PAUSE_SECONDS = 2.0
LEADING_SHOWN = 2


class Heartbeat(msgspec.Struct):
    lag: float


class _Problem(msgspec.Struct):
    title: str


class _Away(Exception):
    """The stream has broken; the message says why."""


_read_contest = msgspec.json.Decoder(ContestResults).decode
_read_heartbeat = msgspec.json.Decoder(Heartbeat).decode


@anyone
@click.command()
@click.argument("code")
@click.option("--url", "server", required=True, type=SERVER, help="The server, as https://localhost:8443.")
def watch(code: str, server: Server) -> None:
    """Follow the live results of the election CODE until Ctrl-C."""
    server.check()
    board = Board(code, server)
    with contextlib.suppress(KeyboardInterrupt), Live(get_renderable=board.shown, refresh_per_second=4):
        run(board.follow())


class Board:
    """What is known of an election's results, and of the stream they come by."""

    def __init__(self, code: str, server: Server) -> None:
        self._code = code
        self._server = server
        self._contests: dict[str, ContestResults] = {}
        self._state = "connecting"
        self._heard_at = time.monotonic()
        self._lag = 0.0

    async def follow(self) -> None:
        """Follows the stream for ever, opening it again when it breaks. Raises Failure."""
        trust = self._server.trust(load_settings())
        timeout = httpx.Timeout(CONNECT_SECONDS, read=SILENCE_SECONDS)
        trusted = not self._server.is_loopback
        async with httpx.AsyncClient(http2=True, verify=trust, timeout=timeout, trust_env=trusted) as client:
            while True:
                try:
                    await self._stream(client)
                    reason = "the server ended the stream"
                except (httpx.HTTPError, _Away) as error:
                    reason = str(error) or type(error).__name__
                self._state = f"reconnecting: {reason}"
                await asyncio.sleep(PAUSE_SECONDS)

    async def _stream(self, client: httpx.AsyncClient) -> None:
        address = f"{self._server.http}/api/v1/elections/{self._code}/results/stream"
        async with client.stream("GET", address) as response:
            if response.status_code >= 500:
                raise _Away(f"the server answered {response.status_code}")
            if response.status_code != 200:
                raise Failure(
                    _title(await response.aread()) or f"The server answered {response.status_code}."
                )
            self._state = "connected"
            async for name, data in _events(response.aiter_lines()):
                self._take(name, data)

    def _take(self, name: str, data: str) -> None:
        self._heard_at = time.monotonic()
        if name == "results":
            contest = _read_contest(data)
            self._contests[contest.contest] = contest
            self._lag = 0.0
        elif name == "heartbeat":
            self._lag = _read_heartbeat(data).lag

    def shown(self) -> Table | Text:
        return self._table() if self._contests else Text(self._state)

    def _table(self) -> Table:
        silent = time.monotonic() - self._heard_at
        state = f"{self._state} · heard {silent:.0f} s ago · at most {silent + self._lag:.1f} s old"
        table = Table(title=Text(f"{self._code} at {self._server.http}"), caption=Text(state))
        table.add_column("Contest", ratio=2)
        table.add_column("Leading", ratio=3, no_wrap=True, overflow="ellipsis")
        for heading in ("Turnout", "Precincts"):
            table.add_column(heading, justify="right", no_wrap=True)
        for contest in self._contests.values():
            reported = f"{contest.units_reported:,} of {contest.units_expected:,}\n{_state(contest)}"
            table.add_row(Text(contest.name), _leading(contest), percent(contest.turnout), reported)
        return table


def _state(contest: ContestResults) -> str:
    """Its status, and whether what is outstanding can still change it."""
    words: list[str] = [contest.status]
    if contest.outlook and contest.status != "certified":
        words.append(contest.outlook.call)
    if contest.recount_due:
        words.append("recount due")
    return ", ".join(words)


def _leading(contest: ContestResults) -> Text:
    shown = contest.selections[:LEADING_SHOWN]
    return Text("\n".join(f"{percent(selection.share)} {selection.name}" for selection in shown))


def _title(problem: bytes) -> str:
    try:
        return msgspec.json.decode(problem, type=_Problem).title
    except msgspec.DecodeError:
        return ""


async def _events(lines: AsyncIterator[str]) -> AsyncIterator[tuple[str, str]]:
    """Names and data of server-sent events (WHATWG HTML, 9.2.6), as far as a server of ours sends them."""
    name = "message"
    data: list[str] = []
    async for line in lines:
        field, _, value = line.partition(":")
        if not line:
            if data:
                yield name, "\n".join(data)
            name, data = "message", []
        elif field == "event":
            name = value.removeprefix(" ")
        elif field == "data":
            data.append(value.removeprefix(" "))
