"""Bodies of requests that come no faster than they are read.

Quart takes whatever a client sends into memory, as fast as it comes. Here at most 256 KB wait unread;
then the connection is not read any more, and the client waits.
"""

import asyncio
from collections.abc import Generator
from typing import Any

from hypercorn.typing import ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, ASGISendEvent
from quart import Quart, Request
from quart.wrappers.request import Body
from werkzeug.exceptions import RequestEntityTooLarge

UNREAD_BYTES = 262_144
PIECE_BYTES = 65_536

_WITHOUT_BODY = frozenset({"GET", "HEAD"})


class PacedBody(Body):
    """A body that is awaited whole, or read in pieces of at most 64 KB. Above `limit` both raise 413.

    It answers to what Quart 0.22 and 0.23 call while they receive.
    """

    def __init__(self, expected_content_length: int | None, max_content_length: int | None) -> None:
        self.limit = max_content_length
        self._expected = expected_content_length or 0
        self._received = 0
        self._unread = bytearray()
        self._ended = False
        self._wanted = False
        self._changed = asyncio.Event()

    # ---- received ----

    def append(self, data: bytes) -> None:
        self._received += len(data)
        # Where a body is taken as it comes, what is too large is no longer kept.
        if not (self._wanted and self._too_large):
            self._unread.extend(data)
        self._changed.set()

    async def put(self, data: bytes) -> None:
        self.append(data)

    def set_complete(self) -> None:
        self._ended = True
        self._changed.set()

    def set_result(self, data: bytes) -> None:
        self.append(data)
        self.set_complete()

    def disconnect(self) -> None:
        """Whoever reads is cancelled by the connection."""

    def clear(self) -> None:
        self._unread.clear()

    def refuse(self) -> None:
        """Nobody is going to read it: whatever comes is dropped."""
        self.limit = 0
        self._wanted = True
        self._changed.set()

    async def room(self) -> None:
        """Waits until more can be taken."""
        while len(self._unread) >= UNREAD_BYTES and not self._wanted and not self._ended:
            await self._next_change()

    # ---- read ----

    def __await__(self) -> Generator[Any, None, bytes]:
        return self._read_whole().__await__()

    async def _read_whole(self) -> bytes:
        self._wanted = True
        self._changed.set()
        while not self._ended:
            self._check()
            await self._next_change()
        self._check()
        return bytes(self._unread)

    async def __anext__(self) -> bytes:
        self._check()
        while not self._unread:
            if self._ended:
                raise StopAsyncIteration
            await self._next_change()
            self._check()
        piece = bytes(self._unread[:PIECE_BYTES])
        del self._unread[:PIECE_BYTES]
        self._changed.set()
        return piece

    @property
    def _too_large(self) -> bool:
        return self.limit is not None and max(self._expected, self._received) > self.limit

    def _check(self) -> None:
        if self._too_large:
            raise RequestEntityTooLarge

    async def _next_change(self) -> None:
        self._changed.clear()
        await self._changed.wait()


class PacesItsBody:
    """For Quart's HTTP connection, before it in the bases."""

    app: Quart

    def _create_request_from_scope(self, send: ASGISendCallable) -> Request:
        made: Request = super()._create_request_from_scope(send)  # type: ignore[misc]
        made.body = PacedBody(made.content_length, self.app.config["MAX_CONTENT_LENGTH"])
        return made

    async def handle_messages(self, request: Request, receive: ASGIReceiveCallable, *others: Any) -> None:
        body = request.body
        assert isinstance(body, PacedBody)
        if request.method in _WITHOUT_BODY:
            # A stream of events has to hear at once that its client has left.
            body.refuse()

        async def paced() -> ASGIReceiveEvent:
            await body.room()
            return await receive()

        await super().handle_messages(request, paced, *others)  # type: ignore[misc]

    async def handle_request(self, request: Request, send: ASGISendCallable) -> None:
        body = request.body
        assert isinstance(body, PacedBody)

        async def answering(event: ASGISendEvent) -> None:
            # Whoever is answered before all was read still sends: with nobody to take it, the end of the
            # answer would wait behind it for ever.
            if event["type"] == "http.response.start":
                body.refuse()
            await send(event)

        await super().handle_request(request, answering)  # type: ignore[misc]
