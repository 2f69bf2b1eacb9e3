"""Serving: HTTP/2, stopping, several workers, an address that is taken."""

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import Callable

import httpx
import pytest
import websockets

from models.results_file import ResultsFile
from quart_app.wiring import Services
from tests.e2e.officers import ANY_CERTIFICATE, Officer, Viewer, current, share, whole_log
from tests.e2e.running import Server, opened, until


class LogReader:
    """Counts the entries on the log's stream until it ends."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client = client
        self._url = f"{url}/api/v1/elections/adams-2024/log/stream"
        self.entries = 0

    async def read(self) -> None:
        async with self._client.stream("GET", self._url, timeout=30) as response:
            async for line in response.aiter_lines():
                self.entries += line == "event: entry"


async def test_http2_is_spoken_over_tls_and_http1_beside_it(server: Server) -> None:
    async with httpx.AsyncClient(http2=True, verify=ANY_CERTIFICATE) as client:
        secure = await client.get(f"{server.tls_url}/health/live")
        plain = await client.get(f"{server.url}/health/live")
    assert (secure.http_version, secure.status_code) == ("HTTP/2", 200)
    assert (plain.http_version, plain.status_code) == ("HTTP/1.1", 200)


async def test_the_server_stops_within_five_seconds_with_streams_and_sockets_open(
    server: Server, desk: Services, adams: ResultsFile
) -> None:
    token = await opened(desk, adams)
    async with httpx.AsyncClient(http2=True, verify=ANY_CERTIFICATE) as client:
        secure = Viewer(client, server.tls_url, "adams-2024")
        plain = Viewer(client, server.url, "adams-2024")
        watching = [asyncio.create_task(viewer.watch_once()) for viewer in (secure, plain)]
        log = LogReader(client, server.url)
        watching.append(asyncio.create_task(log.read()))
        address = f"{server.url.replace('http', 'ws', 1)}/api/v1/elections/adams-2024/tallies/ws"
        headers = {"Authorization": f"Bearer {token}"}
        async with websockets.connect(address, additional_headers=headers) as officer:
            await officer.recv()
            await until(lambda: len(secure.contests) == len(plain.contests) == 9 and log.entries == 3)
            seconds = await asyncio.to_thread(server.stop)
            assert seconds < 5
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await asyncio.wait_for(officer.recv(), 5)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1012
        # The streams were ended, not torn: every viewer saw a proper end.
        await asyncio.wait_for(asyncio.gather(*watching), 5)


async def test_several_workers_give_the_same_results_as_one(
    make_server: Callable[..., Server], desk: Services, adams: ResultsFile
) -> None:
    token = await opened(desk, adams)
    server = make_server()
    server.start(workers=2)
    officers = [Officer(server.url, "adams-2024", token, part) for part in share(adams.tallies, 8)]
    await asyncio.gather(*(officer.work() for officer in officers))
    assert sum(len(officer.receipts) for officer in officers) == 408
    # Each request may meet another worker: each must know everything within the second.
    await asyncio.sleep(1)
    for _ in range(8):
        contests = await current(server.url, "adams-2024")
        assert contests["president"]["selections"][0]["votes"] == 40_248
        assert contests["president"]["units_reported"] == 51
    assert len([e for e in await whole_log(server.url, "adams-2024") if e["kind"] == "tally"]) == 408
    assert await asyncio.to_thread(server.stop) < 5


def test_an_address_that_is_taken_is_said_in_one_line(make_server: Callable[..., Server]) -> None:
    server = make_server()
    with socket.create_server(("127.0.0.1", server.port)):
        command = [sys.executable, "-m", "quart_app", "serve"]
        command += ["--port", str(server.port), "--tls-port", str(server.tls_port)]
        ended = subprocess.run(command, env=server.environ, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1
    assert str(server.port) in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


async def test_two_servers_show_each_others_tallies(
    make_server: Callable[..., Server], desk: Services, adams: ResultsFile
) -> None:
    token = await opened(desk, adams)
    one, other = make_server(), make_server()
    one.start()
    other.start()
    async with httpx.AsyncClient(http2=True, verify=ANY_CERTIFICATE) as client:
        viewer = Viewer(client, other.tls_url, "adams-2024")
        watching = asyncio.create_task(viewer.watch())
        await until(lambda: len(viewer.contests) == 9)
        await Officer(one.url, "adams-2024", token, adams.tallies[:40]).work()
        shown = await current(one.url, "adams-2024")
        await until(lambda: viewer.contests == shown)
        watching.cancel()
    assert viewer.http_version == "HTTP/2"


async def test_a_client_that_reads_nothing_does_not_keep_the_server_from_stopping(
    server: Server, desk: Services, adams: ResultsFile
) -> None:
    await opened(desk, adams)
    request = b"GET /api/v1/elections/adams-2024/results HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", server.port))
        deaf.setblocking(False)
        # More answers than the kernel's buffers hold: the server is stuck in the middle of one.
        with contextlib.suppress(BlockingIOError):
            for _ in range(120):
                deaf.send(request * 50)
        await asyncio.sleep(0.5)
        assert await asyncio.to_thread(server.stop) < 5
    assert "1 connections did not end by themselves" in server.log.read_text()
