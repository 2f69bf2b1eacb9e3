"""What the live board says, finds and moves while somebody looks at it."""

import datetime
import re
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, Page, expect

from models.definitions import SelectionDefinition
from quart_app.wiring import Services
from tests.building import ALL, a_tally, tiny_election
from tests.desk import certify
from tests.e2e.running import Server
from tests.e2e.test_pages_browser import late_script, report, shows_what_a_fresh_page_shows


@pytest.fixture
async def token(desk: Services) -> str:
    """The tiny election, open and released; a token of an officer for all its precincts."""
    await desk.elections.define(tiny_election(is_test=True), opened=True, released=True)
    return await desk.officials.root_officer_token("tiny", datetime.timedelta(hours=1))


async def open_board(page: Page, server: Server, path: str = "") -> None:
    await page.goto(f"{server.url}/elections/tiny{path}")
    await expect(page.locator("#connection-word")).to_have_text("Live")


def card(page: Page, contest: str = "president") -> Any:
    return page.locator(f"[data-contest={contest}]")


async def test_a_card_says_who_leads_and_by_how_much(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await open_board(page, server)
    headline = card(page).locator("[data-field=headline]")
    await expect(headline).to_have_text("No votes are counted yet.")
    await report(desk, token, a_tally("north-1"))
    await expect(headline).to_contain_text("leads with 52.6%, 10 votes ahead.")
    await report(desk, token, a_tally("north-2", votes={"ada": 30, "ben": 40, "cy": 5}))
    await expect(headline).to_contain_text("Tied:")
    await expect(card(page).locator("[data-field=standing]").first).to_have_text("Tied")
    await report(desk, token, a_tally("north-1", "council"))
    council = card(page, "council").locator("[data-field=headline]")
    await expect(council).to_contain_text("Leading for 2 seats:")
    await shows_what_a_fresh_page_shows(page)


async def test_the_state_of_the_whole_election_switches_while_one_looks(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await report(desk, token, a_tally("north-1"))
    await open_board(page, server)
    await desk.elections.move("tiny", "close")
    await certify(desk)
    await expect(page.locator("#state")).to_have_attribute("data-status", "certified")
    await expect(card(page).locator("[data-field=standing]").first).to_have_text("Elected")
    await expect(card(page).locator("[data-field=headline]")).to_contain_text("is elected with 52.6%")
    await desk.elections.move("tiny", "correct", "a box was found")
    await expect(page.locator("#state")).to_have_attribute("data-status", "correction")


async def test_a_total_that_falls_is_said_with_a_way_to_the_log(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await report(desk, token, a_tally("north-1"))
    await open_board(page, server)
    said = card(page).locator(".lowered")
    await expect(card(page).locator("[data-selection=ada] [data-field=votes]")).to_have_text("40")
    await expect(said).to_be_hidden()
    lower = a_tally("north-1", revision=2, reason="counted again", votes={"ada": 30, "ben": 40, "cy": 5})
    await report(desk, token, lower)
    await expect(said).to_be_visible()
    await expect(said).to_have_class("lowered fresh")
    await expect(card(page, "council").locator(".lowered")).to_be_hidden()
    await shows_what_a_fresh_page_shows(page)
    await said.get_by_role("link", name="Why did this number go down?").click()
    await expect(page).to_have_url(f"{server.url}/elections/tiny/log?before=6#entry-5")
    await expect(page.locator("#entry-5")).to_contain_text("counted again")


async def test_contests_are_found_while_one_types_and_the_address_remembers_it(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await open_board(page, server)
    await page.fill("#q", "dora")
    await expect(card(page)).to_be_hidden()
    await expect(card(page, "council")).to_be_visible()
    await expect(page.locator("#shown")).to_have_text("1 of 3 contests are shown.")
    await expect(page).to_have_url(f"{server.url}/elections/tiny?q=dora")
    await page.reload()
    await expect(card(page)).to_be_hidden()
    await page.fill("#q", "BLUE")
    await expect(card(page)).to_be_visible()
    await page.fill("#q", "")
    await page.select_option("#show", "incomplete")
    await expect(page.locator("#shown")).to_have_text("3 of 3 contests are shown.")
    await expect(page).to_have_url(f"{server.url}/elections/tiny?show=incomplete")


async def test_what_was_typed_before_the_script_came_is_looked_for_when_it_is_there(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    async with late_script(page, "filter.js"):
        await page.goto(f"{server.url}/elections/tiny", wait_until="commit")
        await page.fill("#q", "dora")
        await expect(card(page)).to_be_visible()
    await expect(card(page)).to_be_hidden()
    await expect(page).to_have_url(f"{server.url}/elections/tiny?q=dora")
    await expect(page.locator("#shown")).to_have_text("1 of 3 contests are shown.")


async def test_contests_and_places_are_found_without_javascript(
    server: Server, desk: Services, token: str, browser: Browser
) -> None:
    await report(desk, token, a_tally("north-1"), a_tally("south-1"))
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{server.url}/elections/tiny")
    await page.fill("#q", "ada")
    await page.fill("#unit", "North")
    await page.click("#find button")
    await expect(page.get_by_text("Only the figures of North")).to_be_visible()
    await expect(card(page).locator("[data-selection=ada]")).to_contain_text("40")
    await expect(card(page, "council")).to_be_hidden()
    await page.fill("#unit", "th-1")
    await page.click("#find button")
    await page.get_by_role("link", name="South-1").click()
    await expect(page.get_by_text("Only the figures of South-1")).to_be_visible()
    await page.fill("#unit", "nowhere")
    await page.click("#find button")
    await expect(page.get_by_text("No place is called")).to_be_visible()


async def test_a_screen_reader_hears_one_sentence_and_not_each_tick(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await open_board(page, server)
    await page.evaluate(
        """() => {
            window.heard = [];
            const news = document.getElementById("news");
            const hear = () => window.heard.push(news.textContent);
            new MutationObserver(hear).observe(news, { childList: true });
        }"""
    )
    for precinct in ("north-1", "north-2", "south-1"):
        await report(desk, token, a_tally(precinct))
    await expect(page.locator("#news")).to_contain_text("3 of 4 precincts reported.")
    await report(desk, token, a_tally("south-2"))
    await expect(card(page).locator("[data-field=units_reported]")).to_have_text("4")
    heard = await page.evaluate("window.heard")
    assert len(heard) == 1
    assert heard[0].startswith("President: ")


@pytest.mark.parametrize(("motion", "moves"), [("reduce", False), ("no-preference", True)])
async def test_nothing_moves_for_whoever_prefers_so(
    server: Server, desk: Services, token: str, page: Page, motion: Any, moves: bool
) -> None:
    await page.emulate_media(reduced_motion=motion)
    await page.add_init_script(
        """window.moves = 0;
        const animate = Element.prototype.animate;
        Element.prototype.animate = function (...how) {
            window.moves += 1;
            return animate.apply(this, how);
        };"""
    )
    await report(desk, token, a_tally("north-1"))
    await open_board(page, server)
    await report(desk, token, a_tally("north-2", votes={"ada": 5, "ben": 65, "cy": 5}))
    await expect(card(page).locator("[data-selection]").first).to_contain_text("Ben")
    assert bool(await page.evaluate("window.moves")) is moves


async def test_the_race_is_drawn_again_while_one_looks(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await open_board(page, server, "/contests/president")
    await expect(page.locator("#race")).to_contain_text("There is no race to draw yet")
    await report(desk, token, a_tally("north-1"))
    await report(desk, token, a_tally("north-2"))
    drawing = page.get_by_role("img", name="Race over time: President")
    await expect(drawing).to_be_visible()
    await expect(drawing.locator("desc")).to_contain_text("until 2 of 4 precincts had reported")
    await page.get_by_text("The same as a table").click()
    await expect(page.locator("#race-rows")).to_contain_text("52.6%")


async def test_the_race_opens_on_the_board_as_a_picture(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await report(desk, token, a_tally("north-1"))
    await report(desk, token, a_tally("north-2"))
    await open_board(page, server)
    await card(page).get_by_text("Race over time").click()
    picture = card(page).get_by_role("img")
    await expect(picture).to_be_visible()
    await expect(picture).to_have_js_property("complete", True)
    await expect(picture).to_have_js_property("naturalWidth", 640)


async def test_a_board_whose_modules_do_not_load_says_how_to_get_newer_figures(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await report(desk, token, a_tally("north-1"))
    await page.route("**/stream.js", lambda route: route.abort())
    await page.goto(f"{server.url}/elections/tiny")
    await expect(page.locator("#connection-detail")).to_contain_text("load it again for newer figures")
    await expect(card(page).locator("[data-selection=ada]")).to_contain_text("52.6%")


async def test_whoever_comes_up_among_the_first_of_many_has_a_row(
    server: Server, desk: Services, page: Page
) -> None:
    many = tuple(SelectionDefinition(code=f"c-{at}", name=f"Choice {at}", party="RED") for at in range(15))
    tiny = tiny_election()
    whole = msgspec.structs.replace(tiny.contests[0], selections=many)
    await desk.elections.define(msgspec.structs.replace(tiny, contests=(whole,)), opened=True, released=True)
    token = await desk.officials.root_officer_token("tiny", datetime.timedelta(hours=1))
    await open_board(page, server)
    rows = card(page).locator("[data-selection]")
    await expect(rows).to_have_count(12)
    await expect(card(page)).not_to_contain_text("Choice 14")
    votes = {one.code: 1 for one in many} | {"c-14": 60}
    await report(desk, token, a_tally("north-1", votes=votes, ballots_cast=79))
    await expect(rows.first).to_contain_text("Choice 14")
    await expect(rows.first.locator("[data-field=votes]")).to_have_text("60")
    await expect(rows).to_have_count(12)


async def test_a_contest_that_is_read_by_keyboard_stays_though_it_is_no_longer_looked_for(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await open_board(page, server, "?show=incomplete")
    council = card(page, "council").get_by_role("link").first
    await council.focus()
    for contest in ("president", "council"):
        await report(desk, token, *(a_tally(place, contest) for place in ALL))
    await expect(card(page)).to_be_hidden()
    await expect(page.locator("#shown")).to_have_text("2 of 3 contests are shown.")
    await expect(council).to_be_focused()
    await page.focus("#q")
    await report(desk, token, a_tally("south-1", "measure"))
    await expect(card(page, "council")).to_be_hidden()
    await expect(page.locator("#shown")).to_have_text("1 of 3 contests are shown.")


async def test_a_correction_is_heard_and_not_only_seen(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await report(desk, token, a_tally("north-1"))
    await open_board(page, server)
    await expect(card(page).locator("[data-selection=ada] [data-field=votes]")).to_have_text("40")
    lower = a_tally("north-1", revision=2, reason="counted again", votes={"ada": 30, "ben": 40, "cy": 5})
    await report(desk, token, lower)
    await expect(page.locator("#news")).to_contain_text("A figure here has gone down.")


async def test_a_race_that_is_open_on_the_board_is_drawn_again(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await report(desk, token, a_tally("north-1"), a_tally("north-2"))
    await open_board(page, server)
    await card(page).get_by_text("Race over time").click()
    picture = card(page).get_by_role("img")
    await expect(picture).to_have_js_property("complete", True)
    await report(desk, token, a_tally("south-1"))
    await expect(picture).to_have_attribute("src", re.compile("version="))
    await expect(picture).to_have_js_property("naturalWidth", 640)


@pytest.mark.parametrize("path", ["", "/contests/president", "/contests/president/map"])
async def test_pages_are_whole_whichever_module_does_not_load(
    server: Server, desk: Services, token: str, browser: Browser, path: str
) -> None:
    await report(desk, token, a_tally("north-1"))
    context = await browser.new_context()
    asked: list[str] = []
    first = await context.new_page()
    first.on("request", lambda request: asked.append(request.url))
    await first.goto(f"{server.url}/elections/tiny{path}", wait_until="networkidle")
    for module in sorted({address for address in asked if address.endswith(".js")}):
        page = await context.new_page()
        await page.route(module, lambda route: route.abort())
        await page.goto(f"{server.url}/elections/tiny{path}")
        await expect(page.locator("main")).to_contain_text("52.6%")
        await page.close()
    await context.close()
