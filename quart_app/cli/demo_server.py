"""The demo's server: a child process, so that the officers do not share its event loop."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import httpx

from quart_app.cli.addresses import Server
from quart_app.cli.running import Failure
from quart_app.embedded.children import end
from quart_app.serve import hypercorn_config, worker_environment
from quart_app.settings import Settings

READY_SECONDS = 30.0
STOP_SECONDS = 8.0
LOOK_SECONDS = 0.1


class DemoServer:
    """A running server, at `address` over TLS and at `plain` without."""

    def __init__(self, address: Server, plain: Server, process: subprocess.Popen[bytes], log: Path) -> None:
        self.address = address
        self.plain = plain
        self._process = process
        self._log = log

    async def become_ready(self, client: httpx.AsyncClient) -> None:
        """Waits until the server takes tallies. Raises Failure where it does not."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + READY_SECONDS
        while loop.time() < deadline:
            self._check()
            with contextlib.suppress(httpx.TransportError):
                if (await client.get(f"{self.address.http}/health/ready")).status_code == 200:
                    return
            await asyncio.sleep(LOOK_SECONDS)
        raise Failure(f"The server does not become ready; see {self._log}")

    async def watch(self) -> None:
        """Returns never. Raises Failure when the server has ended."""
        while True:
            self._check()
            await asyncio.sleep(LOOK_SECONDS)

    async def meanwhile(self, work: Coroutine[Any, Any, None]) -> None:
        """Does work for which the server has to run; ends it with a Failure when the server has ended."""
        tasks = [asyncio.create_task(work), asyncio.create_task(self.watch())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _check(self) -> None:
        if self._process.poll() is not None:
            lines = self._log.read_text(errors="replace").splitlines() or [f"nothing in {self._log}"]
            raise Failure(f"The server has ended: {lines[-1].removeprefix('Error: ')}")


@contextlib.contextmanager
def demo_server(settings: Settings, *, port: int | None, tls_port: int | None) -> Iterator[DemoServer]:
    """Starts a server, and stops it on leaving; it ends too when this process is killed.

    Raises Failure where a port is taken.
    """
    config = hypercorn_config(settings, port=port, tls_port=tls_port)
    address = _on_this_machine(config.bind[0], secure=True)
    plain = _on_this_machine(config.insecure_bind[0], secure=False)
    _check_free(address, plain)
    command = [sys.executable, "-m", "quart_app", "serve"]
    command += ["--port", str(plain.port), "--tls-port", str(address.port)]
    log = settings.data / "demo-server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=worker_environment(settings, os.environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # A Ctrl-C in the terminal reaches only us, and we stop it in order.
            start_new_session=True,
        )
    try:
        yield DemoServer(address, plain, process, log)
    finally:
        end(process, signal.SIGTERM, STOP_SECONDS)


def _on_this_machine(bind: str, *, secure: bool) -> Server:
    port = bind.rpartition(":")[2]
    return Server(secure, "localhost", int(port), f"localhost:{port}")


def _check_free(*addresses: Server) -> None:
    """A server of ours would share a port with another of ours, so whether it can be had is no proof."""
    for address in addresses:
        with contextlib.suppress(OSError):
            socket.create_connection((address.host, address.port), 1).close()
            raise Failure(f"Port {address.port} is taken by another program; choose another with --port.")
