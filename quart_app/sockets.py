"""WebSocket plumbing: a bounded connection, a reader and a writer that end together."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from hypercorn.typing import ASGISendCallable, WebsocketScope
from quart import Quart, Websocket, websocket
from quart.asgi import ASGIWebsocketConnection

from models.errors import DomainError, Unavailable
from quart_app.errors import problem_frame
from quart_app.languages import spoken
from quart_app.listening import EndsWithItsHandler
from quart_app.wiring import Watchers
from services.tasks import end

# Frames that wait, unread by us, before the socket is not read any more.
UNREAD_FRAMES = 16
# Answers that may be on their way to one client before its next frame is read.
UNSENT_ANSWERS = 64
# A client that takes nothing for so long is let go.
SEND_SECONDS = 30.0
# For the answers to what was read before the server was told to stop.
LAST_ANSWERS_SECONDS = 1.0

POLICY = 1008
RESTART = 1012
TRY_AGAIN = 1013

_encode = msgspec.json.Encoder(enc_hook=spoken).encode


class BoundedWebsocketConnection(EndsWithItsHandler, ASGIWebsocketConnection):
    """Quart's connection queues every frame it is sent; this one stops reading instead."""

    def __init__(self, app: Quart, scope: WebsocketScope) -> None:
        super().__init__(app, scope)
        # Quart 0.22 keeps frames here,
        self.queue = asyncio.Queue(UNREAD_FRAMES)

    def _create_websocket_from_scope(self, send: ASGISendCallable) -> Websocket:
        made = super()._create_websocket_from_scope(send)
        # and Quart 0.23, for newer Pythons, in a buffer of the WebSocket.
        if buffer := getattr(made, "buffer", None):
            buffer._queue = asyncio.Queue(UNREAD_FRAMES)
        return made


async def send_frame(value: Any) -> None:
    """Sends a value as a text frame. Raises TimeoutError when the client does not take it."""
    async with asyncio.timeout(SEND_SECONDS):
        await websocket.send(_encode(value).decode())


async def turn_away(error: DomainError) -> None:
    """Says why somebody is not let in, and closes; the code tells whether coming back may help."""
    await send_frame(problem_frame(error))
    code = TRY_AGAIN if isinstance(error, Unavailable) else POLICY
    await websocket.close(code, error.code)


async def converse(
    read: Callable[[], Awaitable[None]],
    write: Callable[[], Awaitable[None]],
    watchers: Watchers,
    lost: asyncio.Event,
    answered: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Runs reader and writer until one ends, the client leaves, its rights are `lost` or the server stops.

    A client that leaves cancels all of them. When the server stops, nothing more is read, what was read
    is `answered`, and the connection is closed with 1012, so that clients know to come back.
    """
    parts = (read(), write(), watchers.draining.wait(), lost.wait())
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        if lost.is_set():
            await websocket.close(POLICY, "your rights have changed; sign in again")
        elif watchers.draining.is_set():
            tasks[0].cancel()
            if answered is not None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(answered(), LAST_ANSWERS_SECONDS)
            await websocket.close(RESTART, "the server is restarting; connect again")
    except TimeoutError:
        await websocket.close(POLICY, "too slow: answers were not read")
    finally:
        await end(tasks)
