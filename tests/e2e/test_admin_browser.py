"""Signing in and administration in a real browser: by keyboard alone, and every page for everybody's eyes."""

import datetime
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from models.candidates import FilingDecision
from models.rights import OPERATOR, Role
from quart_app.wiring import Services
from services.bulk import ADDED, Raw, RowResult
from tests.building import a_tally, tiny_election
from tests.e2e.running import Server
from tests.e2e.test_pages_browser import fits, report

PASSWORD = "several words that stay together"
WIDTHS = (360, 1280)
SCHEMES = ("light", "dark")
SHOTS = os.environ.get("SHOTS")
"""A folder for pictures of every page, for whoever works on them."""

DRAFT = "next"
# What a browser writes by itself: of refusals, and of a certificate under which no worker is installed.
OF_THE_BROWSER = ("Failed to load resource", "An SSL certificate error")


@pytest.fixture
async def night(desk: Services) -> Services:
    """The tiny election with a tally; ann may do everything."""
    await desk.elections.define(tiny_election(is_test=True), opened=True, released=True)
    await desk.officials.add("ann", list(Role), ["country"], "tiny", password=PASSWORD)
    token = (await desk.credentials.issue_token("ann", datetime.timedelta(hours=1), name="the desk")).token
    await report(desk, token, a_tally("north-1"))
    await desk.elections.define(tiny_election(code=DRAFT))
    await all_added(desk.candidates.file_many(DRAFT, rows(CANDIDATES), OPERATOR))
    qualified = FilingDecision(change="qualify")
    await desk.decisions.decide(DRAFT, "PHL-102", qualified, OPERATOR)
    await all_added(desk.registration.register(DRAFT, rows(VOTERS), OPERATOR))
    return desk


CANDIDATES = [
    {"code": f"PHL-10{n}", "contest": "president", "first_name": first, "last_name": last, "party": party}
    for n, first, last, party in (
        (1, "Maria", "Moreno", "RED"),
        (2, "Jo", "Jay", "BLU"),
        (3, "Al", "Ash", None),
    )
]
VOTERS = [
    {
        "voter_id": f"V-{n}",
        "first_name": first,
        "last_name": "Voter",
        "precinct": "north-1",
        "email": f"{first}@example.org",
    }
    for n, first in enumerate(("Vera", "Viktor", "Valentina"), start=1)
]


async def rows(items: list[dict[str, Any]]) -> AsyncIterator[list[Raw]]:
    yield list(enumerate(items, start=1))


async def all_added(results: AsyncIterator[list[RowResult]]) -> None:
    async for chunk in results:
        assert all(result.status == ADDED for result in chunk), chunk


@pytest.fixture
async def page(browser: Browser, server: Server) -> AsyncIterator[Page]:
    """A page over TLS, as people have it; its scripts must not fail nor want what its policy forbids."""
    context = await browser.new_context(
        base_url=server.tls_url, ignore_https_errors=True, viewport={"width": 360, "height": 800}
    )
    made = await context.new_page()
    faults: list[str] = []
    made.on("pageerror", lambda error: faults.append(str(error)))
    made.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    yield made
    assert [fault for fault in faults if not fault.startswith(OF_THE_BROWSER)] == []


async def sign_in(page: Page, username: str = "ann", password: str = PASSWORD) -> None:
    await page.goto("/login")
    await page.fill("#username", username)
    await page.fill("#password", password)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/account$"))


# ---- by keyboard alone ----


async def tab_to(page: Page, role: str, name: str) -> None:
    """Presses Tab until what has this name has the focus."""
    wanted = page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await wanted.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"{name} is not reached by Tab")


async def test_an_administrator_signs_in_adds_a_member_and_signs_out_by_keyboard(
    server: Server, night: Services, page: Page
) -> None:
    await page.goto("/")
    await tab_to(page, "link", "Your account")
    await page.keyboard.press("Enter")
    await tab_to(page, "textbox", "Username")
    await page.keyboard.type("ann")
    await page.keyboard.press("Tab")
    await page.keyboard.type("not her password")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_be_focused()
    await tab_to(page, "textbox", "Password")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    await tab_to(page, "link", "Administration")
    await page.keyboard.press("Enter")
    await tab_to(page, "link", "Members")
    await page.keyboard.press("Enter")
    await tab_to(page, "link", "Add a member")
    await page.keyboard.press("Enter")
    await tab_to(page, "textbox", "Username")
    await page.keyboard.type("Bob Bell")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Name: Fill this in.")
    await tab_to(page, "link", "Name")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("textbox", name="Name", exact=True)).to_be_focused()
    await page.keyboard.type("Bob Bell")
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Control+a")
    await page.keyboard.type("bob")
    await tab_to(page, "checkbox", "Officer")
    await page.keyboard.press("Space")
    await tab_to(page, "button", "Add the member")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Added.")
    assert (await night.officials.get("bob")).roles == ["officer"]
    await tab_to(page, "button", "Sign out")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("You are signed out.")


async def test_a_one_time_token_behind_the_address_is_filled_in_and_leaves_the_address(
    server: Server, night: Services, page: Page
) -> None:
    await night.officials.add("bob", ["auditor"], [])
    token = (await night.officials.reset("bob", OPERATOR)).token
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"/reset#{token}")
    await expect(page.locator("#token")).to_have_value(token)
    await expect(page).to_have_url(re.compile("/reset$"))
    await page.keyboard.type("a phrase of mine")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Your password is set.")
    assert not any("tr_" in address for address in asked)


async def test_an_officer_who_is_signed_in_needs_no_token(
    server: Server, night: Services, page: Page
) -> None:
    await page.goto("/elections/tiny/tally")
    await page.get_by_role("link", name="Sign in").click()
    await page.fill("#username", "ann")
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("#connection-detail")).to_contain_text("ann")
    await expect(page.get_by_role("link", name="North-1")).to_be_visible()
    assert await page.evaluate("sessionStorage.length") == 0
    await night.officials.add("ann", [], [], password="quite another phrase")
    await expect(page.locator("#connection-detail")).to_contain_text("Your session has ended")


async def test_a_file_is_sent_with_its_progress_and_the_refused_rows_are_shown(
    server: Server, night: Services, page: Page, tmp_path: Path
) -> None:
    await sign_in(page)
    many = tmp_path / "voters.csv"
    lines = [f"N-{n},First{n},Last{n},{'nowhere' if n % 10 == 0 else 'south-1'}" for n in range(5_000)]
    many.write_text("\n".join(["voter_id,first_name,last_name,precinct", *lines]))
    await page.goto(f"/admin/elections/{DRAFT}/upload-voters")
    async with page.expect_request("**/api/v1/elections/next/voters") as sent:
        await page.set_input_files("#file", many)
        await page.get_by_role("button", name="Send the file").click()
    assert (await sent.value).method == "POST"
    await expect(page.locator("#outcome")).to_be_focused(timeout=60_000)
    assert await page.locator("#outcome dd").all_inner_texts() == ["4,500", "0", "500"]
    await expect(page.locator("#refused-rows tr")).to_have_count(200)
    await expect(page.locator("#refused-rows tr").first).to_contain_text(
        "this election has no precinct 'nowhere'"
    )
    await expect(page.locator("#refusals-more")).to_be_visible()
    assert await look(page, "upload-outcome") == []


async def test_a_file_that_cannot_be_read_at_all_is_refused_in_words(
    server: Server, night: Services, page: Page, tmp_path: Path
) -> None:
    await sign_in(page)
    wrong = tmp_path / "voters.xlsx"
    wrong.write_bytes(b"PK\x03\x04 and so on")
    await page.goto(f"/admin/elections/{DRAFT}/upload-voters")
    await page.set_input_files("#file", wrong)
    await page.get_by_role("button", name="Send the file").click()
    await expect(page.get_by_role("alert")).to_contain_text("This is a spreadsheet")
    assert await look(page, "upload-fault") == []


async def test_a_file_is_taken_without_javascript(
    server: Server, night: Services, browser: Browser, tmp_path: Path
) -> None:
    context = await browser.new_context(
        base_url=server.tls_url, ignore_https_errors=True, java_script_enabled=False
    )
    page = await context.new_page()
    await sign_in(page)
    file = tmp_path / "units.csv"
    file.write_text("code,name,kind,parent\neast,East,district,country\neast-1,East-1,precinct,nowhere\n")
    await page.goto(f"/admin/elections/{DRAFT}/upload-units")
    await page.set_input_files("#file", file)
    await page.get_by_role("button", name="Send the file").click()
    assert await page.locator("#outcome dd").all_inner_texts() == ["1", "0", "1"]
    await expect(page.locator("#refused-rows tr")).to_contain_text("there is no unit 'nowhere'")


async def test_registrars_decide_on_many_candidates_at_once_by_keyboard(
    server: Server, night: Services, page: Page
) -> None:
    await sign_in(page)
    await page.goto(f"/admin/elections/{DRAFT}/candidates")
    await tab_to(page, "checkbox", "Maria Moreno")
    await page.keyboard.press("Space")
    await tab_to(page, "checkbox", "Al Ash")
    await page.keyboard.press("Space")
    await tab_to(page, "button", "Qualify those chosen")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("2 candidates have qualified.")
    await page.goto(f"/elections/{DRAFT}/candidates")
    assert "Maria Moreno" in await page.get_by_role("region", name="President").inner_text()


# ---- what comes after a form, for everybody's eyes; the pages themselves are looked at over the demo ----


async def look(page: Page, name: str) -> list[str]:
    """What is wrong with the page as it stands, in light and dark, on a telephone and on a desk."""
    wrong = []
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 800})
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            wrong += [f"{name} {width} {scheme}: {fault}" for fault in await _violations(page)]
            if SHOTS:
                place = Path(SHOTS) / f"{name.strip('/').replace('/', '_') or 'home'}-{width}-{scheme}.png"
                await page.screenshot(path=place, full_page=True)
        if not await fits(page):
            wrong.append(f"{name} {width}: must be scrolled sideways")
    return wrong


async def _violations(page: Page) -> list[str]:
    found = (await Axe().run(page)).response["violations"]
    return [f"{fault['id']}: {node['html']}" for fault in found for node in fault["nodes"]]


async def test_what_comes_after_a_form_is_for_everybody(server: Server, night: Services, page: Page) -> None:
    await page.goto("/login")
    await page.get_by_role("button", name="Sign in").click()
    wrong = await look(page, "login-refused")
    await sign_in(page)
    await page.goto("/admin/new-member")
    await page.get_by_role("button", name="Add the member").click()
    wrong += await look(page, "member-refused")
    await page.goto("/admin/members/ann")
    await page.get_by_role("button", name="Save").click()
    wrong += await look(page, "member-saved")
    await page.get_by_role("button", name="Make a one-time token").click()
    wrong += await look(page, "reset-token")
    await page.goto("/account/tokens/new")
    await page.get_by_role("button", name="Make the token").click()
    wrong += await look(page, "token-refused")
    await page.get_by_label("What it is for").fill("the desk at the town hall")
    await page.get_by_label("Auditor").check()
    await page.get_by_role("button", name="Make the token").click()
    wrong += await look(page, "token-made")
    assert wrong == []
