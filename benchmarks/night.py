"""Election night, everything at once: tallies come in while a crowd watches, in one process.

All contests stand in every precinct, and a precinct reports all of them in a row, so that every contest has
changed whenever the viewers are sent something.
"""

import bisect
import functools
import itertools
import time
from collections.abc import Mapping, Sequence

import msgspec

from benchmarks.busy import Tallies, await_newest, busy_election, check_newest, deliveries, newest
from benchmarks.load.beat import Answer, Beat
from benchmarks.load.viewers import Reached, Viewers
from benchmarks.load.websocket import frame
from benchmarks.load.wire import WrongAnswer
from benchmarks.measuring import OURS, Details, Measured, Row, percentile
from benchmarks.stage import Election, Running, Stage, on_hypercorn
from models.batch import Receipt

UNIT = "ms to the last viewer, p99"

ABOUT = {
    OURS: "for 30 s 500 tallies a second from 50 officers over WebSocket, and 5,000 viewers over HTTP/1.1 in "
    "the same process; 15 contests in 2,000 precincts, each of which reports all of them in a row",
}

SERVER = on_hypercorn(OURS, "asgi:app")
SETTLED_SECONDS = 1.0
"""After the last viewer has come, until memory is looked at."""

_RECORDED = """
    SELECT l.seq, extract(epoch FROM l.at)::float8 FROM log_entries l
    JOIN elections e ON e.id = l.election_id WHERE e.code = $1 AND l.kind = 'tally'
"""


class Size(msgspec.Struct, frozen=True):
    viewers: int = 5_000
    officers: int = 50
    a_second: int = 500
    """Tallies, each in a frame of its own."""
    warm_up: float = 2.0
    """Seconds before it counts."""
    seconds: float = 30.0
    contests: int = 15
    precincts: int = 2_000


class Change(msgspec.Struct, frozen=True):
    """One tally's way out. Times are seconds of `time.monotonic`.

    It is committed between `recorded`, when the transaction that holds it was begun, and `receipt`, when its
    officer had the receipt, which comes after the commit. `reached` is when the last viewer had the contest
    with it.
    """

    recorded: float
    receipt: float
    reached: float


def rows(stage: Stage, size: Size) -> list[Row]:
    return [Row(OURS, functools.partial(measure, stage, size))]


def measure(stage: Stage, size: Size) -> Measured:
    """How late the last viewer has each change. Raises WrongAnswer where anybody ends on old figures."""
    definition, reports = busy_election(size.contests, size.precincts)
    election = stage.defined(definition, tuple(itertools.chain.from_iterable(reports)))
    stream = f"{election.path}/results/stream"
    with stage.serving(SERVER) as running:
        # The first viewer ever brings what is there once, however many follow.
        Viewers(stage.folder, running.port, stream, 1).close()
        before, begun = running.kilobytes(), time.monotonic()
        with Viewers(stage.folder, running.port, stream, size.viewers) as viewers:
            arrivals = size.viewers / (time.monotonic() - begun)
            time.sleep(SETTLED_SECONDS)
            crowd = {"arrivals/s": arrivals, "kB_per_viewer": (running.kilobytes() - before) / size.viewers}
            details = played(stage, running, viewers, election, size)
            crowd["kB_per_viewer_after"] = (running.kilobytes() - before) / size.viewers
    return Measured(details["p99_ms"], {**details, **crowd})


def played(stage: Stage, running: Running, viewers: Viewers, election: Election, size: Size) -> Details:
    warm = round(size.a_second * size.warm_up)
    tallies = election.tallies[: warm + round(size.a_second * size.seconds)]
    frames = [frame(msgspec.json.encode(tally)) for tally in tallies]
    with Beat(running.port, f"{election.path}/tallies/ws", election.bearer, size.officers) as officers:
        answers = officers.send(frames[:warm], size.a_second)
        used, begun = running.cpu_seconds(), time.monotonic()
        counted = officers.send(frames[warm:], size.a_second)
        used, seconds = running.cpu_seconds() - used, time.monotonic() - begun
    receipts = [receipt_of(answer) for answer in answers + counted]
    expected = newest(tallies, receipts)
    await_newest(viewers, expected)
    moments = stage.run(recorded(stage, election))
    changes = changes_of(tallies[warm:], counted, moments, viewers.reached)
    check_newest(events := viewers.events(), expected)
    return {
        **lags(changes),
        "receipts_p99_ms": percentile([1000 * (answer.at - answer.due) for answer in counted], 99),
        "tallies/s": len(counted) / seconds,
        "deliveries/s": deliveries(events, receipts) / (seconds + size.warm_up),
        "cpu_%": 100 * used / seconds,
    }


def receipt_of(answer: Answer) -> Receipt:
    try:
        return msgspec.json.decode(answer.payload, type=Receipt)
    except msgspec.DecodeError as error:
        raise WrongAnswer(f"{answer.payload!r} is no receipt: {error}") from None


async def recorded(stage: Stage, election: Election) -> dict[int, float]:
    """When each tally's entry was written, by its log position, in seconds of `time.monotonic`."""
    connection = await stage.connect()
    rows = await connection.fetch(_RECORDED, election.code)
    await connection.close()
    # The server tells the time of day, and runs on this machine.
    ahead = time.time() - time.monotonic()
    return {seq: at - ahead for seq, at in rows}


def changes_of(
    tallies: Tallies, answers: Sequence[Answer], moments: Mapping[int, float], reached: Sequence[Reached]
) -> list[Change]:
    """Every tally's way, from its entry to the first version of its contest that has it."""
    versions: dict[str, tuple[list[int], list[float]]] = {}
    for contest, version, at in reached:
        numbers, times = versions.setdefault(contest, ([], []))
        numbers.append(version)
        times.append(at)
    changes = []
    for answer in answers:
        seq = receipt_of(answer).seq
        numbers, times = versions[tallies[answer.number].contest]
        changes.append(Change(moments[seq], answer.at, times[bisect.bisect_left(numbers, seq)]))
    return changes


def lags(changes: Sequence[Change]) -> Details:
    """Milliseconds to the last viewer: from the entry's moment (`p99_ms`), and from the receipt."""
    since_entry = [1000 * (change.reached - change.recorded) for change in changes]
    since_receipt = [1000 * (change.reached - change.receipt) for change in changes]
    return {
        **{f"p{percent}_ms": percentile(since_entry, percent) for percent in (50, 95, 99)},
        "max_ms": max(since_entry),
        **{f"after_receipt_p{percent}_ms": percentile(since_receipt, percent) for percent in (50, 99)},
        "after_receipt_max_ms": max(since_receipt),
    }
