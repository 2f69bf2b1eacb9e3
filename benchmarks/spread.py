"""Which of a server's processes has which connections, and how busy the machine is, as Linux tells it."""

import contextlib
from collections import Counter
from pathlib import Path

import msgspec

from benchmarks.stage import Running

# <net/tcp_states.h>
_ESTABLISHED, _LISTENING = "01", "0A"


class Times(msgspec.Struct, frozen=True):
    """Of all cores together, in ticks since the machine was started."""

    busy: int
    all: int

    def percent_busy(self, before: "Times") -> float:
        return 100 * (self.busy - before.busy) / max(1, self.all - before.all)


def machine() -> Times:
    """See proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal."""
    ticks = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return Times(sum(ticks) - ticks[3] - ticks[4], sum(ticks))


def listening(running: Running) -> list[Path]:
    """The processes that listen on the server's port, as folders of /proc."""
    return list(_owners(running, _LISTENING))


def accepted(running: Running) -> Counter[Path]:
    """How many connections to the server's port each of its processes holds."""
    return _owners(running, _ESTABLISHED)


def _owners(running: Running, state: str) -> Counter[Path]:
    sockets = _sockets(running.port, state)
    found: Counter[Path] = Counter()
    for process in running.processes():
        with contextlib.suppress(OSError):
            for descriptor in (process / "fd").iterdir():
                with contextlib.suppress(OSError):
                    if str(descriptor.readlink()) in sockets:
                        found[process] += 1
    return found


def _sockets(port: int, state: str) -> frozenset[str]:
    """The sockets of this address in this state, as descriptors name them."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    here = f":{port:04X}"
    return frozenset(f"socket:[{line[9]}]" for line in lines if line[1].endswith(here) and line[3] == state)
