"""Officers over WebSocket, each with one message outstanding."""

import select
import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Self

from benchmarks.load.websocket import TEXT, answer_control, message, open_websocket, take_frame
from benchmarks.load.wire import PIECE, SECONDS, Connection, WrongAnswer


class Answered(NamedTuple):
    """What came back: payloads in the order of their coming, and how long each took."""

    payloads: list[bytes]
    waits: list[float]
    seconds: float
    """From the first message sent to the last answer."""


class Officers:
    def __init__(self, port: int, path: str, headers: Mapping[str, str], number: int) -> None:
        """Connects, and waits for each one's greeting."""
        self._connections: dict[int, Connection] = {}
        self._poll = select.epoll()
        for _ in range(number):
            connection = open_websocket(port, path, headers)
            self._connections[connection.socket.fileno()] = connection
            message(connection)
            self._poll.register(connection.socket, select.EPOLLIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._poll.close()
        for connection in self._connections.values():
            connection.socket.close()

    def ask(self, sent: bytes) -> bytes:
        """One message of one officer, and its answer."""
        connection = next(iter(self._connections.values()))
        connection.socket.sendall(sent)
        return message(connection)

    def send(self, frames: Iterator[bytes], seconds: float) -> Answered:
        """All officers send, each as soon as it has an answer, for so long or until there are no frames."""
        answered = Answered([], [], 0.0)
        begun = time.perf_counter()
        outstanding = 0
        for connection in self._connections.values():
            outstanding += _next(connection, frames, begun)
        while outstanding:
            outstanding -= self._gather(frames, begun + seconds, answered)
        return answered._replace(seconds=time.perf_counter() - begun)

    def _gather(self, frames: Iterator[bytes], deadline: float, answered: Answered) -> int:
        """One look at all connections; returns how many have nothing more to send."""
        ended = 0
        ready = self._poll.poll(SECONDS)
        if not ready:
            raise WrongAnswer(f"no answer came for {SECONDS:.0f} s")
        for number, _ in ready:
            connection = self._connections[number]
            payload = _answer(connection)
            if payload is None:
                continue
            now = time.perf_counter()
            answered.payloads.append(payload)
            answered.waits.append(now - connection.sent_at)
            if now >= deadline or not _next(connection, frames, now):
                ended += 1
        return ended


def _next(connection: Connection, frames: Iterator[bytes], now: float) -> bool:
    sent = next(frames, None)
    if sent is not None:
        connection.sent_at = now
        connection.socket.sendall(sent)
    return sent is not None


def _answer(connection: Connection) -> bytes | None:
    """The one answer that can have come, if it is whole."""
    data = connection.socket.recv(PIECE)
    if not data:
        raise WrongAnswer("the server closed an officer's connection")
    connection.received += data
    while taken := take_frame(connection.received):
        opcode, payload, connection.received = taken
        if opcode == TEXT:
            return payload
        answer_control(connection, opcode, payload)
    return None
