"""The book's design: each viewer's stream has a Redis subscription of its own."""

import os
from collections.abc import AsyncIterator

import redis.asyncio as redis
from quart import Quart, Response, request

CHANNEL = "benchmark:results"


def create_app() -> Quart:
    app = Quart(__name__)

    @app.before_serving
    async def start() -> None:
        # redis-py's own limit of 100 connections would turn most viewers away.
        app.extensions["redis"] = redis.from_url(os.environ["REDIS_URL"], max_connections=10_000)

    @app.post("/publish")
    async def publish() -> str:
        await app.extensions["redis"].publish(CHANNEL, await request.get_data())
        return "published"

    @app.get("/stream")
    async def stream() -> Response:
        async def events() -> AsyncIterator[bytes]:
            async with app.extensions["redis"].pubsub() as pubsub:
                await pubsub.subscribe(CHANNEL)
                yield b"retry: 2000\n\n"
                async for message in pubsub.listen():
                    if message["type"] == "message":
                        yield b"event: results\ndata: %b\n\n" % message["data"]

        response = Response(events(), content_type="text/event-stream")
        response.timeout = None
        return response

    return app
