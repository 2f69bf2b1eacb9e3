"""nginx with Nchan from deploy/nchan.conf in front of a server, and what feeds it; all end with the test."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from quart_app.certificate import localhost_certificate
from quart_app.settings import ROOT
from tests.e2e.running import READY_SECONDS, Server, free_port

MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def needs_nginx(name: str) -> None:
    """Leaves the test `name` out where nginx or Nchan is missing; in CI that is a failure."""
    if NGINX and MODULE.exists():
        return
    message = f"{name} is left out without Nchan: apt-get install nginx libnginx-mod-nchan"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


class Front:
    """nginx at `url` and `tallystream fan-out` beside it, each of which can go and come back."""

    def __init__(self, server: Server, folder: Path, *, workers: int = 2) -> None:
        self.port, self._publish, self._ask = free_port(), free_port(), free_port()
        self.url = f"https://localhost:{self.port}"
        self._environ = server.environ
        self._folder = folder / f"nginx-{self.port}"
        self._folder.mkdir()
        self._conf = self._folder / "nginx.conf"
        self._conf.write_text(self._configured(server, workers))
        self._log = self._folder / "log"
        self._nginx: subprocess.Popen[bytes] | None = None
        self._feeder: subprocess.Popen[bytes] | None = None

    def _configured(self, server: Server, workers: int) -> str:
        """The file as it is shipped, but for addresses, folders, and the account of the test."""
        certificate = localhost_certificate(self._folder)
        temporary = "".join(f"{name}_temp_path {self._folder}/{name};\n" for name in TEMPORARY)
        text = (ROOT / "deploy" / "nchan.conf").read_text()
        for shipped, here in {
            "user www-data;": "user root;" if os.geteuid() == 0 else "",
            "worker_processes auto;": f"worker_processes {workers};",
            "worker_rlimit_nofile 1048576;": "",
            "worker_connections 262144;": "worker_connections 4096;",
            "/run/nginx.pid": f"{self._folder}/pid",
            "/var/log/nginx/error.log": f"{self._folder}/error.log",
            "/var/cache/nginx/fan-out": f"{self._folder}/cache",
            "nchan_shared_memory_size 256m;": f"nchan_shared_memory_size 32m;\n{temporary}",
            "server 127.0.0.1:8000;": f"server 127.0.0.1:{server.port};",
            "server 127.0.0.1:8082;": f"server 127.0.0.1:{self._ask};",
            "listen 127.0.0.1:8081;": f"listen 127.0.0.1:{self._publish};",
            "listen 80 default_server;": f"listen unix:{self._folder}/plain;",
            "listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            "/etc/nginx/tallystream.crt": str(certificate.certfile),
            "/etc/nginx/tallystream.key": str(certificate.keyfile),
        }.items():
            assert text.count(shipped) == 1, shipped
            text = text.replace(shipped, here)
        return text

    def start(self) -> None:
        self.start_nginx()
        self.start_feeder()

    def start_nginx(self) -> None:
        assert NGINX is not None
        command = [NGINX, "-e", f"{self._folder}/error.log", "-c", str(self._conf), "-g", "daemon off;"]
        self._nginx = self._started(command, self.port)

    def start_feeder(self) -> None:
        command = [sys.executable, "-m", "quart_app", "fan-out", "--port", str(self._ask)]
        self._feeder = self._started([*command, "--to", f"http://127.0.0.1:{self._publish}"], self._ask)

    def _started(self, command: list[str], port: int) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            process = subprocess.Popen(command, env=self._environ, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            assert process.poll() is None, f"{command[0]} ended: {self._log.read_text()}"
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                return process
            time.sleep(0.05)
        pytest.fail(f"{command[0]} does not listen: {self._log.read_text()}")

    def kill_feeder(self) -> None:
        """As a power cut would."""
        assert self._feeder is not None
        self._feeder.kill()
        self._feeder.wait()

    def stop_feeder(self) -> None:
        """As an operator would. Its exit status must be 0."""
        assert self._feeder is not None
        self._feeder.send_signal(signal.SIGTERM)
        assert self._feeder.wait(timeout=20) == 0, self._log.read_text()

    def stop_nginx(self) -> None:
        """At once, with all its connections."""
        assert self._nginx is not None
        self._nginx.send_signal(signal.SIGTERM)
        self._nginx.wait(timeout=20)

    def end(self) -> None:
        for process in (self._feeder, self._nginx):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait(timeout=20)
