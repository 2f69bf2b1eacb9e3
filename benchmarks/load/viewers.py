"""Viewers of a stream of server-sent events, many at once: viewers.c, from Python.

They take events that name their contest and its version, as results do; others are as if they had not come.
"""

import queue
import subprocess
import threading
import time
from pathlib import Path
from typing import NamedTuple, Self

from benchmarks.compiling import compiled
from benchmarks.load.wire import SECONDS, WrongAnswer

SOURCE = Path(__file__).with_suffix(".c")


class Event(NamedTuple):
    """One version of a contest as the viewers got it."""

    contest: str
    version: int
    deliveries: int
    """Viewers for whom it was news."""
    repeats: int
    """Viewers who had it already."""
    late: int
    """Viewers who had a newer one already."""
    different: int
    """Viewers whose bytes were not the first viewer's."""
    data: bytes


class Reached(NamedTuple):
    """From this moment, by `time.monotonic`, every viewer had this version of the contest, or a newer one."""

    contest: str
    version: int
    at: float


class Viewers:
    def __init__(self, folder: Path, port: int, path: str, number: int) -> None:
        """Connects, and waits until each has the head of its answer. `folder` keeps the program.

        Raises WrongAnswer.
        """
        self.number = number
        self.reached: list[Reached] = []
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [compiled(SOURCE, folder), str(port), path, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        # Read at once whatever else happens here: they must never wait until somebody listens to them.
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            all_connected = b"connected %d" % number
            while self._line("the head of an answer") != all_connected:
                pass
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def await_version(self, contest: str, version: int) -> float:
        """When the last viewer had the contest in this version or a newer one, by `time.monotonic`."""
        for reached in self.reached:
            if reached.contest == contest and reached.version >= version:
                return reached.at
        while True:
            self._line(f"{contest} {version}")
            if (last := self.reached[-1]).contest == contest and last.version >= version:
                return last.at

    def events(self) -> list[Event]:
        """Everything that came, contest by contest in the order of versions. The viewers end with it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        events = []
        while (line := self._line()) != b"end":
            kind, *words = line.split(b" ", 7)
            if kind == b"event":
                events.append(_event(words))
        return events

    def _line(self, awaited: str = "what the viewers tell") -> bytes:
        """The next line; what it tells of a version reached is in `reached`. Raises WrongAnswer."""
        try:
            line = self._lines.get(timeout=SECONDS)
        except queue.Empty:
            raise WrongAnswer(f"not all {self.number} viewers got {awaited}") from None
        if not line:
            assert self._process.stderr is not None
            raise WrongAnswer(self._process.stderr.read().decode(errors="replace").strip() or "viewers ended")
        if line.startswith(b"reached "):
            _, contest, version, at = line.split()
            self.reached.append(Reached(contest.decode(), int(version), int(at) / 1e9))
        return line

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.rstrip(b"\n"))
        self._lines.put(b"")


def _event(words: list[bytes]) -> Event:
    contest, version, deliveries, repeats, late, different, data = words
    return Event(
        contest.decode(), int(version), int(deliveries), int(repeats), int(late), int(different), data
    )


def now() -> float:
    """The clock that viewers tell the time by."""
    return time.monotonic()
