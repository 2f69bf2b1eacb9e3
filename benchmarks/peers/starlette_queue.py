"""Starlette on uvicorn: one Redis subscription a process, and an asyncio.Queue for each viewer."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator

import redis.asyncio as redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

CHANNEL = "benchmark:results"


class Queues:
    """A queue for each viewer, all filled from one subscription."""

    def __init__(self, url: str) -> None:
        self.redis = redis.from_url(url)
        self._queues: set[asyncio.Queue[bytes]] = set()

    async def listen(self) -> None:
        async with self.redis.pubsub() as pubsub:
            await pubsub.subscribe(CHANNEL)
            async for message in pubsub.listen():
                if message["type"] == "message":
                    for queue in self._queues:
                        queue.put_nowait(message["data"])

    async def messages(self) -> AsyncIterator[bytes]:
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._queues.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._queues.remove(queue)


queues = Queues(os.environ.get("REDIS_URL", "redis://"))


@contextlib.asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    listening = asyncio.create_task(queues.listen())
    yield
    listening.cancel()


async def publish(request: Request) -> PlainTextResponse:
    await queues.redis.publish(CHANNEL, await request.body())
    return PlainTextResponse("published")


async def stream(_: Request) -> StreamingResponse:
    async def events() -> AsyncIterator[bytes]:
        yield b"retry: 2000\n\n"
        async for message in queues.messages():
            yield b"event: results\ndata: %b\n\n" % message

    return StreamingResponse(events(), media_type="text/event-stream")


app = Starlette(
    routes=[Route("/publish", publish, methods=["POST"]), Route("/stream", stream)], lifespan=lifespan
)
