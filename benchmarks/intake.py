"""Tallies in: receipts a second to officers who each wait for a receipt before they send again."""

import functools
import itertools
from collections.abc import Iterator, Sequence

import asyncpg
import msgspec

from benchmarks.load.officers import Officers
from benchmarks.load.websocket import frame
from benchmarks.load.wire import WrongAnswer
from benchmarks.measuring import OURS, Measured, Row, percentile
from benchmarks.stage import Election, Server, Stage, on_hypercorn
from models.batch import Receipt
from models.submissions import TallySubmission

UNIT = "receipts/s"

SERVERS = (
    on_hypercorn(OURS, "asgi:app"),
    on_hypercorn("book", "benchmarks.peers.book_intake:create_app()"),
    on_hypercorn("session-per-message", "benchmarks.peers.session_per_message:create_app()"),
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
    WHERE e.code = $1 AND l.kind = 'tally'
"""


class Size(msgspec.Struct, frozen=True):
    officers: int = 50
    precincts: int = 10_000
    warm_up: float = 0.5
    """Seconds before the clock starts."""
    seconds: float = 3.0


def rows(stage: Stage, size: Size) -> list[Row]:
    return [Row(server.name, functools.partial(measure, stage, server, size)) for server in SERVERS]


def measure(stage: Stage, server: Server, size: Size) -> Measured:
    """Receipts a second of one server, in an election of its own. Raises WrongAnswer."""
    election = stage.election(size.precincts)
    frames = frames_of(election.tallies)
    with (
        stage.serving(server, BENCHMARK_OFFICIAL=str(election.official)) as running,
        Officers(running.port, f"{election.path}/tallies/ws", election.bearer, size.officers) as officers,
    ):
        receipts = stage.run(durable_at_once(stage, election, officers, frames))
        receipts += officers.send(frames, size.warm_up).payloads
        used = running.cpu_seconds()
        answered = officers.send(frames, size.seconds)
        used = running.cpu_seconds() - used
    stage.run(audit(stage, election, receipts + answered.payloads))
    waits = [wait * 1000 for wait in answered.waits]
    number = len(waits)
    return Measured(
        number / answered.seconds,
        {"p50_ms": percentile(waits, 50), "p99_ms": percentile(waits, 99), "cpu_us": used / number * 1e6},
    )


def frames_of(tallies: Sequence[TallySubmission]) -> Iterator[bytes]:
    """The larger contests' tallies: four selections and more, as most real ones have."""
    large = [tally for tally in tallies if len(tally.votes) >= 4]
    return iter([frame(msgspec.json.encode(tally)) for tally in large])


async def durable_at_once(
    stage: Stage, election: Election, officers: Officers, frames: Iterator[bytes]
) -> list[bytes]:
    """Sends a few tallies one by one: whoever has the receipt finds the tally in the database."""
    connection = await stage.connect()
    receipts = []
    for sent in itertools.islice(frames, CHECKED_ONE_BY_ONE):
        receipts.append(officers.ask(sent))
        if receipt_of(receipts[-1]).seq not in await _logged(connection, election):
            raise WrongAnswer(f"a receipt came before its tally was committed: {receipts[-1]!r}")
    await connection.close()
    return receipts


async def audit(stage: Stage, election: Election, payloads: Sequence[bytes]) -> None:
    """Every answer is a receipt, all are in the log with their hashes and nothing else is, totals add up."""
    receipts = [receipt_of(payload) for payload in payloads]
    connection = await stage.connect()
    logged = await _logged(connection, election)
    if len(receipts) != len(logged) or {r.seq: r.leaf_hash for r in receipts} != logged:
        raise WrongAnswer(f"{len(receipts)} receipts, but {len(logged)} entries, or others, in the log")
    if not await connection.fetchval(_ADDS_UP, election.code):
        raise WrongAnswer("the totals are not the sum of the counted tallies")
    await connection.close()


def receipt_of(payload: bytes) -> Receipt:
    """Raises WrongAnswer for anything but the receipt of an accepted tally."""
    try:
        receipt = msgspec.json.decode(payload, type=Receipt)
    except msgspec.ValidationError as error:
        raise WrongAnswer(f"{payload!r} is no receipt: {error}") from None
    if receipt.status != "accepted":
        raise WrongAnswer(f"a sound tally is {receipt.status}: {payload!r}")
    return receipt


async def _logged(connection: "asyncpg.Connection[asyncpg.Record]", election: Election) -> dict[int, str]:
    return {seq: leaf_hash.hex() for seq, leaf_hash in await connection.fetch(_IN_THE_LOG, election.code)}
