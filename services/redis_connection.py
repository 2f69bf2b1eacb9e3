"""The way to Redis or Valkey: one server, or a cluster of them.

Which of the two stands behind REDIS_URL its server says itself (HELLO), so there is nothing else to set.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import redis.asyncio as redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException, RedisError, SlotNotCoveredError

AWAY = (RedisError, RedisClusterException, OSError)
"""What is raised while Redis cannot be reached, or not all of it."""

Client: TypeAlias = redis.Redis | RedisCluster


class NotACluster(RedisError):
    """REDIS_URL names several servers, which do not belong together."""


class RedisConnection:
    """Connects when it is first needed. What it does raises what AWAY names.

    The URL may name several nodes of a cluster, `redis://:password@a:6379,b:6379,c:6379`; one that answers
    is enough, and tells of the others. A server that does not answer within `seconds` counts as away.
    """

    def __init__(self, url: str, *, seconds: float) -> None:
        self._url = url
        self._seconds = seconds
        self._client: Client | None = None
        self._connecting = asyncio.Lock()

    async def client(self) -> Client:
        async with self._connecting:
            if self._client is None:
                self._client = await self._connected()
            return self._client

    async def _connected(self) -> Client:
        nodes = _nodes(self._url)
        for node in nodes[:-1]:
            with contextlib.suppress(*AWAY):
                return await self._asked(node, nodes)
        return await self._asked(nodes[-1], nodes)

    async def _asked(self, node: str, nodes: Sequence[str]) -> Client:
        """The client that suits what this node says of itself."""
        async with contextlib.AsyncExitStack() as stack:
            client = redis.from_url(node, socket_timeout=self._seconds, socket_connect_timeout=self._seconds)
            stack.push_async_callback(client.aclose)
            if await _is_in_cluster(client):
                return self._cluster(nodes)
            if len(nodes) > 1:
                raise NotACluster("REDIS_URL names several servers that are not a cluster; name one of them")
            stack.pop_all()
            return client

    def _cluster(self, nodes: Sequence[str]) -> RedisCluster:
        places = [urlsplit(node) for node in nodes]
        return RedisCluster.from_url(
            nodes[0],
            startup_nodes=[
                ClusterNode(place.hostname or "localhost", place.port or 6379) for place in places
            ],
            # A hole in the slots elsewhere is none in ours.
            require_full_coverage=False,
            socket_timeout=self._seconds,
            socket_connect_timeout=self._seconds,
        )

    async def owner(self, cluster: RedisCluster, key: str) -> redis.Redis:
        """A client of the node that has the key's slot now, whatever was known of it before."""
        try:
            # Not `cluster.initialize()`, which needs the first node too, be it dead or alive.
            await cluster.nodes_manager.initialize()
        except AWAY:
            # None of those that it knew answers: it begins again with those that the URL names.
            await self.aclose()
            raise
        node = cluster.get_node_from_key(key)
        if node is None:
            raise SlotNotCoveredError(f"no node has the slot of {key}")
        return redis.from_url(
            _beside(self._url, node),
            socket_timeout=self._seconds,
            socket_connect_timeout=self._seconds,
            # Whoever is not there may have lost the slot: better to ask who has it.
            retry=Retry(NoBackoff(), 0),
        )

    async def aclose(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        await client.aclose()
        if isinstance(client, RedisCluster):
            for nodes in ("nodes_cache", "startup_nodes"):
                await client.nodes_manager.aclose(nodes)


async def _is_in_cluster(client: Any) -> bool:
    hello = await client.execute_command("HELLO")
    return b"cluster" in (hello.values() if isinstance(hello, dict) else hello)


def _nodes(url: str) -> list[str]:
    """One URL for each node that the given one names."""
    parts = urlsplit(url)
    login, at, places = parts.netloc.rpartition("@")
    return [parts._replace(netloc=f"{login}{at}{place}").geturl() for place in places.split(",")]


def _beside(url: str, node: ClusterNode) -> str:
    """The URL of another node, with the same login and options."""
    parts = urlsplit(url)
    login, at, _ = parts.netloc.rpartition("@")
    host = f"[{node.host}]" if ":" in node.host else node.host
    return parts._replace(netloc=f"{login}{at}{host}:{node.port}").geturl()
