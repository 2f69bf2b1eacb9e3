"""Keeps one engine running: starts it, starts it again when it dies, and stops it."""

import logging
import os
import signal
import subprocess
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

from quart_app.embedded.addresses import free_port
from quart_app.embedded.children import end, spawn
from quart_app.embedded.errors import EngineUnavailable

_FIRST_ATTEMPTS = 5
_READY_WITHIN = 60.0  # seconds, for a recovery after a crash
_STOP_WITHIN = 10.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0

_log = logging.getLogger(__name__)


class Engine(Protocol):
    """What the keeper must know of an engine."""

    name: str
    log: Path
    stop_signal: signal.Signals

    def create(self) -> None:
        """Make what the engine needs before its very first start."""

    def prepare(self) -> None:
        """Clear away what a killed engine left; called before every start."""

    def command(self, port: int) -> list[str]: ...

    def stdin(self, port: int) -> bytes: ...

    def is_ready(self, pid: int, port: int) -> bool: ...

    def url(self, port: int) -> str: ...


class Keeper(threading.Thread):
    """The thread that an engine's life hangs on.

    Every start happens in this thread, because the engine gets its death signal when the thread that started
    it ends; that also stops the engine when the process is killed.
    """

    def __init__(self, engine: Engine, preferred_port: int | None) -> None:
        super().__init__(name=f"keeper of {engine.name}", daemon=True)
        self._engine = engine
        self._port = preferred_port or 0
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._up: Future[str] = Future()

    def wait_until_ready(self) -> str:
        """The engine's URL, as soon as it answers. Raises EngineUnavailable."""
        return self._up.result()

    def stop(self) -> None:
        self._stopping.set()
        self.join()

    def run(self) -> None:
        try:
            self._start_first()
        except OSError as error:
            self._up.set_exception(EngineUnavailable(f"{self._engine.name} cannot be set up: {error}"))
        except Exception as error:
            self._up.set_exception(error)
        else:
            self._up.set_result(self._engine.url(self._port))
            self._watch()
        finally:
            if self._child:
                end(self._child, self._engine.stop_signal, _STOP_WITHIN)

    def _start_first(self) -> None:
        if self._engine.log.exists():
            self._engine.log.replace(self._engine.log.with_suffix(".log.1"))  # so logs do not grow for ever
        self._engine.create()
        for _ in range(_FIRST_ATTEMPTS):
            self._port = free_port(self._port)
            if self._start():
                return
            if self._stopping.wait(_SHORTEST_PAUSE):
                break
        raise EngineUnavailable(f"{self._engine.name} does not start: {_last_line(self._engine.log)}")

    def _watch(self) -> None:
        pause = _SHORTEST_PAUSE
        while not self._stopping.wait(0.1):
            if self._child and self._child.poll() is None:
                continue
            _log.warning("%s has died; starting it again", self._engine.name)
            pause = _SHORTEST_PAUSE if self._start() else min(2 * pause, _LONGEST_PAUSE)
            self._stopping.wait(pause)

    def _start(self) -> bool:
        try:
            self._engine.prepare()
            with open(self._engine.log, "ab", opener=_privately) as log:
                self._child = spawn(self._engine.command(self._port), log, self._engine.stdin(self._port))
        except OSError:
            _log.exception("%s cannot be started", self._engine.name)
            return False
        if self._becomes_ready(self._child):
            return True
        end(self._child, self._engine.stop_signal, _STOP_WITHIN)
        return False

    def _becomes_ready(self, child: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + _READY_WITHIN
        while child.poll() is None and time.monotonic() < deadline:
            if self._engine.is_ready(child.pid, self._port):
                return True
            if self._stopping.wait(0.01):
                return False
        return False


def _privately(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)  # logs quote statements and their values


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return f"{lines[-1].strip()} ({log})" if lines else f"nothing in {log}"
