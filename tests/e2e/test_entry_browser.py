"""The officer's entry in a real browser, on a real server: typing, reading back, receipts and problems."""

import msgspec
import pytest
from playwright.async_api import Browser, Page, WebSocketRoute, expect

from models.check_settings import CheckSetting, CheckSettings
from quart_app.wiring import Services
from tests.building import FIGURES, a_tally, tiny_election
from tests.e2e.entering import (
    PASSWORD,
    address,
    figures,
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

LET_PASS = "This election does not hold a tally for such a difference."


@pytest.fixture
async def token(desk: Services) -> str:
    """The tiny election, open and released; a token of olga, an officer of all its precincts."""
    await desk.elections.define(tiny_election(is_test=True), opened=True, released=True)
    return await officer(desk)


async def test_an_officer_goes_from_the_list_over_the_form_to_a_receipt(
    server: Server, token: str, page: Page
) -> None:
    await sign_in(page, server)
    await page.get_by_role("link", name="North-1").click()
    await page.get_by_role("link", name="President").click()
    await fill(page)
    balance = page.locator("#balance")
    await expect(balance).to_contain_text("It balances.")
    await page.fill("#undervotes", "5")
    await expect(balance).to_contain_text("2 votes too many.")
    await page.fill("#undervotes", "3")
    await read_back(page)
    await expect(page.get_by_role("row", name="Ada")).to_contain_text("40")
    await expect(page.get_by_text("80 of 80 votes are accounted for.")).to_be_visible()
    assert await tallies_in_log(server) == []
    await page.get_by_role("button", name="Send the tally").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Received and counted")
    (entry,) = await tallies_in_log(server)
    assert entry["votes"] == FIGURES["president"]["votes"]
    await expect(page.locator(".stub")).to_contain_text(str(entry["leaf_hash"]))
    await page.get_by_role("link", name="Next: ").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Council")
    await page.get_by_role("link", name="North-1").click()
    await expect(page.locator(".places")).to_contain_text("Received")
    await expect(page.get_by_text("1 of 2 contests sent")).to_be_visible()


@pytest.mark.parametrize(("typed", "told"), [("", "Fill in 0 if there were none."), ("3.5", "Digits only")])
async def test_what_is_no_count_is_said_at_its_field_and_above_the_form(
    server: Server, token: str, page: Page, typed: str, told: str
) -> None:
    await sign_in(page, server, "north-1", "president")
    await fill(page, **{"votes.ben": typed})
    await page.get_by_role("button", name="Read the figures back").click()
    ben = page.locator('[name="votes.ben"]')
    await expect(ben).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#faults")).to_be_focused()
    await page.locator("#faults a").click()
    await expect(ben).to_be_focused()
    assert told in await page.locator('[id="votes.ben-fault"]').inner_text()
    assert await tallies_in_log(server) == []


@pytest.mark.parametrize("typed", ["٤٠", "４０", "4 0"])
async def test_digits_of_other_scripts_are_understood(
    server: Server, token: str, page: Page, typed: str
) -> None:
    await sign_in(page, server, "north-1", "president")
    await fill(page, **{"votes.ada": typed})
    await expect(page.locator("#balance")).to_contain_text("It balances.")


async def test_what_does_not_balance_is_warned_of_sent_held_and_corrected(
    server: Server, token: str, page: Page
) -> None:
    await sign_in(page, server, "north-1", "president")
    await fill(page, undervotes=9)
    await read_back(page)
    await expect(page.locator(".checks")).to_contain_text("add up to 86, but the ballots make 80.")
    await page.get_by_role("button", name="Send the tally").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Received, and held for review")
    await page.get_by_role("button", name="Correct it").click()
    await page.fill("#undervotes", "3")
    await page.get_by_role("button", name="Read the figures back").click()
    await expect(page.locator("#reason-fault")).to_have_text("Say why the figures change.")
    await page.fill("#reason", "a figure was mistyped")
    await send(page)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Received and counted")
    first, second = await tallies_in_log(server)
    assert (second["supersedes"], second["reason"]) == ([first["seq"]], "a figure was mistyped")


async def test_more_votes_than_ballots_and_more_ballots_than_voters_are_said_while_typing(
    server: Server, token: str, page: Page
) -> None:
    await sign_in(page, server, "north-1", "president")
    await fill(page, ballots_cast=120, **{"votes.ada": 130})
    balance = page.locator("#balance")
    await expect(balance).to_contain_text("120 ballots cast, but only 100 registered voters.")
    await expect(balance).to_contain_text("but only 120 ballots cast.")


async def test_while_typing_it_is_said_what_this_election_holds(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    """Give or take five ballots, however many voters are registered."""
    checks = CheckSettings(balance=CheckSetting(tolerance=5), turnout=CheckSetting(on=False))
    await desk.elections.define(tiny_election(code="lenient", checks=checks), opened=True)
    await desk.officials.add("olga", ["officer"], ["country"], "lenient")
    await sign_in(page, server)
    await page.goto(f"{server.url}/elections/lenient/tally/north-1/president")
    await expect(page.locator("#connection-word")).to_have_text("Connected")
    balance = page.locator("#balance")
    await fill(page, ballots_cast=118, **{"votes.ada": 75})
    await expect(balance).to_contain_text(LET_PASS)
    await expect(balance).not_to_contain_text("registered voters")
    await fill(page, ballots_cast=118, **{"votes.ada": 70})
    await expect(balance).not_to_contain_text(LET_PASS)
    await fill(page, **dict.fromkeys(figures(), 0))
    await read_back(page)
    await expect(
        page.get_by_text("Every count is zero, but there are 100 registered voters.")
    ).to_be_visible()


async def test_what_a_colleague_sent_meanwhile_is_told_and_may_be_corrected(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await sign_in(page, server, "north-1", "president")
    await fill(page)
    await read_back(page)
    await report(desk, await officer(desk, "otto"), a_tally("north-1"))
    await page.get_by_role("button", name="Send the tally").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("This needs you")
    await expect(page.get_by_text("was sent meanwhile")).to_be_visible()
    await page.get_by_role("button", name="Open the figures").click()
    await expect(page.locator("#faults")).to_contain_text("was sent meanwhile")
    await expect(page.locator('[name="votes.ada"]')).to_have_value("40")
    await page.fill("#reason", "counted again")
    await send(page)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Received and counted")
    assert [entry["revision"] for entry in await tallies_in_log(server)] == [1, 2]


async def test_a_tally_whose_receipt_was_lost_is_sent_again_and_recorded_once(
    server: Server, token: str, page: Page
) -> None:
    sent: list[str] = []

    async def lose_the_first_receipt(socket: WebSocketRoute) -> None:
        beyond = socket.connect_to_server()

        def up(message: str | bytes) -> None:
            sent.append(msgspec.json.decode(message).get("ref"))
            beyond.send(message)

        async def down(message: str | bytes) -> None:
            if '"receipt"' in str(message) and len(sent) == 1:
                await socket.close()
            else:
                socket.send(message)

        socket.on_message(up)
        beyond.on_message(down)

    await page.route_web_socket("**/tallies/ws**", lose_the_first_receipt)
    await sign_in(page, server, "north-1", "president")
    await fill(page)
    await send(page)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Received and counted")
    first, second = sent
    assert first == second
    assert len(await tallies_in_log(server)) == 1


async def test_nobody_is_told_that_a_tally_was_sent_before_its_receipt_is_here(
    server: Server, token: str, page: Page
) -> None:
    await sign_in(page, server, "north-1", "president")
    await fill(page)
    await read_back(page)
    server.kill()
    await expect(page.locator("#connection-word")).to_have_text("No connection")
    await page.get_by_role("button", name="Send the tally").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Kept on this device")
    await expect(page.locator("#connection-detail")).to_contain_text("1 tally waits on this device")
    assert "Received" not in await page.locator("#entry").inner_text()
    server.start()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Received and counted")
    assert len(await tallies_in_log(server)) == 1


async def test_what_never_left_the_device_can_be_taken_back(server: Server, token: str, page: Page) -> None:
    await sign_in(page, server, "north-1", "president")
    await fill(page, **{"votes.ada": 41})
    await read_back(page)
    server.kill()
    await expect(page.locator("#connection-word")).to_have_text("No connection")
    await page.get_by_role("button", name="Send the tally").click()
    await page.get_by_role("button", name="Take it back").click()
    await expect(page.locator('[name="votes.ada"]')).to_have_value("41")
    await page.fill('[name="votes.ada"]', "40")
    await send(page)
    server.start()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Received and counted")
    (entry,) = await tallies_in_log(server)
    assert entry["votes"] == FIGURES["president"]["votes"]


async def test_a_wrong_token_is_said_at_its_field_and_the_right_one_stays_in_the_tab(
    server: Server, token: str, page: Page
) -> None:
    await page.goto(address(server))
    await page.get_by_text("Use a token instead").click()
    await page.fill("#token", "ts_wrong")
    await page.get_by_role("button", name="Connect").click()
    await expect(page.locator("#token")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#token-fault")).to_have_text(
        "This token is not known, was revoked or has expired."
    )
    await page.fill("#token", token)
    await page.get_by_role("button", name="Connect").click()
    await expect(page.locator("#connection-word")).to_have_text("Connected")
    await page.reload()
    await expect(page.locator("#connection-word")).to_have_text("Connected")
    assert await page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    await page.get_by_role("button", name="Forget the token").click()
    await expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    assert await page.evaluate("sessionStorage.length") == 0


async def test_a_token_counts_where_somebody_else_is_signed_in(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await desk.officials.add("rita", ["reviewer"], [], "tiny", password=PASSWORD)
    await page.goto(f"{server.url}/login?next=/elections/tiny/tally/north-1/president")
    await page.fill("#username", "rita")
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("who is no officer")).to_be_visible()
    await page.fill("#token", token)
    await page.get_by_role("button", name="Connect").click()
    await expect(page.locator("#connection-detail")).to_contain_text("olga")
    await fill(page)
    await send(page)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Received and counted")


async def test_without_javascript_a_keyboard_is_enough_from_signing_in_to_the_receipt(
    server: Server, token: str, browser: Browser
) -> None:
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 800})
    page = await context.new_page()

    async def to(name: str) -> None:
        """Presses Tab until the control or link of this name has the focus."""
        for _ in range(60):
            await page.keyboard.press("Tab")
            names = await page.locator(":focus").evaluate_all(
                "all => all.flatMap(it => [it.name, it.value, it.innerText.trim()])"
            )
            if name in names:
                return
        pytest.fail(f"no way by keyboard to {name}")

    async def arrived(heading: str) -> None:
        """Waits for the next page: a Tab that is pressed before it is one on the page that leaves."""
        await expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        await page.wait_for_load_state()

    await page.goto(address(server, "north-1", "president"))
    await to("Sign in")
    await page.keyboard.press("Enter")
    await arrived("Sign in")
    await to("username")
    await page.keyboard.type("olga")
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await arrived("President")
    for name, value in figures().items():
        await to(name)
        await page.keyboard.type(str(value))
    await page.keyboard.press("Enter")
    await arrived("Are these the figures?")
    await to("Send the tally")
    await page.keyboard.press("Enter")
    await arrived("Received and counted")
    (entry,) = await tallies_in_log(server)
    assert entry["votes"] == FIGURES["president"]["votes"]
    await context.close()


async def test_what_was_typed_before_the_scripts_came_is_not_lost(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await report(desk, token, a_tally("north-1"))
    await sign_in(page, server, "north-1", "president")
    await page.route("**/tally.js", lambda route: route.abort())
    await page.evaluate(
        "navigator.serviceWorker.getRegistrations().then((all) => all.map((one) => one.unregister()))"
    )
    await page.goto(address(server, "north-1", "president"))
    await page.fill('[name="votes.ada"]', "12")
    source = await page.locator('script[src$="tally.js"]').get_attribute("src")
    await page.unroute("**/tally.js")
    await page.evaluate(
        """(source) => new Promise((done) => {
            const script = document.createElement("script");
            const policy = trustedTypes.createPolicy("test", { createScriptURL: (url) => url });
            script.type = "module";
            script.nonce = document.querySelector("script[nonce]").nonce;
            script.onload = done;
            script.src = policy.createScriptURL(source);
            document.head.append(script);
        })""",
        source,
    )
    await expect(page.locator("#connection-word")).to_have_text("Connected")
    await expect(page.locator('[name="votes.ada"]')).to_have_value("12")
    await expect(page.locator('[name="votes.ben"]')).to_have_value("30")
    await expect(page.locator("#faults")).to_be_hidden()


async def test_the_servers_page_stays_until_there_is_something_in_its_place(
    server: Server, token: str, page: Page
) -> None:
    await sign_in(page, server)
    # Without a heading a screen reader is told of an empty page.
    await page.add_init_script(
        """
        let seen = 0;
        window.bare = 0;
        new MutationObserver(() => {
          const there = document.querySelectorAll("h1").length;
          seen ||= there;
          if (seen && !there) window.bare += 1;
        }).observe(document, { childList: true, subtree: true });
        """
    )
    await page.reload()
    await expect(page.locator("#connection-word")).to_have_text("Connected")
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert await page.evaluate("window.bare") == 0


async def test_the_form_of_one_precinct_of_a_great_many_is_found_by_its_name(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await page.route("**/entry?*", _only_the_first)
    await sign_in(page, server)
    await expect(page.get_by_role("link", name="North-1")).to_be_visible()
    await expect(page.get_by_role("link", name="South-2")).to_be_hidden()
    await page.fill("#search", "south-2")
    await page.get_by_role("link", name="South-2").click()
    await expect(page.get_by_text("0 of 3 contests sent")).to_be_visible()


async def _only_the_first(route: object) -> None:
    url = route.request.url.replace("limit=200", "limit=1")  # type: ignore[attr-defined]
    await route.continue_(url=url)  # type: ignore[attr-defined]


async def test_sending_is_not_offered_twice_while_one_waits(server: Server, token: str, page: Page) -> None:
    await sign_in(page, server, "north-1", "president")
    await fill(page)
    await read_back(page)
    await page.get_by_role("button", name="Send the tally").dblclick()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Received and counted")
    assert len(await tallies_in_log(server)) == 1
    await go(page, server, "north-1", "council")


async def test_a_correction_starts_from_what_a_colleague_sent(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await report(desk, await officer(desk, "otto"), a_tally("north-1"))
    await sign_in(page, server, "north-1", "president")
    await expect(page.locator('[name="votes.ada"]')).to_have_value("40")
    await expect(page.locator("#balance")).to_contain_text("It balances.")
    await expect(page.locator(".already")).to_contain_text("Change the figures that are wrong")
    await page.fill("#reason", "looked at once more")
    await read_back(page)
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Are these the figures?")
    await page.get_by_role("button", name="Send the tally").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Received and counted")
    assert [entry["revision"] for entry in await tallies_in_log(server)] == [1, 2]


async def test_a_receipt_that_is_removed_from_the_device_leaves_the_tally_sent(
    server: Server, token: str, page: Page
) -> None:
    await sign_in(page, server, "north-1", "president")
    await fill(page)
    await send(page)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Received and counted")
    await page.get_by_role("button", name="Remove from this device").click()
    await expect(page.locator(".already")).to_contain_text("Sent already")
    await page.get_by_role("link", name="North-1").click()
    await expect(page.get_by_text("1 of 2 contests sent")).to_be_visible()


async def test_a_full_device_says_that_it_keeps_nothing_and_sends_all_the_same(
    server: Server, token: str, page: Page
) -> None:
    await sign_in(page, server, "north-1", "president")
    await fill(page)
    await read_back(page)
    await page.evaluate(
        """() => {
            IDBObjectStore.prototype.put = function () {
                this.transaction.abort();
            };
        }"""
    )
    await page.get_by_role("button", name="Send the tally").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Received and counted")
    await expect(page.locator("#connection-detail")).to_contain_text("This browser keeps nothing")
    assert len(await tallies_in_log(server)) == 1


async def test_of_two_tabs_that_can_keep_nothing_each_sends_its_own(
    server: Server, token: str, browser: Browser
) -> None:
    context = await browser.new_context()
    await context.add_init_script("Object.defineProperty(globalThis, 'indexedDB', {});")
    await sign_in(await context.new_page(), server, "north-1", "president")
    other = await context.new_page()
    await go(other, server, "north-2", "president")
    await expect(other.locator("#connection-word")).to_have_text("Connected")
    await fill(other)
    await send(other)
    await expect(other.get_by_role("heading", level=1)).to_have_text("Received and counted")


async def test_nothing_of_another_officer_stays_on_the_device(
    server: Server, desk: Services, token: str, page: Page
) -> None:
    await officer(desk, "otto", "south")
    await sign_in(page, server)
    await expect(page.get_by_role("link", name="North-1")).to_be_visible()
    await page.context.clear_cookies()
    await sign_in(page, server, username="otto")
    await expect(page.get_by_role("link", name="South-1")).to_be_visible()
    await expect(page.get_by_role("link", name="North-1")).to_be_hidden()


async def test_a_server_that_is_broken_for_a_moment_asks_nobody_to_sign_in_again(
    server: Server, token: str, page: Page
) -> None:
    await sign_in(page, server)
    await page.route("**/entry?*", lambda route: route.fulfill(status=503, json={"status": 503}))
    await page.goto(address(server, "north-1", "president"))
    await expect(page.locator("#tally")).to_be_visible()
    await expect(page.get_by_role("link", name="Sign in")).to_be_hidden()
