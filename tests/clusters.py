"""A real Redis Cluster for a test: three primaries and a replica of the one that carries announcements."""

import asyncio
import contextlib
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import redis.asyncio as redis
from redis.crc import key_slot

from quart_app.embedded.addresses import free_port
from quart_app.embedded.children import leashed, spawn, this_account
from quart_app.embedded.wheels import valkey_server
from services.relay import ONE_SLOT

SLOTS = 16_384
SLOT = key_slot(ONE_SLOT.encode())
PASSWORD = "open sesame/a b"
LOGIN = "open%20sesame%2Fa%20b"
# A node that says nothing for so long is voted out; long enough for a busy machine, short enough to wait for.
NODE_TIMEOUT_MS = 1500
PATIENCE_SECONDS = 30.0


class Node:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port, self.bus = free_port(None), free_port(None)
        self.place = f"127.0.0.1:{self.port}"
        self.url = f"redis://:{LOGIN}@{self.place}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        server = valkey_server()
        assert server is not None, "no Redis or Valkey found"
        settings = (
            "bind 127.0.0.1",
            f"port {self.port}",
            f"cluster-port {self.bus}",
            "cluster-enabled yes",
            f"cluster-node-timeout {NODE_TIMEOUT_MS}",
            f'requirepass "{PASSWORD}"',
            f'masterauth "{PASSWORD}"',
            f"dir {self._folder}",
            # A replica is there at once, and not after the five seconds that others have to join it.
            "repl-diskless-sync-delay 0",
            'save ""',
        )
        command = leashed([server, "-"], this_account(), signal.SIGKILL)
        with (self._folder / "log").open("ab") as log:
            self._process = spawn(command, log, "\n".join(settings).encode())

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    async def ask(self, *words: Any) -> Any:
        """A command's answer. Raises as redis-py does while the node is away."""
        client: Any = redis.from_url(self.url)
        async with client:
            return await client.execute_command(*words)

    async def identity(self) -> str:
        return str((await self.ask("CLUSTER MYID")).decode())

    async def answers(self) -> bool:
        with contextlib.suppress(redis.RedisError, OSError):
            return bool(await self.ask("PING"))
        return False

    async def knows(self, nodes: int) -> bool:
        """Whether it has met so many and finds the cluster whole."""
        info = await self.ask("CLUSTER INFO")
        return info["cluster_state"] == "ok" and int(info["cluster_known_nodes"]) == nodes

    async def has_replica(self) -> bool:
        return bool((await self.ask("ROLE"))[2])


class Cluster:
    """`owner` has the slot of the announcements, `replica` takes its place when it is gone."""

    def __init__(self, folder: Path) -> None:
        folders = [folder / str(number) for number in range(4)]
        for made in folders:
            made.mkdir()
        *self.primaries, self.replica = [Node(made) for made in folders]
        part = -(-SLOTS // len(self.primaries))
        self._ranges = [(start, min(start + part, SLOTS) - 1) for start in range(0, SLOTS, part)]
        self.owner = self.primaries[SLOT // part]
        self.others = [node for node in self.primaries if node is not self.owner]

    @property
    def nodes(self) -> list[Node]:
        return [*self.primaries, self.replica]

    @property
    def url(self) -> str:
        """With a node in it that has nothing to do with the announcements."""
        return self.others[0].url

    async def start(self) -> None:
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            await until(node.answers)
        for epoch, (node, slots) in enumerate(zip(self.primaries, self._ranges, strict=True), start=1):
            await node.ask("CLUSTER SET-CONFIG-EPOCH", epoch)
            await node.ask("CLUSTER ADDSLOTSRANGE", *slots)
        for node in self.nodes[1:]:
            await node.ask("CLUSTER MEET", "127.0.0.1", self.nodes[0].port, self.nodes[0].bus)
        for node in self.nodes:
            await until(lambda node=node: node.knows(4))
        await self.replica.ask("CLUSTER REPLICATE", await self.owner.identity())
        await until(self.owner.has_replica)

    async def move_slot(self, target: Node) -> None:
        """Gives the slot of the announcements to another primary, as an operator's tool would."""
        identity = await target.identity()
        await target.ask("CLUSTER SETSLOT", SLOT, "IMPORTING", await self.owner.identity())
        await self.owner.ask("CLUSTER SETSLOT", SLOT, "MIGRATING", identity)
        for node in (target, *(node for node in self.primaries if node is not target)):
            await node.ask("CLUSTER SETSLOT", SLOT, "NODE", identity)

    def kill(self) -> None:
        for node in self.nodes:
            node.kill()


async def until(holds: Any) -> None:
    """Waits until it holds; a cluster takes its time to agree."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def running_cluster() -> AsyncIterator[Cluster]:
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(Path(folder))
        try:
            await cluster.start()
            yield cluster
        finally:
            cluster.kill()
