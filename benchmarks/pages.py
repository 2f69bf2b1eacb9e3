"""The board as people get it: what Lighthouse says of it, and when its figures can be read on slow 3G.

Allegheny 2024, 33 contests in 1,327 precincts, where the real data is beside the checkout; else a fictional
election of as many precincts.
"""

import contextlib
import functools
import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import msgspec
from playwright.sync_api import Page, sync_playwright

from benchmarks.load.wire import HOST, WrongAnswer
from benchmarks.measuring import OURS, Details, Measured, Row
from benchmarks.stage import Election, Stage, on_hypercorn
from models.fictional import fictional_election
from models.results_file import read_results_file
from quart_app.settings import ROOT

UNIT = "performance of 100"

ALLEGHENY = ROOT.parent / "shared" / "data" / "elections" / "allegheny-2024.csv"
PRECINCTS = 1327

LIGHTHOUSE = "lighthouse@12.8.2"
CATEGORIES = {"speed": "performance", "access": "accessibility", "practice": "best-practices", "seo": "seo"}
CHROME_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu")
SECONDS = 180.0

# Slow 3G as browsers' developers call it: 400 kbit/s, and 400 ms for each request.
SLOW_3G = {
    "offline": False,
    "latency": 400,
    "downloadThroughput": 400_000 / 8,
    "uploadThroughput": 400_000 / 8,
}

# Remembers when the votes of the first choice were painted, and how many bytes had come by then.
WATCH = """
const look = () => {
  const votes = document.querySelector("[data-field=votes]");
  const painted = performance.getEntriesByName("first-contentful-paint")[0];
  if (!(painted && votes && /[0-9]/.test(votes.textContent) && votes.getClientRects().length)) {
    return requestAnimationFrame(look);
  }
  const at = performance.now();
  const loads = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const bytes = loads.filter((load) => load.responseEnd && load.responseEnd <= at);
  window.readable = { at, bytes: bytes.reduce((sum, load) => sum + load.transferSize, 0) };
};
requestAnimationFrame(look);
"""


class Readable(msgspec.Struct, frozen=True):
    """Milliseconds until the first figures were there to be read, and the bytes that had come by then."""

    at: float
    bytes: int


def rows(stage: Stage) -> list[Row]:
    """The board, and one of its contests."""
    if shutil.which("npx") is None or _chromium() is None:
        raise WrongAnswer("the pages are measured with chromium and npx, and one of them is not here")
    election = _election(stage)
    board = f"/elections/{election.code}"
    contest = f"{board}/contests/{election.tallies[0].contest}"
    return [
        Row(name, functools.partial(measure, stage, path))
        for name, path in ((OURS, board), ("contest", contest))
    ]


def _election(stage: Stage) -> Election:
    if ALLEGHENY.exists():
        content = read_results_file(ALLEGHENY.read_bytes(), code="allegheny-2024", name=None, date=None)
        definition, tallies = content.election, tuple(content.tallies)
    else:
        fictional = fictional_election(precincts=PRECINCTS)
        definition, tallies = fictional.definition, fictional.tallies
    election = stage.defined(definition, tallies)
    stage.count(election, tallies)
    return election


def measure(stage: Stage, path: str) -> Measured:
    """Raises WrongAnswer where Lighthouse or the browser do not come to an end."""
    with stage.serving(on_hypercorn(OURS, "asgi:app")) as running, _every_core():
        address = f"http://{HOST}:{running.port}{path}"
        report = _lighthouse(address)
        slow = _on_slow_3g(address)
    details = told(report) | {"slow_3g_ms": slow.at, "slow_3g_kB": slow.bytes / 1000}
    return Measured(details.pop("speed"), details)


@contextlib.contextmanager
def _every_core() -> Iterator[None]:
    """A browser is no load that is measured: whoever reads has a machine of their own."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def told(report: dict[str, Any]) -> Details:
    """Of a report of Lighthouse: scores of 100, bytes of the first view, when it began and was painted."""
    scores = {short: report["categories"][name]["score"] * 100 for short, name in CATEGORIES.items()}
    audits = report["audits"]
    return {
        **scores,
        "all_kB": audits["total-byte-weight"]["numericValue"] / 1000,
        "first_paint_ms": audits["first-contentful-paint"]["numericValue"],
        "last_paint_ms": audits["largest-contentful-paint"]["numericValue"],
    }


def _lighthouse(address: str) -> dict[str, Any]:
    command = (
        *("npx", "--yes", LIGHTHOUSE, address, "--quiet", "--output=json", "--output-path=stdout"),
        *(f"--chrome-flags={' '.join(CHROME_FLAGS)}", f"--only-categories={','.join(CATEGORIES.values())}"),
    )
    environment = {**os.environ, "CHROME_PATH": _chromium() or ""}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=SECONDS, check=True)
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise WrongAnswer(f"Lighthouse did not end: {(error.stderr or b'')[-500:]!r}") from error
    report: dict[str, Any] = msgspec.json.decode(done.stdout)
    return report


def _on_slow_3g(address: str) -> Readable:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=list(CHROME_FLAGS[1:]))
        page = browser.new_page(viewport={"width": 360, "height": 740}, bypass_csp=True)
        try:
            return _readable(page, address)
        finally:
            browser.close()


def _readable(page: Page, address: str) -> Readable:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_3G)
    page.add_init_script(WATCH)
    page.goto(address, wait_until="commit")
    page.wait_for_function("window.readable")
    return msgspec.convert(page.evaluate("window.readable"), Readable, strict=False)


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")
