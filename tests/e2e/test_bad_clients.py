"""Clients that misbehave on the wire: the others notice nothing, nothing is lost, nothing half-stored."""

import asyncio
import json
from pathlib import Path

import msgspec
import pytest
import websockets

from models.results_file import ResultsFile
from quart_app.embedded import Engines
from quart_app.wiring import Services
from tests.e2e.officers import Officer, current, whole_log
from tests.e2e.running import Server, opened
from tests.e2e.truth import assert_database_is_true


def connect(server: Server, token: str) -> websockets.connect:
    address = f"{server.url.replace('http', 'ws', 1)}/api/v1/elections/adams-2024/tallies/ws"
    return websockets.connect(
        address, additional_headers={"Authorization": f"Bearer {token}"}, max_queue=1, ping_interval=None
    )


def memory_of(server: Server) -> int:
    """Resident bytes of the server's process."""
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


async def test_a_frame_over_512_kib_closes_its_connection_and_no_other(
    server: Server, desk: Services, adams: ResultsFile
) -> None:
    token = await opened(desk, adams)
    async with connect(server, token) as other, connect(server, token) as large:
        await other.recv()
        await large.recv()
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await large.send(json.dumps({"type": "tally", "reason": "x" * 524_288}))
            await large.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
        await other.send(msgspec.json.encode(adams.tallies[0]).decode())
        assert json.loads(await other.recv())["status"] == "accepted"


async def test_a_thousand_frames_at_once_are_all_answered(
    server: Server, desk: Services, adams: ResultsFile
) -> None:
    token = await opened(desk, adams)
    frames = [msgspec.json.encode(tally).decode() for tally in adams.tallies]
    rubbish = ["{", "[]", '{"type": "tally"}', '{"type": "nonsense"}']
    async with connect(server, token) as officer:
        await officer.recv()

        async def send() -> None:
            for number in range(1000):
                await officer.send(frames[number] if number < len(frames) else rubbish[number % 4])

        sending = asyncio.create_task(send())
        answers = [json.loads(await asyncio.wait_for(officer.recv(), 20)) for _ in range(1000)]
        await sending
    kinds = [answer["type"] for answer in answers]
    assert kinds.count("receipt") == 408
    assert {answer["status"] for answer in answers if answer["type"] == "problem"} == {400, 422}


async def test_a_client_that_never_reads_is_not_read_either_and_costs_nobody_anything(
    server: Server, desk: Services, adams: ResultsFile
) -> None:
    token = await opened(desk, adams)
    # Each is refused at length: the answers are what this client does not read.
    frame = json.dumps(
        {"type": "tallies", "items": [{"precinct": f"nowhere-{n}", "wrong": 1} for n in range(500)]}
    )
    async with connect(server, token) as deaf:
        await deaf.recv()
        before = memory_of(server)

        async def shout() -> None:
            while True:
                await asyncio.wait_for(deaf.send(frame), 3)

        with pytest.raises(TimeoutError):
            await shout()
        assert memory_of(server) - before < 100 * 2**20
        good = Officer(server.url, "adams-2024", token, adams.tallies[:50])
        await asyncio.wait_for(good.work(), 20)
        assert len(good.receipts) == 50
        deaf.transport.abort()


async def test_who_vanishes_before_the_receipt_finds_it_on_coming_back(
    server: Server, desk: Services, adams: ResultsFile, clean: Engines
) -> None:
    token = await opened(desk, adams)
    for tally in adams.tallies[:30]:
        async with connect(server, token) as officer:
            await officer.recv()
            await officer.send(msgspec.json.encode(tally).decode())
            officer.transport.abort()
    back = Officer(server.url, "adams-2024", token, adams.tallies[:30])
    await back.work()
    assert len(back.receipts) == 30 and not back.problems
    entries = [e for e in await whole_log(server.url, "adams-2024") if e["kind"] == "tally"]
    assert len(entries) == 30
    assert sorted(e["seq"] for e in entries) == sorted(r[0]["seq"] for r in back.receipts.values())
    contests = await current(server.url, "adams-2024")
    assert sum(contest["units_reported"] for contest in contests.values()) == 30
    await assert_database_is_true(clean.database_url)
