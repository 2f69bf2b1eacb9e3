"""Two officers on two telephones enter the same tally: equal, unequal, asked again; without scripts too."""

import datetime
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from models.canvass import Decision, Verdict
from models.rights import Actor
from quart_app.wiring import Services
from tests.building import a_tally, tiny_election
from tests.e2e.entering import (
    PASSWORD,
    address,
    fill,
    go,
    officer,
    read_back,
    report,
    send,
    sign_in,
    tallies_in_log,
)
from tests.e2e.running import Server

# A folder for pictures of all steps, to be looked at by eye.
PICTURES = os.environ.get("ENTRY_PICTURES")
WAITS = "Received; the other person's entry is awaited"
HEADING = "h1"


@pytest.fixture
async def double(desk: Services) -> None:
    """The tiny election with double entry, open and released; olga and otto are officers of all of it."""
    await desk.elections.define(tiny_election(double_entry=True), opened=True, released=True)
    await officer(desk, "olga")
    await officer(desk, "otto")


async def telephone(browser: Browser, *, scripts: bool = True) -> Page:
    context = await browser.new_context(viewport={"width": 360, "height": 780}, java_script_enabled=scripts)
    return await context.new_page()


@pytest.fixture
async def telephones(server: Server, double: None, browser: Browser) -> AsyncIterator[tuple[Page, Page]]:
    """Olga's and otto's, who have signed in; no script of theirs may fail."""
    pages = await telephone(browser), await telephone(browser)
    faults: list[str] = []
    for page, username in zip(pages, ("olga", "otto"), strict=True):
        page.on("pageerror", lambda error: faults.append(str(error)))
        await sign_in(page, server, username=username)
    yield pages
    assert faults == []


async def is_sound(page: Page, step: str) -> None:
    """axe finds nothing, and nothing is wider than the telephone."""
    found = await Axe().run(page)
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found.response["violations"]] == [], step
    assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth"), step
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"double-{step}.png", full_page=True)


async def says(page: Page, heading: str) -> None:
    await expect(page.locator(HEADING)).to_have_text(heading)


async def enter(page: Page, server: Server, **changes: object) -> None:
    await go(page, server, "north-1")
    await fill(page, **changes)
    await send(page)


async def test_two_equal_entries_are_counted_and_neither_saw_the_others(
    server: Server, telephones: tuple[Page, Page]
) -> None:
    olga, otto = telephones
    await go(olga, server, "north-1")
    await expect(olga.get_by_text("Two people enter each tally")).to_be_visible()
    await fill(olga)
    await send(olga)
    await says(olga, WAITS)
    await is_sound(olga, "waits")
    await olga.goto(address(server, "north-1"))
    await expect(olga.get_by_text("Your entry waits for the other person's")).to_be_visible()
    await expect(olga.get_by_text("1 of 2 contests sent")).to_be_visible()
    await otto.goto(address(server, "north-1"))
    await expect(otto.get_by_text("Waits for a second entry: enter it")).to_be_visible()
    await expect(otto.get_by_text("0 of 2 contests sent")).to_be_visible()
    await is_sound(otto, "second-listed")
    await otto.get_by_role("link", name="President").click()
    await expect(otto.get_by_text("Type every figure from the paper.")).to_be_visible()
    values = await otto.locator("#tally input").evaluate_all("fields => fields.map(one => one.value)")
    assert set(values) == {""}
    await is_sound(otto, "second-form")
    await fill(otto)
    await send(otto)
    await says(otto, "Received and counted")
    first, second = await tallies_in_log(server)
    assert (second["second_of"], second["revision"], second["status"]) == (first["seq"], 1, "accepted")
    await go_back_to(olga, server)
    await says(olga, "Received and counted")
    await expect(olga.get_by_text("is equal and has taken the place of this one")).to_be_visible()
    await is_sound(olga, "counted")


async def reviewer(desk: Services) -> Actor:
    await desk.officials.add("rita", ["reviewer"], [], "tiny")
    token = (await desk.credentials.issue_token("rita", datetime.timedelta(hours=1))).token
    who = await desk.credentials.by_token(token)
    return Actor(who.member_id, who.username, "", "api")


async def go_back_to(page: Page, server: Server) -> None:
    """Loads the page of the contest anew and waits until the server has been asked."""
    await page.goto(address(server, "north-1", "president"))
    await expect(page.locator("#connection-word")).to_have_text("Connected")


async def test_unequal_entries_are_held_asked_for_again_and_entered_again_by_both(
    server: Server, desk: Services, telephones: tuple[Page, Page]
) -> None:
    olga, otto = telephones
    await enter(olga, server)
    await says(olga, WAITS)
    await enter(otto, server, **{"votes.ada": 41, "undervotes": 2})
    await says(otto, "Received, and held for review")
    await expect(otto.locator(".checks")).to_contain_text("2 figures differ between the two entries")
    _, second = await tallies_in_log(server)
    verdict = Verdict(decision=Decision.ASK_AGAIN, reason="the two entries differ")
    await desk.canvass.decide("tiny", int(str(second["seq"])), verdict, await reviewer(desk))
    await olga.goto(address(server, "north-1"))
    await expect(olga.get_by_text("A reviewer asks for it again")).to_be_visible()
    await is_sound(olga, "again-listed")
    await go(olga, server, "north-1")
    await expect(
        olga.get_by_text(re.compile("A reviewer asks you to enter this again: .*the two entries differ"))
    ).to_be_visible()
    assert await olga.input_value('[name="votes.ada"]') == ""
    await is_sound(olga, "again-form")
    await fill(olga)
    await olga.fill("#reason", "typed again from the paper")
    await send(olga)
    await says(olga, WAITS)
    await go(otto, server, "north-1")
    assert await otto.input_value('[name="votes.ada"]') == ""
    assert await otto.input_value("#reason") == "Second entry"
    await fill(otto)
    await send(otto)
    await says(otto, "Received and counted")
    entries = await tallies_in_log(server)
    assert [entry["revision"] for entry in entries] == [1, 1, 2, 2]
    assert set(entries[-1]["supersedes"]) == {entry["seq"] for entry in entries[:-1]}  # type: ignore[call-overload]


async def test_what_is_typed_without_a_network_becomes_the_second_entry(
    server: Server, desk: Services, telephones: tuple[Page, Page]
) -> None:
    _, otto = telephones
    await go(otto, server, "north-1")
    server.kill()
    await fill(otto)
    await send(otto)
    await says(otto, "Kept on this device")
    await report(desk, await officer(desk, "omar"), a_tally("north-1"))
    server.start()
    await says(otto, "Received and counted")
    assert [entry["revision"] for entry in await tallies_in_log(server)] == [1, 1]


async def test_the_same_person_on_two_telephones_is_one_person(
    server: Server, double: None, browser: Browser
) -> None:
    first, second = await telephone(browser), await telephone(browser)
    for page in (first, second):
        await sign_in(page, server)
    await go(second, server, "north-1")
    await fill(second)
    await read_back(second)
    await enter(first, server)
    await says(first, WAITS)
    await second.get_by_role("button", name="Send the tally").click()
    await says(second, "This needs you")
    await expect(second.get_by_text("Your entry is here already")).to_be_visible()
    await second.get_by_role("button", name="Open the figures").click()
    await second.fill("#reason", "one digit was wrong")
    await second.fill('[name="votes.ada"]', "41")
    await second.fill("#undervotes", "2")
    await send(second)
    await says(second, WAITS)
    assert [entry.get("withheld") for entry in await tallies_in_log(server)] == [True, True]


async def test_a_first_entry_that_was_replaced_is_met_by_a_second_of_the_same_revision(
    server: Server, telephones: tuple[Page, Page]
) -> None:
    olga, otto = telephones
    await go(otto, server, "north-1")
    await fill(otto)
    await enter(olga, server, **{"votes.ada": 39, "undervotes": 4})
    await olga.get_by_role("button", name="Correct it").click()
    await olga.fill('[name="votes.ada"]', "40")
    await olga.fill("#undervotes", "3")
    await olga.fill("#reason", "a digit was mistyped")
    await send(olga)
    await says(olga, WAITS)
    await send(otto)
    await says(otto, "This needs you")
    await expect(otto.get_by_text("Another person's entry came meanwhile")).to_be_visible()
    await otto.get_by_role("button", name="Open the figures").click()
    await expect(otto.locator("#faults")).to_contain_text("waits for yours")
    await send(otto)
    await says(otto, "Received and counted")


async def test_a_second_entry_is_made_by_keyboard_alone(
    server: Server, telephones: tuple[Page, Page]
) -> None:
    olga, otto = telephones
    await enter(olga, server)
    await says(olga, WAITS)
    await otto.goto(address(server, "north-1"))
    await expect(otto.locator("#connection-word")).to_have_text("Connected")
    await otto.get_by_role("link", name="President").focus()
    await otto.keyboard.press("Enter")
    await expect(otto.locator("#tally")).to_be_visible()
    for figure in (40, 30, 5, 80, 0, 1, 3, 0):
        await otto.keyboard.press("Tab")
        while not await otto.evaluate("document.activeElement.matches('#tally input')"):
            await otto.keyboard.press("Tab")
        await otto.keyboard.type(str(figure))
    await otto.keyboard.press("Enter")
    await says(otto, "Are these the figures?")
    await otto.locator("#send").focus()
    await otto.keyboard.press("Enter")
    await expect(otto.locator(HEADING)).to_contain_text("Received")


async def test_all_of_it_works_without_javascript(server: Server, double: None, browser: Browser) -> None:
    pages = []
    for username in ("olga", "otto"):
        page = await telephone(browser, scripts=False)
        await page.goto(address(server, "north-1", "president"))
        await page.get_by_role("link", name="Sign in").click()
        await page.fill("#username", username)
        await page.fill("#password", PASSWORD)
        await page.keyboard.press("Enter")
        await says(page, "President")
        pages.append(page)
    olga, otto = pages
    await fill(olga)
    await send(olga)
    await says(olga, WAITS)
    await otto.reload()
    await expect(otto.get_by_text("Waits for a second entry: enter it")).to_be_visible()
    assert await otto.input_value('[name="votes.ada"]') == ""
    await fill(otto)
    await send(otto)
    await says(otto, "Received and counted")
    await olga.reload()
    await expect(olga.get_by_text("is equal and has taken the place of this one")).to_be_visible()
