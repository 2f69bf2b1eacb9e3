"""The live board and the officer's form in a real browser, on a real server."""

import datetime

import msgspec
import pytest
from playwright.async_api import Browser, Page, WebSocketRoute, expect

from models.recording import Receipt
from models.submissions import TallySubmission
from quart_app.wiring import Services
from tests.building import FIGURES, a_tally, every_tally, tiny_election
from tests.e2e.officers import whole_log
from tests.e2e.running import Server


@pytest.fixture
async def token(desk: Services) -> str:
    """The tiny election, open and released; a token of an officer for all its precincts."""
    await desk.elections.define(tiny_election(is_test=True), opened=True, released=True)
    return await desk.officials.root_officer_token("tiny", datetime.timedelta(hours=1))


async def report(desk: Services, token: str, *tallies: TallySubmission) -> None:
    """Tallies from elsewhere, while the page is open."""
    officer = await desk.credentials.by_token(token)
    answers = await desk.intake.submit("tiny", officer, "ws", tallies)
    assert all(isinstance(answer, Receipt) for answer in answers)


async def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


# ---- the board ----


async def test_the_board_shows_new_totals_without_a_reload(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await page.goto(f"{server.url}/elections/tiny")
    president = page.locator("[data-contest=president]")
    await expect(page.locator("#connection-word")).to_have_text("Live")
    await expect(president.locator("[data-field=ballots_cast]")).to_have_text("0")
    await page.evaluate("window.sameLoad = true")

    await report(desk, token, a_tally("north-1"))
    await expect(president.locator("[data-selection=ada]")).to_contain_text("4052.6%")
    await expect(president.locator("[data-field=units_reported]")).to_have_text("1")
    await expect(president.locator("[data-field=turnout]")).to_have_text("80.0%")
    await expect(president.locator("[data-selection=ada] rect")).to_have_attribute("width", "52.6%")

    turned = {"ada": 0, "ben": 70, "cy": 5}
    await report(desk, token, a_tally("south-1", votes=turned))
    await expect(president.locator("[data-selection]").first).to_contain_text("Ben")
    await expect(page.locator("#reported-sum")).to_have_text("2")
    assert await page.evaluate("window.sameLoad")
    assert await fits(page)


async def test_the_board_ends_with_the_figures_of_the_server_after_a_whole_night(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await page.goto(f"{server.url}/elections/tiny")
    await expect(page.locator("#connection-word")).to_have_text("Live")
    for tally in every_tally():
        await report(desk, token, tally)
    await expect(page.locator("#overall")).to_have_text("Unofficial, complete")
    await expect(page.locator("#reported-sum")).to_have_text("10")
    live = await page.locator(".contests").inner_text()
    await page.reload()
    assert await page.locator(".contests").inner_text() == live
    await desk.elections.move("tiny", "close")
    await desk.elections.move("tiny", "certify")
    await expect(page.locator("#overall")).to_have_text("Certified")


async def test_the_board_says_that_the_connection_is_lost_and_comes_back_by_itself(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await page.goto(f"{server.url}/elections/tiny")
    await expect(page.locator("#connection-word")).to_have_text("Live")
    server.kill()
    await expect(page.locator("#connection-word")).to_have_text("Connection lost")
    await report(desk, token, a_tally("north-1"))
    server.start()
    await expect(page.locator("#connection-word")).to_have_text("Live")
    await expect(page.locator("[data-contest=president] [data-field=ballots_cast]")).to_have_text("80")


async def test_withheld_results_appear_on_an_open_board_when_they_are_released(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await report(desk, token, a_tally("north-1"))
    await desk.elections.move("tiny", "withhold")
    await page.goto(f"{server.url}/elections/tiny")
    ada = page.locator("[data-contest=president] [data-selection=ada] [data-field=votes]")
    await expect(page.locator("#withheld")).to_be_visible()
    await expect(ada).to_have_text("–")
    await desk.elections.move("tiny", "release")
    await expect(ada).to_have_text("40")
    await expect(page.locator("#withheld")).to_be_hidden()


async def test_a_contest_page_says_that_newer_tallies_are_in(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await page.goto(f"{server.url}/elections/tiny/contests/president")
    await expect(page.locator("#connection-word")).to_have_text("Live")
    await report(desk, token, a_tally("north-1"))
    await page.get_by_text("Newer tallies are in").click()
    await expect(page.get_by_role("rowheader", name="North-1")).to_be_visible()
    assert await fits(page)


async def test_the_numbers_are_there_without_javascript(
    server: Server, desk: Services, token: str, browser: Browser
) -> None:
    await report(desk, token, a_tally("north-1"))
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{server.url}/elections/tiny")
    await expect(page.locator("[data-contest=president] [data-selection=ada]")).to_contain_text("4052.6%")
    assert "load it again for newer figures" in await page.locator("noscript").inner_html()
    await expect(page.locator("noscript")).to_be_visible()
    await page.goto(f"{server.url}/elections/tiny/tally")
    assert "This form needs JavaScript" in await page.locator("noscript").inner_html()


# ---- the officer's form ----


async def open_form(page: Page, server: Server, token: str) -> None:
    await page.goto(f"{server.url}/elections/tiny/tally")
    await page.fill("#token", token)
    await page.click("#sign-in button")
    await expect(page.locator("#tally")).to_be_visible()


async def fill(page: Page, precinct: str = "north-1", contest: str = "president", **changes: int) -> None:
    await page.select_option("#precinct", precinct)
    await page.select_option("#contest", contest)
    figures = FIGURES[contest]
    counts = ("ballots_cast", "write_ins", "overvotes", "undervotes", "rejected_ballots")
    fields = {f"votes.{code}": votes for code, votes in figures["votes"].items()}
    fields |= {name: figures.get(name, 0) for name in counts}
    for name, value in {**fields, **changes}.items():
        await page.fill(f'[name="{name}"]', str(value))


async def tallies_in_log(server: Server) -> list[dict[str, object]]:
    return [entry for entry in await whole_log(server.url, "tiny") if entry["kind"] == "tally"]


async def test_an_officer_sends_a_tally_and_gets_its_receipt(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await open_form(page, server, token)
    await fill(page)
    await expect(page.locator("#balance")).to_contain_text("It balances.")
    await page.fill("#undervotes", "5")
    await expect(page.locator("#balance")).to_contain_text("It does not balance: 2 too many.")
    await page.fill("#undervotes", "3")
    await page.click("#send")
    receipt = page.locator("#receipt")
    await expect(receipt).to_contain_text("Accepted: entry 4, revision 1.")
    (entry,) = await tallies_in_log(server)
    assert entry["votes"] == FIGURES["president"]["votes"]
    await expect(receipt).to_contain_text(str(entry["leaf_hash"]))
    await expect(page.locator("#sent-rows tr")).to_have_count(1)
    assert await fits(page)


async def test_a_problem_is_shown_at_its_field(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await open_form(page, server, token)
    await fill(page, **{"votes.ben": 3_000_000_000})
    await page.click("#send")
    ben = page.locator('[name="votes.ben"]')
    await expect(ben).to_have_attribute("aria-invalid", "true")
    await expect(ben).to_be_focused()
    await expect(ben).to_have_accessible_description("must be a whole number from 0 to 2,147,483,647")
    await ben.fill("30")
    await page.click("#send")
    await expect(page.locator("#receipt")).to_contain_text("Accepted")


async def test_an_empty_field_is_asked_for_and_nothing_is_sent(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await open_form(page, server, token)
    await fill(page)
    await page.fill("#write_ins", "")
    await page.click("#send")
    await expect(page.locator("#write_ins")).to_have_accessible_description("Fill in 0 if there were none.")
    assert await tallies_in_log(server) == []


async def test_a_tally_that_does_not_balance_is_sent_held_and_corrected(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await open_form(page, server, token)
    await fill(page, undervotes=9)
    await page.click("#send")
    await expect(page.locator("#receipt")).to_contain_text("Held for review: entry 4, revision 1. balance:")
    await page.fill("#undervotes", "3")
    await page.fill("#reason", "a figure was mistyped")
    await page.click("#send")
    await expect(page.locator("#receipt")).to_contain_text("Accepted: entry 5, revision 2.")
    first, second = await tallies_in_log(server)
    assert (second["supersedes"], second["reason"]) == ([first["seq"]], "a figure was mistyped")


async def test_who_sends_what_is_there_already_may_correct_it_with_a_reason(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await report(desk, token, a_tally("north-1"))
    await open_form(page, server, token)
    await fill(page)
    await page.click("#send")
    await expect(page.locator("#revision")).to_have_value("2")
    await page.click("#send")
    await expect(page.locator("#reason")).to_have_accessible_description("a correction needs a reason")
    await page.fill("#reason", "counted again")
    await page.click("#send")
    await expect(page.locator("#receipt")).to_contain_text("Accepted: entry 5, revision 2.")


async def test_a_tally_whose_receipt_was_lost_is_sent_again_and_recorded_once(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    sent: list[str] = []

    async def lose_the_first_receipt(socket: WebSocketRoute) -> None:
        beyond = socket.connect_to_server()

        def up(message: str | bytes) -> None:
            sent.append(msgspec.json.decode(message).get("ref"))
            beyond.send(message)

        async def down(message: str | bytes) -> None:
            if '"receipt"' in str(message) and len(sent) == 2:
                await socket.close()
            else:
                socket.send(message)

        socket.on_message(up)
        beyond.on_message(down)

    await page.route_web_socket("**/tallies/ws", lose_the_first_receipt)
    await open_form(page, server, token)
    await fill(page)
    await page.click("#send")
    await expect(page.locator("#receipt")).to_contain_text("Accepted: entry 4, revision 1.")
    hello, first, hello_again, second = sent
    assert (hello, hello_again) == (None, None)
    assert first == second
    assert len(await tallies_in_log(server)) == 1


async def test_a_tally_sent_while_the_server_is_away_arrives_when_it_is_back(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await open_form(page, server, token)
    await fill(page)
    server.kill()
    await expect(page.locator("#connection-word")).to_have_text("Connection lost")
    await page.click("#send")
    await expect(page.locator("#sent-rows")).to_contain_text("No receipt yet.")
    server.start()
    await expect(page.locator("#sent-rows")).to_contain_text("Accepted: entry 4, revision 1.")
    assert len(await tallies_in_log(server)) == 1


async def test_a_wrong_token_is_said_at_its_field_and_the_right_one_stays_in_the_tab(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await page.goto(f"{server.url}/elections/tiny/tally")
    await page.fill("#token", "ts_wrong")
    await page.click("#sign-in button")
    await expect(page.locator("#token")).to_have_accessible_description(
        "This token is not known, was revoked or has expired."
    )
    await open_form(page, server, token)
    await page.reload()
    await expect(page.locator("#tally")).to_be_visible()
    assert await page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    await page.click("#sign-out")
    await expect(page.locator("#tally")).to_be_hidden()
    await page.reload()
    await expect(page.locator("#sign-in")).to_be_visible()
