"""One Redis subscription a process, and an asyncio.Queue for each viewer."""

import asyncio
import os
from collections.abc import AsyncIterator

import redis.asyncio as redis
from quart import Quart, Response, request

CHANNEL = "benchmark:results"


def create_app() -> Quart:
    app = Quart(__name__)
    viewers: set[asyncio.Queue[bytes]] = set()

    async def listen() -> None:
        async with app.extensions["redis"].pubsub() as pubsub:
            await pubsub.subscribe(CHANNEL)
            async for message in pubsub.listen():
                if message["type"] == "message":
                    for queue in viewers:
                        queue.put_nowait(message["data"])

    @app.before_serving
    async def start() -> None:
        app.extensions["redis"] = redis.from_url(os.environ["REDIS_URL"])
        app.add_background_task(listen)

    @app.post("/publish")
    async def publish() -> str:
        await app.extensions["redis"].publish(CHANNEL, await request.get_data())
        return "published"

    @app.get("/stream")
    async def stream() -> Response:
        async def events() -> AsyncIterator[bytes]:
            queue: asyncio.Queue[bytes] = asyncio.Queue()
            viewers.add(queue)
            try:
                yield b"retry: 2000\n\n"
                while True:
                    yield b"event: results\ndata: %b\n\n" % await queue.get()
            finally:
                viewers.remove(queue)

        response = Response(events(), content_type="text/event-stream")
        response.timeout = None
        return response

    return app
