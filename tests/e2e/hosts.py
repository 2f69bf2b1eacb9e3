"""Several machines on one: each a network namespace of its own, with real links between them that can be cut.

    clients (the test) ── public switch ── hosts ── inner switch ── PostgreSQL and Redis

Namespaces and switches belong to processes that end with the test, however it ends, and are gone with them;
nothing is left behind in the machine's own network but while it runs.
"""

import contextlib
import ipaddress
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from quart_app.embedded import Engines
from quart_app.embedded.keeper import Keeper
from quart_app.embedded.postgres import Postgres
from quart_app.embedded.valkey import Valkey
from tests.e2e.running import Server

PROGRAMS = ("ip", "tc", "nsenter", "unshare", "setpriv")
NEEDED = "root and iproute2 (apt-get install iproute2)"
# RFC 2544 keeps these addresses for tests of networks.
NETWORKS = list(ipaddress.IPv4Network("198.18.0.0/15").subnets(new_prefix=24))
# As between machines in neighbouring halls.
DELAY = "1ms"
# Ends with the process that starts it, even if that is killed.
LEASHED = ("setpriv", "--pdeathsig", "KILL", "--")


def run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


class Namespace:
    """A network of its own, for as long as the process in it lives."""

    def __init__(self) -> None:
        words = (*LEASHED, "unshare", "--net", "sleep", "infinity")
        self._process = subprocess.Popen(words)
        self.path = f"/proc/{self._process.pid}/ns/net"
        self.pid = str(self._process.pid)
        while self._process.poll() is None and not self._is_apart():
            time.sleep(0.005)
        if self._process.poll() is not None:
            raise PermissionError("network namespaces are not permitted")
        self.run("ip", "link", "set", "lo", "up")

    def _is_apart(self) -> bool:
        return Path(self.path).readlink() != Path("/proc/self/ns/net").readlink()

    def command(self, *words: str) -> list[str]:
        """What runs the words in here."""
        return ["nsenter", f"--net={self.path}", "--", *words]

    def run(self, *words: str) -> str:
        return run(*self.command(*words))

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


class Switch:
    """Joins links; its number 1 is the test itself."""

    def __init__(self, name: str, network: ipaddress.IPv4Network) -> None:
        self._name = name
        self._network = network
        self._namespace = Namespace()
        self._namespace.run("ip", "link", "add", "switch", "type", "bridge")
        self._namespace.run("ip", "link", "set", "switch", "up")
        self.plug("1", 1, None)

    def address(self, number: int) -> str:
        return str(self._network[number])

    def plug(self, port: str, number: int, into: Namespace | None) -> None:
        """A cable from `port` of the switch into a namespace, or into the machine's own network."""
        end = f"{self._name}-{port}"
        run("ip", "link", "add", end, "type", "veth", "peer", "name", port, "netns", self._namespace.pid)
        self._namespace.run("ip", "link", "set", port, "master", "switch", "up")
        inside = run
        if into is not None:
            run("ip", "link", "set", end, "netns", into.pid)
            inside = into.run
        inside("ip", "address", "add", f"{self.address(number)}/24", "dev", end)
        inside("ip", "link", "set", end, "up")
        with contextlib.suppress(subprocess.CalledProcessError):  # not every kernel can
            inside("tc", "qdisc", "add", "dev", end, "root", "netem", "delay", DELAY)

    def cut(self, port: str) -> None:
        """As if the cable were pulled out at the switch: what is sent is lost, and nobody is told."""
        self._namespace.run("ip", "link", "set", port, "down")

    def mend(self, port: str) -> None:
        self._namespace.run("ip", "link", "set", port, "up")

    def end(self) -> None:
        self._namespace.end()


class Network:
    """A public and an inner switch, and hosts that are plugged into both."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        taken = json.loads(run("ip", "-json", "route"))
        free = [net for net in NETWORKS if not any(str(net) == route["dst"] for route in taken)]
        public, inner = random.sample(free, 2)
        # An interface's name has 15 characters at most, and several tests may run at once.
        name = f"ts{os.getpid() % 1_000_000:x}"
        self.public = self._ending(Switch(f"{name}p", public))
        self.inner = self._ending(Switch(f"{name}i", inner))

    def _ending(self, switch: Switch) -> Switch:
        self._stack.callback(switch.end)
        return switch

    def host(self, number: int) -> Namespace:
        """A new machine; it is plugged into port `number` of both switches."""
        made = Namespace()
        self._stack.callback(made.end)
        for switch in (self.public, self.inner):
            switch.plug(str(number), number, made)
        return made


class OpenPostgres(Postgres):
    """It listens at an address besides 127.0.0.1, for everybody who has the password."""

    def __init__(self, data: Path, address: str) -> None:
        super().__init__(data, durable=False)
        self._address = address

    def create(self) -> None:
        super().create()
        with (self._cluster / "pg_hba.conf").open("a") as file:
            file.write("host all all samenet scram-sha-256\n")

    def command(self, port: int) -> list[str]:
        return [*super().command(port), "-c", f"listen_addresses=127.0.0.1,{self._address}"]

    def url(self, port: int) -> str:
        return super().url(port).replace("@127.0.0.1", f"@{self._address}")


class OpenValkey(Valkey):
    """Likewise."""

    def __init__(self, data: Path, address: str) -> None:
        super().__init__(data)
        self._address = address

    def stdin(self, port: int) -> bytes:
        return super().stdin(port) + f"\nbind 127.0.0.1 {self._address}\n".encode()

    def url(self, port: int) -> str:
        return super().url(port).replace("@127.0.0.1", f"@{self._address}")


@contextlib.contextmanager
def engines_at(address: str, data: Path) -> Iterator[Engines]:
    """PostgreSQL and Valkey, to be reached at this address of this machine."""
    keepers = [Keeper(engine, None) for engine in (OpenPostgres(data, address), OpenValkey(data, address))]
    with contextlib.ExitStack() as stack:
        for keeper in keepers:
            stack.callback(keeper.stop)
            keeper.start()
        database, broker = [keeper.wait_until_ready() for keeper in keepers]
        yield Engines(database_url=database, redis_url=broker)


class Host(Server):
    """`tallystream serve` on a machine of its own, with a data folder of its own."""

    def __init__(
        self, network: Network, number: int, engines: Engines, data: Path, environ: Mapping[str, str]
    ) -> None:
        data.mkdir()
        address = network.public.address(number)
        binds = {"TALLYSTREAM_BIND": f"{address}:8443", "TALLYSTREAM_INSECURE_BIND": f"{address}:8000"}
        super().__init__(engines, data, {**environ, **binds})
        self.number = str(number)
        self.url, self.tls_url = f"http://{address}:8000", f"https://{address}:8443"
        self._namespace = network.host(number)

    def start(self, *, workers: int = 1) -> None:
        serve = [sys.executable, "-m", "quart_app", "serve", "--workers", str(workers)]
        words = [*LEASHED, *self._namespace.command(*serve)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(words, env=self.environ, stdout=log, stderr=log)

    def wait_until_ready(self) -> None:
        self._wait_until_ready()


@contextlib.contextmanager
def network_or_left_out(test: str) -> Iterator[Network]:
    """Where it is not permitted or not installed the test is left out by its name; in CI that fails."""
    with contextlib.ExitStack() as stack:
        try:
            if os.geteuid() != 0 or not all(map(shutil.which, PROGRAMS)):
                raise PermissionError
            network = Network(stack)
        except (OSError, subprocess.CalledProcessError) as error:
            message = f"{test} is left out without {NEEDED} {error}".rstrip()
            if os.environ.get("CI") == "true":
                pytest.fail(message)
            pytest.skip(message)
        yield network
