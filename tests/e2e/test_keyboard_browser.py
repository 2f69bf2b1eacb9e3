"""Every task by the keyboard alone, on a screen as wide as a telephone's at 200 % zoom.

Administration, registrars' decisions and maps by their arrows are in the tests of their own pages.
"""

from typing import Any

import msgspec
import pytest
from playwright.async_api import Page, expect

from quart_app.wiring import Services
from tests.building import a_tally, tiny_election
from tests.e2e.entering import PASSWORD, figures, officer, report, tallies_in_log
from tests.e2e.running import Server
from tests.e2e.test_pages_browser import fits

MOST_TABS = 80


@pytest.fixture
async def night(desk: Services) -> Services:
    """The tiny election with a tally, another one that is prepared, and olga, an officer."""
    await desk.elections.define(tiny_election(is_test=True), opened=True, released=True)
    await desk.elections.define(msgspec.structs.replace(tiny_election(code="next"), name="The next election"))
    await report(desk, await officer(desk), a_tally("south-1"))
    return desk


class Keyboard:
    """Somebody who has no mouse, and enlarges pages to twice their size."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.press = page.keyboard.press
        self.type = page.keyboard.type

    async def to(self, role: Any, name: str) -> None:
        """Presses Tab until what has this name has the focus, and can be seen there."""
        wanted = self.page.get_by_role(role, name=name).first
        for _ in range(MOST_TABS):
            await self.press("Tab")
            if await wanted.count() and await wanted.evaluate("it => it === document.activeElement"):
                await expect(wanted).to_be_in_viewport()
                return
        pytest.fail(f"{role} {name} is not reached by Tab on {self.page.url}")

    async def follow(self, name: str, heading: str) -> None:
        await self.to("link", name)
        await self.press("Enter")
        await self.arrived(heading)

    async def push(self, name: str, heading: str) -> None:
        await self.to("button", name)
        await self.press("Enter")
        await self.arrived(heading)

    async def arrived(self, heading: str) -> None:
        await expect(self.page.get_by_role("heading", level=1)).to_contain_text(heading)
        # Before its style sheets are there a page has another width.
        await self.page.wait_for_load_state()
        assert await fits(self.page), f"{self.page.url} is scrolled sideways"

    async def fill(self, **fields: str) -> None:
        """Textboxes by their names, with spaces as underscores, in any order."""
        for name, text in fields.items():
            await self.to("textbox", name.replace("_", " "))
            await self.press("ControlOrMeta+a")
            await self.type(text)


@pytest.fixture
async def keyboard(page: Page) -> Keyboard:
    await page.set_viewport_size({"width": 320, "height": 480})
    return Keyboard(page)


async def test_a_reader_finds_a_contest_its_precincts_its_map_and_how_to_share_it(
    server: Server, night: Services, keyboard: Keyboard
) -> None:
    page = keyboard.page
    await page.goto(server.url)
    await keyboard.follow("A tiny election", "A tiny election")
    await keyboard.to("searchbox", "Find contests")
    await keyboard.type("ada")
    await expect(page.locator("#shown")).to_have_text("1 of 3 contests are shown.")
    await keyboard.follow("President", "President")
    await keyboard.follow("Every precinct", "President")
    await expect(page.get_by_role("row", name="South-1")).to_be_visible()
    await page.go_back()
    await keyboard.follow("Map: who leads", "President in The Country")
    await keyboard.follow("Show all precincts", "President in The Country")
    await expect(page.locator("#map svg > g a")).to_have_count(4)
    await keyboard.to("link", "North-1")
    await keyboard.press("End")
    await keyboard.press("Enter")
    await keyboard.arrived("South-2")
    await keyboard.follow("President", "President")
    await keyboard.follow("Share", "Share President")
    await keyboard.to("button", "Copy the lines")
    await keyboard.press("Enter")
    await expect(page.locator("#copied")).not_to_be_empty()
    await keyboard.to("link", "العربية")
    await keyboard.press("Enter")
    await expect(page.locator("html")).to_have_attribute("dir", "rtl")
    assert await fits(page)


async def test_an_officer_signs_in_sends_a_tally_and_corrects_it(
    server: Server, night: Services, keyboard: Keyboard
) -> None:
    page = keyboard.page
    await page.goto(f"{server.url}/elections/tiny")
    await keyboard.follow("Enter a tally", "Enter a tally")
    await keyboard.follow("Sign in", "Sign in")
    await keyboard.fill(Username="olga", Password=PASSWORD)
    await keyboard.press("Enter")
    await expect(page.locator("#connection-word")).to_have_text("Connected")
    await keyboard.follow("North-1", "North-1")
    await keyboard.follow("President", "President")
    for name, value in figures(undervotes=4).items():
        await _to_field(keyboard, name)
        await keyboard.type(str(value))
    await keyboard.press("Enter")
    await keyboard.arrived("Are these the figures?")
    await expect(page.locator(".checks")).to_be_visible()
    await keyboard.push("Send the tally", "Received, and held for review")
    await keyboard.push("Correct it", "President")
    await keyboard.fill(Undervotes="3")
    await keyboard.push("Read the figures back", "President")
    await expect(page.locator("#faults")).to_be_focused()
    await keyboard.to("link", "Reason")
    await keyboard.press("Enter")
    await keyboard.type("one figure was read wrongly")
    await keyboard.push("Read the figures back", "Are these the figures?")
    await keyboard.push("Send the tally", "Received and counted")
    revisions = [entry["revision"] for entry in await tallies_in_log(server)]
    assert revisions == [1, 1, 2]
    await keyboard.follow("Your account", "Your account")
    await keyboard.push("Sign out", "Sign in")


async def _to_field(keyboard: Keyboard, name: str) -> None:
    for _ in range(MOST_TABS):
        await keyboard.press("Tab")
        if await keyboard.page.evaluate("document.activeElement.name") == name:
            return
    pytest.fail(f"{name} is not reached by Tab")


async def test_somebody_files_to_stand_for_election(
    server: Server, night: Services, keyboard: Keyboard
) -> None:
    await keyboard.page.goto(f"{server.url}/elections/next")
    await keyboard.follow("Candidates", "Candidates")
    await keyboard.follow("File", "File to stand for election")
    await keyboard.fill(First_name="Maria", Last_name="Moreno")
    await keyboard.to("button", "File the candidacy")
    await keyboard.press("Enter")
    await expect(keyboard.page.get_by_role("heading", level=1)).not_to_contain_text("File to stand")
    assert await fits(keyboard.page)
