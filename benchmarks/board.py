"""The live board in a browser: what a burst of results costs the page, in per cent of one core.

33 contests stand in all of 1,327 precincts, as many as in Allegheny 2024. Four times a second a precinct
reports all of them, so that every card of the board changes each time.
"""

import asyncio
import functools
import shutil
import time
from collections.abc import Sequence

import httpx
import msgspec
from playwright.async_api import Browser, CDPSession, Page, async_playwright, expect

from benchmarks.busy import Tallies, busy_election
from benchmarks.load.wire import HOST, WrongAnswer
from benchmarks.measuring import OURS, Measured, Row
from benchmarks.stage import Election, Running, Stage, on_hypercorn

UNIT = "% of a core"

SERVER = on_hypercorn(OURS, "asgi:app")
RIGHT_SECONDS = 15.0

# Seconds since the page began, by the name that Chromium gives them.
MAIN_THREAD = {"TaskDuration": "main_%", "ScriptDuration": "script_%", "LayoutDuration": "layout_%"}
PROCESSES = {"renderer": "renderer_%", "GPU": "drawing_%"}


class Size(msgspec.Struct, frozen=True):
    contests: int = 33
    precincts: int = 1_327
    before: int = 40
    """Precincts that have reported when the burst begins."""
    a_second: int = 4
    seconds: int = 60


def rows(stage: Stage, size: Size) -> list[Row]:
    if chromium() is None:
        raise WrongAnswer("the board is measured in chromium, which is not here: apt-get install chromium")
    return [Row(OURS, functools.partial(measure, stage, size))]


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


def measure(stage: Stage, size: Size) -> Measured:
    """Raises WrongAnswer where the board does not show the server's figures in the end."""
    definition, reports = busy_election(size.contests, size.precincts)
    election = stage.defined(definition, tuple(tally for report in reports for tally in report))
    stage.count(election, [tally for report in reports[: size.before] for tally in report])
    burst = reports[size.before : size.before + size.a_second * size.seconds]
    with stage.serving(SERVER, TALLYSTREAM_REQUESTS_LIMITS="false") as running:
        return stage.run(_watched(running, election, burst, size))


async def _watched(running: Running, election: Election, burst: Sequence[Tallies], size: Size) -> Measured:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        await page.goto(f"http://{HOST}:{running.port}/elections/{election.code}")
        await expect(page.locator("#connection-word")).to_have_text("Live")
        of_page = await page.context.new_cdp_session(page)
        await of_page.send("Performance.enable", {"timeDomain": "threadTicks"})
        before, begun = await _used(browser, of_page), time.perf_counter()
        await _report(running, election, burst, size.a_second)
        seconds = time.perf_counter() - begun
        after = await _used(browser, of_page)
        await _check(page, size.before + len(burst))
        await browser.close()
    parts = {name: 100 * (after[name] - before[name]) / seconds for name in before}
    return Measured(parts["renderer_%"], {**parts, "updates/s": len(burst) / seconds})


async def _used(browser: Browser, of_page: CDPSession) -> dict[str, float]:
    """Seconds of a core that the page has used so far, in its main thread and in all of its processes."""
    metrics = {one["name"]: one["value"] for one in (await of_page.send("Performance.getMetrics"))["metrics"]}
    of_browser = await browser.new_browser_cdp_session()
    processes = (await of_browser.send("SystemInfo.getProcessInfo"))["processInfo"]
    by_type = {
        name: sum(process["cpuTime"] for process in processes if process["type"] == kind)
        for kind, name in PROCESSES.items()
    }
    return {**{name: metrics[metric] for metric, name in MAIN_THREAD.items()}, **by_type}


async def _report(running: Running, election: Election, burst: Sequence[Tallies], a_second: int) -> None:
    """One precinct after the other, on the beat."""
    address = f"http://{HOST}:{running.port}{election.path}/tallies"
    async with httpx.AsyncClient(headers=election.bearer) as client:
        begun = time.perf_counter()
        for number, report in enumerate(burst):
            await asyncio.sleep(max(0.0, begun + number / a_second - time.perf_counter()))
            answer = await client.post(
                address, content=msgspec.json.encode(report), headers={"Content-Type": "application/json"}
            )
            if answer.status_code >= 300:
                raise WrongAnswer(f"a tally was refused: {answer.status_code} {answer.text[:200]}")


async def _check(page: Page, reported: int) -> None:
    """Every card has all that was reported, also those out of sight."""
    fields = page.locator(".contest [data-field=units_reported]")
    try:
        for number in range(await fields.count()):
            await expect(fields.nth(number)).to_have_text(f"{reported:,}", timeout=RIGHT_SECONDS * 1_000)
    except AssertionError as error:
        raise WrongAnswer(f"the board does not show {reported} precincts: {error}") from None
