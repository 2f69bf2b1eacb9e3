"""Readers that ask for one thing again and again, each on a connection that is kept."""

import select
import time

from benchmarks.load.wire import PIECE, SECONDS, Connection, Response, WrongAnswer, exchange


def answer(port: int, asked: bytes) -> Response:
    """The answer to one request."""
    with Connection(port) as connection:
        return exchange(connection, asked)


def read(port: int, asked: bytes, expected: Response, number: int, seconds: float) -> tuple[int, float]:
    """Answers to so many readers, and the seconds that they took.

    Raises WrongAnswer where one is not like `expected`.
    """
    connections = [Connection(port) for _ in range(number)]
    try:
        return _read({c.socket.fileno(): c for c in connections}, asked, expected, seconds)
    finally:
        for connection in connections:
            connection.socket.close()


def _read(
    connections: dict[int, Connection], asked: bytes, expected: Response, seconds: float
) -> tuple[int, float]:
    begin, end, size = b"HTTP/1.1 %d " % expected.status, expected.body[-64:], expected.size
    poll = select.epoll()
    for connection in connections.values():
        poll.register(connection.socket, select.EPOLLIN)
        connection.socket.send(asked)
    answers, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        for number, _ in poll.poll(SECONDS):
            connection = connections[number]
            received = connection.received + connection.socket.recv(PIECE)
            if len(received) < size:
                connection.received = _grown(connection, received)
                continue
            if len(received) > size or not received.startswith(begin) or not received.endswith(end):
                raise WrongAnswer(f"an answer is not like the first: {received[:200]!r}")
            connection.received = b""
            connection.socket.send(asked)
            answers += 1
    poll.close()
    return answers, time.perf_counter() - begun


def _grown(connection: Connection, received: bytes) -> bytes:
    if len(received) == len(connection.received):
        raise WrongAnswer("the server closed a reader's connection")
    return received
