"""Tallies in: receipts a second to officers who each wait for a receipt before they send again."""

import functools
import itertools
import time
from collections.abc import Iterable, Iterator, Sequence

import asyncpg
import msgspec

from benchmarks import inserts
from benchmarks.load.officers import Officers
from benchmarks.load.websocket import frame
from benchmarks.load.wire import WrongAnswer
from benchmarks.measuring import OURS, Measured, Row, percentile
from benchmarks.programs import is_here
from benchmarks.stage import Election, Server, Stage, on_hypercorn, on_uvicorn
from models.batch import Receipt
from models.submissions import TallySubmission

UNIT = "receipts/s"

FRAMES = "frames-of-100"
INSERTS = "pgbench"
ABOUT = {
    OURS: "one tally in a frame; an answer to each, in order",
    FRAMES: "ours, with 100 tallies in each frame, and the receipts of all in one answer",
    "fastapi-group-commit": "FastAPI on uvicorn (uvloop, httptools, websockets) before the product's intake",
    "book": "no pool: a connection, session and commit for each message",
    "session-per-message": "the same from a pool of 20 connections",
    INSERTS: "the database's limit: 50 clients, each inserting one simple row after the other",
}


class Sending(msgspec.Struct, frozen=True):
    """A row: a server, and how many tallies each frame brings it."""

    name: str
    server: Server
    in_a_frame: int = 1


def _sending(server: Server) -> Sending:
    return Sending(server.name, server)


HYPERCORN = on_hypercorn(OURS, "asgi:app")
SENDINGS = (
    _sending(HYPERCORN),
    Sending(FRAMES, HYPERCORN, in_a_frame=100),
    _sending(on_uvicorn("fastapi-group-commit", "benchmarks.peers.fastapi_group_commit:app")),
    _sending(on_hypercorn("book", "benchmarks.peers.book_intake:create_app()")),
    _sending(on_hypercorn("session-per-message", "benchmarks.peers.session_per_message:create_app()")),
)

CHECKED_ONE_BY_ONE = 5

# Every counted vote against the running totals, at the root of the tree and so for all below it.
_ADDS_UP = """
    SELECT (SELECT sum(v.votes) FROM tally_votes v JOIN tallies t USING (election_id, seq)
            WHERE t.election_id = e.id AND t.status = 'accepted')
         = (SELECT sum(s.votes) FROM selection_totals s JOIN reporting_units u ON u.id = s.unit_id
            WHERE u.election_id = e.id AND u.parent_id IS NULL)
    FROM elections e WHERE e.code = $1
"""
_IN_THE_LOG = """
    SELECT l.seq, l.leaf_hash FROM log_entries l JOIN elections e ON e.id = l.election_id
    WHERE e.code = $1 AND l.kind = 'tally' AND l.seq > $2
"""


class Size(msgspec.Struct, frozen=True):
    officers: int = 50
    precincts: int = 20_000
    """Which gives 49,000 tallies; whatever is fastest ends when it has taken them."""
    warm_up: float = 0.5
    """Seconds before the clock starts."""
    seconds: float = 3.0


class Answers(msgspec.Struct, tag_field="type", tag="receipts"):
    """What a frame of many tallies is answered with."""

    items: list[Receipt]


_answer = msgspec.json.Decoder(Receipt | Answers)


def rows(stage: Stage, size: Size) -> list[Row]:
    found = [Row(sending.name, functools.partial(measure, stage, sending, size)) for sending in SENDINGS]
    if is_here("pgbench"):
        limit = functools.partial(inserts.measure, stage, size.officers, size.seconds)
        found.append(Row(INSERTS, limit))
    return found


def measure(stage: Stage, sending: Sending, size: Size) -> Measured:
    """Receipts a second of one server, in an election of its own. Raises WrongAnswer."""
    election = stage.election(size.precincts)
    frames = frames_of(large(election.tallies), sending.in_a_frame)
    with (
        stage.serving(sending.server, BENCHMARK_OFFICIAL=str(election.official)) as running,
        Officers(running.port, f"{election.path}/tallies/ws", election.bearer, size.officers) as officers,
    ):
        payloads = stage.run(durable_at_once(stage, election, officers, frames))
        payloads += officers.send(frames, size.warm_up).payloads
        used, used_here = running.cpu_seconds(), time.process_time()
        answered = officers.send(frames, size.seconds)
        used, used_here = running.cpu_seconds() - used, time.process_time() - used_here
    stage.run(audit(stage, election, [*receipts_of(payloads), *receipts_of(answered.payloads)]))
    number = len(answered.payloads) * sending.in_a_frame
    waits = [wait * 1000 for wait in answered.waits]
    details = {
        "p50_ms": percentile(waits, 50),
        "p99_ms": percentile(waits, 99),
        "cpu_us": used / number * 1e6,
        "load_us": used_here / number * 1e6,
    }
    return Measured(number / answered.seconds, details)


def large(tallies: Iterable[TallySubmission]) -> list[TallySubmission]:
    """The larger contests' tallies: four selections and more, as most real ones have."""
    return [tally for tally in tallies if len(tally.votes) >= 4]


def frames_of(tallies: Sequence[TallySubmission], in_a_frame: int = 1) -> Iterator[bytes]:
    """Frames that are ready to be sent, of so many tallies each; what is left over is not sent."""
    if in_a_frame == 1:
        return iter([frame(msgspec.json.encode(tally)) for tally in tallies])
    starts = range(0, len(tallies) - in_a_frame + 1, in_a_frame)
    messages = ({"type": "tallies", "items": tallies[start : start + in_a_frame]} for start in starts)
    return iter([frame(msgspec.json.encode(message)) for message in messages])


async def durable_at_once(
    stage: Stage, election: Election, officers: Officers, frames: Iterator[bytes]
) -> list[bytes]:
    """Sends a few frames one by one: whoever has a receipt finds its tally in the database."""
    connection = await stage.connect()
    payloads = []
    for sent in itertools.islice(frames, CHECKED_ONE_BY_ONE):
        payloads.append(officers.ask(sent))
        logged = await _logged(connection, election)
        if any(receipt.seq not in logged for receipt in receipts_of(payloads[-1:])):
            raise WrongAnswer(f"a receipt came before its tally was committed: {payloads[-1]!r}")
    await connection.close()
    return payloads


async def audit(stage: Stage, election: Election, receipts: Sequence[Receipt], after: int = 0) -> None:
    """All receipts are in the log with their hashes, behind `after` nothing else is, and totals add up."""
    connection = await stage.connect()
    logged = await _logged(connection, election, after)
    if len(receipts) != len(logged) or {r.seq: r.leaf_hash for r in receipts} != logged:
        raise WrongAnswer(f"{len(receipts)} receipts, but {len(logged)} entries, or others, in the log")
    if not await connection.fetchval(_ADDS_UP, election.code):
        raise WrongAnswer("the totals are not the sum of the counted tallies")
    await connection.close()


def receipts_of(payloads: Iterable[bytes]) -> Iterator[Receipt]:
    """Raises WrongAnswer for anything but receipts of accepted tallies."""
    for payload in payloads:
        try:
            answer = _answer.decode(payload)
        except msgspec.ValidationError as error:
            raise WrongAnswer(f"{payload!r} is no receipt: {error}") from None
        for receipt in [answer] if isinstance(answer, Receipt) else answer.items:
            if receipt.status != "accepted":
                raise WrongAnswer(f"a sound tally is {receipt.status}: {payload!r}")
            yield receipt


async def _logged(
    connection: "asyncpg.Connection[asyncpg.Record]", election: Election, after: int = 0
) -> dict[int, str]:
    found = await connection.fetch(_IN_THE_LOG, election.code, after)
    return {seq: leaf_hash.hex() for seq, leaf_hash in found}
