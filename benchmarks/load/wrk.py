"""wrk asks for one thing again and again, on connections that are kept: no server here wears it out."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec

from benchmarks.load.wire import HOST, SECONDS, WrongAnswer
from benchmarks.programs import program

SCRIPT = Path(__file__).with_suffix(".lua")


class Counted(msgspec.Struct, frozen=True):
    """`unlike` are answers with a status from 400 on, `broken` what failed on the wire."""

    requests: int
    microseconds: int
    bytes: int
    unlike: int
    broken: int
    p50: int
    p99: int

    @property
    def a_second(self) -> float:
        return self.requests / self.microseconds * 1e6


def load(port: int, path: str, headers: Mapping[str, str], connections: int, seconds: float) -> Counted:
    """What so many connections got in whole seconds, one at least. Raises WrongAnswer for any failure."""
    asked = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    whole = max(1, round(seconds))
    command = [program("wrk"), "-t1", f"-c{connections}", f"-d{whole}s", "-s", str(SCRIPT), *asked]
    done = subprocess.run(
        [*command, f"http://{HOST}:{port}{path}"], capture_output=True, timeout=whole + SECONDS, check=False
    )
    if done.returncode:
        raise WrongAnswer(f"wrk failed: {done.stderr[-500:]!r}")
    counted = msgspec.json.decode(done.stdout.splitlines()[-1], type=Counted)
    if counted.unlike or counted.broken or not counted.requests:
        raise WrongAnswer(f"not every answer came as it should: {counted}")
    return counted
