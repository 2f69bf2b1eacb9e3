"""What a real browser makes of our headers: injected scripts do not run, frames and other sites stay out."""

import asyncio
from collections.abc import AsyncIterator, Callable

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


# ---- cookies ----

PASSWORD = "words that open a door"


async def sign_in(page: Page, url: str) -> None:
    await page.goto(f"{url}/login")
    await page.fill("#username", "olga")
    await page.fill("#password", PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/account")


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
async def test_cookies_are_only_for_this_host_and_out_of_reach_of_scripts(
    server: Server, desk: Services, browser: Browser, tls: bool
) -> None:
    await desk.officials.add("olga", ["administrator"], [], None, password=PASSWORD)
    context = await browser.new_context(ignore_https_errors=True)
    page = await context.new_page()
    # A browser takes this machine's plain port for safe; elsewhere such cookies need HTTPS.
    await sign_in(page, server.tls_url if tls else server.url)
    cookies = await context.cookies()
    assert {cookie["name"] for cookie in cookies} == {"__Host-tallystream", "__Host-tallystream-form"}
    for cookie in cookies:
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")
        assert (cookie["domain"], cookie["path"]) == ("localhost", "/")
    assert await page.evaluate("document.cookie") == ""
    assert PASSWORD not in page.url


# ---- other sites ----

JSON = {"Content-Type": "application/json"}
READ = """async ([url, headers]) => {
  try { return (await fetch(url, { headers })).status } catch { return "refused" }
}"""
WRITE = """async ([url, headers]) => {
  const body = JSON.stringify({});
  try { return (await fetch(url, { method: "POST", headers, body })).status } catch { return "refused" }
}"""


FRAME = """(url) => {
  const frame = document.createElement("iframe");
  frame.src = url;
  document.body.append(frame);
}"""


@pytest.fixture
async def elsewhere(page: Page) -> AsyncIterator[str]:
    """Another site, on which the page is; to a browser, 127.0.0.1 is not localhost."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<body>elsewhere"
        )
        await writer.drain()
        writer.close()

    site = await asyncio.start_server(answer, "127.0.0.1", 0)
    origin = f"http://127.0.0.1:{site.sockets[0].getsockname()[1]}"
    await page.goto(origin)
    yield origin
    site.close()


async def test_another_site_reads_what_is_public_and_nothing_else(
    server: Server, desk: Services, elsewhere: str, page: Page
) -> None:
    api, token = f"{server.url}/api/v1", {"Authorization": "Bearer ts_whatever"}
    known = {"If-None-Match": '"nothing"'}
    for path, headers, found in (
        ("/elections/tiny/results", {}, 200),
        ("/elections/tiny/results", known, 200),
        ("/elections/none", {}, 404),
        ("/elections/tiny/results", token, "refused"),
        ("/sessions", {}, "refused"),
    ):
        assert await page.evaluate(READ, [api + path, headers]) == found, (path, headers)
    assert await page.evaluate(READ, [f"{server.url}/elections/tiny", {}]) == "refused"
    assert await page.evaluate(WRITE, [f"{api}/elections/tiny/tallies", token]) == "refused"
    assert await page.evaluate(WRITE, [f"{api}/sessions", JSON]) == "refused"


async def test_a_site_that_settings_name_may_send_a_token(
    make_server: Callable[..., Server], desk: Services, elsewhere: str, page: Page
) -> None:
    server = make_server(environ={"TALLYSTREAM_REQUESTS_ORIGINS": elsewhere})
    await asyncio.to_thread(server.start)
    headers = {**JSON, "Authorization": "Bearer ts_whatever", "If-Match": '"x"'}
    assert await page.evaluate(WRITE, [f"{server.url}/api/v1/elections/tiny/tallies", headers]) == 401


async def test_our_pages_stand_in_no_frame_of_another_site(
    server: Server, elsewhere: str, page: Page
) -> None:
    async with page.expect_console_message(lambda said: "frame-ancestors" in said.text):
        await page.evaluate(FRAME, f"{server.url}/login")
