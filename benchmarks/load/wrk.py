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
    counted = finished(started(port, path, headers, connections, seconds), seconds)
    if counted.unlike or counted.broken or not counted.requests:
        raise WrongAnswer(f"not every answer came as it should: {counted}")
    return counted


def started(
    port: int, path: str, headers: Mapping[str, str], connections: int, seconds: float
) -> "subprocess.Popen[bytes]":
    """A load that goes on by itself until it is `finished`."""
    asked = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    whole = max(1, round(seconds))
    command = [program("wrk"), "-t1", f"-c{connections}", f"-d{whole}s", f"--timeout={SECONDS:.0f}s"]
    command += ["-s", str(SCRIPT), *asked]
    return subprocess.Popen(
        [*command, f"http://{HOST}:{port}{path}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def finished(process: "subprocess.Popen[bytes]", seconds: float) -> Counted:
    """What came of it, whatever was answered. Raises WrongAnswer where wrk itself failed."""
    with process:
        try:
            output, errors = process.communicate(timeout=seconds + SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    if process.returncode:
        raise WrongAnswer(f"wrk failed: {errors[-500:]!r}")
    return msgspec.json.decode(output.splitlines()[-1], type=Counted)
