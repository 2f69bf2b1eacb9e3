"""Who runs an engine of a data folder, and at which address: one file an engine, locked by its owner."""

import fcntl
import os
import random
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

from quart_app.embedded.errors import EngineUnavailable

# Below the range from which the kernel takes ports for outgoing connections: there, a client that tries again
# and again to reach an engine that is restarting could be given the engine's own port, and keep it.
_PORTS = range(20_000, 30_000)
_PATIENCE = 90.0  # seconds that another process may take to start an engine


class AddressFile:
    """`<engine>.address`, mode 0600: the engine's URL, valid while a process holds the file's `flock`.

    The URL stays when the owner ends, so that the next one can prefer the same port.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def claim(self) -> str | None:
        """Become the owner (None), or get the URL at which another process runs the engine."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            if self._lock():
                return None
            if (url := self.read()) and accepts_connections(url):
                return url
            time.sleep(0.02)
        raise EngineUnavailable(f"another process holds {self._path}, but what it runs does not answer")

    def _lock(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def read(self) -> str:
        """The whole URL, or nothing while it is being written."""
        text = os.pread(self._file, 4096, 0).decode()
        return text.strip() if text.endswith("\n") else ""

    def clear(self) -> None:
        os.ftruncate(self._file, 0)

    def publish(self, url: str) -> None:
        os.pwrite(self._file, f"{url}\n".encode(), 0)

    def close(self) -> None:
        os.close(self._file)


def accepts_connections(url: str) -> bool:
    place = urlsplit(url)
    try:
        socket.create_connection((place.hostname, place.port), timeout=1).close()
    except OSError:
        return False
    return True


def free_port(preferred: int | None) -> int:
    """A port of 127.0.0.1 that nobody listens on; the preferred one if it is free."""
    if preferred and _is_free(preferred):
        return preferred
    return next(port for port in random.sample(_PORTS, len(_PORTS)) if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the engines do
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
