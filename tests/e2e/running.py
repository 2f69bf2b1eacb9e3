"""The server as a process, and the use cases beside it."""

import asyncio
import contextlib
import datetime
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from models.results_file import ResultsFile
from quart_app.embedded import Engines
from quart_app.embedded import addresses as embedded
from quart_app.settings import load_settings
from quart_app.wiring import Services

READY_SECONDS = 120.0


def free_port() -> int:
    return embedded.free_port(None)


class Server:
    """`tallystream serve` as a user would run it, on ports of its own."""

    def __init__(self, engines: Engines, data: Path, environ: dict[str, str] | None = None) -> None:
        self.port, self.tls_port = free_port(), free_port()
        self.url = f"http://localhost:{self.port}"
        self.tls_url = f"https://localhost:{self.tls_port}"
        self.log = data / f"server-{self.port}.log"
        self.environ = {
            **os.environ,
            "DATABASE_URL": engines.database_url,
            "REDIS_URL": engines.redis_url,
            "TALLYSTREAM_DATA": str(data),
            # Rate limits have tests of their own.
            "TALLYSTREAM_REQUESTS_LIMITS": "false",
            # However much else this machine does: overload has tests of its own.
            "TALLYSTREAM_OVERLOAD_LATE": "60",
            **(environ or {}),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, workers: int = 1) -> None:
        command = [sys.executable, "-m", "quart_app", "serve", "--workers", str(workers)]
        command += ["--port", str(self.port), "--tls-port", str(self.tls_port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=self.environ, stdout=log, stderr=log)
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"the server ended: {self.log.read_text()}"
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/health/ready").status_code == 200:
                    return
            time.sleep(0.05)
        pytest.fail(f"the server did not get ready: {self.log.read_text()}")

    def kill(self) -> None:
        """As a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> float:
        """As an operator would; returns the seconds it took. Its exit status must be 0."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=30)
        assert status == 0, self.log.read_text()
        return time.monotonic() - began


@contextlib.asynccontextmanager
async def services_on(engines: Engines, data: Path) -> AsyncIterator[Services]:
    """The use cases in this process, on the same engines as the server, as a command has them."""
    settings = load_settings({"TALLYSTREAM_DATA": str(data)})
    house = Services(settings.with_engines(engines.database_url, engines.redis_url))
    house.start()
    try:
        yield house
    finally:
        await house.close()


async def opened(house: Services, file: ResultsFile) -> str:
    """Defines the file's election, open and released; returns a token for all its precincts."""
    await house.elections.define(file.election, opened=True, released=True)
    return await house.officials.root_officer_token(file.election.code, datetime.timedelta(hours=1))


async def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Waits until the condition holds, and fails the test if it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.02)
