"""Officers who send and never read: the server stops reading from them, and lets them go in the end."""

import asyncio
from typing import Any, Self

import msgspec
import pytest
from quart import Quart

import quart_app.sockets
from quart_app.sockets import UNREAD_FRAMES, UNSENT_ANSWERS
from tests.building import a_tally
from tests.desk import Desk, Official, soon, until


class Sender:
    """A WebSocket client by hand, that has endless frames to send and takes nothing but a welcome."""

    def __init__(self, app: Quart, path: str, officer: Official, frame: str) -> None:
        self._app = app
        self._frame = frame
        self._scope = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(b"authorization", f"Bearer {officer.token}".encode())],
            "subprotocols": [],
            "extensions": {},
        }
        self.read_by_the_server = 0
        self.closed_with: int | None = None
        self._gone = asyncio.Event()

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self._app(self._scope, self._receive, self._send))  # type: ignore[arg-type]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._gone.set()
        await soon(asyncio.wait({self.task}))

    async def _receive(self) -> Any:
        if self._gone.is_set():
            return {"type": "websocket.disconnect", "code": 1006}
        await asyncio.sleep(0)
        if self.read_by_the_server == 0:
            self.read_by_the_server += 1
            return {"type": "websocket.connect"}
        self.read_by_the_server += 1
        return {"type": "websocket.receive", "text": self._frame, "bytes": None}

    async def _send(self, message: Any) -> None:
        if message["type"] == "websocket.close":
            self.closed_with = message["code"]
            self._gone.set()
        elif message["type"] == "websocket.send" and '"welcome"' not in message["text"]:
            await self._gone.wait()


async def settled(sender: Sender) -> int:
    """How many frames the server has read once it reads no more."""
    before = -1

    async def still() -> bool:
        nonlocal before
        before, last = sender.read_by_the_server, before
        await asyncio.sleep(0.05)
        return before == last and before > 2

    await until(still)
    return sender.read_by_the_server


@pytest.mark.parametrize("path", ["tallies/ws", "results/ws"])
async def test_a_client_that_never_reads_is_not_read_from_for_ever(desk: Desk, app: Quart, path: str) -> None:
    officer = await desk.official()
    frame = msgspec.json.encode(a_tally(ref="mine")).decode()
    async with Sender(app, f"{desk.path}/{path}", officer, frame) as sender:
        assert await settled(sender) <= UNSENT_ANSWERS + UNREAD_FRAMES + 10
        [receipt] = await desk.receipts(a_tally("south-1"), by=officer)
        assert receipt.status == "accepted"


@pytest.mark.parametrize("path", ["tallies/ws", "results/ws"])
async def test_a_client_that_never_reads_is_let_go(
    desk: Desk, app: Quart, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quart_app.sockets, "SEND_SECONDS", 0.05)
    officer = await desk.official()
    async with Sender(app, f"{desk.path}/{path}", officer, "nonsense") as sender:
        await soon(asyncio.wait({sender.task}))
        assert sender.closed_with == 1008
