"""Viewers of a stream of server-sent events, many at once."""

import re
import select
import time
from typing import Self

from benchmarks.load.wire import PIECE, SECONDS, Connection, WrongAnswer, request

_END = b"\n\n\r\n"
"""The end of an event that is also the end of a chunk."""

_CHUNK = re.compile(rb"([0-9a-fA-F]+)\r\n")


class Viewers:
    def __init__(self, port: int, path: str, number: int) -> None:
        """Connects, and waits until each has got what the stream begins with."""
        self._connections: dict[int, Connection] = {}
        self._poll = select.epoll()
        asked = request("GET", path, {"Accept": "text/event-stream"})
        for _ in range(number):
            connection = Connection(port)
            self._connections[connection.socket.fileno()] = connection
            self._poll.register(connection.socket, select.EPOLLIN)
            connection.socket.sendall(asked)
        self._await_all(b"\r\n\r\n")
        self.drop(quiet=0.5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._poll.close()
        for connection in self._connections.values():
            connection.socket.close()

    def drop(self, quiet: float) -> None:
        """Throws away what comes, until nothing has come for so many seconds."""
        while ready := self._poll.poll(quiet):
            for number, _ in ready:
                self._connections[number].socket.recv(PIECE)
        for connection in self._connections.values():
            connection.received = b""

    def await_event(self, marker: bytes) -> None:
        """Returns when the last viewer has the event that holds `marker`, to its end."""
        self._await_all(marker)

    def events(self) -> list[bytes]:
        """What each viewer got since the last `drop`, without its chunks."""
        return [unchunked(connection.received) for connection in self._connections.values()]

    def _await_all(self, marker: bytes) -> None:
        missing = set(self._connections)
        deadline = time.monotonic() + SECONDS
        while missing:
            if time.monotonic() > deadline:
                raise WrongAnswer(f"{len(missing)} of {len(self._connections)} viewers got no {marker!r}")
            for number, _ in self._poll.poll(1.0):
                connection = self._connections[number]
                data = connection.socket.recv(PIECE)
                if not data:
                    raise WrongAnswer("the server closed a viewer's stream")
                connection.received += data
                if number in missing and data.endswith(_END) and marker in connection.received:
                    missing.remove(number)


def unchunked(received: bytes) -> bytes:
    """The content of whole chunks (RFC 9112, 7.1)."""
    content, place = [], 0
    while place < len(received):
        head = _CHUNK.match(received, place)
        if head is None:
            raise WrongAnswer(f"no chunk begins with {received[place : place + 40]!r}")
        end = head.end() + int(head[1], 16)
        content.append(received[head.end() : end])
        place = end + 2
    return b"".join(content)


def data_of(events: bytes) -> list[bytes]:
    """The data of each event, in order."""
    return re.findall(rb"^data: ?(.*)$", events, re.MULTILINE)
