"""Units, precincts and maps in a real browser: by keyboard, live, without scripts, and under axe."""

import datetime

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from models.batch import Receipt
from models.fictional import fictional_election
from models.fictional.shapes import fictional_shapes
from quart_app.wiring import Services
from tests.building import a_tally, tiny_election
from tests.e2e.running import Server

MAP = "/elections/tiny/contests/president/map"
PRECINCTS = "/elections/tiny/contests/president/precincts"
LOOKED_AT = (
    "/contests/president/map",
    "/contests/president/map?by=margin&level=precincts",
    "/contests/president/map?by=turnout",
    "/contests/president/precincts",
    "/units",
    "/units/corvane",
    "/units/velmora?q=or",
)


@pytest.fixture
async def token(desk: Services) -> str:
    await desk.elections.define(tiny_election(is_test=True), opened=True, released=True)
    return await desk.officials.root_officer_token("tiny", datetime.timedelta(hours=1))


async def report(desk: Services, token: str, *precincts: str) -> None:
    officer = await desk.credentials.by_token(token)
    answers = await desk.intake.submit("tiny", officer, "ws", [a_tally(code) for code in precincts])
    assert all(isinstance(answer, Receipt) for answer in answers)


async def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


async def test_a_map_is_walked_by_keyboard_and_leads_to_its_units(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await report(desk, token, "north-1")
    await page.goto(f"{server.url}{MAP}?level=precincts")
    links = page.locator("#map svg > g a")
    await expect(links).to_have_count(4)
    await expect(page.locator("#map svg a[tabindex='0']")).to_have_count(1)
    await page.locator("#map svg a[tabindex='0']").focus()
    await expect(page.locator("#told")).to_contain_text("North-1 · Ada leads with 52.6%, 13.2% ahead.")
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#told")).to_contain_text("North-2 · It has not reported yet.")
    await page.keyboard.press("End")
    await expect(page.locator("#told")).to_contain_text("South-2")
    await page.keyboard.press("Tab")
    # The whole map is one stop on the way.
    assert await page.evaluate("!document.getElementById('map').contains(document.activeElement)")
    await links.first.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/units/north-1")
    assert await fits(page)


async def test_a_map_draws_new_tallies_without_a_reload(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await page.goto(f"{server.url}{MAP}")
    north = page.locator("#map a[data-unit=north]")
    await expect(north.locator("title")).to_contain_text("0 of 2 precincts have reported.")
    await page.evaluate("window.sameLoad = true")
    await report(desk, token, "north-1")
    await expect(north.locator("title")).to_contain_text("Ada leads with 52.6%")
    await expect(page.get_by_role("row", name="North")).to_contain_text("1 of 2")
    await expect(page.locator("#legend")).to_contain_text("Ada")
    assert await page.evaluate("window.sameLoad")


async def test_a_map_that_is_withheld_while_it_is_open_shows_no_leader_any_more(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await report(desk, token, "north-1")
    await page.goto(f"{server.url}{MAP}")
    await expect(page.locator("#legend")).to_contain_text("Ada")
    await desk.elections.move("tiny", "withhold")
    await expect(page.locator("#legend")).to_contain_text("Some precincts have reported")
    await expect(page.locator("main")).not_to_contain_text("Ada")


async def test_a_map_and_the_table_of_precincts_are_read_without_javascript(
    server: Server, desk: Services, token: str, browser: Browser
) -> None:
    await report(desk, token, "north-1", "south-1")
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{server.url}{MAP}")
    await expect(page.get_by_role("img", name="A map of this contest")).to_be_visible()
    await expect(page.get_by_role("row", name="North")).to_contain_text("Ada")
    await page.goto(f"{server.url}{PRECINCTS}")
    await page.get_by_label("Status").select_option("outstanding")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_role("rowheader")).to_have_text(["North-2", "South-2"])


async def test_the_table_of_precincts_says_that_newer_tallies_are_in(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await page.goto(f"{server.url}{PRECINCTS}?status=reported")
    await expect(page.get_by_text("No precinct is like that.")).to_be_visible()
    await report(desk, token, "north-1")
    await page.get_by_text("Newer tallies are in").click()
    await expect(page.get_by_role("rowheader", name="North-1")).to_be_visible()
    assert await fits(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
async def test_axe_finds_nothing_on_places_and_maps(
    server: Server, desk: Services, browser: Browser, scheme: str, language: str
) -> None:
    script = fictional_election(precincts=40)
    await desk.elections.define(script.definition, opened=True, released=True)
    await desk.shapes.replace("demo", fictional_shapes(script.definition.units))
    officer = await desk.credentials.by_token(
        await desk.officials.root_officer_token("demo", datetime.timedelta(hours=1))
    )
    await desk.intake.submit("demo", officer, "ws", script.tallies[:90])
    reported = script.tallies[0].precinct
    for width in (360, 1440):
        viewport = {"width": width, "height": 800}
        context = await browser.new_context(color_scheme=scheme, viewport=viewport)  # type: ignore[arg-type]
        page = await context.new_page()
        for path in (*LOOKED_AT, f"/units/{reported}"):
            joint = "&" if "?" in path else "?"
            await page.goto(f"{server.url}/elections/demo{path}{joint}lang={language}")
            if "/map" in path:
                await expect(page.locator("#map > svg")).to_be_visible()
            found = await Axe().run(page)
            assert found.violations_count == 0, f"{path} at {width}: {found.generate_report()}"
            assert await fits(page), f"{path} at {width}"
        await context.close()
