"""Child processes that end with this one, and processes of earlier owners that have not ended yet."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple

_LEASH = Path(__file__).with_name("leash.py")


class Account(NamedTuple):
    """Whose rights a child runs with."""

    uid: int
    gid: int


def this_account() -> Account:
    return Account(os.geteuid(), os.getegid())


def leashed(command: Sequence[str | Path], account: Account, death_signal: signal.Signals) -> list[str]:
    """The command line that runs `command` with the rights of `account`.

    The child gets `death_signal` when the *thread* that starts it ends, so start it from one that lives
    as long as the child shall. (Linux only; elsewhere a child outlives an owner that is killed.)
    """
    words = [os.getpid(), int(death_signal), account.uid, account.gid, *command]
    return [sys.executable, "-I", "-S", str(_LEASH), *map(str, words)]


def spawn(command: Sequence[str], log: IO[bytes], stdin: bytes = b"") -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that a Ctrl-C in the terminal reaches only us."""
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        cwd="/",
        start_new_session=True,
    )
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it ended at once; whoever waits until it is ready sees that
        child.stdin.write(stdin)
        child.stdin.close()
    return child


def end(child: subprocess.Popen[bytes], gently: signal.Signals, seconds: float) -> None:
    """Ask the child to end, and insist when it has not within `seconds`."""
    for sent in (gently, signal.SIGQUIT, signal.SIGKILL):
        if child.poll() is not None:
            return
        child.send_signal(sent)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            continue


def processes_of(program: str, folder: Path) -> list[int]:
    """The pids of a program's processes whose working directory is `folder` (Linux only)."""
    real = folder.resolve()
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _runs(entry, program, real)]


def _runs(process: Path, program: str, folder: Path) -> bool:
    try:
        return (process / "cwd").readlink() == folder and (process / "comm").read_text().strip() == program
    except OSError:  # gone meanwhile, or another user's
        return False


def end_processes_of(program: str, folder: Path, seconds: float) -> None:
    """End what an owner that was killed has left running in `folder`, and wait until it is gone."""
    for sent in (signal.SIGQUIT, signal.SIGKILL):
        for pid in processes_of(program, folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sent)
        deadline = time.monotonic() + seconds
        while processes_of(program, folder) and time.monotonic() < deadline:
            time.sleep(0.02)
