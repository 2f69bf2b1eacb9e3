"""Results out: how fast one event reaches the last of many viewers."""

import functools
import itertools
import statistics
import time
from collections.abc import Callable

import msgspec

from benchmarks.load.viewers import Viewers, data_of
from benchmarks.load.wire import Connection, WrongAnswer, receive, request
from benchmarks.measuring import OURS, Measured, Row
from benchmarks.stage import Election, Server, Stage, on_hypercorn
from models.results import ContestResults
from services.results import View

UNIT = "deliveries/s"

SERVERS = (
    on_hypercorn(OURS, "asgi:app"),
    on_hypercorn("book", "benchmarks.peers.book_fanout:create_app()"),
    on_hypercorn("shared-queue", "benchmarks.peers.shared_queue:create_app()"),
)

CONTEST = "president"
JSON = {"Content-Type": "application/json"}

# Longer than ours leaves between two events, so that each is a single one.
QUIET_SECONDS = 0.35


class Size(msgspec.Struct, frozen=True):
    viewers: int = 2_000
    precincts: int = 40
    warm_up: int = 1
    """Events before the clock starts."""
    events: int = 6


class Source(msgspec.Struct, frozen=True):
    """Where a row's events come from: a stream, and a request that makes the event of a version."""

    stream: str
    trigger: Callable[[int], bytes]


def rows(stage: Stage, size: Size) -> list[Row]:
    return [Row(server.name, functools.partial(measure, stage, server, size)) for server in SERVERS]


def measure(stage: Stage, server: Server, size: Size) -> Measured:
    """Deliveries a second: from what causes an event to the last viewer. Raises WrongAnswer."""
    election = stage.election(size.precincts)
    view = stage.count(election, [tally for tally in election.tallies if tally.contest != CONTEST])
    source = tallied(election, view) if server.name == OURS else published(view)
    version = view.version + 1
    with stage.serving(server) as running:
        # The first viewer ever brings what is there once, however many follow.
        Viewers(running.port, source.stream, 1).close()
        before = running.kilobytes()
        with (
            Viewers(running.port, source.stream, size.viewers) as viewers,
            Connection(running.port) as sender,
        ):
            kilobytes = (running.kilobytes() - before) / size.viewers
            versions = iter(range(version, version + 1 + size.warm_up + size.events))
            for number in itertools.islice(versions, 1 + size.warm_up):
                deliver(viewers, sender, source.trigger(number), number)
            used = running.cpu_seconds()
            seconds = [deliver(viewers, sender, source.trigger(number), number) for number in versions]
            used = running.cpu_seconds() - used
    deliveries = size.viewers * len(seconds)
    details = {
        "p50_ms": statistics.median(seconds) * 1000,
        "kB_per_viewer": kilobytes,
        "cpu_us": used / deliveries * 1e6,
    }
    return Measured(deliveries / sum(seconds), details)


def deliver(viewers: Viewers, sender: Connection, trigger: bytes, version: int) -> float:
    """Seconds until the last viewer has the event. Raises WrongAnswer unless each has it, once and whole."""
    viewers.drop(QUIET_SECONDS)
    marker = b'"version":%d,' % version
    begun = time.perf_counter()
    sender.socket.sendall(trigger)
    viewers.await_event(marker)
    seconds = time.perf_counter() - begun
    response = receive(sender)
    if response.status not in (200, 201):
        raise WrongAnswer(f"what causes an event was answered with {response.status}: {response.body!r}")
    check([[data for data in data_of(events) if marker in data] for events in viewers.events()], version)
    return seconds


def check(received: list[list[bytes]], version: int) -> None:
    """Every viewer has one event of this version, the same as all others, and it is a contest's results."""
    wrong = sum(data != received[0] or len(data) != 1 for data in received)
    if wrong:
        raise WrongAnswer(f"{wrong} of {len(received)} viewers did not get event {version} once and whole")
    results = msgspec.json.decode(received[0][0], type=ContestResults)
    if (results.contest, results.version) != (CONTEST, version):
        raise WrongAnswer(f"viewers got {results.contest} {results.version}, not {CONTEST} {version}")


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
        return request("POST", "/publish", JSON, event)

    return Source("/stream", trigger)
