"""Live results through nginx with Nchan, with the files in deploy/: what viewers get and when."""

import asyncio
import contextlib
import datetime
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from playwright.async_api import Browser, Page, expect

from models.results_file import ResultsFile
from quart_app.wiring import Services
from services.results import read_view
from tests.building import a_tally, every_tally, tiny_election
from tests.e2e.crowd import Crowd
from tests.e2e.fronting import Front, needs_nchan
from tests.e2e.officers import ANY_CERTIFICATE, Officer, Viewer, current, share
from tests.e2e.running import Server, opened, until
from tests.e2e.test_pages_browser import report

STREAM = "/api/v1/elections/tiny/results/stream"


@pytest.fixture
def server(make_server: Callable[..., Server]) -> Server:
    """One that knows that nginx is before it."""
    made = make_server(environ={"TALLYSTREAM_REQUESTS_PROXIES": "1"})
    made.start()
    return made


@pytest.fixture
def front(server: Server, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Front]:
    """nginx with Nchan before the server, fed."""
    needs_nchan(request.node.name)
    made = Front(server, tmp_path)
    try:
        made.start()
        made.start_feeder()
        yield made
    finally:
        made.end()


@pytest.fixture
async def token(desk: Services) -> str:
    """The tiny election, open and released; a token of an officer for all its precincts."""
    await desk.elections.define(tiny_election(), opened=True, released=True)
    return await desk.officials.root_officer_token("tiny", datetime.timedelta(hours=1))


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(http2=True, verify=ANY_CERTIFICATE, timeout=30) as made:
        yield made


class Reader:
    """Reads one stream as it comes: events by name, and the newest results of each contest."""

    def __init__(
        self, client: httpx.AsyncClient, address: str, headers: dict[str, str] | None = None
    ) -> None:
        self._client = client
        self._address = address
        self._headers = headers or {}
        self.answer: httpx.Response | None = None
        self.raw = ""
        self.contests: dict[str, dict[str, Any]] = {}
        self.beats: list[dict[str, Any]] = []

    async def __aenter__(self) -> "Reader":
        self._task = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError, httpx.HTTPError):
            await self._task

    async def _read(self) -> None:
        async with self._client.stream("GET", self._address, headers=self._headers) as self.answer:
            name = ""
            async for line in self.answer.aiter_lines():
                self.raw += f"{line}\n"
                field, _, value = line.partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    self._take(name, msgspec.json.decode(value))

    def _take(self, name: str, data: dict[str, Any]) -> None:
        if name == "results":
            self.contests[data["contest"]] = data
        else:
            self.beats.append(data)

    def votes(self, contest: str = "president") -> int | None:
        found = self.contests.get(contest)
        return found["selections"][0]["votes"] if found and found["selections"] else None


async def by_nchan(reader: Reader) -> None:
    """The stream comes from Nchan: only that begins with a heartbeat while all is well."""
    await until(lambda: reader.beats)


async def test_through_nchan_viewers_before_during_and_after_a_replay_end_with_the_same_numbers(
    front: Front, server: Server, desk: Services, adams: ResultsFile
) -> None:
    officer_token = await opened(desk, adams)
    path = "/api/v1/elections/adams-2024/results/stream"
    async with contextlib.AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(http2=True, verify=ANY_CERTIFICATE))
            for _ in range(3)
        ]
        before, during, after = (Viewer(client, front.url, "adams-2024") for client in clients)
        crowd = Crowd(front.url, path, 50)
        tasks = [asyncio.create_task(viewer.watch()) for viewer in (before, crowd)]
        await until(lambda: len(before.contests) == 9 and len(crowd.contests) == 50)
        officers = [
            Officer(server.url, "adams-2024", officer_token, p, 0.05) for p in share(adams.tallies, 12)
        ]
        work = asyncio.gather(*(officer.work() for officer in officers))
        await until(lambda: before.contests["president"]["units_reported"] > 10)
        tasks.append(asyncio.create_task(during.watch()))
        await work
        tasks.append(asyncio.create_task(after.watch()))
        shown = await current(server.url, "adams-2024")
        viewers = (before, during, after)
        await until(lambda: all(viewer.contests == shown for viewer in viewers))
        await until(lambda: all(contests == shown for contests in crowd.contests.values()))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert shown["president"]["selections"][0]["votes"] == 40_248
    assert {viewer.http_version for viewer in viewers} == {"HTTP/2"}
    assert before.connections == 1


async def test_whoever_comes_to_nchan_gets_the_newest_state_first_whatever_id_was_the_last(
    front: Front, desk: Services, token: str, client: httpx.AsyncClient
) -> None:
    await report(desk, token, *every_tally())
    async with Reader(client, front.url + STREAM, {"Origin": "https://news.example"}) as first:
        await by_nchan(first)
        assert first.answer is not None
        assert first.answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert first.answer.headers["Access-Control-Allow-Origin"] == "*"
        assert first.answer.headers["Cache-Control"] == "no-store"
        async with Reader(client, front.url + STREAM, {"Last-Event-ID": "1"}) as second:
            await by_nchan(second)
            shown = await recorded(desk)
            await until(lambda: second.contests == first.contests == shown)
        assert first.raw.count("event: results") == 3
        assert "retry: 2000\n" in first.raw
        assert first.beats[0].keys() == {"version", "at", "lag", "broker"}


async def test_whoever_follows_one_contest_through_nchan_gets_no_other(
    front: Front, desk: Services, token: str, client: httpx.AsyncClient
) -> None:
    async with Reader(client, f"{front.url}{STREAM}?contest=council") as reader:
        await by_nchan(reader)
        await report(desk, token, a_tally("north-1"), a_tally("north-1", "council"))
        await until(lambda: reader.votes("council") == 50)
        assert set(reader.contests) == {"council"}


async def test_what_is_withheld_leaves_nchan_at_once_and_staff_have_the_streams_of_their_own(
    front: Front, desk: Services, token: str, client: httpx.AsyncClient
) -> None:
    await report(desk, token, *every_tally())
    async with (
        Reader(client, front.url + STREAM) as watching,
        Reader(client, f"{front.url}{STREAM}?contest=president") as of_one,
    ):
        await until(lambda: watching.votes() and of_one.votes())
        await desk.elections.move("tiny", "withhold")
        await until(lambda: not any(contest["released"] for contest in watching.contests.values()))
        await until(lambda: not of_one.contests["president"]["released"])
        bearer = {"Authorization": f"Bearer {await staff_token(desk)}"}
        async with (
            Reader(client, front.url + STREAM) as late,
            Reader(client, f"{front.url}{STREAM}?contest=president") as late_of_one,
            Reader(client, front.url + STREAM, bearer) as staff,
        ):
            await by_nchan(late)
            await by_nchan(late_of_one)
            await until(lambda: len(staff.contests) == 3)
            assert not any(contest["released"] for contest in late.contests.values())
            assert '"released":true' not in late.raw + late_of_one.raw
            assert staff.votes() == 160
            await desk.elections.move("tiny", "release")
            await until(lambda: late.votes() == watching.votes() == late_of_one.votes() == 160)


async def staff_token(desk: Services) -> str:
    await desk.officials.add("ada", ["administrator"], [])
    return str((await desk.credentials.issue_token("ada", datetime.timedelta(hours=1))).token)


async def test_what_nchan_does_not_know_is_answered_by_the_application(
    front: Front, desk: Services, token: str, client: httpx.AsyncClient
) -> None:
    for path, code in {
        "/api/v1/elections/nobody/results/stream": "unknown-election",
        f"{STREAM}?contest=nothing": "unknown-contest",
        "/api/v1/elections/NOBODY/results/stream": "unknown-election",
    }.items():
        answer = await client.get(front.url + path)
        assert (answer.status_code, answer.json()["code"]) == (404, code)
    assert (await client.head(front.url + STREAM)).headers["Content-Type"].startswith("text/event-stream")
    assert (await client.post(front.url + STREAM)).status_code == 405
    assert (await client.get(f"{front.url}/which-channels")).status_code == 404
    assert (await client.get(f"{front.url}/channels/tiny/base")).status_code == 404


async def test_a_draft_is_streamed_by_the_application(
    front: Front, desk: Services, client: httpx.AsyncClient
) -> None:
    await desk.elections.define(tiny_election())
    async with Reader(client, front.url + STREAM) as reader:
        await until(lambda: len(reader.contests) == 3)
        assert reader.beats == []


async def test_after_a_restart_of_nginx_viewers_come_back_to_the_newest_state(
    front: Front, server: Server, desk: Services, token: str, client: httpx.AsyncClient
) -> None:
    viewer = Viewer(client, front.url, "tiny")
    watching = asyncio.create_task(viewer.watch())
    await until(lambda: len(viewer.contests) == 3)
    front.stop_nginx()
    await report(desk, token, *every_tally())
    front.start()
    shown = await recorded(desk)
    await until(lambda: viewer.contests == shown)
    assert viewer.connections > 1
    async with Reader(client, front.url + STREAM) as late:
        await by_nchan(late)
        assert late.contests == shown
    watching.cancel()


async def test_without_what_feeds_nchan_the_application_answers_and_nobody_is_shown_old_figures(
    front: Front, desk: Services, token: str, client: httpx.AsyncClient
) -> None:
    async with Reader(client, front.url + STREAM) as first:
        await by_nchan(first)
    front.stop_feeder()
    await report(desk, token, *every_tally())
    shown = await recorded(desk)
    # For a second nginx remembers that there was somebody who feeds it.
    async with asyncio.timeout(20):
        while await served_by_nchan(client, front):
            pass
    viewer = Viewer(client, front.url, "tiny")
    watching = asyncio.create_task(viewer.watch())
    await until(lambda: viewer.contests == shown)
    watching.cancel()
    front.start_feeder()

    async with asyncio.timeout(20):
        while not await served_by_nchan(client, front):
            pass


async def recorded(desk: Services) -> dict[str, Any]:
    """The results as the database has them: a server may hear of a change a moment later."""
    view = await read_view(desk.database, "tiny")
    return {contest["contest"]: contest for contest in msgspec.json.decode(view.json())["contests"]}


async def served_by_nchan(client: httpx.AsyncClient, front: Front) -> bool:
    async with Reader(client, front.url + STREAM) as reader:
        await until(lambda: len(reader.contests) == 3)
        return bool(reader.beats)


async def open_board(browser: Browser, front: Front) -> Page:
    page = await browser.new_page(ignore_https_errors=True)
    await page.goto(f"{front.url}/elections/tiny")
    await expect(page.locator("#connection-word")).to_have_text("Live")
    return page


async def test_a_board_behind_nchan_moves_and_stays_true_when_what_feeds_it_is_gone(
    front: Front, server: Server, desk: Services, token: str, browser: Browser
) -> None:
    page = await open_board(browser, front)
    votes = page.locator("[data-contest=president] [data-selection=ada] [data-field=votes]")
    await report(desk, token, a_tally("north-1"))
    await expect(votes).to_have_text("40")
    front.kill_feeder()
    await report(desk, token, a_tally("north-2"))
    # After some seconds of silence the board comes again and is answered by the application.
    await expect(votes).to_have_text("80", timeout=60_000)
    await expect(page.locator("#connection-word")).to_have_text("Live")


async def test_a_board_behind_nchan_says_that_it_is_lost_when_nobody_feeds_it_and_live_when_somebody_does(
    front: Front, server: Server, desk: Services, token: str, browser: Browser
) -> None:
    page = await open_board(browser, front)
    word = page.locator("#connection-word")
    server.kill()
    await report(desk, token, a_tally("north-1"))
    votes = page.locator("[data-contest=president] [data-selection=ada] [data-field=votes]")
    await expect(votes).to_have_text("40")
    await expect(word).to_have_text("Live")
    front.kill_feeder()
    await expect(word).to_have_text("Connection lost", timeout=60_000)
    await report(desk, token, a_tally("north-2"))
    front.start_feeder()
    await expect(word).to_have_text("Live", timeout=60_000)
    await expect(votes).to_have_text("80")
