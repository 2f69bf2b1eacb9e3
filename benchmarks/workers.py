"""Two workers against one: GETs and receipts a second, and how the kernel spreads connections over them.

With two cores in all, load and database take what a second worker would need. So there are two pairs of
rows: one as it is, and one in which each worker may use only a part of a core, so that there are cores free
for all. In that one, twice the workers have twice the time, and can show whether they make something of it.

Receipts of one election are given one batch after the other, whichever worker takes it, for its log has one
head. A worker that is stopped because its part of a core is used up may be stopped at that head, and then the
other one waits as well: read the receipts of the limited rows with this in mind.
"""

import contextlib
import functools
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from benchmarks import intake
from benchmarks.load.officers import Officers
from benchmarks.load.readers import answer
from benchmarks.load.wire import HOST, SECONDS, WrongAnswer, request
from benchmarks.measuring import OURS, Measured, Row
from benchmarks.programs import is_here, program
from benchmarks.spread import accepted, listening, machine
from benchmarks.stage import (
    START_SECONDS,
    Election,
    Running,
    Server,
    Stage,
    cpu_seconds_of,
    free_port,
    on_cores,
)

UNIT = "GETs/s"
ABOUT = {
    OURS: "one worker, which may use a part of a core",
    "two-workers": "two workers, each of which may use as much",
    "one-unlimited": "one worker, with load and database on the same cores",
    "two-unlimited": "two workers likewise: all cores are taken, and more of them by the workers",
}


class Size(msgspec.Struct, frozen=True):
    readers: int = 100
    officers: int = 50
    precincts: int = 3
    """So few that all results together have about 5 kB."""
    tallied: int = 20_000
    """Precincts of the election that takes tallies."""
    warm_up: float = 0.5
    seconds: float = 3.0
    percent: int = 30
    """Of a core, for each worker of the rows that are limited."""


def rows(stage: Stage, size: Size) -> list[Row]:
    if not is_here("wrk"):
        return []
    limited = [(OURS, 1, size.percent), ("two-workers", 2, size.percent)] if is_here("cpulimit") else []
    return [
        Row(name, functools.partial(measure, stage, workers, percent, size))
        for name, workers, percent in [*limited, ("one-unlimited", 1, None), ("two-unlimited", 2, None)]
    ]


def measure(stage: Stage, workers: int, percent: int | None, size: Size) -> Measured:
    """GETs a second, and receipts a second of one election, of a server with so many workers.

    Raises WrongAnswer, also where a worker has not one of the connections.
    """
    read, tallied = stage.election(size.precincts), stage.election(size.tallied)
    stage.count(read, read.tallies)
    # Nothing has a core of its own, the load neither.
    with on_cores(stage.cores), stage.serving(tallystream(workers)) as running:
        processes = _all_listening(running, workers)
        _check(running, read)
        with limited(processes, percent):
            reads = _reads(running, read, processes, size)
            receipts = _receipts(stage, running, tallied, size)
    return msgspec.structs.replace(reads, details={**reads.details, "receipts/s": receipts})


def tallystream(workers: int) -> Server:
    """The product as it is served, whose workers share their addresses by SO_REUSEPORT."""
    command = (sys.executable, "-m", "quart_app", "serve", "--workers", str(workers))
    ports = ("--port", "{port}", "--tls-port", str(free_port()))
    return Server(f"tallystream-{workers}", (*command, *ports), anywhere=True)


def _all_listening(running: Running, workers: int) -> list[Path]:
    deadline = time.monotonic() + START_SECONDS
    while len(found := listening(running)) < workers:
        if time.monotonic() > deadline:
            raise WrongAnswer(f"{len(found)} of {workers} workers listen")
        time.sleep(0.05)
    return found


def _check(running: Running, election: Election) -> None:
    """Each worker has read the election before it is measured: enough connections reach all of them."""
    for _ in range(20):
        found = answer(running.port, request("GET", f"{election.path}/results"))
        if found.status != 200 or b'"contests":' not in found.body:
            raise WrongAnswer(f"{found.status}, and no results: {found.body[:200]!r}")


@contextlib.contextmanager
def limited(processes: Sequence[Path], percent: int | None) -> Iterator[None]:
    """Each of these processes gets at most so many per cent of a core; None for all that it can get."""
    if percent is None:
        yield
        return
    command = [program("cpulimit"), "--lazy", "--quiet", f"--limit={percent}"]
    with contextlib.ExitStack() as stack:
        for pid in (int(process.name) for process in processes):
            limiter = subprocess.Popen([*command, f"--pid={pid}"], stdout=subprocess.DEVNULL)
            stack.callback(_set_free, limiter, pid)
        yield


def _set_free(limiter: "subprocess.Popen[bytes]", pid: int) -> None:
    limiter.terminate()
    limiter.wait()
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


# ---- GETs, by wrk ----

_A_SECOND = re.compile(r"^Requests/sec: +([\d.]+)", re.MULTILINE)
_FAULTS = re.compile(r"^ +(?:Socket errors|Non-2xx or 3xx responses): .*", re.MULTILINE)


def _reads(running: Running, election: Election, workers: Sequence[Path], size: Size) -> Measured:
    """GETs of the results of all contests, by one thread of wrk, and who did how much meanwhile."""
    lasting = max(1, round(size.warm_up + size.seconds))
    url = f"http://{HOST}:{running.port}{election.path}/results"
    command = [program("wrk"), "-t1", f"-c{size.readers}", f"-d{lasting}s", url]
    before, busy_before, begun = (
        [cpu_seconds_of(worker) for worker in workers],
        machine(),
        time.perf_counter(),
    )
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as wrk:
        time.sleep(lasting / 2)
        spread = accepted(running)
        said, _ = wrk.communicate(timeout=lasting + SECONDS)
    seconds, busy = time.perf_counter() - begun, machine()
    shares = [
        100 * (cpu_seconds_of(worker) - used) / seconds for worker, used in zip(workers, before, strict=True)
    ]
    connections = [spread[worker] for worker in workers]
    if min(connections) == 0:
        raise WrongAnswer(f"the workers have {connections} connections")
    details = {
        "least_%": min(shares),
        "most_%": max(shares),
        "machine_%": busy.percent_busy(busy_before),
        "fewest_of": float(min(connections)),
        "connections": float(sum(connections)),
    }
    return Measured(_rate(said), details)


def _rate(said: str) -> float:
    rate, faults = _A_SECOND.search(said), _FAULTS.search(said)
    if rate is None or faults is not None:
        raise WrongAnswer(f"wrk said {said[-500:]!r}")
    return float(rate[1])


# ---- receipts ----


def _receipts(stage: Stage, running: Running, election: Election, size: Size) -> float:
    """Receipts a second to officers of one election, whichever worker has taken their connections."""
    frames = intake.frames_of(intake.large(election.tallies))
    path = f"{election.path}/tallies/ws"
    with Officers(running.port, path, election.bearer, size.officers) as officers:
        payloads = officers.send(frames, size.warm_up).payloads
        answered = officers.send(frames, size.seconds)
    receipts = list(intake.receipts_of([*payloads, *answered.payloads]))
    stage.run(intake.audit(stage, election, receipts))
    return len(answered.payloads) / answered.seconds
