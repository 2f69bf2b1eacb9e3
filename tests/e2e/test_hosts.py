"""Three machines on one PostgreSQL and one Redis: the same results everywhere, also after a cut cable."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from models.results_file import ResultsFile
from models.submissions import TallySubmission
from quart_app.embedded import Engines
from quart_app.keys import fresh_key, variable
from quart_app.settings import SECRETS
from repositories.migrations import migrate
from tests.e2e.hosts import Host, Network, engines_at, network_or_left_out
from tests.e2e.officers import Officer, Viewer, share, whole_log
from tests.e2e.running import opened, services_on
from tests.e2e.running import until as until_within
from tests.e2e.truth import assert_database_is_true

RESULTS = "/api/v1/elections/adams-2024/results"
TALLIES = "/api/v1/elections/adams-2024/tallies"


@pytest.fixture
def network(request: pytest.FixtureRequest) -> Iterator[Network]:
    with network_or_left_out(request.node.name) as made:
        yield made


@pytest.fixture
def engines(network: Network) -> Iterator[Engines]:
    """Engines of this test alone, on the inner network."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)  # PostgreSQL runs as `nobody`
        with engines_at(network.inner.address(1), Path(folder)) as running:
            yield running


@pytest.fixture
def hosts(network: Network, engines: Engines, tmp_path: Path) -> Iterator[list[Host]]:
    """Three of them, not started, with the same keys and heartbeats that come often."""
    environ = {variable(secret): fresh_key() for secret in SECRETS} | {"TALLYSTREAM_LIVE_HEARTBEAT": "1"}
    made = [Host(network, number, engines, tmp_path / str(number), environ) for number in (11, 12, 13)]
    yield made
    for host in made:
        if host.process is not None:
            host.kill()


async def until(condition: Callable[[], object]) -> None:
    """A cut is noticed after seconds, and so is its end; on a busy machine after more."""
    await until_within(condition, 60)


class Watcher(Viewer):
    """A viewer who also heeds what the stream says of itself."""

    def __init__(self, client: httpx.AsyncClient, url: str, election: str) -> None:
        super().__init__(client, url, election)
        self.told: dict[str, Any] = {}

    def _hear(self, name: str, data: dict[str, Any]) -> None:
        if name == "heartbeat":
            self.told = data

    @property
    def is_warned(self) -> bool:
        """That what others count comes late, and that the figures may be old."""
        return bool(self.told) and not self.told["broker"] and self.told["lag"] > 3

    @property
    def is_content(self) -> bool:
        return bool(self.told) and self.told["broker"] and self.told["lag"] < 5


async def send(host: Host, token: str, tally: TallySubmission) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=host.url, headers=headers, timeout=60) as client:
        return await client.post(TALLIES, content=msgspec.json.encode(tally))


async def shown(host: Host) -> tuple[bytes, str]:
    async with httpx.AsyncClient(base_url=host.url) as client:
        answer = await client.get(RESULTS)
        assert answer.status_code == 200, answer.text
        return answer.content, answer.headers["ETag"]


def is_counted(watchers: list[Watcher], tallies: int) -> bool:
    return all(
        sum(contest["units_reported"] for contest in watcher.contests.values()) >= tallies
        for watcher in watchers
    )


async def test_three_hosts_show_the_same_and_one_that_is_cut_off_says_so_and_loses_nothing(
    network: Network, engines: Engines, hosts: list[Host], adams: ResultsFile, tmp_path: Path
) -> None:
    await migrate(engines.database_url)
    async with services_on(engines, tmp_path) as house:
        token = await opened(house, adams)
    for host in hosts:
        host.start()
    for host in hosts:
        await asyncio.to_thread(host.wait_until_ready)
    first, second, third = hosts
    *most, theirs, last = adams.tallies
    officers = [
        Officer(host.url, "adams-2024", token, part, 0.1)
        for host, part in zip([first, second] * 4, share(most, 8), strict=True)
    ]
    async with httpx.AsyncClient() as client:
        watchers = [Watcher(client, host.url, "adams-2024") for host in hosts]
        watching = [asyncio.create_task(watcher.watch()) for watcher in watchers]
        work = asyncio.gather(*(officer.work() for officer in officers))
        await until(lambda: is_counted(watchers, 40))
        assert (await send(third, token, theirs)).status_code == 200
        network.inner.cut(third.number)
        refused = await send(third, token, last)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
        await until(lambda: watchers[2].is_warned)
        await asyncio.wait_for(work, 60)
        await until(lambda: is_counted(watchers[:2], 407))
        assert not is_counted(watchers[2:], 407)
        network.inner.mend(third.number)
        await until(lambda: watchers[2].is_content and is_counted(watchers, 407))
        receipt = await send(third, token, last)
        assert receipt.json()["type"] == "receipt"
        await until(lambda: is_counted(watchers, 408))
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
    assert watchers[0].contests == watchers[1].contests == watchers[2].contests
    assert len({await shown(host) for host in hosts}) == 1
    await assert_every_receipt_is_in_the_log(first, officers, receipt.json())
    await assert_database_is_true(engines.database_url)


async def assert_every_receipt_is_in_the_log(
    host: Host, officers: list[Officer], last: dict[str, Any]
) -> None:
    received = [receipt for officer in officers for given in officer.receipts.values() for receipt in given]
    entries = {entry["seq"]: entry for entry in await whole_log(host.url, "adams-2024")}
    assert sum(entry["kind"] == "tally" for entry in entries.values()) == 408
    assert len(received) == 406
    for receipt in [*received, last]:
        assert entries[receipt["seq"]]["leaf_hash"] == receipt["leaf_hash"]
