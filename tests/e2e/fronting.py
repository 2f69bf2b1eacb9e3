"""nginx with Nchan in front of a server, and what feeds it; all end with the test."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from quart_app.settings import ROOT
from tests.e2e import proxied
from tests.e2e.proxied import Proxy
from tests.e2e.running import READY_SECONDS, Server, free_port

MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")


def needs_nchan(name: str) -> None:
    """Leaves the test `name` out where nginx or Nchan is missing; in CI that is a failure."""
    proxied.needs_nginx(name)
    if MODULE.exists():
        return
    message = f"{name} is left out without Nchan: apt-get install libnginx-mod-nchan"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


class Front(Proxy):
    """nginx with deploy/nginx.conf and Nchan's parts, and `tallystream fan-out` beside it.

    Each of the two can go and come back.
    """

    def __init__(self, server: Server, folder: Path) -> None:
        self._publish, self._ask = free_port(), free_port()
        super().__init__(server, folder)
        self._environ = server.environ
        self._log = self._folder / "fan-out.log"
        self._feeder: subprocess.Popen[bytes] | None = None

    def _configured(self, server: Server) -> str:
        """With the lines that nchan.conf names, and its files as they are shipped but for their addresses."""
        text = f"load_module {MODULE};\n{super()._configured(server)}"
        for context, name in {
            "http {\n": "nchan.conf",
            # The server's first line that no other server has.
            "limit_req zone=public_rate": "nchan-stream.conf",
        }.items():
            (self._folder / name).write_text(self._moved((ROOT / "deploy" / name).read_text()))
            assert text.count(context) == 1, context
            included = f"include {self._folder}/{name};\n"
            before, after = ("", included) if context.endswith("{\n") else (included, "")
            text = text.replace(context, f"{before}{context}{after}")
        return text

    def _moved(self, text: str) -> str:
        return (
            text.replace("server 127.0.0.1:8082;", f"server 127.0.0.1:{self._ask};")
            .replace("listen 127.0.0.1:8081;", f"listen 127.0.0.1:{self._publish};")
            .replace("/var/cache", str(self._folder))
            .replace("nchan_shared_memory_size 256m;", "nchan_shared_memory_size 32m;")
        )

    def start_feeder(self) -> None:
        command = [sys.executable, "-m", "quart_app", "fan-out", "--port", str(self._ask)]
        with self._log.open("ab") as log:
            self._feeder = subprocess.Popen(
                [*command, "--to", f"http://127.0.0.1:{self._publish}"],
                env=self._environ,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            assert self._feeder.poll() is None, f"it ended: {self._log.read_text()}"
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self._ask), 1).close()
                return
            time.sleep(0.05)
        pytest.fail(f"nobody listens for nginx: {self._log.read_text()}")

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
        super().end()

    def end(self) -> None:
        if self._feeder is not None and self._feeder.poll() is None:
            self.kill_feeder()
        self.stop_nginx()
