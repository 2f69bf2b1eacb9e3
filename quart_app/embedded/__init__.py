"""Real engines on a fresh machine: PostgreSQL and Valkey as children of the process that needs them.

For trying, developing and testing; production sets DATABASE_URL and REDIS_URL. For each engine, in this
order: the URL that is given; the one that another process runs in the same data folder; a wheel of the
dependency group `embedded`; what the system has installed; an error that says what to do.
"""

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import msgspec

from quart_app.embedded.addresses import AddressFile
from quart_app.embedded.errors import EngineUnavailable
from quart_app.embedded.keeper import Engine, Keeper
from quart_app.embedded.postgres import Postgres
from quart_app.embedded.valkey import Valkey

__all__ = ["EngineUnavailable", "Engines", "engines"]


class Engines(msgspec.Struct, frozen=True):
    """Addresses of running engines, passwords included."""

    database_url: str
    redis_url: str


@contextlib.contextmanager
def engines(
    data: Path, *, database_url: str | None, redis_url: str | None, durable: bool = True
) -> Iterator[Engines]:
    """Addresses of running engines: given, or else joined, or else started here and stopped on leaving.

    `data` is the data folder; it holds a cluster, its password, logs and, in files of mode 0600, the
    addresses of the engines that run. While the block runs, an engine started here that dies is started
    again at the same address; it ends with this process, also when that is killed, and then it ends for
    whoever has joined it. Call it from the main thread for a SIGTERM to stop the engines in order too.

    `durable=False` is for tests: faster, and a crash of the machine, though not of an engine, may lose data.

    As root, PostgreSQL runs as `nobody`; what `nobody` cannot reach, the cluster too, is then placed under
    /var/tmp (see `places`).

    Raises EngineUnavailable, one line, when an engine can neither be found nor started.
    """
    folder = data.absolute()
    database = _Source("postgresql", lambda: Postgres(folder, durable), database_url)
    broker = _Source("valkey", lambda: Valkey(folder), redis_url)
    with contextlib.ExitStack() as stack:
        # Everything is claimed before the first address is published, on which another process waits that
        # comes at the same time: so one of the two owns both engines.
        database.claim(folder, stack)
        broker.claim(folder, stack)
        database.start(stack)
        broker.start(stack)
        yield Engines(database_url=database.ready_url(), redis_url=broker.ready_url())


class _Source:
    """Where one engine comes from: given, joined, or a keeper of ours."""

    def __init__(self, name: str, make: Callable[[], Engine], given: str | None) -> None:
        self._name = name
        self._make = make
        self._url = given
        self._engine: Engine | None = None
        self._addresses: AddressFile | None = None
        self._keeper: Keeper | None = None

    def claim(self, data: Path, stack: contextlib.ExitStack) -> None:
        if self._url:
            return
        try:
            data.mkdir(parents=True, exist_ok=True)
            self._addresses = AddressFile(data / f"{self._name}.address")
        except OSError as error:
            raise EngineUnavailable(f"the data folder cannot be used ({error})") from error
        stack.callback(self._addresses.close)
        self._url = self._addresses.claim()
        if not self._url:
            self._engine = self._make()

    def start(self, stack: contextlib.ExitStack) -> None:
        if self._engine and self._addresses:
            self._keeper = Keeper(self._engine, urlsplit(self._addresses.read()).port)
            self._addresses.clear()
            stack.enter_context(_leaving_on_sigterm())
            stack.callback(self._keeper.stop)
            self._keeper.start()

    def ready_url(self) -> str:
        if self._keeper and self._addresses:
            self._url = self._keeper.wait_until_ready()
            self._addresses.publish(self._url)
        assert self._url
        return self._url


@contextlib.contextmanager
def _leaving_on_sigterm() -> Iterator[None]:
    """Leave the block, and so stop the engines in order, on a SIGTERM that nobody else handles."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is _leave:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
