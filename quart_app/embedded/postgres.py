"""PostgreSQL in a data folder: a cluster of our own, made once, started with our settings."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from quart_app.embedded.children import (
    Account,
    end_processes_of,
    leashed,
    processes_of,
    this_account,
)
from quart_app.embedded.errors import EngineUnavailable
from quart_app.embedded.places import cluster_folder, reachable_programs
from quart_app.embedded.wheels import postgres_programs

_NAME = "tallystream"  # of the superuser and of the database
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # the path of a data folder may be too long for a socket
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# Not `synchronous_commit=off`: it would lose commits when only the server is killed, which tests do.
_NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}
_LEFTOVERS_END_WITHIN = 5.0  # seconds


class Postgres:
    """A PostgreSQL server on 127.0.0.1.

    `<data>/postgresql/` holds `cluster/` and `password` (mode 0600). When root runs it and `nobody`, as whom
    PostgreSQL then runs, cannot reach the data folder, `<data>/postgresql` is a link to a place that it can
    (see `places`).
    """

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # a fast shutdown: clients are cut off, everything is written

    def __init__(self, data: Path, durable: bool) -> None:
        programs = postgres_programs()
        if programs is None:
            raise EngineUnavailable("no PostgreSQL found")
        self._account = _account(data / "postgresql")
        self._programs = reachable_programs(programs, self._account)
        self._folder = cluster_folder(data / "postgresql", self._account, durable)
        self._durable = durable
        self.log = data / "postgresql.log"

    @property
    def _cluster(self) -> Path:
        return self._folder / "cluster"

    def create(self) -> None:
        """Make the cluster aside and rename it when complete, so that none looks complete that is not."""
        for half_made in self._folder.parent.glob("postgresql.new-*"):
            # A killed initdb's own child may be writing still; what it hides from us is for the next time.
            end_processes_of("postgres", half_made / "cluster", _LEFTOVERS_END_WITHIN)
            shutil.rmtree(half_made, ignore_errors=True)
        if self._folder.exists():
            return
        new = Path(tempfile.mkdtemp(prefix="postgresql.new-", dir=self._folder.parent))
        password = new / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24))
        for path in (new, password):
            os.chown(path, *self._account)
        self._initialise(new / "cluster", password)
        new.rename(self._folder)

    def _initialise(self, cluster: Path, password: Path) -> None:
        # A locale of the C library's that every Linux has, and whose order is that of the code points.
        locale = "C.UTF-8" if sys.platform == "linux" else "C"
        words = [f"--pgdata={cluster}", f"--username={_NAME}", f"--pwfile={password}", "--encoding=UTF8"]
        words += ["--auth=scram-sha-256", f"--locale={locale}", "--no-instructions"]
        self._run("initdb", *words, *([] if self._durable else ["--no-sync"]))
        # Single-user mode, so that the database is there before anybody could connect.
        self._run("postgres", "--single", "-D", str(cluster), "postgres", stdin=f"CREATE DATABASE {_NAME};\n")

    def _run(self, program: str, *words: str, stdin: str = "") -> None:
        done = subprocess.run(
            leashed([self._programs / program, *words], self._account, signal.SIGKILL),
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            start_new_session=True,
            check=False,
        )
        if done.returncode:
            raise EngineUnavailable(f"{program} failed: {' '.join(done.stdout.split())}")

    def prepare(self) -> None:
        """End what a killed postmaster left, then remove its pid file.

        PostgreSQL takes a pid file for a live server's when its number has gone to another process of the
        same user. Only the absence of every process of this cluster makes the removal safe: the file also
        guards the shared memory of backends that still run.
        """
        if sys.platform != "linux":
            return  # no /proc to be sure by; PostgreSQL decides
        end_processes_of("postgres", self._cluster, _LEFTOVERS_END_WITHIN)
        if not processes_of("postgres", self._cluster):
            (self._cluster / "postmaster.pid").unlink(missing_ok=True)

    def command(self, port: int) -> list[str]:
        settings = _SETTINGS | {"port": str(port)} | ({} if self._durable else _NOT_DURABLE)
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        # An immediate shutdown when we are killed: the next start recovers, and need not wait for it.
        return leashed(
            [self._programs / "postgres", "-D", self._cluster, *words], self._account, signal.SIGQUIT
        )

    def stdin(self, port: int) -> bytes:
        return b""

    def is_ready(self, pid: int, port: int) -> bool:
        """As pg_ctl sees it: the eighth line of the pid file is the state."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def url(self, port: int) -> str:
        password = (self._folder / "password").read_text()
        return f"postgresql://{_NAME}:{password}@127.0.0.1:{port}/{_NAME}"


def _account(folder: Path) -> Account:
    """Whose the cluster is; for a new one that root makes, `nobody`, as PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return this_account()
    if folder.exists() and (status := folder.stat()).st_uid != 0:
        return Account(status.st_uid, status.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)
