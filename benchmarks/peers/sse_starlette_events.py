"""sse-starlette on uvicorn, as its documentation shows: EventSourceResponse over a queue for each viewer."""

from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from benchmarks.peers.starlette_queue import lifespan, publish, queues


async def stream(_: Request) -> EventSourceResponse:
    async def events() -> AsyncIterator[dict[str, str]]:
        async for message in queues.messages():
            yield {"event": "results", "data": message.decode()}

    return EventSourceResponse(events())


app = Starlette(
    routes=[Route("/publish", publish, methods=["POST"]), Route("/stream", stream)], lifespan=lifespan
)
