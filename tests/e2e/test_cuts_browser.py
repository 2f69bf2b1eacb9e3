"""The stream is cut: the board says so within 20 seconds, and is right again within 15 of recovery."""

import asyncio
import datetime
import os
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import msgspec
import pytest
from playwright.async_api import Browser, Page, expect

from models.batch import Receipt
from quart_app.embedded import Engines
from quart_app.wiring import Services
from tests.building import a_tally, tiny_election
from tests.e2e.running import Server
from tests.outages import Proxy

SAYS_SO_MS = 20_000
RIGHT_AGAIN_MS = 15_000
ASLEEP_SECONDS = 20
"""Longer than any silence that the board takes for a quiet night."""

NOT_LIVE = re.compile("stale|lost")

# Whether the page shows these votes: {contest: {selection: votes}}.
SHOWS = """
    (contests) => Object.entries(contests).every(([contest, votes]) => {
        const card = document.querySelector(`[data-contest="${contest}"]`);
        return Object.entries(votes).every(([selection, number]) => {
            const row = card.querySelector(`[data-selection="${selection}"]`);
            return row.querySelector("[data-field=votes]").textContent === String(number);
        });
    }) && document.getElementById("connection").dataset.state === "live"
"""
REMEMBER_STATES = """
    () => {
        const box = document.getElementById("connection");
        window.states = [];
        new MutationObserver(() => window.states.push(box.dataset.state)).observe(box, { attributes: true });
    }
"""

Send = Callable[[str], Awaitable[None]]


class Line(Proxy):
    """A line to the server that can go silent: nothing is closed, and nothing comes through.

    What was open before or during the silence stays dead, as after a change of networks.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._silent = False
        self._epoch = 0

    def silence(self) -> None:
        self._silent, self._epoch = True, self._epoch + 1

    def speak(self) -> None:
        self._silent, self._epoch = False, self._epoch + 1

    async def _pipe(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        born = self._epoch
        try:
            while data := await source.read(65536):
                if born == self._epoch and not self._silent:
                    target.write(data)
                    await target.drain()
        except OSError:
            pass
        finally:
            target.transport.abort()
            self._writers.discard(target)


@pytest.fixture
async def send(desk: Services) -> Send:
    """The tiny election, open and released; counts a precinct's tally, in another process than the server."""
    await desk.elections.define(tiny_election(is_test=True), opened=True, released=True)
    token = await desk.officials.root_officer_token("tiny", datetime.timedelta(hours=1))
    officer = await desk.credentials.by_token(token)

    async def count(precinct: str) -> None:
        [answer] = await desk.intake.submit("tiny", officer, "ws", [a_tally(precinct)])
        assert isinstance(answer, Receipt)

    return count


@pytest.fixture
async def line(server: Server) -> AsyncIterator[Line]:
    async with Line(server.url) as made:
        yield made


async def open_board(page: Page, url: str) -> None:
    await page.goto(f"{url}/elections/tiny")
    await expect(page.locator("#connection-word")).to_have_text("Live")
    await page.evaluate(REMEMBER_STATES)


async def assert_it_says_so(page: Page, state: re.Pattern[str] = NOT_LIVE) -> None:
    await expect(page.locator("#connection")).to_have_attribute("data-state", state, timeout=SAYS_SO_MS)


async def assert_it_is_right_again(page: Page, server: Server) -> None:
    """The board is live, with the votes that the server has."""
    async with httpx.AsyncClient() as client:
        results = (await client.get(f"{server.url}/api/v1/elections/tiny/results")).json()
    votes = {
        contest["contest"]: {choice["code"]: choice["votes"] for choice in contest["selections"]}
        for contest in results["contests"]
    }
    assert votes["president"]["ada"]
    await page.wait_for_function(SHOWS, arg=votes, timeout=RIGHT_AGAIN_MS)


async def test_a_restart_of_the_server(server: Server, send: Send, page: Page) -> None:
    await open_board(page, server.url)
    server.kill()
    await assert_it_says_so(page)
    await send("north-1")
    await asyncio.to_thread(server.start)
    await assert_it_is_right_again(page, server)


async def test_a_proxy_that_closes_what_it_takes_for_idle(
    server: Server, send: Send, line: Line, page: Page
) -> None:
    await open_board(page, line.url)
    line.reset()
    await send("north-1")
    await assert_it_is_right_again(page, server)
    assert "lost" in await page.evaluate("window.states")


async def test_a_proxy_that_is_away_for_a_while(server: Server, send: Send, line: Line, page: Page) -> None:
    await open_board(page, line.url)
    await line.cut()
    await assert_it_says_so(page)
    await send("north-1")
    await line.mend()
    await assert_it_is_right_again(page, server)


async def test_a_laptop_asleep(server: Server, send: Send, line: Line, page: Page, browser: Browser) -> None:
    await open_board(page, line.url)
    renderers = await _renderers(browser)
    line.silence()
    for renderer in renderers:
        os.kill(renderer, signal.SIGSTOP)
    await send("north-1")
    await asyncio.sleep(ASLEEP_SECONDS)
    line.speak()
    for renderer in renderers:
        os.kill(renderer, signal.SIGCONT)
    await assert_it_is_right_again(page, server)
    assert NOT_LIVE.search(" ".join(await page.evaluate("window.states")))


async def _renderers(browser: Browser) -> list[int]:
    """The processes of the pages: only these are stopped, so that the clock goes on without them."""
    session = await browser.new_browser_cdp_session()
    info = await session.send("SystemInfo.getProcessInfo")
    await session.detach()
    return [process["id"] for process in info["processInfo"] if process["type"] == "renderer"]


async def test_a_page_that_the_browser_had_frozen(server: Server, send: Send, page: Page) -> None:
    await open_board(page, server.url)
    session = await page.context.new_cdp_session(page)
    await session.send("Page.setWebLifecycleState", {"state": "frozen"})
    await send("north-1")
    await session.send("Page.setWebLifecycleState", {"state": "active"})
    await assert_it_is_right_again(page, server)


async def test_a_change_of_networks_that_closes_nothing(
    server: Server, send: Send, line: Line, page: Page
) -> None:
    await open_board(page, line.url)
    line.silence()
    await assert_it_says_so(page)
    await send("north-1")
    line.speak()
    await assert_it_is_right_again(page, server)


async def test_no_network_at_all(server: Server, send: Send, page: Page) -> None:
    await open_board(page, server.url)
    await page.context.set_offline(True)
    await assert_it_says_so(page, re.compile("lost"))
    await send("north-1")
    await page.context.set_offline(False)
    await assert_it_is_right_again(page, server)


async def test_a_broker_that_is_gone(
    make_server: Callable[..., Server], clean: Engines, send: Send, page: Page
) -> None:
    async with Proxy(clean.redis_url) as broker:
        server = make_server(msgspec.structs.replace(clean, redis_url=broker.url))
        await asyncio.to_thread(server.start)
        await open_board(page, server.url)
        await broker.cut()
        await assert_it_says_so(page, re.compile("delayed"))
        await expect(page.locator("#connection-detail")).to_contain_text("some seconds late")
        await send("north-1")
        ada = page.locator("[data-contest=president] [data-selection=ada] [data-field=votes]")
        await expect(ada).to_have_text("40", timeout=RIGHT_AGAIN_MS)
        await broker.mend()
        await send("north-2")
        await assert_it_is_right_again(page, server)


async def test_who_opens_the_board_while_the_broker_is_gone_is_told_at_once(
    make_server: Callable[..., Server], clean: Engines, send: Send, page: Page
) -> None:
    async with Proxy(clean.redis_url) as broker:
        server = make_server(msgspec.structs.replace(clean, redis_url=broker.url))
        await asyncio.to_thread(server.start)
        await broker.cut()
        await page.goto(f"{server.url}/elections/tiny")
        await assert_it_says_so(page, re.compile("delayed"))
