"""Ten times what a process can carry: readers flood it, while viewers watch and officers send."""

import functools
import http.client
import re
import time
from collections.abc import Iterator

import msgspec

from benchmarks import intake, night
from benchmarks.load import wrk
from benchmarks.load.beat import Answer, Beat
from benchmarks.load.viewers import Viewers
from benchmarks.load.wire import HOST, SECONDS, WrongAnswer
from benchmarks.measuring import OURS, Details, Measured, Row, percentile
from benchmarks.programs import is_here
from benchmarks.stage import Election, Running, Stage, on_hypercorn

UNIT = "ms to a receipt, p99"

AT_EASE = "at-ease"
ABOUT = {
    OURS: "1,000 connections ask for the election's page again and again, which is more than ten times what "
    "one process makes, while 1,000 viewers watch and 20 officers send 100 tallies a second for 25 s",
    AT_EASE: "the same viewers and officers, and nobody else",
}

SERVER = on_hypercorn(OURS, "asgi:app")
METRICS_TOKEN = "of-this-benchmark"
AFTER_SERVED = 20
"""Pages that have to be served one after the other for it to be over."""

_SHED = re.compile(r'^tallystream_shed_total\{kind="([a-z-]+)"\} (\S+)$', re.MULTILINE)


class Size(msgspec.Struct, frozen=True):
    connections: int = 1_000
    few: int = 8
    """Connections with which it is measured what can be carried."""
    viewers: int = 1_000
    officers: int = 20
    a_second: int = 100
    """Tallies, each in a frame of its own."""
    warm_up: float = 5.0
    """Seconds of the flood before it counts: so long it takes to settle."""
    seconds: float = 20.0
    precincts: int = 2_000
    capacity_seconds: float = 5.0


def rows(stage: Stage, size: Size) -> list[Row]:
    if not is_here("wrk"):
        return []
    return [
        Row(OURS, functools.partial(measure, stage, size, flooded=True)),
        Row(AT_EASE, functools.partial(measure, stage, size, flooded=False)),
    ]


def measure(stage: Stage, size: Size, *, flooded: bool) -> Measured:
    """How long officers wait, and what else became of it. Raises WrongAnswer where a receipt is missing."""
    election = stage.election(size.precincts)
    page = f"/elections/{election.code}"
    with stage.serving(SERVER, TALLYSTREAM_METRICS_TOKEN=METRICS_TOKEN) as running:
        carried = wrk.load(running.port, page, {}, size.few, size.capacity_seconds).a_second
        with Viewers(stage.folder, running.port, f"{election.path}/results/stream", size.viewers):
            before = running.kilobytes()
            flood = Flood(running, page, size) if flooded else None
            answers = list(sent(running, election, size))
            details = {**flood.told(carried), "recovery_s": recovery(running, page)} if flood else {}
        details |= {f"shed_{kind}": number for kind, number in shed(running).items() if number}
        memory = {"before_MB": before / 1000, "peak_MB": running.peak_kilobytes() / 1000}
    stage.run(intake.audit(stage, election, [night.receipt_of(answer) for answer in answers]))
    counted = answers[round(size.a_second * size.warm_up) :]
    waits = [1000 * (answer.at - answer.due) for answer in counted]
    receipts = {"p50_ms": percentile(waits, 50), "max_ms": max(waits), "receipts": float(len(answers))}
    return Measured(percentile(waits, 99), {**receipts, **memory, **details})


def sent(running: Running, election: Election, size: Size) -> Iterator[Answer]:
    """The officers' answers, in the order in which they came."""
    number = round(size.a_second * (size.warm_up + size.seconds))
    frames = list(intake.frames_of(election.tallies))[:number]
    if len(frames) < number:
        raise WrongAnswer(f"{size.precincts} precincts have {len(frames)} tallies, and {number} are needed")
    with Beat(running.port, f"{election.path}/tallies/ws", election.bearer, size.officers) as officers:
        yield from officers.send(frames, size.a_second)


class Flood:
    """Begins at once, and lasts as long as the officers send."""

    def __init__(self, running: Running, page: str, size: Size) -> None:
        self._seconds = size.warm_up + size.seconds
        self._process = wrk.started(running.port, page, {}, size.connections, self._seconds)

    def told(self, carried: float) -> Details:
        """What was asked for, and what of it was served, once it has ended."""
        counted = wrk.finished(self._process, self._seconds)
        if counted.broken:
            raise WrongAnswer(f"connections were lost in the flood: {counted}")
        served = (counted.requests - counted.unlike) / counted.microseconds * 1e6
        return {
            "carried/s": carried,
            "offered/s": counted.a_second,
            "times_carried": counted.a_second / carried,
            "served/s": served,
            "refused/s": counted.a_second - served,
        }


def recovery(running: Running, page: str) -> float:
    """Seconds from the end of the flood until the first of many pages that are all served."""
    begun = since = time.monotonic()
    in_a_row = 0
    connection = http.client.HTTPConnection(HOST, running.port, timeout=SECONDS)
    while in_a_row < AFTER_SERVED:
        asked = time.monotonic()
        connection.request("GET", page)
        answer = connection.getresponse()
        answer.read()
        if answer.status == 200:
            since = since if in_a_row else asked
            in_a_row += 1
        else:
            in_a_row = 0
        if time.monotonic() - begun > SECONDS:
            raise WrongAnswer(f"{SECONDS:.0f} s after the flood readers are still refused")
    connection.close()
    return since - begun


def shed(running: Running) -> Details:
    """What the server counts as turned away, by kind."""
    connection = http.client.HTTPConnection(HOST, running.port, timeout=SECONDS)
    connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
    text = connection.getresponse().read().decode()
    connection.close()
    return {kind: float(number) for kind, number in _SHED.findall(text)}
