"""Election night with nginx and Nchan in front: more viewers than one of our processes carries.

The same night as night.py plays, on the same server; the viewers are nginx's, which `tallystream fan-out`
feeds. nginx runs with the files in deploy/: one worker, and no TLS, as in the other row.
"""

import contextlib
import functools
import itertools
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks import night
from benchmarks.busy import busy_election
from benchmarks.load.viewers import Viewers
from benchmarks.load.wire import HOST
from benchmarks.measuring import OURS, Measured, Row
from benchmarks.peers import nginx
from benchmarks.peers.nchan import MODULE, is_here, left_out
from benchmarks.stage import Running, Server, Stage, free_port
from quart_app.settings import ROOT

UNIT = night.UNIT

ABOUT = {
    OURS: "one of our processes serves 5,000 viewers itself, while 500 tallies a second arrive",
    "nchan": "nginx with Nchan serves the 5,000, one worker, fed by `tallystream fan-out`",
    "nchan-18000": "the same with 18,000 viewers, as many as 20,000 descriptors allow",
}


class Front(msgspec.Struct, frozen=True):
    """What stands before the server: nginx, and what feeds it."""

    nginx: Running
    feeder: Running


def rows(stage: Stage, size: night.Size, crowd: int = 18_000) -> list[Row]:
    """Raises WrongAnswer in CI where Nchan is missing."""
    found = [Row(OURS, functools.partial(night.measure, stage, size))]
    if not is_here():
        left_out()
        return found
    larger = msgspec.structs.replace(size, viewers=crowd)
    return [
        *found,
        Row("nchan", functools.partial(measure, stage, size)),
        Row("nchan-18000", functools.partial(measure, stage, larger)),
    ]


def measure(stage: Stage, size: night.Size) -> Measured:
    """How late the last of nginx's viewers has each change. Raises WrongAnswer like night.py."""
    definition, reports = busy_election(size.contests, size.precincts)
    election = stage.defined(definition, tuple(itertools.chain.from_iterable(reports)))
    stream = f"{election.path}/results/stream"
    # The application answers viewers whom Nchan does not; here it must not, or nobody would notice.
    alone = {"TALLYSTREAM_LIVE_MAX_WATCHERS": "1", "TALLYSTREAM_REQUESTS_PROXIES": "1"}
    with stage.serving(night.SERVER, **alone) as server, fronted(stage, server) as front:
        Viewers(stage.folder, front.nginx.port, stream, 1).close()
        before = front.nginx.kilobytes()
        with Viewers(stage.folder, front.nginx.port, stream, size.viewers) as viewers:
            time.sleep(night.SETTLED_SECONDS)
            kilobytes = (front.nginx.kilobytes() - before) / size.viewers
            used = _cpu(front)
            details = night.played(stage, server, viewers, election, size)
            seconds = size.warm_up + round(size.a_second * size.seconds) / details["tallies/s"]
            parts = {f"{name}_%": 100 * (now - used[name]) / seconds for name, now in _cpu(front).items()}
    return Measured(details["p99_ms"], {**details, **parts, "kB_per_viewer": kilobytes})


def _cpu(front: Front) -> dict[str, float]:
    return {"nginx": front.nginx.cpu_seconds(), "feeder": front.feeder.cpu_seconds()}


@contextlib.contextmanager
def fronted(stage: Stage, server: Running) -> Iterator[Front]:
    """nginx with Nchan before the server, on the server's core."""
    publish = free_port()
    to = ("--to", f"http://{HOST}:{publish}")
    feeding = Server("fan-out", (sys.executable, "-m", "quart_app", "fan-out", "--port", "{port}", *to))
    with stage.serving(feeding) as feeder:
        alone = nginx.cache(server.port)
        configure = functools.partial(_with_nchan, alone, publish, feeder.port)
        with stage.serving(msgspec.structs.replace(alone, prepare=configure)) as before:
            yield Front(before, feeder)


def _with_nchan(alone: Server, publish: int, asked: int, folder: Path, port: int) -> None:
    """deploy/nginx.conf with the lines that deploy/nchan.conf names, and no limit for one address."""
    alone.prepare(folder, port)
    for name in ("nchan.conf", "nchan-stream.conf"):
        text = (ROOT / "deploy" / name).read_text().replace("/var/cache", str(folder))
        text = text.replace("server 127.0.0.1:8082;", f"server {HOST}:{asked};")
        text = text.replace("listen 127.0.0.1:8081;", f"listen {HOST}:{publish};")
        (folder / name).write_text(text)
    text = (folder / "cache.conf").read_text()
    text = text.replace("http {\n", f"http {{\ninclude {folder}/nchan.conf;\n", 1)
    text = text.replace("limit_conn public_open 500;", f"include {folder}/nchan-stream.conf;")
    (folder / "cache.conf").write_text(f"load_module {MODULE};\n{text}")
