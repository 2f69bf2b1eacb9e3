"""The benchmarks' viewers in C, before a server that says just what it is told to."""

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from benchmarks.compiling import compiled
from benchmarks.load import viewers
from benchmarks.load.viewers import Event, Viewers
from benchmarks.load.wire import HOST, WrongAnswer

CHUNKED = b"HTTP/1.1 200 \r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


def data(version: int, name: str = "") -> bytes:
    return b'{"contest":"mayor","name":"%b","version":%d,"selections":[]}' % (name.encode(), version)


def event(version: int, name: str = "", newline: bytes = b"\n") -> bytes:
    return newline.join([b"id: %d" % version, b"event: results", b"data: " + data(version, name), b"", b""])


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content)


@contextlib.contextmanager
def answering(*answers: Sequence[bytes]) -> Iterator[int]:
    """A server on the port given that sends each viewer in turn its pieces, and closes after an empty one."""
    with socket.create_server((HOST, 0)) as listening, contextlib.ExitStack() as opened:

        def serve() -> None:
            for pieces in answers:
                connection = opened.enter_context(listening.accept()[0])
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.recv(4096)
                for piece in pieces:
                    connection.sendall(piece)
                if not pieces[-1]:
                    connection.shutdown(socket.SHUT_RDWR)

        serving = threading.Thread(target=serve)
        serving.start()
        yield listening.getsockname()[1]
        serving.join()


def bytewise(content: bytes) -> list[bytes]:
    return [content[at : at + 1] for at in range(len(content))]


def test_an_event_counts_for_every_viewer_however_it_is_cut(tmp_path: Path) -> None:
    whole = chunk(b"retry: 2000\n\n: heartbeat\n\n") + chunk(event(1) + event(2)) + chunk(event(3))
    across = chunk(event(1)[:20]) + chunk(event(1)[20:] + event(2)[:-1]) + chunk(b"\n" + event(3))
    other = event(1, newline=b"\r\n") + event(2, newline=b"\r\n") + event(3, newline=b"\r\n")
    with (
        answering([CHUNKED + whole], bytewise(CHUNKED + across), [PLAIN, other]) as port,
        Viewers(tmp_path, port, "/stream", 3) as watching,
    ):
        assert watching.await_version("mayor", 3) == watching.reached[-1].at
        assert watching.events() == [Event("mayor", n, 3, 0, 0, 0, data(n)) for n in (1, 2, 3)]


def test_what_is_told_twice_or_late_or_with_other_bytes_is_counted(tmp_path: Path) -> None:
    first = [PLAIN + event(1) + event(2) + event(2) + event(1) + event(3)]
    second = [PLAIN + event(1) + event(2) + event(3, "another")]
    with answering(first, second) as port, Viewers(tmp_path, port, "/stream", 2) as watching:
        watching.await_version("mayor", 3)
        found = [event[2:6] for event in watching.events()]
    assert found == [(2, 0, 1, 0), (2, 1, 0, 0), (2, 0, 0, 1)]


def test_a_viewer_who_skips_a_version_has_reached_it_with_the_next(tmp_path: Path) -> None:
    with (
        answering([PLAIN + event(1) + event(2) + event(3)], [PLAIN + event(1) + event(3)]) as port,
        Viewers(tmp_path, port, "/stream", 2) as watching,
    ):
        at = watching.await_version("mayor", 2)
        assert at <= watching.await_version("mayor", 3)
        assert [event.deliveries for event in watching.events()] == [2, 1, 2]


def test_the_last_viewer_decides_when_a_version_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewers, "SECONDS", 0.3)
    with (
        answering([PLAIN + event(1) + event(2)], [PLAIN + event(1)]) as port,
        Viewers(tmp_path, port, "/stream", 2) as watching,
    ):
        watching.await_version("mayor", 1)
        with pytest.raises(WrongAnswer, match="not all 2 viewers got mayor 2"):
            watching.await_version("mayor", 2)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ([b"HTTP/1.1 503 \r\nretry-after: 1\r\n\r\n"], "answered with: HTTP/1.1 503"),
        ([b"HTTP/1.1 200 \r\ncontent-type: text/html\r\n\r\n"], "answered with"),
        ([PLAIN + event(1), b""], "closed a viewer's connection"),
        ([CHUNKED + chunk(event(1)) + b"0\r\n\r\n"], "ended a viewer's stream"),
        ([CHUNKED + event(1)], "no chunk begins with"),
    ],
    ids=["503", "a page", "closed", "ended", "no chunks"],
)
def test_what_is_no_stream_is_a_wrong_answer(tmp_path: Path, answer: list[bytes], told: str) -> None:
    with (
        answering(answer) as port,
        pytest.raises(WrongAnswer, match=told),
        Viewers(tmp_path, port, "/stream", 1) as watching,
    ):
        watching.await_version("mayor", 2)


def test_without_a_compiler_it_is_said_what_brings_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WrongAnswer, match="apt-get install gcc"):
        compiled(viewers.SOURCE, tmp_path)


def test_a_program_that_does_not_compile_is_named(tmp_path: Path) -> None:
    source = tmp_path / "broken.c"
    source.write_text("int main(void) { return nothing; }")
    with pytest.raises(WrongAnswer, match=r"broken\.c was not compiled"):
        compiled(source, tmp_path)
