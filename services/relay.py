"""Carries messages between processes over Redis: PUBLISH on one server, SPUBLISH in a cluster.

In a cluster PUBLISH would copy each message to every node; SPUBLISH stays in the shard that owns the slot of
its channel, and that is where every process listens.

All channels share one slot, so that a process holds one subscription in a cluster too. A channel for each
election would spread them over the shards, but every process would need a connection to each shard and would
subscribe anew whenever somebody begins to follow; and there is nothing to spread: announcements are small
and merged by election, so fifty hosts make a few hundred messages a second, of the hundred thousand and
more that one shard carries.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

import redis.asyncio as redis
from redis.asyncio.client import PubSub
from redis.asyncio.cluster import RedisCluster

from services.redis_connection import AWAY, RedisConnection

SOCKET_SECONDS = 5.0
# A quiet connection is asked for a sign of life this often, so that a dead one is noticed.
PING_SECONDS = 5.0
# What stands between the braces is what a cluster makes the slot of.
ONE_SLOT = "{tallystream}:"


class Relay:
    """Its methods raise what `services.redis_connection.AWAY` names."""

    def __init__(self, url: str) -> None:
        self._connection = RedisConnection(url, seconds=SOCKET_SECONDS)
        self._speaker: redis.Redis | None = None
        """In a cluster, to the node that had the channels' slot when it was last asked for."""

    async def publish(self, channel: str, data: bytes) -> None:
        client = await self._connection.client()
        if isinstance(client, RedisCluster):
            await self._publish_in(client, ONE_SLOT + channel, data)
        else:
            await client.publish(channel, data)

    async def _publish_in(self, cluster: RedisCluster, channel: str, data: bytes) -> None:
        """Through the node that has the slot; where that is another one now, through that."""
        if self._speaker is not None:
            try:
                await self._speaker.spublish(channel, data)
                return
            except AWAY:
                await self._fall_silent()
        self._speaker = await self._connection.owner(cluster, ONE_SLOT)
        await self._speaker.spublish(channel, data)

    async def _fall_silent(self) -> None:
        speaker, self._speaker = self._speaker, None
        if speaker is not None:
            await speaker.aclose()

    async def listen(
        self, channels: Sequence[str], subscribed: Callable[[], None], received: Callable[[str, bytes], None]
    ) -> None:
        """Calls `received` with channel and data until nobody answers any more or the channels have moved.

        `subscribed` is called at the beginning and after every gap: messages may have been missed.
        """
        async with self._subscription(channels) as pubsub:
            unanswered = 0
            while unanswered < 2:
                message = await pubsub.get_message(timeout=PING_SECONDS)
                if message is None:
                    await pubsub.ping()
                    unanswered += 1
                    continue
                unanswered = 0
                if message["type"] in ("subscribe", "ssubscribe"):
                    subscribed()
                elif message["type"] in ("message", "smessage"):
                    received(message["channel"].decode().removeprefix(ONE_SLOT), message["data"])
                elif message["type"] == "sunsubscribe":
                    return  # a node says so when it has given the slot away

    @contextlib.asynccontextmanager
    async def _subscription(self, channels: Sequence[str]) -> AsyncIterator[PubSub]:
        """In a cluster a plain connection to the channels' node: redis-py's own subscription in a cluster
        notices that a slot has moved only when another command of the same client meets it.
        """
        client = await self._connection.client()
        if isinstance(client, RedisCluster):
            owner = await self._connection.owner(client, ONE_SLOT)
            async with owner, owner.pubsub() as pubsub:
                await pubsub.ssubscribe(*(ONE_SLOT + channel for channel in channels))
                yield pubsub
        else:
            async with client.pubsub() as pubsub:
                await pubsub.subscribe(*channels)
                yield pubsub

    async def aclose(self) -> None:
        await self._fall_silent()
        await self._connection.aclose()
