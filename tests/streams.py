"""Viewers for tests: server-sent events through the test client, and ASGI by hand."""

import asyncio
import json
from typing import Any, Self

import msgspec
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.desk import soon


class Event(msgspec.Struct, frozen=True):
    id: int | None
    name: str
    data: Any


class Stream:
    """A viewer of a stream; `raw` is everything that came, byte for byte."""

    def __init__(self, client: Client, path: str, headers: dict[str, str] | None = None) -> None:
        self._connection: Any = client.request(path, headers=headers or {})
        self._buffer = b""
        self.raw = b""

    async def __aenter__(self) -> Self:
        await self._connection.__aenter__()
        await self._connection.send_complete()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.disconnect()
        await self._connection.__aexit__(None, None, None)

    @property
    def status(self) -> int:
        return int(self._connection.status_code)

    @property
    def headers(self) -> Any:
        return self._connection.headers

    async def block(self) -> bytes:
        """What comes next up to an empty line."""
        while b"\n\n" not in self._buffer:
            chunk = await soon(self._connection.receive())
            self.raw += chunk
            self._buffer += chunk
        block, _, self._buffer = self._buffer.partition(b"\n\n")
        return block

    async def event(self, name: str | None = None) -> Event:
        """The next event, or the next of this name."""
        while True:
            fields = dict(line.split(": ", 1) for line in (await self.block()).decode().split("\n"))
            if "event" in fields and name in (None, fields["event"]):
                return Event(int(fields["id"]), fields["event"], json.loads(fields["data"]))

    async def events(self, number: int, name: str | None = None) -> list[Event]:
        return [await self.event(name) for _ in range(number)]


class Viewer:
    """A viewer by hand, who takes bytes only while `taking` is set."""

    def __init__(self, app: Quart, path: str, headers: dict[str, str] | None = None) -> None:
        self._app = app
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "2",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [
                (name.lower().encode(), value.encode())
                for name, value in {"Host": "localhost", **(headers or {})}.items()
            ],
            "extensions": {},
        }
        self.taking = asyncio.Event()
        self.taking.set()
        self.sends: list[bytes] = []
        self._gone = asyncio.Event()
        self.asked = 0

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self._app(self._scope, self._receive, self._send))  # type: ignore[arg-type]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._gone.set()
        self.taking.set()
        await soon(asyncio.wait({self.task}))

    async def _receive(self) -> Any:
        if self.asked == 0:
            self.asked = 1
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.body":
            await self.taking.wait()
            self.sends.append(message["body"])

    @property
    def events(self) -> list[Event]:
        found = []
        for block in b"".join(self.sends).decode().split("\n\n"):
            fields = dict(
                line.split(": ", 1) for line in block.split("\n") if not line.startswith(":") and line
            )
            if "event" in fields:
                found.append(Event(int(fields["id"]), fields["event"], json.loads(fields["data"])))
        return found
