"""Viewers over HTTP/2: whoever watches, whenever and however often cut off, ends with the same numbers."""

import asyncio
import contextlib
from typing import Any

import httpx

from models.results_file import ResultsFile
from quart_app.embedded import Engines
from quart_app.wiring import Services
from tests.e2e.crowd import Crowd
from tests.e2e.officers import ANY_CERTIFICATE, Officer, Viewer, current, share, whole_log
from tests.e2e.running import Server, opened, until
from tests.e2e.truth import assert_database_is_true


def http2_client() -> httpx.AsyncClient:
    return httpx.AsyncClient(http2=True, verify=ANY_CERTIFICATE)


async def test_viewers_before_during_and_after_a_replay_end_with_the_numbers_of_the_database(
    server: Server, desk: Services, adams: ResultsFile, clean: Engines
) -> None:
    token = await opened(desk, adams)
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(http2_client()) for _ in range(3)]
        before, during, after = (Viewer(client, server.tls_url, "adams-2024") for client in clients)
        cut = CutViewer(server.tls_url)
        tasks = [asyncio.create_task(before.watch()), asyncio.create_task(cut.watch())]
        await until(lambda: len(before.contests) == len(cut.viewer.contests) == 9)
        officers = [Officer(server.url, "adams-2024", token, p, 0.05) for p in share(adams.tallies, 12)]
        work = asyncio.gather(*(officer.work() for officer in officers))
        await until(lambda: before.contests["president"]["units_reported"] > 10)
        tasks.append(asyncio.create_task(during.watch()))
        await work
        tasks.append(asyncio.create_task(after.watch()))
        shown = await current(server.url, "adams-2024")
        viewers = (before, during, after, cut.viewer)
        await until(lambda: all(viewer.contests == shown for viewer in viewers))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert shown["president"]["selections"][0]["votes"] == 40_248
    assert cut.viewer.connections > 3
    assert {viewer.http_version for viewer in viewers} == {"HTTP/2"}
    await assert_database_is_true(clean.database_url)


class CutViewer:
    """A viewer whose connection is cut after every fifteen events, in the middle of whatever it was doing."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.viewer = Viewer(http2_client(), url, "adams-2024")

    async def watch(self) -> None:
        while True:
            async with http2_client() as client:
                self.viewer.use(client)
                until_here = self.viewer.events + 15
                await self.viewer.watch_once(lambda viewer, end=until_here: viewer.events >= end)


async def test_five_hundred_viewers_at_once_all_end_with_the_same_numbers(
    server: Server, desk: Services, adams: ResultsFile
) -> None:
    token = await opened(desk, adams)
    path = "/api/v1/elections/adams-2024/results/stream"
    crowds = [Crowd(server.tls_url, path, 50) for _ in range(10)]
    tasks = [asyncio.create_task(crowd.watch()) for crowd in crowds]

    def viewers() -> list[dict[str, Any]]:
        return [contests for crowd in crowds for contests in crowd.contests.values()]

    await until(lambda: len(viewers()) == 500 and all(len(contests) == 9 for contests in viewers()))
    officers = [Officer(server.url, "adams-2024", token, p) for p in share(adams.tallies, 8)]
    await asyncio.gather(*(officer.work() for officer in officers))
    shown = await current(server.url, "adams-2024")
    await until(lambda: all(contests == shown for contests in viewers()), 60)
    assert not any(task.done() for task in tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # A contest is sent at most four times a second: nobody was sent every step.
    assert max(events for crowd in crowds for events in crowd.events.values()) < 408


async def test_the_log_stream_brings_every_entry_once_although_it_is_cut(
    server: Server, desk: Services, adams: ResultsFile
) -> None:
    token = await opened(desk, adams)
    seen: list[int] = []

    async def follow(client: httpx.AsyncClient) -> None:
        """Reads at most 25 entries a connection, then comes back with the last id, as a browser does."""
        headers = {"Last-Event-ID": str(seen[-1])} if seen else {}
        address = f"{server.tls_url}/api/v1/elections/adams-2024/log/stream"
        async with client.stream("GET", address, headers=headers, timeout=30) as response:
            until_here = min(len(seen) + 25, 3 + 408)
            async for line in response.aiter_lines():
                if line.startswith("id: "):
                    seen.append(int(line[4:]))
                if len(seen) >= until_here:
                    return

    async with contextlib.AsyncExitStack() as stack:
        officers = [Officer(server.url, "adams-2024", token, p, 0.02) for p in share(adams.tallies, 8)]
        work = asyncio.gather(*(officer.work() for officer in officers))
        while len(seen) < 3 + 408:
            client = await stack.enter_async_context(http2_client())
            await asyncio.wait_for(follow(client), 30)
        await work
    assert seen == list(range(1, 3 + 408 + 1))
    assert seen == [entry["seq"] for entry in await whole_log(server.url, "adams-2024")]
