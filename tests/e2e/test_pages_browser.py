"""The live board in a real browser, on a real server."""

import asyncio
import contextlib
import datetime
import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, Route, expect

from models.batch import Receipt
from models.submissions import TallySubmission
from quart_app.wiring import Services
from tests.building import a_tally, every_tally, tiny_election
from tests.desk import certify
from tests.e2e.running import Server


@pytest.fixture
async def token(desk: Services) -> str:
    """The tiny election, open and released; a token of an officer for all its precincts."""
    await desk.elections.define(tiny_election(is_test=True), opened=True, released=True)
    return await desk.officials.root_officer_token("tiny", datetime.timedelta(hours=1))


async def report(desk: Services, token: str, *tallies: TallySubmission) -> None:
    """Tallies from elsewhere, while the page is open."""
    officer = await desk.credentials.by_token(token)
    answers = await desk.intake.submit("tiny", officer, "ws", tallies)
    assert all(isinstance(answer, Receipt) for answer in answers)


@contextlib.asynccontextmanager
async def late_script(page: Page, name: str) -> AsyncIterator[None]:
    """A slow line: the browser is kept waiting for a script until the block's end."""
    may_come = asyncio.Event()

    async def come_late(route: Route) -> None:
        await may_come.wait()
        await route.continue_()

    await page.route(re.compile(rf"/{re.escape(name)}"), come_late)
    try:
        yield
    finally:
        may_come.set()


async def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


# ---- the board ----


async def test_the_board_shows_new_totals_without_a_reload(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await page.goto(f"{server.url}/elections/tiny")
    president = page.locator("[data-contest=president]")
    await expect(page.locator("#connection-word")).to_have_text("Live")
    await expect(president.locator("[data-field=ballots_cast]")).to_have_text("0")
    await page.evaluate("window.sameLoad = true")

    await report(desk, token, a_tally("north-1"))
    await expect(president.locator("[data-selection=ada]")).to_contain_text("Leads4052.6%")
    await expect(president.locator("[data-field=units_reported]")).to_have_text("1")
    await expect(president.locator("[data-field=turnout]")).to_have_text("80.0%")
    await expect(president.locator("[data-selection=ada] rect")).to_have_attribute("width", "52.6%")

    turned = {"ada": 0, "ben": 70, "cy": 5}
    await report(desk, token, a_tally("south-1", votes=turned))
    await expect(president.locator("[data-selection]").first).to_contain_text("Ben")
    await expect(page.locator("#reported-sum")).to_have_text("2")
    assert await page.evaluate("window.sameLoad")
    assert await fits(page)


async def shows_what_a_fresh_page_shows(page: Page) -> None:
    """The cards become those of a page that is loaded now; the newest figures may still be on their way."""
    assert page.context.browser is not None
    fresh = await page.context.browser.new_page(viewport=page.viewport_size)
    await fresh.goto(page.url)
    shown = await fresh.locator(".contests").inner_text()
    await fresh.close()
    await expect(page.locator(".contests")).to_have_text(shown, use_inner_text=True)


async def test_the_board_ends_with_the_figures_of_the_server_after_a_whole_night(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await page.goto(f"{server.url}/elections/tiny")
    await expect(page.locator("#connection-word")).to_have_text("Live")
    for tally in every_tally():
        await report(desk, token, tally)
    await expect(page.locator("#overall")).to_have_text("Unofficial, complete")
    await expect(page.locator("#reported-sum")).to_have_text("10")
    # What is out of sight may be drawn a moment later.
    for contest, precincts in (("president", 4), ("council", 4), ("measure", 2)):
        field = page.locator(f"[data-contest={contest}] [data-field=units_reported]")
        await expect(field).to_have_text(str(precincts))
    await shows_what_a_fresh_page_shows(page)
    await desk.elections.move("tiny", "close")
    await certify(desk)
    await expect(page.locator("#overall")).to_have_text("Certified")


async def test_the_board_says_that_the_connection_is_lost_and_comes_back_by_itself(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await page.goto(f"{server.url}/elections/tiny")
    await expect(page.locator("#connection-word")).to_have_text("Live")
    server.kill()
    await expect(page.locator("#connection-word")).to_have_text("Connection lost")
    await report(desk, token, a_tally("north-1"))
    server.start()
    await expect(page.locator("#connection-word")).to_have_text("Live")
    await expect(page.locator("[data-contest=president] [data-field=ballots_cast]")).to_have_text("80")


async def test_withheld_results_appear_on_an_open_board_when_they_are_released(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await report(desk, token, a_tally("north-1"))
    await desk.elections.move("tiny", "withhold")
    await page.goto(f"{server.url}/elections/tiny")
    ada = page.locator("[data-contest=president] [data-selection=ada] [data-field=votes]")
    await expect(page.locator("#withheld")).to_be_visible()
    await expect(ada).to_have_text("–")
    await desk.elections.move("tiny", "release")
    await expect(ada).to_have_text("40")
    await expect(page.locator("#withheld")).to_be_hidden()


async def test_the_numbers_are_there_without_javascript(
    server: Server, desk: Services, token: str, browser: Browser
) -> None:
    await report(desk, token, a_tally("north-1"))
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{server.url}/elections/tiny")
    ada = page.locator("[data-contest=president] [data-selection=ada]")
    await expect(ada).to_contain_text("Leads4052.6%")
    await expect(page.get_by_text("load it again for newer figures")).to_be_visible()
