"""Real engines on a fresh machine: PostgreSQL and Valkey as children of the process that needs them.

For trying, developing and testing; production sets DATABASE_URL and REDIS_URL. For each engine, in this order:
the URL that is given; the one that another process runs in the same data folder; a wheel of the dependency
group `embedded`; what the system has installed; an error that says what to do.
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

    `data` is the data folder; it holds a cluster, its password, logs and, in files of mode 0600, the addresses
    of the engines that run. While the block runs, an engine started here that dies is started again at the
    same address; it dies with this process, also when that is killed. Whoever joined it loses it then.

    `durable=False` is for tests: faster, and a crash of the machine may lose the data.

    As root, PostgreSQL runs as `nobody`; what `nobody` cannot reach, the cluster too, is then placed under
    /var/tmp (see `places`).

    Raises EngineUnavailable, one line, when an engine can neither be found nor started.
    """
    with contextlib.ExitStack() as stack:
        folder = data.absolute()
        # Both claims come before the first address is published: so two processes never own one engine each.
        database = _Share(stack, folder, "postgresql", lambda: Postgres(folder, durable), database_url)
        broker = _Share(stack, folder, "valkey", lambda: Valkey(folder), redis_url)
        yield Engines(database_url=database.ready(), redis_url=broker.ready())


class _Share:
    """One engine, from whichever source comes first."""

    def __init__(
        self, stack: contextlib.ExitStack, data: Path, name: str, make: Callable[[], Engine], url: str | None
    ) -> None:
        self._url = url
        self._keeper: Keeper | None = None
        if url:
            return
        data.mkdir(parents=True, exist_ok=True)
        self._addresses = AddressFile(data / f"{name}.address")
        stack.callback(self._addresses.close)
        self._url = self._addresses.claim()
        if self._url is None:
            self._own(stack, make())

    def _own(self, stack: contextlib.ExitStack, engine: Engine) -> None:
        self._keeper = Keeper(engine, urlsplit(self._addresses.read()).port)
        self._addresses.clear()
        stack.enter_context(_leaving_on_sigterm())
        stack.callback(self._keeper.stop)
        self._keeper.start()

    def ready(self) -> str:
        if self._keeper:
            self._url = self._keeper.wait_until_ready()
            self._addresses.publish(self._url)
        assert self._url is not None
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
