"""A burst: figures change as fast as they can, and a crowd is to be kept up to date.

Ours joins changes into the newest figures of each contest; Nchan delivers an event for each change.
"""

import functools
import itertools
from collections.abc import Sequence

import msgspec

from benchmarks.busy import await_newest, busy_election, check_newest, deliveries, newest
from benchmarks.fanout import CONTEST, once_and_whole, publication
from benchmarks.load.officers import Officers
from benchmarks.load.viewers import Viewers, now
from benchmarks.load.websocket import frame
from benchmarks.load.wire import Connection, WrongAnswer, exchange
from benchmarks.measuring import OURS, Measured, Row
from benchmarks.peers import nchan
from benchmarks.stage import Stage, on_hypercorn
from models.batch import Receipt
from models.submissions import TallySubmission

UNIT = "changes/s"

ABOUT = {
    OURS: "tallies in frames of 500, counted and committed; viewers get the newest figures of each contest",
    "nchan": "nginx with Nchan: a ready event for each change, each delivered to everybody",
}

SERVER = on_hypercorn(OURS, "asgi:app")


class Size(msgspec.Struct, frozen=True):
    viewers: int = 1_000
    seconds: float = 4.0
    contests: int = 15
    precincts: int = 8_000
    officers: int = 2
    """Each sends its next frame when the one before is answered."""
    items: int = 500
    """Tallies in a frame."""


class Receipts(msgspec.Struct, tag_field="type", tag="receipts"):
    items: list[Receipt]


def rows(stage: Stage, size: Size) -> list[Row]:
    found = [Row(OURS, functools.partial(measure, stage, size))]
    if nchan.is_here():
        found.append(Row(nchan.SERVER.name, functools.partial(measure_nchan, stage, size)))
    else:
        nchan.left_out()
    return found


def measure(stage: Stage, size: Size) -> Measured:
    """Changes a second, from the first frame until the last viewer has the newest figures of all contests."""
    definition, reports = busy_election(size.contests, size.precincts)
    election = stage.defined(definition, tuple(itertools.chain.from_iterable(reports)))
    frames = [framed(tallies) for tallies in _by(size.items, election.tallies)]
    with (
        stage.serving(SERVER) as running,
        Viewers(stage.folder, running.port, f"{election.path}/results/stream", size.viewers) as viewers,
        Officers(running.port, f"{election.path}/tallies/ws", election.bearer, size.officers) as officers,
    ):
        used, begun = running.cpu_seconds(), now()
        payloads = officers.send(iter(frames), size.seconds).payloads
        if len(payloads) == len(frames):
            raise WrongAnswer(f"{len(election.tallies)} tallies do not last for {size.seconds:.1f} s")
        receipts = list(itertools.chain.from_iterable(map(receipts_of, payloads)))
        expected = newest(election.tallies[: len(payloads) * size.items], receipts)
        seconds = await_newest(viewers, expected) - begun
        used = running.cpu_seconds() - used
        check_newest(events := viewers.events(), expected)
    return _measured(len(receipts), deliveries(events, receipts), seconds, used)


def measure_nchan(stage: Stage, size: Size) -> Measured:
    """The same for one ready event a change. Raises WrongAnswer unless every viewer got every event."""
    election = stage.election(precincts=1)
    results = stage.count(election, election.tallies).contest(CONTEST).results
    head, tail = msgspec.json.encode(msgspec.structs.replace(results, version=10**15)).split(b"%d" % 10**15)
    with (
        stage.serving(nchan.SERVER) as running,
        Viewers(stage.folder, running.port, "/stream", size.viewers) as viewers,
        Connection(running.port) as publisher,
    ):
        used, begun, version = running.cpu_seconds(), now(), 0
        while now() < begun + size.seconds:
            version += 1
            response = exchange(publisher, publication(b"%b%d%b" % (head, version, tail)))
            if response.status != 201:
                raise WrongAnswer(f"an event was answered with {response.status}: {response.body!r}")
        seconds = viewers.await_version(CONTEST, version) - begun
        used = running.cpu_seconds() - used
        events = viewers.events()
    if len(events) != version or any(once_and_whole(event) != size.viewers for event in events):
        raise WrongAnswer(f"not every viewer got each of {version} events once and whole")
    return _measured(version, version * size.viewers, seconds, used)


def _measured(changes: int, delivered: int, seconds: float, used: float) -> Measured:
    details = {
        "seconds": seconds,
        "deliveries/s": delivered / seconds,
        "cpu_us": used / changes * 1e6,
    }
    return Measured(changes / seconds, details)


def framed(tallies: Sequence[TallySubmission]) -> bytes:
    return frame(b'{"type":"tallies","items":%b}' % msgspec.json.encode(tallies))


def receipts_of(payload: bytes) -> list[Receipt]:
    try:
        return msgspec.json.decode(payload, type=Receipts).items
    except msgspec.DecodeError as error:
        raise WrongAnswer(f"{payload[:500]!r} are no receipts: {error}") from None


def _by(number: int, tallies: Sequence[TallySubmission]) -> list[Sequence[TallySubmission]]:
    return [tallies[at : at + number] for at in range(0, len(tallies), number)]
