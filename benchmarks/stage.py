"""Where everything is measured: real engines, fictional elections, and servers one at a time."""

import asyncio
import contextlib
import copy
import datetime
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncpg
import msgspec

from benchmarks.load.wire import HOST, Connection, WrongAnswer
from benchmarks.machine import allow_many_connections, cores
from models.batch import Receipt
from models.definitions import ElectionDefinition
from models.fictional import fictional_election
from models.submissions import TallySubmission
from quart_app.embedded import Engines, engines
from quart_app.settings import ROOT, load_settings
from quart_app.wiring import Services
from repositories.migrations import migrate
from services.results import View, read_view

T = TypeVar("T")

TOKEN_HOURS = 2
START_SECONDS = 120.0
"""For a server with all its processes, on a machine that has much else to do."""


def _nothing(folder: Path, port: int) -> None:
    pass


class Server(msgspec.Struct, frozen=True):
    """How a row's server is started.

    `{port}` in the command stands for where it has to listen, `{folder}` for a folder where `prepare` has
    put what the server needs.
    """

    name: str
    command: tuple[str, ...]
    prepare: Callable[[Path, int], None] = _nothing
    anywhere: bool = False
    """Whether it may run on every core, the load's too."""


def on_uvicorn(name: str, application: str) -> Server:
    """A row that uvicorn serves in one process, on its fastest event loop and parser."""
    uvicorn = (sys.executable, "-m", "uvicorn", "--loop", "uvloop", "--http", "httptools")
    quiet = ("--no-access-log", "--log-level", "warning")
    return Server(name, (*uvicorn, *quiet, "--host", HOST, "--port", "{port}", application))


def on_hypercorn(name: str, application: str) -> Server:
    """A row that Hypercorn serves in one process, with the settings of config.toml for all alike."""
    hypercorn = (sys.executable, "-m", "hypercorn", "--config", "config.toml", "--workers", "0")
    return Server(name, (*hypercorn, "--bind", HOST + ":{port}", application))


class Running(msgspec.Struct, frozen=True):
    """A server that listens on `port`."""

    port: int
    pid: int

    def kilobytes(self) -> int:
        """The resident memory of all its processes."""
        return sum(self._status("VmRSS"))

    def peak_kilobytes(self) -> int:
        """The most resident memory that each of its processes has ever had."""
        return sum(self._status("VmHWM"))

    def _status(self, name: str) -> Iterator[int]:
        for process in self.processes():
            for line in (process / "status").read_text().splitlines():
                if line.startswith(f"{name}:"):
                    yield int(line.split()[1])

    def cpu_seconds(self) -> float:
        """The processor time that they have used: the cost of work, whatever else the machine does."""
        return sum(cpu_seconds_of(process) for process in self.processes())

    def processes(self) -> list[Path]:
        """The process itself, and what it has started: each row's server leads a group of its own."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if int(_fields_of(process)[2]) == self.pid:
                    found.append(process)
        if not found:
            raise WrongAnswer("the server has ended")
        return found


def cpu_seconds_of(process: Path) -> float:
    """The processor time that one process has used, by its folder in /proc."""
    fields = _fields_of(process)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _fields_of(process: Path) -> list[str]:
    """What stands in its `stat` behind the name, which may hold anything: state, parent, group, …"""
    return (process / "stat").read_text().rpartition(")")[2].split()


class Election(msgspec.Struct, frozen=True):
    """An open election with its figures released, and an officer of all its precincts."""

    code: str
    token: str
    official: int
    tallies: tuple[TallySubmission, ...]

    @property
    def path(self) -> str:
        return f"/api/v1/elections/{self.code}"

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class Stage:
    def __init__(self, running: Engines, folder: Path) -> None:
        self.engines = running
        self.folder = folder
        # Before this process is put on one of them: it would not see the other ones any more.
        self.cores = os.sched_getaffinity(0)
        self.server_core, self.load_core = cores()
        self._settings = load_settings({"TALLYSTREAM_DATA": str(folder / "data")}).with_engines(
            running.database_url, running.redis_url
        )
        self._elections = 0

    def on_database(self, name: str) -> "Stage":
        """The same stage, with another database of its PostgreSQL."""
        url = urlsplit(self.engines.database_url)._replace(path=f"/{name}").geturl()
        other = copy.copy(self)
        other.engines = msgspec.structs.replace(self.engines, database_url=url)
        other._settings = self._settings.with_engines(url, self.engines.redis_url)
        return other

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(work)

    def election(self, precincts: int) -> Election:
        """A new election, like every other of this size but for its code."""
        self._elections += 1
        fictional = fictional_election(precincts=precincts)
        code = f"election-{self._elections}"
        return self.defined(msgspec.structs.replace(fictional.definition, code=code), fictional.tallies)

    def defined(self, definition: ElectionDefinition, tallies: tuple[TallySubmission, ...]) -> Election:
        """An election by its definition, with tallies that can be counted in it."""
        return self.run(self._defined(definition, tallies))

    async def _defined(
        self, definition: ElectionDefinition, tallies: tuple[TallySubmission, ...]
    ) -> Election:
        code = definition.code
        async with self.services() as house:
            await house.elections.define(definition, opened=True, released=True)
            token = await house.officials.root_officer_token(code, datetime.timedelta(hours=TOKEN_HOURS))
            official = (await house.credentials.by_token(token)).member_id
        return Election(code, token, official, tallies)

    def registrar(self) -> dict[str, str]:
        """The header of somebody who may register voters."""
        return {"Authorization": f"Bearer {self.run(self._registrar('rita'))}"}

    async def _registrar(self, username: str) -> str:
        async with self.services() as house:
            await house.officials.add(username, ["registrar"], [])
            token = await house.credentials.issue_token(username, datetime.timedelta(hours=TOKEN_HOURS))
            return str(token.token)

    def count(self, election: Election, tallies: Sequence[TallySubmission]) -> View:
        """Records tallies, and returns the results with them."""
        return self.run(self._count(election, tallies))

    async def _count(self, election: Election, tallies: Sequence[TallySubmission]) -> View:
        async with self.services() as house:
            officer = await house.credentials.by_token(election.token)
            answers = await house.intake.submit(election.code, officer, "http", tallies)
            if not all(isinstance(answer, Receipt) for answer in answers):
                raise WrongAnswer(f"a tally was refused: {answers[:3]}")
            return await read_view(house.database, election.code)

    @contextlib.asynccontextmanager
    async def services(self) -> Any:
        """The product's own, with no server before them."""
        house = Services(self._settings)
        try:
            yield house
        finally:
            await house.close()

    async def connect(self) -> asyncpg.Connection:
        """The database, seen from outside."""
        return await asyncpg.connect(self.engines.database_url)

    @contextlib.contextmanager
    def serving(self, server: Server, **environment: str) -> Iterator[Running]:
        """Runs a row's server, on a core of its own if it asks for nothing else.

        Raises WrongAnswer where it does not come up.
        """
        port = free_port()
        server.prepare(self.folder, port)
        command = [word.format(port=port, folder=self.folder) for word in server.command]
        log = self.folder / f"{server.name}.log"
        with log.open("wb") as output, on_cores(self.cores if server.anywhere else {self.server_core}):
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **self._environment(), **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,
            )
        try:
            _await_listening(process, port, log)
            yield Running(port, process.pid)
        finally:
            # At once: how a server stops is measured nowhere, and nothing of it is needed any more.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.engines.database_url,
            "REDIS_URL": self.engines.redis_url,
            "TALLYSTREAM_DATA": str(self.folder / "data"),
        }


@contextlib.contextmanager
def stage() -> Iterator[Stage]:
    """A stage with engines of its own, which keep every promise of durability."""
    allow_many_connections()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # As root, PostgreSQL runs as `nobody`, who must be able to pass through.
        folder.chmod(0o711)
        with engines(folder / "engines", database_url=None, redis_url=None, durable=True) as running:
            asyncio.run(_prepared(running.database_url))
            before = os.sched_getaffinity(0)
            here = Stage(running, folder)
            # After the engines have started: they keep the choice of all cores.
            os.sched_setaffinity(0, {here.load_core})
            try:
                yield here
            finally:
                os.sched_setaffinity(0, before)


async def _prepared(url: str) -> None:
    await migrate(url)
    connection = await asyncpg.connect(url)
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        if await connection.fetchval("SELECT current_setting($1)", setting) != "on":
            raise WrongAnswer(f"the database would be measured with {setting} off")
    await connection.close()


@contextlib.contextmanager
def on_cores(cores: Collection[int]) -> Iterator[None]:
    """This process, and whatever it starts meanwhile for good, stays on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _await_listening(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), Connection(port):
            return
        time.sleep(0.02)
    raise WrongAnswer(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")
