"""Where a server is, as it is typed: `https://localhost:8443`, or ws:// and wss:// for the same."""

import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

import click
import msgspec

from quart_app.cli.running import Failure
from quart_app.settings import Settings

CONNECT_SECONDS = 5.0

_SECURE = {"http": False, "ws": False, "https": True, "wss": True}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Server(msgspec.Struct, frozen=True):
    """A server's base address. `place` is host, port and path, without a slash at its end."""

    secure: bool
    host: str
    port: int
    place: str

    @property
    def http(self) -> str:
        return f"{'https' if self.secure else 'http'}://{self.place}"

    @property
    def ws(self) -> str:
        return f"{'wss' if self.secure else 'ws'}://{self.place}"

    @property
    def is_loopback(self) -> bool:
        return self.host in _LOOPBACK

    def trust(self, settings: Settings) -> ssl.SSLContext:
        """Whom to trust at this address: on this machine, the server's own certificate beside the others.

        Where it is not known here it is not asked for: nobody stands between us and ourselves.
        """
        context = ssl.create_default_context()
        if not self.is_loopback:
            return context
        own = settings.data / "localhost.crt"
        if own.exists() and not settings.hypercorn.get("certfile"):
            # Python 3.13 and newer ask of it what only certificates of authorities have.
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
            context.load_verify_locations(own)
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def check(self) -> None:
        """Raises Failure where nobody listens."""
        try:
            socket.create_connection((self.host, self.port), CONNECT_SECONDS).close()
        except OSError as error:
            raise Failure(f"Cannot connect to {self.http}: {error.strerror or error}.") from error


class _ServerType(click.ParamType[Server]):
    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Server:
        if isinstance(value, Server):
            return value
        try:
            parts = urlsplit(value)
            port = parts.port
        except ValueError as error:
            self.fail(f"{value!r} is not an address: {error}", param, ctx)
        if parts.scheme not in _SECURE or not parts.hostname or parts.query or parts.fragment:
            self.fail(f"{value!r} is not an address such as https://localhost:8443", param, ctx)
        secure = _SECURE[parts.scheme]
        place = parts.netloc.rpartition("@")[2] + parts.path.rstrip("/")
        return Server(secure, parts.hostname, port or (443 if secure else 80), place)


SERVER = _ServerType()
