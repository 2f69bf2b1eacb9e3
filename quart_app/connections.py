"""What only the operating system can do about a client that takes nothing: give it up."""

import contextlib
import os
import socket
from collections.abc import Collection, Iterator
from pathlib import Path

# Data that a peer has not taken for so long ends its connection (tcp(7), TCP_USER_TIMEOUT).
UNTAKEN_SECONDS = 60


def listening(bind: str, backlog: int, *, shared: bool) -> socket.socket:
    """A socket that listens on `host:port`; `shared` lets other workers listen there too.

    Raises OSError that names the address.
    """
    host, _, port = bind.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # Accepted connections inherit it.
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNTAKEN_SECONDS * 1000)
    try:
        bound.bind((host.strip("[]"), int(port)))
        bound.listen(backlog)
    except OSError as error:
        bound.close()
        raise OSError(error.errno, f"{bind} cannot be served: {os.strerror(error.errno or 0)}") from error
    bound.setblocking(False)
    return bound


def drop_connections(ports: Collection[int]) -> int:
    """Ends every connection that this process has accepted on these ports; returns how many.

    A server that stops cannot wait for a client that reads nothing, and neither asyncio nor
    Hypercorn offers a way to give such a connection up.
    """
    dropped = 0
    for connection in _own_sockets():
        with contextlib.suppress(OSError):
            if _accepted_on(connection, ports):
                connection.shutdown(socket.SHUT_RDWR)
                dropped += 1
    return dropped


def _accepted_on(connection: socket.socket, ports: Collection[int]) -> bool:
    if connection.family not in (socket.AF_INET, socket.AF_INET6) or connection.type != socket.SOCK_STREAM:
        return False
    is_listening = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    return not is_listening and connection.getsockname()[1] in ports


def _own_sockets() -> Iterator[socket.socket]:
    """The sockets of this process, each through a descriptor of its own that is closed afterwards."""
    for entry in list(Path("/dev/fd").iterdir()):
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(entry.name))) as found:
            yield found
