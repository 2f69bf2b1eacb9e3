"""A proxy in front of an engine that can be cut like a cable, and mended."""

import asyncio
from typing import Self
from urllib.parse import urlsplit


class Proxy:
    """Forwards connections of 127.0.0.1 to the engine of a URL; `url` is the same through the proxy."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._port = 0
        self._pipes: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        login, _, _ = self._parts.netloc.rpartition("@")
        place = f"127.0.0.1:{self._port}"
        return self._parts._replace(netloc=f"{login}@{place}" if login else place).geturl()

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()

    async def mend(self) -> None:
        """Listens again, at the same port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Refuses new connections and resets those that stand."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.reset()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    def reset(self) -> None:
        """Resets the connections that stand; new ones are still taken."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = self._parts.port
        try:
            beyond = await asyncio.open_connection(self._parts.hostname, port)
        except OSError:
            writer.transport.abort()
            return
        for source, target in ((reader, beyond[1]), (beyond[0], writer)):
            self._writers.add(target)
            task = asyncio.create_task(self._pipe(source, target))
            self._pipes.add(task)
            task.add_done_callback(self._pipes.discard)

    async def _pipe(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                target.write(data)
                await target.drain()
        except OSError:
            pass
        finally:
            target.transport.abort()
            self._writers.discard(target)
