"""Two people certify, what is certified is corrected, and a contest is recounted: in two browsers at once."""

import datetime
import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from models.rights import Role
from quart_app.wiring import Services
from tests.building import a_tally, every_tally, tiny_election
from tests.e2e.running import Server
from tests.e2e.test_admin_browser import PASSWORD, look, sign_in, tab_to
from tests.e2e.test_pages_browser import fits, report

HERE = "/elections/tiny/certification"
CERTIFICATES = "#certificates + ul > li"
FEWER = {"ada": 30, "ben": 40, "cy": 5}


@pytest.fixture
async def token(desk: Services) -> str:
    """Every tally of the tiny election has come, and it is closed; of an officer for all its precincts."""
    await desk.elections.define(tiny_election(), opened=True, released=True)
    for username in ("ada", "ben"):
        await desk.officials.add(username, [Role.ADMINISTRATOR], [], password=PASSWORD)
    officer = await desk.officials.root_officer_token("tiny", datetime.timedelta(hours=1))
    await report(desk, officer, *every_tally())
    await desk.elections.move("tiny", "close")
    return officer


async def signed_in(browser: Browser, server: Server, username: str, *, scripts: bool = True) -> Page:
    context = await browser.new_context(
        base_url=server.tls_url,
        ignore_https_errors=True,
        viewport={"width": 360, "height": 800},
        java_script_enabled=scripts,
    )
    page = await context.new_page()
    await sign_in(page, username)
    return page


@pytest.fixture
async def both(server: Server, token: str, browser: Browser) -> AsyncIterator[tuple[Page, Page]]:
    """Ada's browser and Ben's; no script of theirs may fail."""
    pages = await signed_in(browser, server, "ada"), await signed_in(browser, server, "ben")
    faults: list[str] = []
    for page in pages:
        page.on("pageerror", lambda error: faults.append(str(error)))
    yield pages
    assert faults == []


async def ask(page: Page) -> None:
    await page.goto(HERE)
    await page.get_by_role("button", name="Ask to certify these totals").click()
    await expect(page.get_by_role("status").first).to_contain_text("You have asked.")


async def confirm(page: Page) -> None:
    await page.goto(HERE)
    await page.get_by_role("button", name="Confirm and certify").click()


async def test_two_people_certify_by_keyboard_and_a_correction_is_certified_anew(
    desk: Services, token: str, both: tuple[Page, Page]
) -> None:
    ada, ben = both
    await ada.goto(HERE)
    await expect(ada.locator(".steps")).to_contain_text("Nothing stands in the way")
    assert await look(ada, "certify-nobody-asked") == []
    await tab_to(ada, "button", "Ask to certify these totals")
    await ada.keyboard.press("Enter")
    await expect(ada.locator("#done")).to_be_focused()
    await expect(ada.locator("#confirming")).to_contain_text("You have asked, so somebody else confirms")
    await expect(ada.get_by_role("button", name="Confirm and certify")).to_have_count(0)
    assert await look(ada, "certify-asked") == []

    await ben.goto(HERE)
    await expect(ben.locator("#confirming")).to_contain_text("ada has asked you")
    assert await look(ben, "certify-to-confirm") == []
    await tab_to(ben, "button", "Confirm and certify")
    await ben.keyboard.press("Enter")
    await expect(ben.locator("#done")).to_have_text("The results are certified.")
    await expect(ben.locator(CERTIFICATES)).to_contain_text("holds")
    assert await look(ben, "certify-certified") == []

    await ada.goto("/admin/elections/tiny")
    await ada.fill("#reason-correct", "two boxes were swapped")
    await ada.get_by_role("button", name="Correct what was certified").click()
    await expect(ada.get_by_role("status").first).to_contain_text("being corrected")
    await report(desk, token, a_tally(revision=2, reason="the boxes were swapped", votes=FEWER))
    await ask(ada)
    await confirm(ben)
    await expect(ben.locator("#done")).to_have_text("The results are certified.")
    await expect(ben.locator(CERTIFICATES)).to_have_count(2)
    await expect(ben.locator("#totals-president")).to_contain_text("150")


async def test_who_confirms_too_late_is_told_that_the_totals_have_changed(
    desk: Services, token: str, both: tuple[Page, Page]
) -> None:
    ada, ben = both
    await ask(ada)
    await confirm(ben)
    await desk.elections.move("tiny", "correct", "a box was found")
    await ask(ada)
    await ben.goto(HERE)
    await report(desk, token, a_tally(revision=2, reason="found in the cellar", votes=FEWER))
    await ben.get_by_role("button", name="Confirm and certify").click()
    await expect(ben.get_by_role("alert")).to_contain_text(
        "The totals, or what still waits, have changed since"
    )
    assert await look(ben, "certify-moved") == []
    await ask(ben)
    await confirm(ada)
    await expect(ada.locator("#done")).to_have_text("The results are certified.")


async def test_a_recount_is_ordered_and_ended_by_keyboard_and_holds_up_the_certificate(
    desk: Services, token: str, both: tuple[Page, Page]
) -> None:
    ada, ben = both
    await ada.goto(HERE)
    contest = ada.locator("#recounts ~ ul > li", has_text="President")
    await expect(contest).to_contain_text("Margin: 40.")
    await contest.locator("summary").focus()
    await ada.keyboard.press("Enter")
    await tab_to(ada, "button", "Order a recount (President)")
    await ada.keyboard.press("Enter")
    await expect(ada.get_by_role("alert")).to_contain_text("Reason: Fill this in.")
    assert await look(ada, "recount-refused") == []
    await ada.get_by_role("link", name="Reason").click()
    await expect(ada.locator("#reason-president")).to_be_focused()
    await ada.keyboard.type("A court asks for it.")
    await ada.keyboard.press("Enter")
    await expect(ada.locator("#done")).to_have_text("The recount is ordered.")
    await expect(contest).to_contain_text("being recounted")

    await ben.goto(HERE)
    await expect(ben.locator(".steps")).to_contain_text("1 contest is being recounted")
    await expect(ben.get_by_role("button", name="Ask to certify")).to_have_count(0)
    assert await look(ben, "recount-on") == []
    await report(desk, token, a_tally(revision=2, reason="recounted", votes=FEWER))
    await ben.reload()
    await ben.fill("#reason-president", "Ten votes were on the wrong pile.")
    await ben.get_by_role("button", name="End the recount").click()
    await expect(ben.locator("#done")).to_have_text("The recount has ended.")
    await ask(ada)
    await confirm(ben)
    await expect(ben.locator("#totals-president")).to_contain_text("150")


async def test_without_javascript_what_waits_is_overridden_with_a_reason(
    server: Server, desk: Services, token: str, browser: Browser
) -> None:
    await desk.elections.define(tiny_election("short"), opened=True)
    await desk.elections.move("short", "close")
    ada = await signed_in(browser, server, "ada", scripts=False)
    ben = await signed_in(browser, server, "ben", scripts=False)
    here = HERE.replace("tiny", "short")
    await ada.goto(here)
    await expect(ada.locator(".steps")).to_contain_text("10 tallies have not come.")
    await ada.get_by_role("button", name="Ask to certify these totals").click()
    await expect(ada.get_by_role("alert")).to_contain_text("10 tallies have not come")
    await expect(ada.locator("#reason-fault")).to_be_visible()
    await ada.fill("#reason", "All boxes were lost at sea.")
    await ada.get_by_role("button", name="Ask to certify these totals").click()
    await ben.goto(here)
    await expect(ben.locator("#asking")).to_contain_text("All boxes were lost at sea.")
    await ben.get_by_role("button", name="Confirm and certify").click()
    await expect(ben.locator("#done")).to_have_text("The results are certified.")


async def test_checks_are_previewed_and_saved_by_keyboard(
    desk: Services, token: str, both: tuple[Page, Page]
) -> None:
    ada, _ = both
    await ada.goto("/admin/elections/tiny/checks")
    assert await look(ada, "checks") == []
    await ada.locator("#duplicate_vector_on").focus()
    await ada.keyboard.press("Space")
    await tab_to(ada, "button", "Preview")
    await ada.keyboard.press("Enter")
    await expect(ada.locator("#done")).to_contain_text("Would quarantine 10 of 10")
    identical = ada.get_by_role("group", name="Identical figures")
    await expect(identical).to_contain_text("identical with those of the precinct")
    await expect(identical).to_contain_text("and 5 more")
    assert await look(ada, "checks-previewed") == []
    await ada.fill("#turnout_tolerance", "-1")
    await ada.get_by_role("button", name="Save").click()
    await expect(ada.locator("#turnout_tolerance-fault")).to_have_text("A whole number from 0 to 100,000.")
    assert await look(ada, "checks-refused") == []
    await ada.fill("#turnout_tolerance", "2")
    await tab_to(ada, "button", "Save")
    await ada.keyboard.press("Enter")
    await expect(ada.locator("#done")).to_have_text("Saved; it stands in the log.")
    settings = await desk.canvass_settings.get("tiny")
    assert settings.checks.duplicate_vector.on and settings.checks.turnout.tolerance == 2
    assert await fits(ada)
    await expect(ada).to_have_url(re.compile("/checks$"))
