"""Quart's test client, which also tells with what code a WebSocket was closed, in every version of Quart."""

import asyncio
import json
from typing import Any

from quart import Quart
from quart.testing import QuartClient
from quart.testing.connections import TestWebsocketConnection as Connection

SECONDS = 10


class ClosingConnection(Connection):
    def __init__(self, app: Quart, scope: Any) -> None:
        super().__init__(app, scope)
        self.closed_with: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def _asgi_send(self, message: Any) -> None:
        if message["type"] == "websocket.close" and not self.closed_with.done():
            self.closed_with.set_result(message["code"])
        await super()._asgi_send(message)


def client_of(app: Quart) -> Any:
    client = app.test_client()
    assert isinstance(client, QuartClient)
    client.websocket_connection_class = ClosingConnection
    return client


async def closing(ws: ClosingConnection) -> int:
    """The code that the server closes with."""
    return await asyncio.wait_for(asyncio.shield(ws.closed_with), SECONDS)


async def said(ws: Any) -> Any:
    """The next frame, read."""
    return json.loads(await asyncio.wait_for(ws.receive(), SECONDS))
