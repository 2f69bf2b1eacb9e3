"""Many viewers on a few HTTP/2 connections, in few lines around the h2 library.

httpx is the client everywhere else; with dozens of streams that never end on one connection it stops
delivering to some of them, although the bytes have arrived.
"""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import h2.config
import h2.connection
import h2.events
import msgspec

from tests.e2e.officers import ANY_CERTIFICATE

WINDOW = 2**24


class Crowd:
    """`viewers` streams of one address on one connection; each remembers the newest of every contest."""

    def __init__(self, url: str, path: str, viewers: int) -> None:
        self._url = urlsplit(url)
        self._path = path
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        self._unread: dict[int, bytes] = {}
        self.contests: dict[int, dict[str, dict[str, Any]]] = {}
        self.events: dict[int, int] = {}
        self._viewers = viewers

    async def watch(self) -> None:
        tls = ANY_CERTIFICATE
        tls.set_alpn_protocols(["h2"])
        reader, writer = await asyncio.open_connection(self._url.hostname, self._url.port, ssl=tls)
        try:
            self._h2.initiate_connection()
            self._h2.increment_flow_control_window(WINDOW)
            for _ in range(self._viewers):
                self._open()
            while True:
                writer.write(self._h2.data_to_send())
                await writer.drain()
                data = await reader.read(2**16)
                assert data, "the server closed the connection"
                for event in self._h2.receive_data(data):
                    self._take(event)
        finally:
            writer.close()

    def _open(self) -> None:
        stream = self._h2.get_next_available_stream_id()
        self._unread[stream], self.contests[stream], self.events[stream] = b"", {}, 0
        host = f"{self._url.hostname}:{self._url.port}"
        headers = [(":method", "GET"), (":scheme", "https"), (":authority", host), (":path", self._path)]
        self._h2.send_headers(stream, headers, end_stream=True)

    def _take(self, event: h2.events.Event) -> None:
        assert not isinstance(event, h2.events.StreamReset | h2.events.StreamEnded), "a stream ended"
        if isinstance(event, h2.events.DataReceived):
            assert event.stream_id is not None and event.data is not None
            self._h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
            *blocks, rest = (self._unread[event.stream_id] + event.data).split(b"\n\n")
            self._unread[event.stream_id] = rest
            for block in blocks:
                self._read(event.stream_id, block)

    def _read(self, stream: int, block: bytes) -> None:
        fields = dict(line.split(b": ", 1) for line in block.split(b"\n") if not line.startswith(b":"))
        if fields.get(b"event") == b"results":
            results = msgspec.json.decode(fields[b"data"])
            self.contests[stream][results["contest"]] = results
            self.events[stream] += 1
