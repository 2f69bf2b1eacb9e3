"""An officer at the entry in a browser: signs in, types figures, sends them, looks for the receipt."""

import datetime
from typing import Any

from playwright.async_api import Page, expect

from models.batch import Receipt
from models.submissions import TallySubmission
from quart_app.wiring import Services
from tests.building import FIGURES
from tests.e2e.officers import whole_log
from tests.e2e.running import Server

PASSWORD = "several words that stay together"
COUNTS = ("ballots_cast", "write_ins", "overvotes", "undervotes", "rejected_ballots")


def address(server: Server, *place: str) -> str:
    return "/".join([f"{server.url}/elections/tiny/tally", *place])


async def officer(desk: Services, username: str = "olga", *units: str) -> str:
    """Adds an officer with a password; returns a token of theirs."""
    await desk.officials.add(username, ["officer"], units or ["country"], "tiny", password=PASSWORD)
    return (await desk.credentials.issue_token(username, datetime.timedelta(hours=1))).token


async def report(desk: Services, token: str, *tallies: TallySubmission) -> None:
    """Tallies from elsewhere, while the page is open."""
    answers = await desk.intake.submit("tiny", await desk.credentials.by_token(token), "ws", tallies)
    assert all(isinstance(answer, Receipt) for answer in answers)


async def sign_in(page: Page, server: Server, *place: str, username: str = "olga") -> None:
    """With a password, and on to the entry, which has taken the page over then."""
    await page.goto(address(server, *place))
    await page.get_by_role("link", name="Sign in").click()
    await page.fill("#username", username)
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("#connection-word")).to_have_text("Connected")


def figures(contest: Any = "president", **changes: Any) -> dict[str, Any]:
    known = FIGURES[contest]
    fields = {f"votes.{code}": votes for code, votes in known["votes"].items()}
    return {**fields, **{name: known.get(name, 0) for name in COUNTS}, **changes}


async def fill(page: Page, contest: Any = "president", **changes: Any) -> None:
    for name, value in figures(contest, **changes).items():
        await page.fill(f'[name="{name}"]', str(value))


async def go(page: Page, server: Server, precinct: str, contest: str = "president") -> None:
    await page.goto(address(server, precinct, contest))
    await expect(page.locator("#tally")).to_be_visible()


async def read_back(page: Page) -> None:
    await page.get_by_role("button", name="Read the figures back").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Are these the figures?")


async def send(page: Page) -> None:
    await read_back(page)
    await page.get_by_role("button", name="Send the tally").click()


async def tallies_in_log(server: Server) -> list[dict[str, object]]:
    return [entry for entry in await whole_log(server.url, "tiny") if entry["kind"] == "tally"]


async def installed(page: Page) -> None:
    """Waits until the page opens without a network."""
    await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
