"""What a real browser makes of our headers: injected scripts do not run, frames and other sites stay out."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, Route, expect

from quart_app.wiring import Services
from tests.building import tiny_election
from tests.e2e.running import Server

INJECTED = """
<script>window.injected = "inline script"</script>
<script nonce="">window.injected = "empty nonce"</script>
<script nonce="guessed">window.injected = "wrong nonce"</script>
<script type="module">window.injected = "module"</script>
<script src="data:text/javascript,window.injected='data'"></script>
<script src="/elections/tiny/log"></script>
<img src="/nothing" onerror="window.injected = 'handler'">
<a id="bait" href="javascript:window.injected = 'address'">bait</a>
<style>body { background: rgb(1, 2, 3) }</style>
<p style="color: rgb(1, 2, 3)" id="styled">styled</p>
<base href="https://elsewhere.example/">
"""


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page that may complain about its policy; `said` holds what it says."""
    made = await browser.new_page()
    yield made


@pytest.fixture(autouse=True)
async def election(desk: Services) -> None:
    await desk.elections.define(tiny_election(), opened=True, released=True)


async def inject(page: Page) -> list[str]:
    """Puts markup into every page that comes, as a hole in a template would; returns what is said of it."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))

    async def with_markup(route: Route) -> None:
        answer = await route.fetch()
        body = (await answer.text()).replace("<main", INJECTED + "<main", 1)
        await route.fulfill(response=answer, body=body)

    await page.route("**/elections/tiny", with_markup)
    return said


async def test_markup_that_gets_into_a_page_runs_nothing_and_the_page_works(
    server: Server, page: Page
) -> None:
    said = await inject(page)
    await page.goto(f"{server.url}/elections/tiny")
    await expect(page.locator("#connection-word")).to_have_text("Live")
    await page.click("#bait")
    assert await page.evaluate("window.injected") is None
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(1, 2, 3)"
    assert await page.evaluate("getComputedStyle(document.getElementById('styled')).color") != "rgb(1, 2, 3)"
    assert (await page.evaluate("document.baseURI")).startswith(server.url)
    assert len([words for words in said if "Content Security Policy" in words]) >= 9, said


async def test_our_own_scripts_cannot_write_markup_from_text(server: Server, page: Page) -> None:
    await page.goto(f"{server.url}/elections/tiny")
    fault = await page.evaluate(
        "() => { try { document.body.innerHTML = '<p>'; return '' } catch (error) { return error.name } }"
    )
    assert fault == "TypeError"


async def test_each_page_has_a_nonce_of_its_own(server: Server, page: Page) -> None:
    nonces = set()
    for _ in range(2):
        answer = await page.goto(f"{server.url}/elections/tiny")
        assert answer is not None
        # The browser shows it to scripts, and hides it from markup and style sheets.
        nonce = await page.evaluate("document.querySelector('script').nonce")
        assert f"'nonce-{nonce}'" in answer.headers["content-security-policy"]
        nonces.add(nonce)
    assert len(nonces) == 2
