"""Election night with nginx and Nchan in front: more viewers than one of our processes carries.

The same night as night.py plays, on the same server; the viewers are nginx's, which `tallystream fan-out`
feeds. nginx runs with deploy/nchan.conf, one worker, without TLS, as the viewers of the other row have none.
"""

import contextlib
import functools
import itertools
import os
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
from benchmarks.peers.nchan import is_here, left_out
from benchmarks.stage import Running, Server, Stage, free_port
from quart_app.settings import ROOT

UNIT = night.UNIT

ABOUT = {
    OURS: "one of our processes serves 5,000 viewers itself, while 500 tallies a second arrive",
    "nchan": "nginx with Nchan serves the 5,000, one worker, fed by `tallystream fan-out`",
    "nchan-18000": "the same with 18,000 viewers, as many as 20,000 descriptors allow",
}

_CONF = ROOT / "deploy" / "nchan.conf"
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


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
    with (
        stage.serving(night.SERVER, TALLYSTREAM_REQUESTS_PROXIES="1") as server,
        fronted(stage, server) as front,
    ):
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
        configure = functools.partial(_configure, server.port, feeder.port, publish)
        command = ("nginx", "-e", "stderr", "-c", "{folder}/front.conf", "-g", "daemon off;")
        with stage.serving(Server("nchan", command, configure)) as nginx:
            yield Front(nginx, feeder)


def _configure(server: int, asked: int, publish: int, folder: Path, port: int) -> None:
    """The file as it is shipped, but for addresses, folders, TLS and as many workers as cores."""
    text = _CONF.read_text()
    temporary = "".join(f"{name}_temp_path {folder}/front/{name};\n" for name in _TEMPORARY)
    for shipped, here in {
        "user www-data;": "user root;" if os.geteuid() == 0 else "",
        "worker_processes auto;": "worker_processes 1;",
        "worker_rlimit_nofile 1048576;": "",
        "worker_connections 262144;": "worker_connections 65536;",
        "/run/nginx.pid": f"{folder}/front/pid",
        "error_log /var/log/nginx/error.log warn;": "error_log stderr error;",
        "/var/cache/nginx/fan-out": f"{folder}/front/cache",
        "nchan_shared_memory_size 256m;": f"nchan_shared_memory_size 256m;\n{temporary}",
        "server 127.0.0.1:8000;": f"server {HOST}:{server};",
        "server 127.0.0.1:8082;": f"server {HOST}:{asked};",
        "listen 127.0.0.1:8081;": f"listen {HOST}:{publish};",
        "listen 80 default_server;": f"listen unix:{folder}/front/plain;",
        "listen 443 ssl http2 default_server;": f"listen {HOST}:{port} backlog=4096;",
        "ssl_certificate /etc/nginx/tallystream.crt;": "",
        "ssl_certificate_key /etc/nginx/tallystream.key;": "",
    }.items():
        text = text.replace(shipped, here)
    (folder / "front").mkdir(exist_ok=True)
    (folder / "front" / "plain").unlink(missing_ok=True)
    (folder / "front.conf").write_text(text)
