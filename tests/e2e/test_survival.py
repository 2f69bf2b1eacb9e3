"""kill -9 of the server, of PostgreSQL and of Redis in mid-replay: nothing acknowledged is lost."""

import asyncio
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest
import redis.asyncio as redis

from models.results_file import ResultsFile
from quart_app.embedded import Engines, engines
from repositories.migrations import migrate
from tests.e2e.officers import ANY_CERTIFICATE, Officer, Viewer, current, share, whole_log
from tests.e2e.running import Server, opened, services_on, until
from tests.e2e.truth import assert_database_is_true

OFFICERS = 12


@pytest.fixture
def engines_to_kill() -> Iterator[Engines]:
    """Engines of this test alone, writing through to the disk as in earnest."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        with engines(Path(folder), database_url=None, redis_url=None) as running:
            yield running


async def night_of(server: Server, engines: Engines, file: ResultsFile, data: Path) -> list[Officer]:
    """The election is open, the server runs, and its officers are about to begin."""
    await migrate(engines.database_url)
    async with services_on(engines, data) as desk:
        token = await opened(desk, file)
    server.start()
    return [Officer(server.url, "adams-2024", token, part, 0.02) for part in share(file.tallies, OFFICERS)]


def receipts_of(officers: list[Officer]) -> int:
    return sum(len(officer.receipts) for officer in officers)


async def assert_every_receipt_is_in_the_log_once(url: str, officers: list[Officer]) -> None:
    entries = [entry for entry in await whole_log(url, "adams-2024") if entry["kind"] == "tally"]
    assert len(entries) == 408
    by_seq = {entry["seq"]: entry for entry in entries}
    received = [receipt for officer in officers for given in officer.receipts.values() for receipt in given]
    assert len({receipt["seq"] for receipt in received}) == len(received) == 408
    for receipt in received:
        assert by_seq[receipt["seq"]]["leaf_hash"] == receipt["leaf_hash"]
    assert {(e["precinct"], e["contest"]) for e in entries} == {
        tuple(ref) for officer in officers for ref in officer.places
    }


async def assert_the_night_ended_well(url: str, engines: Engines, officers: list[Officer]) -> None:
    assert not any(officer.problems for officer in officers)
    await assert_every_receipt_is_in_the_log_once(url, officers)
    await assert_database_is_true(engines.database_url)
    contests = await current(url, "adams-2024")
    votes = {s["code"]: s["votes"] for s in contests["president"]["selections"]}
    assert votes["trump-and-vance"] == 40_248 and votes["harris-and-walz"] == 19_842
    assert {c["units_reported"] for c in contests.values() if c["units_expected"] == 51} == {51}


async def test_a_killed_server_loses_no_receipt(
    make_server: Callable[..., Server], clean: Engines, adams: ResultsFile, tmp_path: Path
) -> None:
    server = make_server()
    officers = await night_of(server, clean, adams, tmp_path)
    work = [asyncio.create_task(officer.work()) for officer in officers]
    for acknowledged in (60, 200):
        await until(lambda wanted=acknowledged: receipts_of(officers) >= wanted)  # type: ignore[misc]
        server.kill()
        await asyncio.to_thread(server.start)
    await asyncio.wait_for(asyncio.gather(*work), 60)
    await assert_the_night_ended_well(server.url, clean, officers)


async def test_a_killed_database_loses_no_receipt(
    make_server: Callable[..., Server], engines_to_kill: Engines, adams: ResultsFile, tmp_path: Path
) -> None:
    server = make_server(engines_to_kill)
    officers = await night_of(server, engines_to_kill, adams, tmp_path)
    work = [asyncio.create_task(officer.work()) for officer in officers]
    await until(lambda: receipts_of(officers) >= 100)
    await _kill_postgres(engines_to_kill)
    await asyncio.wait_for(asyncio.gather(*work), 60)
    await assert_the_night_ended_well(server.url, engines_to_kill, officers)


async def test_a_killed_redis_stops_neither_tallies_nor_the_viewers_of_the_process(
    make_server: Callable[..., Server], engines_to_kill: Engines, adams: ResultsFile, tmp_path: Path
) -> None:
    server = make_server(engines_to_kill)
    officers = await night_of(server, engines_to_kill, adams, tmp_path)
    async with httpx.AsyncClient(http2=True, verify=ANY_CERTIFICATE) as client:
        viewer = Viewer(client, server.tls_url, "adams-2024")
        watching = asyncio.create_task(viewer.watch())
        await until(lambda: len(viewer.contests) == 9)
        work = [asyncio.create_task(officer.work()) for officer in officers]
        await until(lambda: receipts_of(officers) >= 100)
        await _kill_redis(engines_to_kill)
        await asyncio.wait_for(asyncio.gather(*work), 60)
        await assert_the_night_ended_well(server.url, engines_to_kill, officers)
        shown = await current(server.url, "adams-2024")
        await until(lambda: viewer.contests == shown)
        assert viewer.connections == 1
        watching.cancel()


async def _kill_postgres(engines: Engines) -> None:
    connection = await asyncpg.connect(engines.database_url)
    folder = await connection.fetchval("SHOW data_directory")
    postmaster = int((Path(folder) / "postmaster.pid").read_text().splitlines()[0])
    await connection.close()
    os.kill(postmaster, signal.SIGKILL)


async def _kill_redis(engines: Engines) -> None:
    async with redis.from_url(engines.redis_url) as client:
        info = await client.info("server")
    os.kill(int(info["process_id"]), signal.SIGKILL)
