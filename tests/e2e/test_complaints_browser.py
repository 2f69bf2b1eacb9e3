"""Complaints in a real browser: filed on a telephone, followed, and decided at a desk that hears of it."""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, expect

from models.complaints import ComplaintDecision
from models.editions import edition
from models.rights import Role
from quart_app.wiring import Services
from tests.building import tiny_election
from tests.complaining import filing, picture
from tests.desk import administrator
from tests.e2e.running import Server
from tests.e2e.test_admin_browser import OF_THE_BROWSER, PASSWORD, sign_in

HERE = "/elections/tiny/complaints"
DESK = f"{HERE}/desk"
SHOTS = os.environ.get("SHOTS")
MOST_BYTES = 100_000


@pytest.fixture
async def tiny(desk: Services) -> Services:
    """The tiny election, and rita, who sees to complaints."""
    await desk.elections.define(tiny_election(is_test=True), opened=True, released=True)
    await desk.officials.add("rita", [Role.REVIEWER], [], "tiny", password=PASSWORD)
    return desk


@pytest.fixture
async def telephone(browser: Browser, server: Server, tiny: Services) -> AsyncIterator[Page]:
    """Whose scripts must not fail, nor want what its policy forbids."""
    context = await _context(browser, server)
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    yield page
    assert [fault for fault in faults if not fault.startswith(OF_THE_BROWSER)] == []
    await context.close()


@pytest.fixture
async def office(browser: Browser, server: Server, tiny: Services) -> AsyncIterator[Page]:
    """A desk's screen at which rita has signed in."""
    context = await _context(browser, server, width=1280)
    page = await context.new_page()
    await sign_in(page, "rita")
    yield page
    await context.close()


async def _context(
    browser: Browser, server: Server, width: int = 360, *, scripts: bool = True
) -> BrowserContext:
    return await browser.new_context(
        base_url=server.tls_url,
        ignore_https_errors=True,
        viewport={"width": width, "height": 800},
        reduced_motion="reduce",
        java_script_enabled=scripts,
    )


async def _fill(page: Page) -> None:
    await page.goto(HERE)
    await page.get_by_label("What it is about").select_option("access")
    await page.get_by_label("As whom you complain").select_option("voter")
    await page.get_by_label(re.compile("^Place")).fill("North-1")
    await page.get_by_label("What happened").fill("The ramp is blocked.\nNobody moves the crates.")


def _photo(name: str = "ramp.jpg", content: bytes | None = None) -> list[dict[str, object]]:
    return [{"name": name, "mimeType": "image/jpeg", "buffer": content or picture("JPEG")}]


async def _send(page: Page) -> None:
    await page.get_by_role("button", name="File the complaint").click()


async def test_a_picture_is_filed_on_a_telephone_seen_at_the_desk_at_once_decided_and_read_by_everybody(
    telephone: Page, office: Page
) -> None:
    await office.goto(DESK)
    await expect(office.locator("#connection-word")).to_have_text("Live")
    await _fill(telephone)
    await telephone.set_input_files("#attachments", _photo())  # type: ignore[arg-type]
    await _send(telephone)
    await expect(telephone.get_by_role("heading", name="Your complaint is filed")).to_be_focused()
    code = await telephone.locator("#code").inner_text()
    await telephone.get_by_role("link", name="See how it stands").click()
    await expect(telephone.locator(".marks")).to_have_text("Filed")

    await expect(office.get_by_role("link", name="Complaint 1: access")).to_be_visible()
    await expect(office.locator("#news")).to_have_text("A complaint has come in: number 1.")
    await office.get_by_role("link", name="Complaint 1: access").click()
    async with office.expect_download() as download:
        await office.get_by_role("link", name="File 1").click()
    assert (await download.value).suggested_filename == "complaint-1-1.jpg"
    await office.get_by_role("button", name="Take under review").click()
    await office.get_by_label("Outcome").fill("The ramp is free again.")
    await office.get_by_label("Reason").fill("The judge confirmed it.")
    await office.get_by_role("button", name="Uphold the complaint").click()
    await expect(office.locator("#done")).to_contain_text("The complaint is upheld.")

    await telephone.reload()
    await expect(telephone.locator("main")).to_contain_text("The ramp is free again.")
    await telephone.get_by_label("Secret code").fill(code.lower())
    await telephone.keyboard.press("Enter")
    await expect(telephone.locator("main")).to_contain_text("Nobody moves the crates.")
    await expect(telephone.locator("main")).not_to_contain_text("The judge confirmed it.")


async def test_a_file_that_is_too_large_is_told_of_before_it_is_sent(telephone: Page, tiny: Services) -> None:
    await _fill(telephone)
    await telephone.set_input_files("#attachments", _photo("huge.jpg", b"x" * 6_000_000))  # type: ignore[arg-type]
    await expect(telephone.locator("#attachments-said")).to_contain_text("is larger than 5 MB")
    await _send(telephone)
    await expect(telephone.locator("#attachments")).to_be_focused()
    assert await tiny.complaints.newest("tiny") == []
    await telephone.set_input_files("#attachments", _photo())  # type: ignore[arg-type]
    await expect(telephone.locator("#attachments-said")).to_be_empty()
    await _send(telephone)
    await expect(telephone.locator("#code")).to_be_visible()


async def test_the_keyboard_stays_where_it_was_while_the_list_changes_below_it(
    office: Page, tiny: Services
) -> None:
    for text in ("The first.", "The second."):
        await tiny.complaint_filings.file("tiny", filing(text=text))
    await office.goto(DESK)
    await office.locator("[data-number='2']").focus()
    await tiny.complaint_filings.file("tiny", filing(text="The third."))
    await expect(office.locator("[data-number='3']")).to_be_visible()
    await expect(office.locator("[data-number='2']")).to_be_focused()


async def test_whoever_reads_a_complaint_is_told_that_a_colleague_was_faster(
    office: Page, tiny: Services
) -> None:
    await tiny.complaint_filings.file("tiny", filing())
    await office.goto(f"{DESK}/1")
    read = edition(await tiny.complaint_desk.get("tiny", 1))
    ada = await administrator(tiny, "ada")
    await tiny.complaint_desk.decide("tiny", 1, ComplaintDecision(change="review"), read, ada)
    await expect(office.locator("#changed")).to_contain_text("Somebody has changed this complaint")
    await office.get_by_role("button", name="Take under review").click()
    await expect(office.get_by_role("alert")).to_contain_text("The complaint 1 is under review")
    await expect(office.locator("main")).to_contain_text("Assigned: ada")


async def test_without_scripts_it_is_filed_followed_and_taken_back(
    browser: Browser, server: Server, tiny: Services
) -> None:
    context = await _context(browser, server, scripts=False)
    page = await context.new_page()
    await _fill(page)
    await page.get_by_label("Your e-mail").fill("wilma")
    await _send(page)
    await expect(page.locator(".problem")).to_contain_text("Your e-mail")
    await page.get_by_label("Your e-mail").fill("wilma@example.org")
    await _send(page)
    code = await page.locator("#code").inner_text()
    await page.get_by_role("link", name="See how it stands").click()
    await page.get_by_label("Secret code").fill(code)
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Take the complaint back").click()
    await expect(page.locator("#done")).to_have_text("You have taken the complaint back.")
    await expect(page.locator(".marks")).to_have_text("Withdrawn")
    await context.close()


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_every_page_of_complaints_is_for_everybody_and_small(
    office: Page, tiny: Services, language: str
) -> None:
    filed = await tiny.complaint_filings.file("tiny", filing(unit="north-1"), [picture()])
    places = [HERE, f"{HERE}/1", DESK, f"{DESK}?status=all&unit=nowhere", f"{DESK}/1"]
    for place in places:
        address = f"{place}{'&' if '?' in place else '?'}lang={language}"
        answer = await office.request.get(address, headers={"Accept": "text/html"})
        assert len(await answer.body()) < MOST_BYTES, place
        await office.goto(address)
        await _looked_at(office, f"{place}-{language}")
    await office.goto(f"{HERE}/1?lang={language}")
    await office.locator("#code").fill(filed.code)
    await office.keyboard.press("Enter")
    await expect(office.locator("#own")).to_be_visible()
    await _looked_at(office, f"own-{language}")


async def _looked_at(page: Page, name: str) -> None:
    for width in (360, 1280):
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            violations = (await Axe().run(page)).response["violations"]
            faults = [f"{one['id']}: {node['html']}" for one in violations for node in one["nodes"]]
            assert not faults, (name, width, scheme, faults)
            if SHOTS:
                file = f"{re.sub(r'[^a-z0-9]+', '_', name)}-{width}-{scheme}.png"
                await page.screenshot(path=Path(SHOTS) / file, full_page=True)
