"""Results read over HTTP/2 with TLS: 50 connections with 10 requests each under way, asked by h2load."""

import functools
import re
import subprocess
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import msgspec

from benchmarks import reads
from benchmarks.load.wire import HOST, SECONDS, WrongAnswer
from benchmarks.measuring import OURS, Measured, Row
from benchmarks.peers import nginx
from benchmarks.peers.ready import Ready
from benchmarks.programs import is_here, program
from benchmarks.stage import Running, Server, Stage
from quart_app.certificate import localhost_certificate

UNIT = reads.UNIT

NAMES = (OURS, "plain-view", "nginx-static", "nginx-cache")
ABOUT: Mapping[str, str] = {name: reads.ABOUT[name] for name in NAMES}

_RATE = re.compile(rb"finished in .*?, ([\d.]+) req/s")
_DONE = re.compile(rb"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout")


class Size(msgspec.Struct, frozen=True):
    connections: int = 50
    under_way: int = 10
    """Requests of each connection that wait for their answers at any time."""
    precincts: int = 3
    warm_up: int = 1
    seconds: int = 3


Serving = Callable[[], AbstractContextManager[list[Running]]]


def rows(stage: Stage, size: Size) -> list[Row]:
    """None without h2load, which is said."""
    if not is_here("h2load"):
        return []
    path, ready, file = reads.prepared(stage, size.precincts)
    ours, plain = (_with_tls(server) for server in reads.ONE_PROCESS[:2])
    served: dict[str, Serving] = {
        OURS: functools.partial(reads.serving, stage, ours, file),
        "plain-view": functools.partial(reads.serving, stage, plain, file),
    }
    if is_here("nginx"):
        static = nginx.static(ready, tls=True)
        served["nginx-static"] = functools.partial(reads.serving, stage, static, file)
        served["nginx-cache"] = functools.partial(reads.cached, stage, tls=True)
    return [
        Row(name, functools.partial(measure, serving, path, ready, size)) for name, serving in served.items()
    ]


def _with_tls(server: Server) -> Server:
    """The same on Hypercorn with a certificate; its plain port leads nowhere."""
    tls = ("--certfile", "{folder}/localhost.crt", "--keyfile", "{folder}/localhost.key")
    plain = ("--insecure-bind", "unix:{folder}/plain-{port}")
    command = (*server.command[:-1], *tls, *plain, server.command[-1])
    return Server(server.name, command, _certified)


def _certified(folder: Path, port: int) -> None:
    localhost_certificate(folder)


def measure(serving: Serving, path: str, ready: Ready, size: Size) -> Measured:
    """Answers a second. Raises WrongAnswer where one, before or after, is another than ours."""
    with serving() as running:
        address = f"https://{HOST}:{running[0].port}{path}"
        check(address, ready)
        _load(address, size, size.warm_up)
        used = reads.cpu_seconds(running)
        a_second, answers = _load(address, size, size.seconds)
        used = reads.cpu_seconds(running) - used
        check(address, ready)
    return Measured(a_second, {"body_kB": len(ready.body) / 1000, "cpu_us": used / answers * 1e6})


def check(address: str, ready: Ready) -> None:
    with httpx.Client(http2=True, verify=False, headers={"Accept-Encoding": "identity"}) as client:
        found = client.get(address, timeout=SECONDS)
    if found.status_code != 200 or found.content != ready.body or found.http_version != "HTTP/2":
        raise WrongAnswer(f"{found.status_code} over {found.http_version}, other bytes than the results")


def _load(address: str, size: Size, seconds: int) -> tuple[float, int]:
    """Answers a second, and how many there were."""
    command = [program("h2load"), f"-c{size.connections}", f"-m{size.under_way}", f"-D{seconds}", address]
    said = subprocess.run(command, capture_output=True, timeout=seconds + SECONDS, check=False).stdout
    rate, done = _RATE.search(said), _DONE.search(said)
    if rate is None or done is None or not int(done[1]) or any(int(done[at]) for at in (2, 3, 4)):
        raise WrongAnswer(f"not every answer came as it should: {said[-500:]!r}")
    return float(rate[1]), int(done[1])
