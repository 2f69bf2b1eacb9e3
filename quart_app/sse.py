"""Server-sent events from an iterator, for streams in which every event counts."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from quart import Response, request

from quart_app.live import RETRY, STREAM_HEADERS
from quart_app.wiring import Watchers
from services.tasks import end

HEARTBEAT = b": heartbeat\n\n"


def stream_response(chunks: AsyncIterator[bytes]) -> Response:
    """A stream without end; to HEAD, only what its headers are."""
    response = Response(b"" if request.method == "HEAD" else chunks, headers=STREAM_HEADERS)
    response.timeout = None
    return response


async def alive(chunks: AsyncGenerator[bytes], watchers: Watchers, seconds: float) -> AsyncIterator[bytes]:
    """The chunks, a heartbeat after so many silent seconds, and an end when the server stops."""
    with watchers:
        yield RETRY
        draining = asyncio.ensure_future(watchers.draining.wait())
        following = asyncio.ensure_future(anext(chunks))
        try:
            while not draining.done():
                await asyncio.wait(
                    {draining, following}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
                )
                if following.done():
                    yield following.result()
                    following = asyncio.ensure_future(anext(chunks))
                elif not draining.done():
                    yield HEARTBEAT
        finally:
            await end((draining, following))
            await chunks.aclose()
