"""What is measured on: facts that figures are worth nothing without, and which core does what."""

import contextlib
import os
import platform
import re
import resource
import subprocess
from importlib.metadata import version
from pathlib import Path

import asyncpg
import redis.asyncio as redis

from quart_app.embedded import Engines

PACKAGES = ("quart", "hypercorn", "uvloop", "sqlalchemy", "asyncpg", "redis", "msgspec")
PEERS = ("fastapi", "starlette", "sse-starlette", "uvicorn", "flask", "gunicorn")
# How each says its version; one that is not here is left out.
PROGRAMS = {
    "nginx": ("nginx", "-v"),
    "nchan": ("dpkg-query", "-W", "-f=nchan ${Version}", "libnginx-mod-nchan"),
    "pgbench": ("/usr/lib/postgresql/15/bin/pgbench", "--version"),
    "redis-server": ("redis-server", "--version"),
    "wrk": ("wrk", "-v"),
    "h2load": ("h2load", "--version"),
}

Facts = dict[str, str | int]


async def facts(engines: Engines) -> Facts:
    """Nothing here names the machine, its owner or a folder of it."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count() or 1,
        "system": platform.system(),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        **{name: version(name) for name in PEERS},
        **_programs(),
        "postgresql": await _postgresql(engines.database_url),
        **await _broker(engines.redis_url),
    }


def _cpu() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


async def _postgresql(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return str(await connection.fetchval("SHOW server_version"))
    finally:
        await connection.close()


async def _broker(url: str) -> dict[str, str]:
    async with redis.from_url(url) as client:
        info = await client.info("server")
    name = "valkey" if "valkey_version" in info else "redis-server"
    return {name: info.get("valkey_version", info["redis_version"])}


def _programs() -> dict[str, str]:
    """The versions of programs that are not Python's, such as `1.22.1`."""
    found: dict[str, str] = {}
    for name, command in PROGRAMS.items():
        with contextlib.suppress(OSError):
            said = subprocess.run(command, capture_output=True, text=True)
            numbers = re.search(r"\d+\.\d+[\w.]*", said.stdout + said.stderr)
            found |= {name: numbers[0]} if numbers else {}
    return found


def cores() -> tuple[int, int]:
    """The core of the server and the core of the load; the same one where there is no second."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


def allow_many_connections() -> None:
    """Thousands of viewers need thousands of descriptors, here and in the processes begun from here."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
