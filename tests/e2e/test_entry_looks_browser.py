"""Every step of the entry, looked at by axe: light and dark, English and Arabic, narrow and wide."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from quart_app.wiring import Services
from tests.building import a_tally, tiny_election, unbalanced
from tests.e2e.entering import PASSWORD, fill, officer, report
from tests.e2e.running import Server

# A folder for pictures of all steps, to be looked at by eye.
PICTURES = os.environ.get("ENTRY_PICTURES")
HERE = "elections/tiny/tally"


@pytest.fixture
async def token(desk: Services) -> str:
    """The tiny election with a colleague's tallies; olga is an officer of all its precincts."""
    await desk.elections.define(tiny_election(is_test=True), opened=True, released=True)
    colleague = await officer(desk, "otto")
    await report(desk, colleague, a_tally("north-2"), unbalanced("north-2", "council"))
    return await officer(desk)


class Look:
    """One browser window, which is looked at step by step."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name
        self.faults: list[str] = []

    async def at(self, step: str) -> None:
        # What is waited for may be there before the styles are.
        await self.page.wait_for_load_state()
        found = await Axe().run(self.page)
        self.faults += [
            f"{step}: {one['id']}: {one['nodes'][0]['html'][:200]}" for one in found.response["violations"]
        ]
        wide = await self.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        self.faults += [f"{step}: is wider than the window"] if wide else []
        if PICTURES:
            await self.page.screenshot(path=Path(PICTURES) / f"{self.name}-{step}.png", full_page=True)


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=["en", "ar"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[(360, "light"), (360, "dark"), (768, "light"), (1440, "dark")], ids=str)
async def look(
    request: pytest.FixtureRequest, browser: Browser, language: str, scripts: bool
) -> AsyncIterator[Look]:
    width, scheme = request.param
    colours: Literal["light", "dark"] = scheme
    context = await browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=colours,
        java_script_enabled=True,
        service_workers="block",
    )
    if not scripts:
        await context.route("**/tally.js", lambda route: route.abort())
    page = await context.new_page()
    yield Look(page, f"{language}-{width}-{scheme}-{'js' if scripts else 'plain'}")
    await context.close()


async def test_every_step_is_sound(
    server: Server, token: str, look: Look, language: str, scripts: bool
) -> None:
    page = look.page

    async def open_step(place: str = "") -> None:
        await page.goto(f"{server.url}/{HERE}{place}?lang={language}")
        if scripts:
            await expect(page.locator("#connection")).to_have_attribute("data-state", "live")

    await page.goto(f"{server.url}/{HERE}?lang={language}")
    await expect(page.locator("#entry a.main")).to_be_visible()
    await look.at("1-way-in")
    await page.locator("#entry a.main").click()
    await page.fill("#username", "olga")
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator(".places")).to_be_visible()
    await open_step()
    await look.at("2-precincts")
    await open_step("/north-2")
    await look.at("3-precinct")
    await open_step("/north-2/council")
    await look.at("4-correction")
    await open_step("/north-1/president")
    await look.at("5-form")
    await fill(page, **{"votes.ben": "3.5"})
    await page.locator("form.tally button.main").click()
    await expect(page.locator("#faults")).to_be_visible()
    await look.at("6-faults")
    await fill(page, undervotes=9)
    await look.at("7-typed")
    await page.locator("form.tally button.main").click()
    await expect(page.locator(".read-back").first).to_be_visible()
    await look.at("8-check")
    await page.locator("#send, button[value=send]").click()
    await expect(page.locator(".stub[data-mark=held]")).to_be_visible()
    await look.at("9-receipt")
    if scripts:
        await open_step("/north-1/council")
        await fill(page, "council")
        await page.locator("form.tally button.main").click()
        server.kill()
        await expect(page.locator("#connection")).to_have_attribute("data-state", "lost")
        await page.locator("#send").click()
        await expect(page.locator(".stub[data-mark=kept]")).to_be_visible()
        await look.at("a-kept")
        await page.locator(".crumbs a").first.click()
        await expect(page.locator("#device")).to_be_visible()
        await look.at("b-device")
    assert look.faults == []
