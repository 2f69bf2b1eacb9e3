"""Serving: Hypercorn on uvloop, HTTP/2 over TLS beside HTTP/1.1, one process or several.

Several workers each bind the same addresses with SO_REUSEPORT, so that the kernel spreads
connections; on one shared socket a single uvloop process can take them all. On SIGTERM and SIGINT
the live streams and WebSockets are ended first: an open stream would keep Hypercorn on Python
3.12.1 and newer alive until its viewer left (Hypercorn issue 308).
"""

import asyncio
import contextlib
import ctypes
import logging
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from typing import Any

import uvloop
from hypercorn.asyncio.run import worker_serve
from hypercorn.config import Config, Sockets
from hypercorn.utils import wrap_app
from prometheus_client.multiprocess import mark_process_dead
from quart import Quart

from quart_app import create_app
from quart_app.certificate import localhost_certificate
from quart_app.connections import drop_connections, listening
from quart_app.garbage import look_seldom
from quart_app.metrics.exposition import FOLDER
from quart_app.settings import Settings, SettingsError
from quart_app.wiring import Services

# A worker that dies is started again, but not faster than this.
RESTART_SECONDS = 1.0
# How long workers get to stop before they are killed; a stop takes about two seconds.
STOP_SECONDS = 10.0
# After a signal, so long may connections take to end before they are dropped; less than Hypercorn's
# graceful_timeout, which cancels their tasks and leaves tracebacks.
GRACE_SECONDS = 1.6
# For connections that are already closing when the streams have ended.
SETTLE_SECONDS = 0.2

# What Hypercorn 0.18 raises over a target or a method that is not ASCII, and over CONNECT without a path.
_UNREADABLE = (UnicodeDecodeError, UnboundLocalError)

# Set for worker processes: the pid of their supervisor.
WORKER = "TALLYSTREAM_WORKER"

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>

_logger = logging.getLogger(__name__)


def hypercorn_config(settings: Settings, *, port: int | None = None, tls_port: int | None = None) -> Config:
    """Hypercorn's configuration: config.toml's, with the ports given and a certificate for localhost.

    Raises SettingsError for a key that Hypercorn does not have.
    """
    unknown = [key for key in settings.hypercorn if not hasattr(Config, key)]
    if unknown:
        raise SettingsError(f"The setting {unknown[0]!r} in config.toml is neither ours nor Hypercorn's.")
    config = Config.from_mapping(settings.hypercorn)
    if port is not None:
        config.insecure_bind = [_with_port(bind, port) for bind in config.insecure_bind]
    if tls_port is not None:
        config.bind = [_with_port(bind, tls_port) for bind in config.bind]
    if not config.certfile:
        certificate = localhost_certificate(settings.data)
        config.certfile, config.keyfile = str(certificate.certfile), str(certificate.keyfile)
    return config


def _with_port(bind: str, port: int) -> str:
    return f"{bind.rpartition(':')[0]}:{port}"


def serve(
    settings: Settings, *, workers: int = 1, port: int | None = None, tls_port: int | None = None
) -> None:
    """Serves until SIGTERM or SIGINT, then ends within five seconds. Both engines' URLs must be set.

    Raises SettingsError, and OSError where an address is taken.
    """
    config = hypercorn_config(settings, port=port, tls_port=tls_port)
    if workers == 1:
        _serve_here(settings, config)
    else:
        _supervise(settings, workers, config)


def check_addresses(settings: Settings, *, port: int | None = None, tls_port: int | None = None) -> None:
    """Says at once where an address is taken, by OSError; workers would only die over it, one by one.

    Raises SettingsError.
    """
    config = hypercorn_config(settings, port=port, tls_port=tls_port)
    for bind in (*config.bind, *config.insecure_bind):
        listening(bind, 1, shared=False).close()


def _serve_here(settings: Settings, config: Config) -> None:
    if supervisor := os.environ.get(WORKER):
        _end_with(int(supervisor))
    app = create_app(settings)
    look_seldom()
    # Before Hypercorn looks for them: an address that is taken is said at once, without start-up.
    sockets = _sockets(config)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(app, config, sockets))


def _end_with(supervisor: int) -> None:
    """Stops this worker when its supervisor is gone, even if that was killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGTERM))
    if os.getppid() != supervisor:
        sys.exit("the supervisor is gone")


def _sockets(config: Config) -> Sockets:
    shared = WORKER in os.environ
    return Sockets(
        [listening(bind, config.backlog, shared=shared) for bind in config.bind],
        [listening(bind, config.backlog, shared=shared) for bind in config.insecure_bind],
        [],
    )


async def _serve(app: Quart, config: Config, sockets: Sockets) -> None:
    ports = {bound.getsockname()[1] for bound in (*sockets.secure_sockets, *sockets.insecure_sockets)}
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_without_noise)
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)

    async def shut_down() -> None:
        await stopping.wait()
        house: Services = app.extensions["tallystream"]
        await house.drain()
        await asyncio.sleep(SETTLE_SECONDS)

    wrapped = wrap_app(app, config.wsgi_max_body_size, "asgi")
    serving = asyncio.create_task(worker_serve(wrapped, config, sockets=sockets, shutdown_trigger=shut_down))
    stopped = asyncio.create_task(stopping.wait())
    await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.wait({serving}, timeout=GRACE_SECONDS)
    if not serving.done() and (dropped := drop_connections(ports)):
        _logger.warning("%d connections did not end by themselves and were dropped", dropped)
    await serving


def _without_noise(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A failed TLS handshake, or a connection given up at the end, is nobody's fault here.

    What Hypercorn cannot read of a request costs its connection, and one line.
    """
    error = context.get("exception")
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, _UNREADABLE):
        _logger.warning("a connection ended over a request that cannot be read: %s", error)
    elif not isinstance(error, (ssl.SSLError, asyncio.CancelledError)):
        loop.default_exception_handler(context)


def worker_environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """What a worker process needs to know: the engines' addresses and the data folder."""
    return {
        **environ,
        WORKER: str(os.getpid()),
        "DATABASE_URL": settings.database_url or "",
        "REDIS_URL": settings.redis_url or "",
        "TALLYSTREAM_DATA": str(settings.data),
    }


def _supervise(settings: Settings, workers: int, config: Config) -> None:
    """Starts workers, starts those again that die, and stops them all when it is told to stop."""
    settings.data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="metrics-", dir=settings.data) as figures:
        environment = {**worker_environment(settings, os.environ), FOLDER: figures}
        _supervise_with(environment, workers, config, figures)


def _supervise_with(environment: dict[str, str], workers: int, config: Config, figures: str) -> None:
    command = [sys.executable, "-m", "quart_app", "serve"]
    command += _ports(config)
    stopping = []
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, _frame: stopping.append(number))
    processes = [subprocess.Popen(command, env=environment) for _ in range(workers)]
    try:
        while not stopping:
            for place, process in enumerate(processes):
                if process.poll() is not None and not stopping:
                    _logger.error("a worker ended with status %s and is started again", process.returncode)
                    # What it counted stays; that it has watchers does not.
                    mark_process_dead(process.pid, figures)  # type: ignore[no-untyped-call]
                    processes[place] = subprocess.Popen(command, env=environment)
            time.sleep(RESTART_SECONDS)
    finally:
        _stop(processes)


def _ports(config: Config) -> list[str]:
    port = config.insecure_bind[0].rpartition(":")[2]
    return ["--port", port, "--tls-port", config.bind[0].rpartition(":")[2]]


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
        process.kill()
        process.wait()
