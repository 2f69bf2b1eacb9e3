"""Results read: a GET of an election's current results, on connections that are kept.

Asked for in three ways: as it is, by those who have the version already (304), and packed as browsers ask.
"""

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator, Mapping

import msgspec

from benchmarks.load import wrk
from benchmarks.load.readers import answer
from benchmarks.load.wire import HOST, Response, WrongAnswer, request
from benchmarks.measuring import OURS, Measured, Row
from benchmarks.peers import nginx
from benchmarks.peers.ready import Ready
from benchmarks.programs import is_here
from benchmarks.stage import Running, Server, Stage, on_hypercorn, on_uvicorn

UNIT = "requests/s"

ABOUT: Mapping[str, str] = {
    OURS: "answered ahead of Quart from bytes that are made once a version; Hypercorn on uvloop",
    "plain-view": "a Quart view that returns the very same bytes, on the same server",
    "flask-gunicorn": "a Flask view that returns them; `gunicorn -w 1`, which closes each connection",
    "flask-gunicorn-threads": "the same with `-k gthread --threads 4`, which keeps them",
    "fastapi-uvicorn": "a FastAPI route that returns the same bytes, on uvicorn with uvloop and httptools",
    "starlette-uvicorn": "the same without FastAPI",
    "nginx-static": "nginx with the same bytes in a file, one worker: what the wire and the kernel allow",
    "nginx-cache": "ours behind `deploy/nginx.conf`, one worker",
}

IN_BROWSERS = {"Accept-Encoding": "gzip, deflate, br, zstd"}
# What each server says by itself of an answer, or of its connection.
OF_THE_SERVER = ("date", "server", "connection", "content-length", "keep-alive")

_GUNICORN = (
    sys.executable,
    "-m",
    "gunicorn",
    "--bind",
    HOST + ":{port}",
    "--log-level",
    "warning",
    "-w",
    "1",
)
_FLASK = "benchmarks.peers.flask_view:create_app()"


def _factory(name: str, application: str) -> Server:
    server = on_uvicorn(name, application)
    return msgspec.structs.replace(server, command=(*server.command, "--factory"))


ONE_PROCESS = (
    on_hypercorn(OURS, "asgi:app"),
    on_hypercorn("plain-view", "benchmarks.peers.plain_view:create_app()"),
    Server("flask-gunicorn", (*_GUNICORN, _FLASK)),
    Server("flask-gunicorn-threads", (*_GUNICORN, "-k", "gthread", "--threads", "4", _FLASK)),
    _factory("fastapi-uvicorn", "benchmarks.peers.fastapi_view:create_app"),
    _factory("starlette-uvicorn", "benchmarks.peers.starlette_view:create_app"),
)


class Size(msgspec.Struct, frozen=True):
    readers: int = 50
    precincts: int = 3
    """So few that all results together have about 5 kB."""
    warm_up: float = 1.0
    seconds: float = 3.0


class Asked(msgspec.Struct, frozen=True):
    """What is asked for, and the answer that ours gives, which every row gives."""

    path: str
    headers: Mapping[str, str]
    ready: Ready
    has_it: bool
    """Whether readers have the version already."""


Serving = Callable[[], "contextlib.AbstractContextManager[list[Running]]"]


def rows(stage: Stage, size: Size, headers: Mapping[str, str] = {}, *, has_it: bool = False) -> list[Row]:
    """`headers` are what readers ask with; those who have it already send the answer's own tag besides.

    None without wrk, which is said.
    """
    if not is_here("wrk"):
        return []
    path, ready, file = prepared(stage, size.precincts, headers)
    asked = Asked(path, headers, ready, has_it)
    served: dict[str, Serving] = {
        server.name: functools.partial(serving, stage, server, file) for server in ONE_PROCESS
    }
    if is_here("nginx"):
        served["nginx-static"] = functools.partial(serving, stage, nginx.static(ready), file)
        served["nginx-cache"] = functools.partial(cached, stage)
    return [Row(name, functools.partial(measure, server, asked, size)) for name, server in served.items()]


def prepared(stage: Stage, precincts: int, headers: Mapping[str, str] = {}) -> tuple[str, Ready, str]:
    """The path of an election's results, what ours answers, and the file that holds it for the peers."""
    election = stage.election(precincts)
    body = stage.count(election, election.tallies).json()
    path = f"{election.path}/results"
    ready = _recorded(stage, path, headers, body)
    file = stage.folder / f"answer-{election.code}.json"
    file.write_bytes(msgspec.json.encode(ready))
    return path, ready, str(file)


def _recorded(stage: Stage, path: str, headers: Mapping[str, str], body: bytes) -> Ready:
    """What ours answers, once it is sure that these are the results."""
    with stage.serving(ONE_PROCESS[0]) as running:
        plain = answer(running.port, request("GET", path))
        if plain.status != 200 or plain.body != body:
            raise WrongAnswer(f"{plain.status} and other bytes than the results: {plain.body[:200]!r}")
        found = answer(running.port, request("GET", path, headers))
    kept = {name: value for name, value in found.headers.items() if name and name not in OF_THE_SERVER}
    return Ready(found.headers["etag"], kept, found.body)


@contextlib.contextmanager
def serving(stage: Stage, server: Server, answer: str) -> Iterator[list[Running]]:
    with stage.serving(server, BENCHMARK_ANSWER=answer) as running:
        yield [running]


@contextlib.contextmanager
def cached(stage: Stage, *, tls: bool = False) -> Iterator[list[Running]]:
    """nginx, which is asked, and ours behind it."""
    with (
        stage.serving(ONE_PROCESS[0], TALLYSTREAM_REQUESTS_PROXIES="1") as behind,
        stage.serving(nginx.cache(behind.port, tls=tls)) as front,
    ):
        yield [front, behind]


def measure(server: Serving, asked: Asked, size: Size) -> Measured:
    """Answers a second. Raises WrongAnswer where one, before or after, is another than ours."""
    with server() as running:
        port = running[0].port
        headers = dict(asked.headers)
        if asked.has_it:
            headers["If-None-Match"] = right(
                answer(port, request("GET", asked.path, headers)), asked
            ).headers["etag"]
        expected = 304 if asked.has_it else 200
        first = right(answer(port, request("GET", asked.path, headers)), asked, expected)
        wrk.load(port, asked.path, headers, size.readers, size.warm_up)
        used = cpu_seconds(running)
        counted = wrk.load(port, asked.path, headers, size.readers, size.seconds)
        used = cpu_seconds(running) - used
        right(answer(port, request("GET", asked.path, headers)), asked, expected)
    if counted.bytes < counted.requests * first.size:
        raise WrongAnswer(f"{counted.requests} answers of {first.size} bytes were {counted.bytes} bytes")
    return Measured(
        counted.a_second,
        {
            "p50_ms": counted.p50 / 1000,
            "p99_ms": counted.p99 / 1000,
            "body_kB": len(first.body) / 1000,
            "cpu_us": used / counted.requests * 1e6,
        },
    )


def cpu_seconds(running: list[Running]) -> float:
    return sum(one.cpu_seconds() for one in running)


def right(response: Response, asked: Asked, status: int = 200) -> Response:
    """The answer, if it is byte for byte what ours gives, and has every header that ours sends."""
    ready = asked.ready
    body = ready.body if status == 200 else b""
    headers = ready.headers if status == 200 else ready.without_body()
    if response.status != status or response.body != body:
        raise WrongAnswer(f"{response.status} and other bytes than the results: {response.body[:200]!r}")
    missing = headers.keys() - response.headers.keys()
    if missing:
        raise WrongAnswer(f"an answer lacks headers that ours has: {', '.join(sorted(missing))}")
    return response
