"""The database's limit: single-row inserts of one simple row, each durable, as pgbench counts them."""

import math
import os
import re
import subprocess
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from benchmarks.load.wire import SECONDS, WrongAnswer
from benchmarks.measuring import Measured
from benchmarks.programs import program
from benchmarks.stage import Stage

_TABLE = "benchmark_inserts"
_CREATE = f"""
    CREATE TABLE {_TABLE} (
        id bigserial PRIMARY KEY,
        precinct integer NOT NULL,
        contest integer NOT NULL,
        votes integer NOT NULL,
        remark text NOT NULL
    )
"""
_SCRIPT = f"""\\set precinct random(1, 20000)
\\set contest random(1, 20)
\\set votes random(0, 5000)
INSERT INTO {_TABLE} (precinct, contest, votes, remark) VALUES (:precinct, :contest, :votes, 'as counted');
"""

_INSERTED = re.compile(r"^number of transactions actually processed: (\d+)", re.MULTILINE)
_A_SECOND = re.compile(r"^tps = ([\d.]+) \(without initial connection time\)", re.MULTILINE)
_MEAN = re.compile(r"^latency average = ([\d.]+) ms", re.MULTILINE)


def measure(stage: Stage, clients: int, seconds: float) -> Measured:
    """Inserts a second. Raises WrongAnswer where not all that were counted are there."""
    stage.run(_execute(stage, _CREATE))
    try:
        said = _pgbench(stage, clients, seconds)
        inserted, rate, mean = (pattern.search(said) for pattern in (_INSERTED, _A_SECOND, _MEAN))
        if inserted is None or rate is None or mean is None:
            raise WrongAnswer(f"pgbench said {said[-500:]!r}")
        stage.run(_check(stage, int(inserted[1])))
    finally:
        stage.run(_execute(stage, f"DROP TABLE {_TABLE}"))
    return Measured(float(rate[1]), {"mean_ms": float(mean[1])})


def _pgbench(stage: Stage, clients: int, seconds: float) -> str:
    script = stage.folder / "insert.sql"
    script.write_text(_SCRIPT)
    # Whole seconds are all that it knows.
    lasting = max(1, math.ceil(seconds))
    command = [program("pgbench"), "-n", "-c", str(clients), "-j", "1", "-T", str(lasting), "-f", str(script)]
    done = subprocess.run(
        command,
        env={**os.environ, **connection_of(stage.engines.database_url)},
        capture_output=True,
        text=True,
        timeout=lasting + SECONDS,
        check=False,
    )
    if done.returncode:
        raise WrongAnswer(f"pgbench failed: {done.stderr[-500:]}")
    return done.stdout


def connection_of(url: str) -> Mapping[str, str]:
    """A database's address as PostgreSQL's programs read it: no password stands on a command line."""
    parts = urlsplit(url)
    found = {
        "PGHOST": parts.hostname,
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": parts.path.lstrip("/"),
    }
    return {name: value for name, value in found.items() if value}


async def _check(stage: Stage, inserted: int) -> None:
    connection = await stage.connect()
    there = await connection.fetchval(f"SELECT count(*) FROM {_TABLE}")
    await connection.close()
    if there != inserted:
        raise WrongAnswer(f"pgbench counted {inserted} inserts, and {there} rows are there")


async def _execute(stage: Stage, statement: str) -> None:
    connection = await stage.connect()
    await connection.execute(statement)
    await connection.close()
