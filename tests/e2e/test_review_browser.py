"""The reviewers' desk in a real browser: two reviewers at once, by keyboard, and without scripts."""

import os
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from models.batch import Receipt
from models.canvass import Decision, Verdict
from models.definitions import ElectionDefinition, UnitDefinition
from models.rights import Actor
from quart_app.wiring import Services
from tests.building import a_tally, tiny_election, unbalanced
from tests.desk import Desk
from tests.e2e.running import Server
from tests.e2e.test_admin_browser import OF_THE_BROWSER
from tests.e2e.test_pages_browser import fits, late_script

PASSWORD = "several words that stay together"
HERE = "/elections/tiny/review"
MANY = 200
SHOTS = os.environ.get("SHOTS")
"""A folder for pictures, for whoever works on the pages."""

Enter = Callable[..., Coroutine[Any, Any, Page]]


def large_election() -> ElectionDefinition:
    """The tiny election with many more precincts in the north."""
    tiny = tiny_election()
    more = tuple(
        UnitDefinition(
            code=f"ward-{number}",
            name=f"Ward {number}",
            kind="precinct",
            parent="north",
            voters_registered=100,
        )
        for number in range(1, MANY + 1)
    )
    codes = tuple(unit.code for unit in more)
    contests = (
        msgspec.structs.replace(tiny.contests[0], precincts=(*(tiny.contests[0].precincts or ()), *codes)),
        *tiny.contests[1:],
    )
    return msgspec.structs.replace(tiny, units=(*tiny.units, *more), contests=contests)


@pytest.fixture
async def house(desk: Services) -> Services:
    """The tiny election, and two reviewers."""
    await begin(desk, tiny_election(is_test=True))
    return desk


async def begin(house: Services, definition: ElectionDefinition) -> None:
    await house.elections.define(definition, opened=True, released=True)
    for name in ("rosa", "rudi"):
        await house.officials.add(name, ["reviewer"], [], password=PASSWORD)


async def send(house: Services, *tallies: Any, by: str = "olga") -> list[Receipt]:
    desk = Desk(house, "tiny")
    return await desk.receipts(*tallies, by=await desk.official(by))


@pytest.fixture
async def enter(browser: Browser, server: Server) -> AsyncIterator[Enter]:
    """Signs somebody in, in a browser of their own; no page's scripts may fail."""
    faults: list[str] = []
    contexts = []

    async def sign_in(username: str, place: str = HERE, width: int = 1280, **options: Any) -> Page:
        context = await browser.new_context(
            base_url=server.tls_url,
            ignore_https_errors=True,
            viewport={"width": width, "height": 800},
            **options,
        )
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        await page.goto("/login?next=" + place)
        await page.fill("#username", username)
        await page.fill("#password", PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile(f"{re.escape(place)}$"))
        return page

    yield sign_in
    for context in contexts:
        await context.close()
    assert [fault for fault in faults if not fault.startswith(OF_THE_BROWSER)] == []


async def accept(house: Services, username: str, seq: int) -> None:
    """Somebody elsewhere accepts a tally."""
    who = (await Desk(house, "tiny").official(username, roles=["reviewer"], units=[])).identity
    verdict = Verdict(decision=Decision.ACCEPT, reason="The sheet was seen.")
    await house.canvass.decide("tiny", seq, verdict, Actor(who.member_id, username, "", "api"))


def case(page: Page, precinct: str) -> Any:
    return page.locator("#cases > li", has_text=precinct)


async def live(page: Page) -> None:
    await expect(page.locator("#connection-word")).to_have_text("Live")


async def test_two_reviewers_share_a_queue_that_follows_by_itself(
    server: Server, house: Services, enter: Enter
) -> None:
    first, second = await send(house, unbalanced("north-1"), unbalanced("north-2"))
    rosa, rudi = await enter("rosa"), await enter("rudi", width=360)
    await live(rosa)
    await live(rudi)
    await send(house, unbalanced("south-1"))
    for page in (rosa, rudi):
        await expect(case(page, "South-1")).to_be_visible()
        await expect(page.locator("#queue-heading")).to_have_text("3 cases wait")
    late = await rudi.context.new_page()
    await late.goto(f"{HERE}/{first.seq}")

    await case(rosa, "North-1").get_by_role("link").click()
    await rosa.fill("#reason", "The sheet was seen.")
    await rosa.get_by_role("button", name="Accept").click()
    await expect(rosa.locator("#done")).to_contain_text("Accepted")
    await expect(case(rudi, "North-1")).to_have_count(0)
    await expect(rudi.locator("#queue-heading")).to_have_text("2 cases wait")

    await late.fill("#reason", "It cannot be right.")
    await late.get_by_role("button", name="Reject").click()
    await expect(late.get_by_role("alert")).to_contain_text("This tally is accepted by now")
    await late.get_by_role("link", name="Next case").first.click()
    await expect(late).to_have_url(re.compile(f"{HERE}/{second.seq}$"))
    assert (await Desk(house, "tiny").votes())["ada"] == 40


async def test_the_keyboard_goes_through_the_list_and_nowhere_else(
    server: Server, house: Services, enter: Enter
) -> None:
    receipts = await send(house, *(unbalanced(f"{side}-{n}") for side in ("north", "south") for n in (1, 2)))
    page = await enter("rosa")
    await live(page)
    await page.keyboard.press("j")
    assert await page.evaluate("document.activeElement === document.body")
    await page.locator("a[data-case]").first.focus()
    for key, at in (("j", 1), ("ArrowDown", 2), ("k", 1), ("ArrowUp", 0), ("k", 0), ("j", 1)):
        await page.keyboard.press(key)
        await expect(page.locator("a[data-case]").nth(at)).to_be_focused()
    await page.locator("#entry").press_sequentially("jk")
    await expect(page.locator("#entry")).to_have_value("jk")
    await page.locator("a[data-case]").nth(1).focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(f"{HERE}/{receipts[1].seq}$"))


async def test_the_keyboard_stays_on_its_case_while_the_queue_moves(
    server: Server, house: Services, enter: Enter
) -> None:
    first, *_ = await send(house, unbalanced("north-1"), unbalanced("north-2"), unbalanced("south-1"))
    page = await enter("rosa")
    await live(page)
    await page.locator("a[data-case]").nth(1).focus()
    await accept(house, "ruth", first.seq)
    await expect(page.locator("#queue-heading")).to_have_text("2 cases wait")
    await expect(page.get_by_role("link", name="North-2: President")).to_be_focused()


async def test_what_holds_is_added_up_while_it_is_typed(server: Server, desk: Services, enter: Enter) -> None:
    await begin(desk, tiny_election(is_test=True, double_entry=True))
    await send(desk, a_tally())
    (held,) = await send(desk, unbalanced(), by="otto")
    page = await enter("rosa", f"{HERE}/{held.seq}/resolve", width=360)
    await expect(page.locator("tr.differs")).to_have_count(1)
    await expect(page.locator("#sum")).to_have_text("Some figures are missing.")
    await page.fill("#undervotes", "4")
    await expect(page.locator("#sum")).to_have_text("81 of 80 votes are accounted for. It does not add up.")
    await page.fill("#undervotes", "٣")
    await expect(page.locator("#sum")).to_have_text("80 of 80 votes are accounted for. It balances.")
    await page.fill("#reason", "The tape says three.")
    await page.get_by_role("button", name="Count these figures").click()
    await expect(page.locator("#done")).to_contain_text("the figures that you gave are counted")
    assert (await Desk(desk, "tiny").votes())["ada"] == 40


async def test_what_was_typed_before_the_script_came_is_added_up_when_it_is_there(
    server: Server, desk: Services, enter: Enter
) -> None:
    await begin(desk, tiny_election(is_test=True, double_entry=True))
    await send(desk, a_tally())
    (held,) = await send(desk, unbalanced(), by="otto")
    page = await enter("rosa")
    async with late_script(page, "resolve.js"):
        await page.goto(f"{HERE}/{held.seq}/resolve", wait_until="commit")
        await page.fill("#undervotes", "3")
        await expect(page.locator("#sum")).to_have_text("Some figures are missing.")
    await expect(page.locator("#sum")).to_have_text("80 of 80 votes are accounted for. It balances.")


async def test_without_scripts_a_reviewer_filters_decides_and_goes_on(
    server: Server, house: Services, enter: Enter
) -> None:
    await send(house, unbalanced("north-1"), unbalanced("south-1", "measure"))
    page = await enter("rosa", java_script_enabled=False)
    await page.locator("summary").click()
    await page.select_option("#contest", "measure")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("#cases > li")).to_have_count(1)
    await case(page, "South-1").get_by_role("link").click()
    await page.fill("#reason", "Nobody can read the sheet.")
    await page.get_by_role("button", name="Ask for it again").click()
    await expect(page.locator("#done")).to_contain_text("asked to enter it again")
    await page.get_by_role("link", name="Next case").first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("North-1")


async def test_a_recall_takes_two_people(server: Server, house: Services, enter: Enter) -> None:
    (counted,) = await send(house, a_tally())
    rosa = await enter("rosa", f"{HERE}/{counted.seq}")
    await rosa.fill("#reason", "The sheet is that of another precinct.")
    await rosa.get_by_role("button", name="Ask for a recall").click()
    await expect(rosa.locator(".notice")).to_contain_text("somebody else approves it")
    rudi = await enter("rudi", width=360)
    await case(rudi, "North-1").get_by_role("link").click()
    await rudi.fill("#reason", "So it is.")
    await rudi.get_by_role("button", name="Approve the recall").click()
    await expect(rudi.locator("#done")).to_contain_text("counts no more")
    assert (await Desk(house, "tiny").votes())["ada"] == 0


async def test_two_hundred_cases_come_in_small_pages_that_everybody_can_use(
    server: Server, desk: Services, enter: Enter
) -> None:
    await begin(desk, large_election())
    await send(desk, a_tally("north-1"), a_tally("north-2", "council"))
    held = await send(desk, *(unbalanced(f"ward-{number}") for number in range(1, MANY + 1)))
    for width, scheme in ((360, "dark"), (1280, "light")):
        page = await enter("rosa", width=width, color_scheme=scheme, reduced_motion="reduce")
        await live(page)
        await expect(page.locator("#queue-heading")).to_have_text(f"{MANY} cases wait")
        await looks_well(page, f"queue-{width}-{scheme}")
        response = await page.request.get(HERE)
        assert len(await response.body()) < 100_000
        await page.get_by_role("link", name="Later ones").click()
        await expect(page.locator("#cases > li").first).to_contain_text("Ward 51")
        await page.goto(f"{HERE}/{held[0].seq}")
        await looks_well(page, f"case-{width}-{scheme}")
        await page.goto(f"{HERE}/{held[0].seq}/resolve")
        await looks_well(page, f"resolve-{width}-{scheme}")
        await page.goto(f"{HERE}?lang=ar")
        await looks_well(page, f"queue-ar-{width}-{scheme}")


async def looks_well(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page="queue" not in name)
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert await fits(page), name
