"""Pages where colours are forced, on paper, enlarged, and from right to left."""

import datetime
from collections.abc import AsyncIterator

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from quart_app.wiring import Services
from tests.building import every_tally, tiny_election
from tests.e2e.running import Server
from tests.e2e.test_pages_browser import fits, report

PAGES = ("/", "/elections/tiny", "/elections/tiny/log", "/docs/design", "/login", "/nothing")


@pytest.fixture
async def night(desk: Services) -> Services:
    """The tiny election, whole and released."""
    await desk.elections.define(tiny_election(is_test=True), opened=True, released=True)
    token = await desk.officials.root_officer_token("tiny", datetime.timedelta(hours=1))
    await report(desk, token, *every_tally())
    return desk


@pytest.fixture
async def forced(browser: Browser) -> AsyncIterator[Page]:
    """A page in the colours of a system that forces its own."""
    context = await browser.new_context(
        viewport={"width": 360, "height": 800}, forced_colors="active", color_scheme="dark"
    )
    yield await context.new_page()
    await context.close()


async def test_pages_are_for_everybody_where_colours_are_forced(
    server: Server, night: Services, forced: Page
) -> None:
    wrong = []
    for address in PAGES:
        await forced.goto(server.url + address)
        found = (await Axe().run(forced)).response["violations"]
        wrong += [f"{address} {fault['id']}: {node['html']}" for fault in found for node in fault["nodes"]]
    assert wrong == []


async def test_bars_and_signs_have_edges_where_colours_are_forced(
    server: Server, night: Services, forced: Page
) -> None:
    await forced.goto(f"{server.url}/elections/tiny")
    ink = await forced.evaluate("getComputedStyle(document.body).color")
    for drawn, edge in (
        (".bar", "outlineColor"),
        ("progress", "borderTopColor"),
        (".sign", "borderTopColor"),
    ):
        thing = forced.locator(drawn).filter(visible=True).first
        assert await thing.evaluate(f"element => getComputedStyle(element).{edge}") == ink, drawn
    ground = await forced.evaluate("getComputedStyle(document.body).backgroundColor")
    current = forced.locator(".top nav a")
    edges = [
        await current.nth(at).evaluate("a => getComputedStyle(a).borderBlockEndColor") for at in range(2)
    ]
    assert edges[0] != ground
    assert edges[1] == ground


async def test_bars_run_from_the_right_where_the_language_does(
    server: Server, night: Services, page: Page
) -> None:
    for language, from_the_right in (("en", False), ("ar", True)):
        await page.goto(f"{server.url}/elections/tiny?lang={language}")
        bar = await page.locator(".bar").first.bounding_box()
        fill = await page.locator(".bar [data-bar]").first.bounding_box()
        assert bar is not None
        assert fill is not None
        before, behind = fill["x"] - bar["x"], bar["x"] + bar["width"] - fill["x"] - fill["width"]
        assert (before > behind) == from_the_right


async def test_figures_align_by_their_last_digit_in_both_directions(
    server: Server, night: Services, page: Page
) -> None:
    for language in ("en", "ar"):
        await page.goto(f"{server.url}/docs/design?lang={language}")
        ends = await page.locator("#votes tbody tr td:nth-child(2)").evaluate_all(
            """cells => cells.map(cell => {
                const range = document.createRange();
                range.selectNodeContents(cell);
                return Math.round(range.getBoundingClientRect().right);
            })"""
        )
        assert len(ends) > 2
        assert len(set(ends)) == 1, language


async def test_names_in_latin_letters_begin_where_the_page_begins(
    server: Server, night: Services, page: Page
) -> None:
    for language, side in (("en", "left"), ("ar", "right")):
        await page.goto(f"{server.url}/?lang={language}")
        name = page.locator(".elections h2 a")
        assert await name.evaluate("name => getComputedStyle(name).textAlign") in (side, f"-webkit-{side}")


async def test_nothing_is_scrolled_sideways_at_320_pixels(
    server: Server, night: Services, page: Page
) -> None:
    await page.set_viewport_size({"width": 320, "height": 640})
    for address in PAGES:
        for language in ("en", "ar"):
            await page.goto(f"{server.url}{address}?lang={language}")
            assert await fits(page), f"{address} {language}"


async def test_paper_has_the_figures_and_the_address_and_no_ways(
    server: Server, night: Services, page: Page
) -> None:
    await page.emulate_media(media="print", color_scheme="dark")
    await page.goto(f"{server.url}/elections/tiny/log")
    await expect(page.locator(".printed")).to_have_text(f"Printed from {server.url}/elections/tiny/log")
    await expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()
    await expect(page.locator(".test")).to_be_visible()
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert await page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
