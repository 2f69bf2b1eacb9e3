"""Results out: how fast one event reaches the last of many viewers."""

import functools
import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from benchmarks.compiling import compiled
from benchmarks.load.viewers import Event, Viewers, now
from benchmarks.load.wire import Connection, WrongAnswer, receive, request
from benchmarks.measuring import OURS, Curve, Measured, Row
from benchmarks.peers import nchan
from benchmarks.stage import Election, Server, Stage, on_hypercorn, on_uvicorn
from models.results import ContestResults
from services.results import View

UNIT = "deliveries/s"

ABOUT = {
    OURS: "an officer's tally is counted and committed first, then its contest's results go out",
    "book": "the book's design: a Redis subscription for each viewer, Quart on Hypercorn",
    "shared-queue": "one Redis subscription, an asyncio.Queue for each viewer, Quart on Hypercorn",
    "starlette-shared-queue": "the same with Starlette's StreamingResponse on uvicorn (uvloop, httptools)",
    "sse-starlette": "the same with sse-starlette's EventSourceResponse on uvicorn",
    "nchan": "nginx with Nchan, one process, messages in its own memory",
    "c-write-loop": "the wire's limit: a C program that writes the event to one socket after the other",
}

QUEUE = "starlette-shared-queue"
WIRE = "c-write-loop"
_WRITE_LOOP = Path(__file__).parent / "peers" / "write_loop.c"


def _make_write_loop(folder: Path, _: int) -> None:
    compiled(_WRITE_LOOP, folder)


SERVERS = (
    on_hypercorn(OURS, "asgi:app"),
    on_hypercorn("book", "benchmarks.peers.book_fanout:create_app()"),
    on_hypercorn("shared-queue", "benchmarks.peers.shared_queue:create_app()"),
    on_uvicorn(QUEUE, "benchmarks.peers.starlette_queue:app"),
    on_uvicorn("sse-starlette", "benchmarks.peers.sse_starlette_events:app"),
    nchan.SERVER,
    Server(WIRE, ("{folder}/write_loop", "{port}"), _make_write_loop),
)
IN_CURVES = (OURS, QUEUE, nchan.SERVER.name)

CONTEST = "president"
JSON = {"Content-Type": "application/json"}

# Longer than ours leaves between two events, so that each is a single one.
QUIET_SECONDS = 0.35
SETTLED_SECONDS = 0.5
"""After the last viewer has come, until memory is looked at."""


class Size(msgspec.Struct, frozen=True):
    viewers: int = 2_000
    precincts: int = 40
    warm_up: int = 1
    """Events before the clock starts."""
    events: int = 6


CROWDS = tuple(Size(viewers=viewers) for viewers in (100, 500, 1_000, 2_000, 5_000))


class Source(msgspec.Struct, frozen=True):
    """Where a row's events come from: a stream, and a request that makes the event of a version."""

    stream: str
    trigger: Callable[[int], bytes]


def rows(stage: Stage, size: Size) -> list[Row]:
    return [Row(server.name, functools.partial(measure, stage, server, size)) for server in servers()]


def servers() -> list[Server]:
    """All that are here; of what is not, its name and what brings it are told. In CI nothing may be missing.

    Raises WrongAnswer.
    """
    if nchan.is_here():
        return list(SERVERS)
    nchan.left_out()
    return [server for server in SERVERS if server is not nchan.SERVER]


def curves(stage: Stage, sizes: Sequence[Size]) -> list[Curve]:
    """What one event and one viewer cost while the crowd grows, each size with a server of its own."""
    deliveries, last, memory = (dict[str, list[tuple[float, float]]]() for _ in range(3))
    for size in sizes:
        for server in servers():
            if server.name not in IN_CURVES:
                continue
            measured = measure(stage, server, size)
            for points, y in (
                (deliveries, measured.figure),
                (last, measured.details["p50_ms"]),
                (memory, measured.details["kB_per_viewer"]),
            ):
                points.setdefault(server.name, []).append((size.viewers, y))
    return [
        Curve("Deliveries of single events", "viewers", UNIT, deliveries),
        Curve("Time to the last viewer", "viewers", "ms", last),
        Curve("Memory of the server for each viewer", "viewers", "kB", memory),
    ]


def measure(stage: Stage, server: Server, size: Size) -> Measured:
    """Deliveries a second: from what causes an event to the last viewer. Raises WrongAnswer."""
    election = stage.election(size.precincts)
    view = stage.count(election, [tally for tally in election.tallies if tally.contest != CONTEST])
    source = tallied(election, view) if server.name == OURS else published(view)
    first = view.version + 1
    with stage.serving(server) as running:
        # The first viewer ever brings what is there once, however many follow.
        Viewers(stage.folder, running.port, source.stream, 1).close()
        before = running.kilobytes()
        with (
            Viewers(stage.folder, running.port, source.stream, size.viewers) as viewers,
            Connection(running.port) as sender,
        ):
            time.sleep(SETTLED_SECONDS)
            kilobytes = (running.kilobytes() - before) / size.viewers
            versions = iter(range(first, first + 1 + size.warm_up + size.events))
            for number in itertools.islice(versions, 1 + size.warm_up):
                deliver(viewers, sender, source.trigger(number), number)
            used = running.cpu_seconds()
            seconds = [deliver(viewers, sender, source.trigger(number), number) for number in versions]
            used = running.cpu_seconds() - used
            check(viewers.events(), size.viewers, range(first, first + 1 + size.warm_up + size.events))
    deliveries = size.viewers * len(seconds)
    details = {
        "p50_ms": statistics.median(seconds) * 1000,
        "kB_per_viewer": kilobytes,
        "cpu_us": used / deliveries * 1e6,
    }
    return Measured(deliveries / sum(seconds), details)


def deliver(viewers: Viewers, sender: Connection, trigger: bytes, version: int) -> float:
    """Seconds from the moment before `trigger` is sent until the last viewer has the event."""
    time.sleep(QUIET_SECONDS)
    begun = now()
    sender.socket.sendall(trigger)
    seconds = viewers.await_version(CONTEST, version) - begun
    response = receive(sender)
    if response.status not in (200, 201):
        raise WrongAnswer(f"what causes an event was answered with {response.status}: {response.body!r}")
    return seconds


def check(events: Sequence[Event], viewers: int, versions: range) -> None:
    """Every viewer got one event of each version, whole and the same as all others got it."""
    of_contest = {event.version: event for event in events if event.contest == CONTEST}
    for version in versions:
        event = of_contest.get(version)
        if event is None or once_and_whole(event) != viewers:
            raise WrongAnswer(f"not all of {viewers} viewers got event {version} once and whole: {event}")


def once_and_whole(event: Event) -> int:
    """How many viewers got the event, which is a contest's results; 0 where it came to any in another way."""
    try:
        results = msgspec.json.decode(event.data, type=ContestResults)
    except msgspec.DecodeError:
        return 0
    named = (results.contest, results.version) == (event.contest, event.version)
    return event.deliveries if named and not (event.repeats or event.late or event.different) else 0


def tallied(election: Election, view: View) -> Source:
    """Ours: an officer's tally is recorded, and every viewer of the election gets its contest's results."""
    tallies = [tally for tally in election.tallies if tally.contest == CONTEST]

    def trigger(version: int) -> bytes:
        tally = msgspec.json.encode(tallies[version - view.version - 1])
        return request("POST", f"{election.path}/tallies", {**JSON, **election.bearer}, tally)

    return Source(f"{election.path}/results/stream", trigger)


def published(view: View) -> Source:
    """The others are handed the same event ready-made: no database, no counting, which favours them."""
    results = view.contest(CONTEST).results

    def trigger(version: int) -> bytes:
        event = msgspec.json.encode(msgspec.structs.replace(results, version=version))
        return publication(event)

    return Source("/stream", trigger)


def publication(event: bytes) -> bytes:
    """The request that sends contest results to all who watch; Nchan takes the event's name from a header."""
    return request("POST", "/publish", {**JSON, "X-EventSource-Event": "results"}, event)
