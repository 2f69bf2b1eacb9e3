"""The demo, as `make demo SECONDS=…` runs it."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

from quart_app.embedded import Engines
from tests.e2e.running import free_port
from tests.e2e.truth import assert_database_is_true

# The demo serves TLS on the port that lies this far behind the other.
TLS_OFFSET = 443


def port_with_a_free_one_behind() -> int:
    while True:
        port = free_port()
        with contextlib.suppress(OSError, OverflowError), socket.socket() as behind:
            behind.bind(("127.0.0.1", port + TLS_OFFSET))
            return port


async def test_a_night_ends_by_itself_with_a_line_that_sums_it_up(clean: Engines, tmp_path: Path) -> None:
    environ = {
        **os.environ,
        "DATABASE_URL": clean.database_url,
        "REDIS_URL": clean.redis_url,
        "TALLYSTREAM_DATA": str(tmp_path),
    }
    command = [sys.executable, "-m", "quart_app", "demo", "--precincts", "60", "--seconds", "4"]
    command += ["--port", str(port_with_a_free_one_behind())]
    done = await asyncio.to_thread(
        subprocess.run, command, env=environ, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "https://localhost:" in done.stdout
    last = done.stdout.strip().splitlines()[-1]
    assert last.startswith("Election night over: 240 tallies from 60 precincts, ")
    assert "mistakes" in last and "corrected" in last
    await assert_database_is_true(clean.database_url)
