"""Fixtures: a real server in a process of its own, and the use cases beside it."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from models.results_file import ResultsFile, read_results_file
from quart_app.embedded import Engines
from quart_app.wiring import Services
from tests.e2e.running import Server, services_on


@pytest.fixture
def make_server(clean: Engines, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes servers on the engines of the test run, or on those given, and ends them all."""
    servers: list[Server] = []

    def make(engines: Engines = clean, environ: dict[str, str] | None = None) -> Server:
        servers.append(Server(engines, tmp_path, environ))
        return servers[-1]

    yield make
    for server in servers:
        if server.process is not None and server.process.poll() is None:
            server.kill()


@pytest.fixture
def server(make_server: Callable[..., Server]) -> Server:
    """One server, running."""
    made = make_server()
    made.start()
    return made


@pytest.fixture
async def desk(clean: Engines, tmp_path: Path) -> AsyncIterator[Services]:
    """The use cases beside the server."""
    async with services_on(clean, tmp_path) as house:
        yield house


@pytest.fixture
def adams(real_data: Path) -> ResultsFile:
    content = (real_data / "elections" / "adams-2024.csv").read_bytes()
    return read_results_file(content, code="adams-2024", name=None, date=None)
