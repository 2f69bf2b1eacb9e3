"""A real terminal with a person before it: what the command shows, and what is typed."""

import asyncio
import os
import select
import subprocess
import sys
import time

SECONDS = 30.0


class Terminal:
    """A command of ours on a pseudo-terminal of its own; `seen` is everything that stood on it."""

    def __init__(self, environ: dict[str, str], *words: str) -> None:
        self._ours, theirs = os.openpty()
        command = [sys.executable, "-m", "quart_app", *words]
        self.process = subprocess.Popen(command, env=environ, preexec_fn=lambda: os.login_tty(theirs))
        os.close(theirs)
        self.seen = ""
        self._heard = 0

    def wait_for(self, text: str) -> None:
        """Until the text stands on the terminal, after what was waited for before."""
        deadline = time.monotonic() + SECONDS
        while (found := self.seen.find(text, self._heard)) < 0:
            assert time.monotonic() < deadline and self._read(), f"{text!r} never came: {self.seen}"
        self._heard = found + len(text)

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def end(self) -> int:
        """Waits for the command's end; returns its exit status."""
        while self._read():
            pass
        os.close(self._ours)
        return self.process.wait(SECONDS)

    def _read(self) -> bool:
        """Whether there was something; a pseudo-terminal that its command has left cannot be read."""
        if not select.select([self._ours], [], [], SECONDS)[0]:
            return False
        try:
            chunk = os.read(self._ours, 65_536)
        except OSError:
            return False
        self.seen += chunk.decode(errors="replace").replace("\r\n", "\n")
        return bool(chunk)


async def typed(terminal: Terminal, *turns: tuple[str, str]) -> int:
    """Types an answer each time that its question stands on the terminal; returns the exit status."""

    def talk() -> int:
        for question, answer in turns:
            terminal.wait_for(question)
            terminal.type(answer)
        return terminal.end()

    return await asyncio.to_thread(talk)
