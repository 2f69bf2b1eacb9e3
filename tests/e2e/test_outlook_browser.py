"""What is still possible, and why a number went down, on pages that are open while it happens."""

import datetime
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from models.canvass import Decision, Verdict
from models.rights import Actor
from quart_app.wiring import Services
from tests.building import SOUTH, a_tally, every_tally, tiny_election, unbalanced
from tests.desk import Desk, administrator, certify
from tests.e2e.running import Server
from tests.e2e.test_pages_browser import fits, report, shows_what_a_fresh_page_shows


@pytest.fixture
async def token(desk: Services) -> str:
    """The tiny election, open and released; a token of an officer for all its precincts."""
    await desk.elections.define(tiny_election(is_test=True), opened=True, released=True)
    return await desk.officials.root_officer_token("tiny", datetime.timedelta(hours=1))


async def open_page(page: Page, server: Server, path: str = "") -> None:
    await page.goto(f"{server.url}/elections/tiny{path}")
    await expect(page.locator("#connection-word")).to_have_text("Live")


def card(page: Page, contest: str = "president") -> Any:
    return page.locator(f"[data-contest={contest}]")


def said(page: Page, contest: str = "president") -> Any:
    return card(page, contest).locator("[data-field=outlook]")


async def reviewers(desk: Services) -> tuple[Actor, Actor]:
    found = []
    for name in ("rita", "rob"):
        official = await Desk(desk, "tiny").official(name, roles=["reviewer"], units=[])
        found.append(Actor(official.identity.member_id, name, "192.0.2.1", "api"))
    return found[0], found[1]


async def recall(desk: Services, seq: int) -> None:
    """Two people take a counted tally out."""
    rita, rob = await reviewers(desk)
    asked = Verdict(decision=Decision.ASK_RECALL, reason="it was another box")
    await desk.canvass.decide("tiny", seq, asked, rita)
    await desk.canvass.decide("tiny", seq, Verdict(decision=Decision.RECALL, reason="so it was"), rob)


async def test_a_race_is_open_then_decided_and_a_measure_tied_while_one_looks(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await open_page(page, server)
    await expect(said(page)).to_have_text("Open: up to 570 votes are outstanding, the margin is 0.")
    tallies = [tally for tally in every_tally() if tally.contest == "president"]
    await report(desk, token, *tallies[:3])
    await expect(said(page)).to_have_text("Open: up to 120 votes are outstanding, the margin is 30.")
    await report(desk, token, a_tally("south-2", votes={"ada": 70, "ben": 0, "cy": 5}))
    await expect(said(page)).to_have_text("Decided: no vote is outstanding.")
    for precinct in SOUTH:
        equal = {"yes": 40, "no": 40}
        await report(desk, token, a_tally(precinct, "measure", votes=equal, undervotes=0))
    await expect(said(page, "measure")).to_have_text("Tied: no vote is outstanding that could change it.")
    due = card(page, "measure").get_by_text("The margin is within 0.5%: a recount is due.")
    await expect(due).to_be_visible()
    await shows_what_a_fresh_page_shows(page)
    await desk.recounts.begin("tiny", "measure", "it is tied", await administrator(desk, "ada"))
    await expect(said(page, "measure")).to_have_text("Open: the votes are counted again.")
    await expect(due).to_have_count(0)
    await expect(page.locator("#state")).to_have_attribute("data-status", "open")
    await shows_what_a_fresh_page_shows(page)


async def test_it_is_decided_before_all_have_reported_as_soon_as_nobody_can_catch_up(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await open_page(page, server, "/contests/president")
    ahead: dict[str, Any] = {
        "votes": {"ada": 80, "ben": 0, "cy": 0},
        "overvotes": 0,
        "undervotes": 0,
        "write_ins": 0,
    }
    for precinct in ("north-1", "north-2", "south-1"):
        await report(desk, token, a_tally(precinct, **ahead))
    await expect(said(page)).to_have_text("Decided: no outstanding vote can change who is elected.")
    held = unbalanced("south-2", votes={"ada": 0, "ben": 300, "cy": 0})
    await report(desk, token, held)
    await expect(said(page)).to_have_text("Open: up to 300 votes are outstanding, the margin is 240.")


@pytest.mark.parametrize("path", ["", "/contests/president"])
async def test_a_recall_lowers_figures_and_a_link_leads_to_the_entry_that_says_why(
    server: Server, desk: Services, token: str, page: Page, path: str
) -> None:
    await report(desk, token, a_tally("north-1"), a_tally("north-2"))
    await open_page(page, server, path)
    ada = card(page).locator("[data-selection=ada] [data-field=votes]")
    await expect(ada).to_have_text("80")
    await expect(card(page).locator(".lowered")).to_have_count(0)
    await recall(desk, 4)
    await expect(ada).to_have_text("40")
    await expect(said(page)).to_have_text("Open: up to 370 votes are outstanding, the margin is 10.")
    await expect(card(page).locator(".lowered.fresh")).to_be_visible()
    if not path:
        await shows_what_a_fresh_page_shows(page)
    assert await fits(page)
    found = (await Axe().run(page)).response["violations"]
    assert [fault["id"] for fault in found] == []
    await card(page).get_by_role("link", name="Why did this number go down?").click()
    await expect(page).to_have_url(f"{server.url}/elections/tiny/log?before=8#entry-7")
    entry = page.locator("#entry-7")
    await expect(entry).to_be_in_viewport()
    await expect(entry).to_contain_text("Recalled: the tally counts no more")
    await expect(entry).to_contain_text("so it was")
    await entry.get_by_role("link", name="entry 4", exact=True).click()
    await expect(page.locator("#entry-4")).to_be_in_viewport()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
async def test_axe_finds_nothing_on_what_was_decided_and_certified(
    server: Server, desk: Services, token: str, browser: Browser, scheme: Any, language: str
) -> None:
    await report(desk, token, *every_tally(), unbalanced("north-1", revision=2, reason="read again"))
    await recall(desk, 4)
    await desk.elections.move("tiny", "close")
    await certify(desk)
    page = await browser.new_page(viewport={"width": 360, "height": 800}, color_scheme=scheme)
    for address in ("", "/contests/president", "/log", "/units/country"):
        await page.goto(f"{server.url}/elections/tiny{address}?lang={language}")
        for folded in await page.locator("details").all():
            await folded.evaluate("element => { element.open = true }")
        found = (await Axe().run(page)).response["violations"]
        assert [f"{address} {fault['id']}" for fault in found] == []
        assert await fits(page), address
    await page.close()
