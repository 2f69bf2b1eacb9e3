"""Every page over the demo's night: telephone, tablet and desk, light and dark, English and Arabic."""

import asyncio
import contextlib
import itertools
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page

from models.rights import OPERATOR, Role
from quart_app import create_app
from quart_app.access import every_rule
from quart_app.embedded import Engines
from quart_app.settings import load_settings
from quart_app.wiring import Services
from tests.building import tiny_election, unbalanced
from tests.complaining import PDF, filing, picture
from tests.desk import Desk
from tests.e2e.test_admin_browser import CANDIDATES, OF_THE_BROWSER, VOTERS, all_added, rows
from tests.e2e.test_demo import TLS_OFFSET, port_with_a_free_one_behind

PASSWORD = "several words that stay together"
WIDTHS = (360, 768, 1440)
SCHEMES = ("light", "dark")
LANGUAGES = {"en": "ltr", "ar": "rtl"}
SHOTS = os.environ.get("SHOTS")
"""A folder for pictures of every page, for whoever works on them."""

PRECINCTS = 60
DRAFT = "next"
HELD = "held"
READY_SECONDS = 90.0
SOME_TALLIES = 40
FOR_PROGRAMS = ("/api/", "/static/", "/health/", "/openapi.json", "/metrics", "/language/")


@pytest.fixture
async def demo(clean: Engines, tmp_path: Path) -> AsyncIterator[str]:
    """The demo in the middle of its night; its address."""
    port = port_with_a_free_one_behind()
    environ = {
        **os.environ,
        "DATABASE_URL": clean.database_url,
        "REDIS_URL": clean.redis_url,
        "TALLYSTREAM_DATA": str(tmp_path),
        "TALLYSTREAM_REQUESTS_LIMITS": "false",
    }
    command = [sys.executable, "-m", "quart_app", "demo", "--precincts", str(PRECINCTS), "--port", str(port)]
    process = await asyncio.create_subprocess_exec(*command, env=environ, stdout=subprocess.DEVNULL)
    try:
        await asyncio.wait_for(
            _begun(f"http://localhost:{port}/api/v1/elections/demo/results"), READY_SECONDS
        )
        yield f"https://localhost:{port + TLS_OFFSET}"
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def _begun(results: str) -> None:
    """Returns once a few tallies are in."""
    async with httpx.AsyncClient() as client:
        for _ in itertools.count():
            with contextlib.suppress(httpx.TransportError):
                contests = (await client.get(results)).json().get("contests", [])
                if sum(contest["units_reported"] for contest in contests) >= SOME_TALLIES:
                    return
            await asyncio.sleep(0.2)


@pytest.fixture
async def night(demo: str, desk: Services) -> Services:
    """The demo's election, a draft, one with a tally that is held, and ann, who may do everything."""
    await desk.elections.define(tiny_election(code=HELD), opened=True)
    await Desk(desk, HELD).receipts(unbalanced())
    await desk.complaint_filings.file(HELD, filing(unit="north-1"), [])
    await desk.elections.define(tiny_election(code=DRAFT))
    await all_added(desk.candidates.file_many(DRAFT, rows(CANDIDATES), OPERATOR))
    await all_added(desk.registration.register(DRAFT, rows(VOTERS), OPERATOR))
    country = next(
        unit.code for unit in await desk.elections.units("demo", limit=1000) if unit.parent is None
    )
    await desk.complaint_filings.file("demo", filing(unit=country), [picture(), PDF])
    await desk.officials.add("ann", list(Role), [country], "demo", password=PASSWORD)
    return desk


@pytest.fixture
async def context(browser: Browser, demo: str) -> AsyncIterator[BrowserContext]:
    # Without motion: what is on its way from one colour to another is between both.
    made = await browser.new_context(base_url=demo, ignore_https_errors=True, reduced_motion="reduce")
    yield made
    await made.close()


async def sign_in(page: Page) -> None:
    await page.goto("/login")
    await page.fill("#username", "ann")
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("/account$"))


async def addresses(house: Services, *, private: bool) -> list[str]:
    """The address of every page that can be read, out of the application's own routes."""
    night, draft = await _places(house, "demo"), await _places(house, DRAFT)
    held = await _places(house, HELD) | {"seq": await _held(house)}
    found = []
    for rule, access in every_rule(create_app(load_settings({}))):
        if rule.rule.startswith(FOR_PROGRAMS) or rule.websocket or access.public == private:
            continue
        if "GET" in (rule.methods or ()):
            places = draft if rule.rule.startswith("/admin/") else held if "/review" in rule.rule else night
            found.append(re.sub(r"<(?:\w+:)?(\w+)>", lambda name, there=places: there[name[1]], rule.rule))
    return found


_VOTERS = """
    SELECT v.id FROM voters v JOIN elections e ON e.id = v.election_id
    WHERE e.code = :election ORDER BY v.id LIMIT 1
"""


async def _held(house: Services) -> str:
    """The log entry of the tally that waits for a reviewer."""
    queue = "SELECT t.seq FROM tallies t JOIN elections e ON e.id = t.election_id WHERE e.code = :election"
    return str((await Desk(house, HELD).sql(queue, election=HELD))[0].seq)


async def _places(house: Services, election: str) -> dict[str, str]:
    """What stands in the addresses of an election's pages."""
    contest = (await house.elections.contests(election))[0]
    counted = await house.results.precincts(election, contest.code, limit=1)
    precincts = [u.code for u in await house.elections.units(election, limit=1000) if u.kind == "precinct"]
    precinct, seq = (counted[0].precinct, counted[0].seq) if counted else (precincts[0], 1)
    voters = await Desk(house, election).sql(_VOTERS, election=election)
    return {
        "election": election,
        "contest": contest.code,
        "selection": contest.selections[0].code,
        "party": (await house.elections.parties(election))[0].code,
        "unit": precinct,
        "precinct": precinct,
        "seq": str(seq),
        "number": "1",
        "username": "ann",
        "code": CANDIDATES[0]["code"],
        "voter": str(voters[0].id) if voters else "1",
        "tag": "tallies",
    }


class Eyes:
    """Looks at a page at every width, in both schemes, and keeps what is wrong with it."""

    def __init__(self, page: Page, language: str) -> None:
        self._page = page
        self._language = language
        self.wrong: list[str] = []
        page.on("pageerror", lambda error: self.wrong.append(f"{page.url}: {error}"))
        page.on("console", self._hear)

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type == "error" and not said.text.startswith(OF_THE_BROWSER):
            self.wrong.append(f"{self._page.url}: {said.text}")

    async def visit(self, address: str) -> None:
        """Loads the page; what is no page, as a picture, a file or a part of a page, is passed over."""
        answer = await self._page.request.get(address, headers={"Accept": "text/html"})
        assert answer.status == 200, address
        if (await answer.text() if "html" in answer.headers["content-type"] else "").startswith("<!doctype"):
            await self._page.goto(address)
            await self._look(address)

    async def _look(self, name: str) -> None:
        direction = await self._page.evaluate("getComputedStyle(document.documentElement).direction")
        assert direction == LANGUAGES[self._language], name
        for width in WIDTHS:
            await self._page.set_viewport_size({"width": width, "height": 800})
            if not await self._page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
                self.wrong.append(f"{name} {width} {self._language}: must be scrolled sideways")
            for scheme in SCHEMES:
                await self._page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                await self._examine(name, f"{width} {scheme} {self._language}")

    async def _examine(self, name: str, setting: str) -> None:
        violations = (await Axe().run(self._page)).response["violations"]
        for fault in violations:
            self.wrong += [f"{name} {setting}: {fault['id']}: {node['html']}" for node in fault["nodes"]]
        if SHOTS:
            file = f"{name.strip('/').replace('/', '_') or 'home'}-{setting.replace(' ', '-')}.png"
            await self._page.screenshot(path=Path(SHOTS) / file, full_page=True)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
async def test_every_page_is_for_everybody(
    demo: str, night: Services, context: BrowserContext, language: str, private: bool
) -> None:
    await context.add_cookies([{"name": "language", "value": language, "url": demo}])
    page = await context.new_page()
    if private:
        await sign_in(page)
    eyes = Eyes(page, language)
    for address in await addresses(night, private=private):
        await eyes.visit(address)
    assert not eyes.wrong, "\n".join(eyes.wrong)
