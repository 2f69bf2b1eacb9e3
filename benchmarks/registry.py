"""Voters registered: one request that brings all of them, and one answer that tells of each."""

import functools
import time
from collections.abc import Sequence

import msgspec

from benchmarks.load.wire import Connection, Response, WrongAnswer, receive, request
from benchmarks.measuring import OURS, Measured, Row
from benchmarks.stage import Election, Server, Stage, on_hypercorn

UNIT = "voters/s"

SERVERS = (
    on_hypercorn(OURS, "asgi:app"),
    on_hypercorn("one-insert-a-row", "benchmarks.peers.one_insert_a_row:create_app()"),
)

SECONDS = 600.0
"""An answer comes when all is done."""

_REGISTERED = """
    SELECT count(*), count(DISTINCT v.number_hash), count(DISTINCT v.personal)
    FROM voters v JOIN elections e ON e.id = v.election_id
    WHERE e.code = $1 AND v.removed_at IS NULL
"""


class Size(msgspec.Struct, frozen=True):
    voters: int = 200_000
    of_others: int = 20_000
    """Voters that a row other than ours gets: its rate is the same, and the run ends today."""
    precincts: int = 500
    warm_up: int = 1_000


class Answer(msgspec.Struct):
    """What is looked at of the server's answer."""

    added: int
    refused: int
    items: list[dict[str, object]]


def rows(stage: Stage, size: Size) -> list[Row]:
    counts = {server.name: size.voters if server.name == OURS else size.of_others for server in SERVERS}
    return [
        Row(server.name, functools.partial(measure, stage, server, counts[server.name], size))
        for server in SERVERS
    ]


def measure(stage: Stage, server: Server, voters: int, size: Size) -> Measured:
    """Voters a second of one server, in an election of its own. Raises WrongAnswer."""
    election = stage.election(size.precincts)
    bearer = stage.registrar()
    precincts = sorted({tally.precinct for tally in election.tallies})
    first, all_others = (
        request("POST", f"{election.path}/voters", bearer, entries(precincts, start, number))
        for start, number in ((0, size.warm_up), (size.warm_up, voters))
    )
    with stage.serving(server) as running, Connection(running.port) as connection:
        connection.socket.settimeout(SECONDS)
        connection.socket.sendall(first)
        check(receive(connection), size.warm_up)
        used, begun = running.cpu_seconds(), time.perf_counter()
        connection.socket.sendall(all_others)
        response = receive(connection)
        seconds = time.perf_counter() - begun
        used = running.cpu_seconds() - used
        peak = running.peak_kilobytes() / 1000
    check(response, voters)
    stage.run(audit(stage, election, size.warm_up + voters))
    return Measured(voters / seconds, {"voters": voters, "peak_MB": peak, "cpu_us": used / voters * 1e6})


def entries(precincts: Sequence[str], start: int, number: int) -> bytes:
    """A JSON array of voters with everything that can be said of one."""
    voters = [
        {
            "voter_id": f"{voter:09d}-{voter % 67:02d}",
            "first_name": f"First{voter % 3000}",
            "last_name": f"Last{voter % 20_000}",
            "precinct": precincts[voter % len(precincts)],
            "email": f"voter{voter}@example.org",
            "mobile": f"+1 717 {voter:07d}",
            "address": f"{voter % 400} Main Street, {precincts[voter % len(precincts)].title()}",
        }
        for voter in range(start, start + number)
    ]
    return msgspec.json.encode(voters)


def check(response: Response, voters: int) -> None:
    """Every row was added, and is answered in order. Raises WrongAnswer."""
    if response.status != 200:
        raise WrongAnswer(f"{response.status}: {response.body[:200]!r}")
    answer = msgspec.json.decode(response.body, type=Answer)
    in_order = [item["row"] for item in answer.items if item["status"] == "added"]
    if (answer.added, answer.refused) != (voters, 0) or in_order != list(range(1, voters + 1)):
        raise WrongAnswer(f"of {voters} voters {answer.added} were added: {response.body[:200]!r}")


async def audit(stage: Stage, election: Election, voters: int) -> None:
    """Every voter is in the database, seen from outside, with a number and a sealed record of its own."""
    connection = await stage.connect()
    [row] = await connection.fetch(_REGISTERED, election.code)
    found = tuple(row)
    if found != (voters, voters, voters):
        raise WrongAnswer(f"of {voters} voters the database has {found}")
    await connection.close()
