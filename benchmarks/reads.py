"""Results read: a GET of an election's current results, on connections that are kept."""

import functools

import msgspec

from benchmarks.load.readers import answer, read
from benchmarks.load.wire import Response, WrongAnswer, request
from benchmarks.measuring import OURS, Measured, Row
from benchmarks.stage import Server, Stage, on_hypercorn

UNIT = "requests/s"

SERVERS = (
    on_hypercorn(OURS, "asgi:app"),
    on_hypercorn("plain-view", "benchmarks.peers.plain_view:create_app()"),
)


class Size(msgspec.Struct, frozen=True):
    readers: int = 50
    precincts: int = 3
    """So few that all results together have about 5 kB."""
    warm_up: float = 0.5
    seconds: float = 3.0


def rows(stage: Stage, size: Size) -> list[Row]:
    election = stage.election(size.precincts)
    body = stage.count(election, election.tallies).json()
    return [
        Row(server.name, functools.partial(measure, stage, server, f"{election.path}/results", body, size))
        for server in SERVERS
    ]


def measure(stage: Stage, server: Server, path: str, body: bytes, size: Size) -> Measured:
    """Answers a second. Raises WrongAnswer where the body is another one."""
    ready = stage.folder / "body.json"
    ready.write_bytes(body)
    asked = request("GET", path)
    with stage.serving(server, BENCHMARK_BODY=str(ready)) as running:
        first = right(answer(running.port, asked), body)
        read(running.port, asked, first, size.readers, size.warm_up)
        expected = right(answer(running.port, asked), body)
        used = running.cpu_seconds()
        answers, seconds = read(running.port, asked, expected, size.readers, size.seconds)
        used = running.cpu_seconds() - used
    return Measured(answers / seconds, {"body_kB": len(body) / 1000, "cpu_us": used / answers * 1e6})


def right(response: Response, body: bytes) -> Response:
    if response.status != 200 or response.body != body:
        raise WrongAnswer(f"{response.status} and other bytes than the results: {response.body[:200]!r}")
    return response
