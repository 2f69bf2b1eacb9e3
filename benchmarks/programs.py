"""Programs from Debian that some rows need; where one is not here, its rows are left out by name."""

import functools
import shutil
from collections.abc import Mapping
from pathlib import Path

import click

from benchmarks.load.wire import WrongAnswer

PACKAGES: Mapping[str, str] = {
    "cpulimit": "cpulimit",
    "h2load": "nghttp2-client",
    "nginx": "nginx",
    "pgbench": "postgresql",
    "wrk": "wrk",
}
"""The package that brings each program."""


def program(name: str) -> str:
    """Where the program lies. Raises WrongAnswer, with the line that installs it."""
    found = _found(name)
    if found is None:
        raise WrongAnswer(missing(name))
    return found


@functools.cache
def is_here(name: str) -> bool:
    """Whether what needs the program can be measured; where not, it is said once, with the remedy."""
    here = _found(name) is not None
    if not here:
        click.echo(f"Left out: {missing(name)}", err=True)
    return here


def missing(name: str) -> str:
    return f"what needs {name}: apt-get install {PACKAGES[name]}"


def _found(name: str) -> str | None:
    # Debian keeps a PostgreSQL's own programs off everybody's path, and nginx off most people's.
    beside_postgres = [
        str(folder) for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    ]
    return shutil.which(name) or shutil.which(name, path=":".join(["/usr/sbin", *beside_postgres]))
