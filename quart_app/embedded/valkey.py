"""Valkey (or Redis) as the broker: it holds nothing that must last."""

import secrets
import signal
import socket
from pathlib import Path

from quart_app.embedded.children import leashed, this_account
from quart_app.embedded.errors import EngineUnavailable
from quart_app.embedded.wheels import valkey_server


class Valkey:
    """A Valkey server on 127.0.0.1, with a password so that other users of the machine cannot publish."""

    name = "Valkey"
    stop_signal = signal.SIGTERM

    def __init__(self, data: Path) -> None:
        server = valkey_server()
        if server is None:
            raise EngineUnavailable("no Redis or Valkey found")
        self._server = server
        self._password = secrets.token_urlsafe(24)
        self.log = data / "valkey.log"

    def create(self) -> None:
        pass  # it keeps nothing

    def prepare(self) -> None:
        pass  # and so leaves nothing

    def command(self, port: int) -> list[str]:
        return leashed([self._server, "-"], this_account(), signal.SIGKILL)

    def stdin(self, port: int) -> bytes:
        """Its settings, which would be seen by every user of the machine on the command line."""
        settings = (
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {self._password}",
            'save ""',
            "appendonly no",
        )
        return "\n".join(settings).encode()

    def is_ready(self, pid: int, port: int) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password}\r\n".encode())
                return connection.recv(64).startswith(b"+OK")
        except OSError:
            return False

    def url(self, port: int) -> str:
        return f"redis://:{self._password}@127.0.0.1:{port}/0"
