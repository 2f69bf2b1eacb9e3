"""Fixtures: a real server in a process of its own, the use cases beside it, and a real browser."""

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Playwright, async_playwright, expect

from models.results_file import ResultsFile, read_results_file
from quart_app.embedded import Engines
from quart_app.wiring import Services
from tests.e2e.running import Server, services_on

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What a browser writes by itself when a server is away.
NETWORK = ("Failed to load resource", "WebSocket connection to")
PATIENCE_MS = 20_000

expect.set_options(timeout=PATIENCE_MS)


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


@pytest.fixture
async def playwright(request: pytest.FixtureRequest) -> AsyncIterator[Playwright]:
    """What drives chromium. Without it each test is left out by its name; in CI that is a failure."""
    if CHROMIUM is None:
        message = f"{request.node.name} is left out without chromium: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    async with async_playwright() as started:
        yield started


@pytest.fixture
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    """Chromium."""
    started = await playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
    yield started
    await started.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page whose scripts must not fail and that must not want what its policy forbids."""
    made = await browser.new_page(viewport={"width": 360, "height": 800})
    faults: list[str] = []
    made.on("pageerror", lambda error: faults.append(str(error)))
    made.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    yield made
    assert [fault for fault in faults if not fault.startswith(NETWORK)] == []
