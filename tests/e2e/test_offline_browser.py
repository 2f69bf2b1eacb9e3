"""The entry without a network: the server is really gone, and the browser is closed, killed or set wrong."""

import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, Playwright, expect

from quart_app.wiring import Services
from tests.browser import edit_member
from tests.building import FIGURES, tiny_election
from tests.desk import until
from tests.e2e.conftest import CHROMIUM, OPTIONS
from tests.e2e.entering import address, fill, go, installed, officer, send, sign_in, tallies_in_log
from tests.e2e.running import Server

FIVE = (
    ("north-1", "president"),
    ("north-1", "council"),
    ("north-2", "president"),
    ("south-1", "president"),
    ("south-1", "measure"),
)

SEVENTEEN_IS_KEPT = """() => new Promise((done) => {
    const opening = indexedDB.open("tallystream");
    opening.onsuccess = () => {
        const all = opening.result.transaction("kept").objectStore("kept").getAll();
        all.onsuccess = () => {
            opening.result.close();
            done(all.result.some((one) => one?.figures?.["votes.ada"] === "17"));
        };
    };
})"""


@pytest.fixture
async def token(desk: Services) -> str:
    """The tiny election, open and released; a token of olga, an officer of all its precincts."""
    await desk.elections.define(tiny_election(), opened=True, released=True)
    return await officer(desk)


@contextlib.asynccontextmanager
async def telephone(playwright: Playwright, profile: Path, **options: Any) -> AsyncIterator[Page]:
    """A browser that keeps what it knows in a folder, as one of a person does."""
    context = await _opened(playwright, profile, **options)
    yield context.pages[0]
    await context.close()


async def _opened(playwright: Playwright, profile: Path, **options: Any) -> BrowserContext:
    return await playwright.chromium.launch_persistent_context(
        profile, executable_path=CHROMIUM, args=OPTIONS, viewport={"width": 360, "height": 800}, **options
    )


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    return tmp_path / "profile"


async def type_and_send(page: Page, server: Server, precinct: str, contest: str) -> None:
    await go(page, server, precinct, contest)
    await fill(page, contest)
    await send(page)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Kept on this device")


async def test_five_tallies_typed_without_a_network_arrive_once_after_the_browser_was_closed(
    server: Server, token: str, playwright: Playwright, profile: Path
) -> None:
    async with telephone(playwright, profile) as page:
        await sign_in(page, server)
        await installed(page)
        server.kill()
        for precinct, contest in FIVE:
            await type_and_send(page, server, precinct, contest)

    async with telephone(playwright, profile) as page:
        await page.goto(address(server))
        await expect(page.locator("#connection-detail")).to_contain_text("5 tallies wait on this device")
        await expect(page.locator("#device .stub")).to_have_count(5)
        assert "Received" not in await page.locator("#entry").inner_text()
        await go(page, server, "south-2", "president")

        # Closing it has not ended the session: nobody signs in again, and all goes by itself.
        server.start()
        await page.goto(address(server))
        received = page.locator("#device .stub[data-mark=received]")
        await expect(received).to_have_count(5)
        entries = await tallies_in_log(server)
        assert sorted((str(e["precinct"]), str(e["contest"])) for e in entries) == sorted(FIVE)
        for entry in entries:
            assert entry["votes"] == FIGURES[str(entry["contest"])]["votes"]
        hashes = await received.locator("code").all_inner_texts()
        assert sorted(hashes) == sorted(str(entry["leaf_hash"]) for entry in entries)


async def test_what_was_typed_is_there_again_after_the_browser_was_killed(
    server: Server, token: str, playwright: Playwright, profile: Path
) -> None:
    context = await _opened(playwright, profile)
    page = context.pages[0]
    await sign_in(page, server, "north-1", "president")
    await page.fill('[name="votes.ada"]', "17")
    await until(lambda: page.evaluate(SEVENTEEN_IS_KEPT))
    _kill_those_with(profile)
    with contextlib.suppress(Exception):
        await context.close()

    async with telephone(playwright, profile) as again:
        await again.goto(address(server, "north-1", "president"))
        # A browser writes its cookies down now and then: one that is killed may have lost the newest.
        way_in = again.get_by_role("link", name="Sign in")
        await expect(way_in.or_(again.locator("#tally"))).to_be_visible()
        if await way_in.is_visible():
            await sign_in(again, server, "north-1", "president")
        await expect(again.locator('[name="votes.ada"]')).to_have_value("17")


def _kill_those_with(profile: Path) -> None:
    """As a flat battery would: every process of the browser that uses this profile."""
    listed = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        number, _, command = line.strip().partition(" ")
        if str(profile) in command and "chrom" in command:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(number), signal.SIGKILL)


async def test_two_tabs_show_the_same_and_what_both_typed_is_not_sent_twice_unnoticed(
    server: Server, token: str, playwright: Playwright, profile: Path
) -> None:
    async with telephone(playwright, profile) as one:
        await sign_in(one, server, "north-1", "president")
        await installed(one)
        two = await one.context.new_page()
        await go(two, server, "north-1", "president")
        await expect(two.locator("#connection-word")).to_have_text("Connected")
        await fill(one)
        await fill(two)
        await send(one)
        await expect(one.get_by_role("heading", level=1)).to_have_text("Received and counted")
        await send(two)
        await expect(two.locator("#faults")).to_contain_text("was sent meanwhile")
        assert len(await tallies_in_log(server)) == 1
        await two.goto(address(server))
        await expect(two.locator("#device .stub")).to_have_count(1)
        await two.get_by_role("button", name="Remove from this device").click()
        await expect(two.locator("#device")).to_have_count(0)
        await one.goto(address(server))
        await expect(one.locator("#device")).to_have_count(0)


async def test_a_tab_sends_what_another_left_when_that_one_closes(
    server: Server, token: str, playwright: Playwright, profile: Path
) -> None:
    async with telephone(playwright, profile) as one:
        await sign_in(one, server, "north-1", "president")
        await installed(one)
        two = await one.context.new_page()
        await go(two, server, "north-2", "president")
        await expect(two.locator("#connection-word")).to_have_text("Connected")
        await one.close()
        await fill(two)
        await send(two)
        await expect(two.get_by_role("heading", level=1)).to_have_text("Received and counted")


@pytest.mark.parametrize("years", [-20, 20])
async def test_a_clock_that_is_wrong_does_no_harm(
    server: Server, token: str, playwright: Playwright, profile: Path, years: int
) -> None:
    async with telephone(playwright, profile) as page:
        await sign_in(page, server)
        await installed(page)
        wrong = f"""{{
            const right = Date.now;
            const wrong = () => right() + {years} * 31557600000;
            Date.now = wrong;
            globalThis.Date = new Proxy(Date, {{
                construct: (of, given) => (given.length ? new of(...given) : new of(wrong())),
            }});
        }}"""
        await page.add_init_script(wrong)
        server.kill()
        for precinct, contest in FIVE[:2]:
            await type_and_send(page, server, precinct, contest)
        server.start()
        await page.goto(address(server))
        await expect(page.locator("#device .stub[data-mark=received]")).to_have_count(2)
        assert len(await tallies_in_log(server)) == 2


async def test_when_the_session_ends_all_is_kept_and_goes_after_signing_in_again(
    server: Server, desk: Services, token: str, playwright: Playwright, profile: Path
) -> None:
    async with telephone(playwright, profile) as page:
        await sign_in(page, server)
        await installed(page)
        server.kill()
        await type_and_send(page, server, "north-1", "president")
        await desk.officials.add("olga", ["officer"], ["country"], "tiny", password="quite another phrase")
        await officer(desk, "otto")
        server.start()
        await expect(page.locator("#connection-word")).to_have_text("Not signed in")
        await expect(page.locator("#connection-detail")).to_contain_text("All is kept on this device")
        assert await tallies_in_log(server) == []

        # Another officer on the same device neither sends nor sees it.
        await sign_in(page, server, username="otto")
        assert await page.locator("#device").count() == 0
        assert await tallies_in_log(server) == []
        await page.context.clear_cookies()

        await page.goto(address(server))
        await expect(page.get_by_text("1 tally of")).to_contain_text("olga")
        await page.get_by_role("link", name="Sign in").click()
        await page.fill("#username", "olga")
        await page.fill("#password", "quite another phrase")
        await page.keyboard.press("Enter")
        await expect(page.locator("#device .stub[data-mark=received]")).to_have_count(1)
        assert len(await tallies_in_log(server)) == 1


async def test_rights_that_are_taken_away_lose_no_tally(
    server: Server, desk: Services, token: str, playwright: Playwright, profile: Path
) -> None:
    async with telephone(playwright, profile) as page:
        await sign_in(page, server)
        await installed(page)
        server.kill()
        await type_and_send(page, server, "north-1", "president")
        await edit_member(desk, "olga", precincts=["tiny/south"])
        server.start()
        await expect(page.get_by_role("heading", level=1)).to_have_text("This needs you")
        await expect(page.get_by_text("not assigned to you any more")).to_be_visible()
        async with page.expect_websocket():
            await edit_member(desk, "olga", precincts=["tiny/country"])
        await expect(page.locator("#connection-word")).to_have_text("Connected")
        await page.get_by_role("button", name="Send again").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Received and counted")


async def test_a_browser_that_keeps_nothing_says_so_and_sends_all_the_same(
    server: Server, token: str, page: Page
) -> None:
    await page.add_init_script("delete globalThis.indexedDB; globalThis.indexedDB = undefined;")
    await sign_in(page, server, "north-1", "president")
    await expect(page.locator("#connection-detail")).to_contain_text("This browser keeps nothing")
    await fill(page)
    await send(page)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Received and counted")
