"""Connections, and HTTP/1.1 requests that are made once and sent often."""

import socket
from collections.abc import Mapping
from typing import Self

HOST = "127.0.0.1"
SECONDS = 30.0
"""For anything that a working server does at once."""

PIECE = 1 << 16


class WrongAnswer(Exception):
    """A server did not answer as it should, so that measuring it would mean nothing."""


class Connection:
    """A socket and what came from it that is not used up yet."""

    __slots__ = ("received", "sent_at", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.sent_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def fill(self) -> None:
        """Receives more. Raises WrongAnswer where the server has closed the connection."""
        data = self.socket.recv(PIECE)
        if not data:
            raise WrongAnswer(f"the server closed a connection after {self.received[:200]!r}")
        self.received += data

    def until(self, end: bytes) -> bytes:
        """Everything up to and with `end`."""
        while (found := self.received.find(end)) < 0:
            self.fill()
        return self.exactly(found + len(end))

    def exactly(self, size: int) -> bytes:
        if len(self.received) < size - PIECE:
            # Put together once: an answer may have megabytes.
            with self.socket.makefile("rb") as rest:
                self.received += rest.read(size - len(self.received))
        while len(self.received) < size:
            self.fill()
        taken, self.received = self.received[:size], self.received[size:]
        return taken


class Response:
    """A whole answer: `size` is the bytes that it took on the wire."""

    def __init__(self, head: bytes, body: bytes) -> None:
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])
        }
        self.body = body
        self.size = len(head) + len(body)


def request(method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """A request's bytes."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def exchange(connection: Connection, sent: bytes) -> Response:
    """Sends a request and waits for the whole answer, which must say its length."""
    connection.socket.sendall(sent)
    return receive(connection)


def receive(connection: Connection) -> Response:
    head = connection.until(b"\r\n\r\n")
    response = Response(head, b"")
    length = int(response.headers.get("content-length", 0))
    return Response(head, connection.exactly(length)) if length else response
