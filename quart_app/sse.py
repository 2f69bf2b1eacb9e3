"""Server-sent events from an iterator, for streams in which every event counts."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from quart import Response, request

from models.rights import Identity
from quart_app.live import RETRY, STREAM_HEADERS
from quart_app.wiring import Services
from services.tasks import end

HEARTBEAT = b": heartbeat\n\n"


def stream_response(chunks: AsyncIterator[bytes]) -> Response:
    """A stream without end; to HEAD, only what its headers are."""
    response = Response(b"" if request.method == "HEAD" else chunks, headers=STREAM_HEADERS)
    response.timeout = None
    return response


async def alive(
    chunks: AsyncGenerator[bytes], house: Services, staff: Identity | None = None
) -> AsyncIterator[bytes]:
    """The chunks, heartbeats when all is silent, and an end when the server stops.

    For `staff`, who are shown what others are not, also an end when they have lost their rights.
    """
    with house.watchers.streams(staff=staff is not None), house.standing.watch(staff) as lost:
        yield RETRY
        ends = [asyncio.ensure_future(house.watchers.draining.wait())]
        if staff is not None:
            ends.append(asyncio.ensure_future(lost.wait()))
        following = asyncio.ensure_future(anext(chunks))
        try:
            while True:
                await asyncio.wait(
                    {*ends, following},
                    timeout=house.settings.live.heartbeat,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if house.watchers.draining.is_set() or lost.is_set():
                    return
                if following.done():
                    yield following.result()
                    following = asyncio.ensure_future(anext(chunks))
                else:
                    yield HEARTBEAT
        finally:
            await end((*ends, following))
            await chunks.aclose()
