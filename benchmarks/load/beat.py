"""Officers who send on the beat: so many tallies a second, whatever receipts are still to come."""

import itertools
import select
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Self

from benchmarks.load.websocket import TEXT, answer_control, message, open_websocket, take_frame
from benchmarks.load.wire import PIECE, SECONDS, Connection, WrongAnswer


class Answer(NamedTuple):
    """What came back for frame `number`. Times are seconds of `time.monotonic`."""

    number: int
    payload: bytes
    due: float
    """When the frame had to be sent; if it was sent late, its wait is counted from here all the same."""
    at: float


class _Officer(NamedTuple):
    connection: Connection
    unanswered: deque[int]


class Beat:
    def __init__(self, port: int, path: str, headers: Mapping[str, str], officers: int) -> None:
        """Connects, and waits for each one's greeting."""
        self._officers: dict[int, _Officer] = {}
        self._poll = select.epoll()
        for _ in range(officers):
            connection = open_websocket(port, path, headers)
            message(connection)
            self._officers[connection.socket.fileno()] = _Officer(connection, deque())
            self._poll.register(connection.socket, select.EPOLLIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._poll.close()
        for officer in self._officers.values():
            officer.connection.socket.close()

    def send(self, frames: Sequence[bytes], a_second: float) -> list[Answer]:
        """Sends the frames, one officer after the other, and returns all answers in the order they came."""
        answers: list[Answer] = []
        turns = itertools.cycle(self._officers.values())
        begun, sent = time.monotonic(), 0
        while len(answers) < len(frames):
            while sent < len(frames) and begun + sent / a_second <= time.monotonic():
                officer = next(turns)
                officer.unanswered.append(sent)
                officer.connection.socket.sendall(frames[sent])
                sent += 1
            rest = begun + sent / a_second - time.monotonic() if sent < len(frames) else SECONDS
            came = list(self._answers(max(0.0, rest)))
            if not came and sent == len(frames):
                raise WrongAnswer(f"{len(frames) - len(answers)} of {len(frames)} frames got no answer")
            answers += [
                Answer(number, payload, begun + number / a_second, at) for number, payload, at in came
            ]
        return answers

    def _answers(self, timeout: float) -> Iterator[tuple[int, bytes, float]]:
        for descriptor, _ in self._poll.poll(timeout):
            officer = self._officers[descriptor]
            for payload in _texts(officer.connection):
                yield officer.unanswered.popleft(), payload, time.monotonic()


def _texts(connection: Connection) -> Iterator[bytes]:
    """The whole text messages that have come; pings are answered."""
    data = connection.socket.recv(PIECE)
    if not data:
        raise WrongAnswer("the server closed an officer's connection")
    connection.received += data
    while taken := take_frame(connection.received):
        opcode, payload, connection.received = taken
        if opcode == TEXT:
            yield payload
        else:
            answer_control(connection, opcode, payload)
