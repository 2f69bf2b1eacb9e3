"""nginx with deploy/nginx.conf in front of a server, and what the server was asked meanwhile."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from quart_app.certificate import localhost_certificate
from quart_app.settings import ROOT
from tests.e2e.running import READY_SECONDS, Server, free_port

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def needs_nginx(name: str) -> None:
    """Leaves the test `name` out where nginx is missing; in CI that is a failure."""
    if NGINX:
        return
    message = f"{name} is left out without nginx: apt-get install nginx"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def behind_one_proxy(folder: Path) -> dict[str, str]:
    """The environment of a server that trusts one proxy, and writes down each request in `asked`."""
    config = folder / "config.toml"
    config.write_text(f'accesslog = "{folder}/asked"\n' + (ROOT / "config.toml").read_text())
    return {"TALLYSTREAM_CONFIG": str(config), "TALLYSTREAM_REQUESTS_PROXIES": "1"}


class Proxy:
    """nginx at `url`, with two workers; its folder has to be one that its account can enter."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.port, self.plain_port = free_port(), free_port()
        self.url = f"https://localhost:{self.port}"
        self.server = server
        self._asked = folder / "asked"
        self._folder = folder / f"nginx-{self.port}"
        self._folder.mkdir()
        (self._folder / "nginx.conf").write_text(self._configured(server))
        self._process: subprocess.Popen[bytes] | None = None

    def _configured(self, server: Server) -> str:
        """The file as it is shipped, but for its addresses, folders, name and account."""
        certificate = localhost_certificate(self._folder)
        text = (ROOT / "deploy" / "nginx.conf").read_text()
        for shipped, here in {
            "user www-data;": "user root;" if os.geteuid() == 0 else "",
            "worker_processes auto;": "worker_processes 2;",
            "worker_rlimit_nofile 65536;": "",
            "worker_connections 32768;": "worker_connections 1000;",
            "/run/nginx.pid": f"{self._folder}/pid",
            "/var/log/nginx": str(self._folder),
            "/var/cache": str(self._folder),
            "server 127.0.0.1:8000;": f"server 127.0.0.1:{server.port};",
            "listen 80": f"listen 127.0.0.1:{self.plain_port}",
            "listen 443": f"listen 127.0.0.1:{self.port}",
            "/etc/nginx/tallystream.crt": str(certificate.certfile),
            "/etc/nginx/tallystream.key": str(certificate.keyfile),
            "tally.example.org": "localhost",
        }.items():
            assert shipped in text, shipped
            text = text.replace(shipped, here)
        temporary = "".join(f"    {name}_temp_path {self._folder}/{name};\n" for name in TEMPORARY)
        return text.replace("http {\n", "http {\n" + temporary, 1)

    def start(self) -> None:
        assert NGINX is not None
        log = self._folder / "error.log"
        command = [NGINX, "-e", str(log), "-c", str(self._folder / "nginx.conf"), "-g", "daemon off;"]
        self._process = subprocess.Popen(command)
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            assert self._process.poll() is None, f"nginx ended: {log.read_text()}"
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            time.sleep(0.05)
        pytest.fail(f"nginx does not listen: {log.read_text()}")

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=20)

    def asked(self, path: str, status: int | str = "") -> int:
        """How many GETs of a path the server has answered so far, with `status` if one is named."""
        asked = [line.partition(f'"GET {path} ')[2] for line in self._asked.read_text().splitlines()]
        return sum(f'" {status}' in rest for rest in asked)
