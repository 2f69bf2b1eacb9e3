"""As much of RFC 6455 as a client needs that sends and gets short text messages."""

import base64
import hashlib
import os
from collections.abc import Mapping

from benchmarks.load.wire import Connection, WrongAnswer, request

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """One whole frame from a client, masked as section 5.3 asks."""
    key = os.urandom(4)
    return bytes([0x80 | opcode]) + _length(len(payload)) + key + masked(payload, key)


def _length(size: int) -> bytes:
    if size < 126:
        return bytes([0x80 | size])
    if size < 1 << 16:
        return bytes([0x80 | 126]) + size.to_bytes(2, "big")
    return bytes([0x80 | 127]) + size.to_bytes(8, "big")


def masked(payload: bytes, key: bytes) -> bytes:
    """The payload with the key laid over it; a second time gives the payload again."""
    keys = (key * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(keys, "big")).to_bytes(len(payload), "big")


def take_frame(received: bytes) -> tuple[int, bytes, bytes] | None:
    """Opcode and payload of the first frame from a server, and what follows; None if it is not whole yet.

    Raises WrongAnswer for what a server may not send: a masked frame, or one that is not whole in itself.
    """
    if len(received) < 2:
        return None
    first, size, start = received[0], received[1], 2
    if not first & 0x80 or size & 0x80:
        raise WrongAnswer(f"a frame begins with {received[:2].hex()}")
    if size >= 126:
        start = 4 if size == 126 else 10
        if len(received) < start:
            return None
        size = int.from_bytes(received[2:start], "big")
    end = start + size
    if len(received) < end:
        return None
    return first & 0x0F, received[start:end], received[end:]


def open_websocket(port: int, path: str, headers: Mapping[str, str]) -> Connection:
    """A connection after its handshake. Raises WrongAnswer where the server refuses it."""
    connection = Connection(port)
    key = base64.b64encode(os.urandom(16))
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key.decode(),
    }
    connection.socket.sendall(request("GET", path, {**upgrade, **headers}))
    head = connection.until(b"\r\n\r\n")
    accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())
    if not head.startswith(b"HTTP/1.1 101") or accept not in head:
        raise WrongAnswer(f"the handshake was answered with {head!r}")
    return connection


def message(connection: Connection) -> bytes:
    """The next text message; pings are answered meanwhile."""
    while True:
        while (taken := take_frame(connection.received)) is None:
            connection.fill()
        opcode, payload, connection.received = taken
        if opcode == TEXT:
            return payload
        answer_control(connection, opcode, payload)


def answer_control(connection: Connection, opcode: int, payload: bytes) -> None:
    """Answers a ping. Raises WrongAnswer for anything else that is no text."""
    if opcode != PING:
        raise WrongAnswer(f"a frame of opcode {opcode}: {payload!r}")
    connection.socket.sendall(frame(payload, PONG))
