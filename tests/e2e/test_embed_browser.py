"""A contest on a newsroom's page: live under a strict policy, and there where no stream comes through."""

import datetime
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from models.batch import Receipt
from models.submissions import TallySubmission
from quart_app.wiring import Services
from tests.building import a_tally, tiny_election
from tests.e2e.running import Server

# Nothing inline, no markup from text, nothing of other hosts but ours.
POLICY = (
    "default-src 'none'; script-src {host}; connect-src {host}; frame-src {host}; style-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>News</title>
<meta name="viewport" content="width=device-width"><script async src="{host}/embed.js"></script>
<main><h1>News</h1>{body}</main></html>"""
ELEMENT = (
    '<tallystream-contest election="{host}/elections/tiny" contest="{contest}">{inside}</tallystream-contest>'
)

Newsroom = Callable[..., str]


@pytest.fixture
def newsroom(server: Server) -> Iterator[Newsroom]:
    """Puts a page on a site of its own, and returns its address."""
    pages: list[str] = []

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", POLICY.format(host=server.url))
            self.end_headers()
            self.wfile.write(pages[-1].encode())

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    site = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=site.serve_forever, daemon=True).start()

    def publish(body: str, lang: str = "en") -> str:
        pages.append(PAGE.format(host=server.url, lang=lang, body=body))
        return f"http://127.0.0.1:{site.server_port}/"

    yield publish
    site.shutdown()


@pytest.fixture(autouse=True)
async def election(desk: Services) -> None:
    await desk.elections.define(tiny_election(is_test=True), opened=True, released=True)
    await send(desk, a_tally("north-1"), a_tally("north-1", "council"))


async def send(desk: Services, *tallies: TallySubmission) -> None:
    token = await desk.officials.root_officer_token("tiny", datetime.timedelta(hours=1))
    officer = await desk.credentials.by_token(token)
    answers = await desk.intake.submit("tiny", officer, "ws", list(tallies))
    assert all(isinstance(answer, Receipt) for answer in answers)


def element(server: Server, contest: str = "president", inside: str = "") -> str:
    return ELEMENT.format(host=server.url, contest=contest, inside=inside)


async def test_a_contest_is_live_on_a_page_with_a_strict_policy(
    server: Server, desk: Services, page: Page, newsroom: Newsroom
) -> None:
    await page.goto(newsroom(element(server)))
    row = page.get_by_role("row", name="Ada")
    await expect(row).to_contain_text("40")
    await expect(row).to_contain_text("Leads")
    await expect(page.get_by_text("Test election.")).to_be_visible()
    await expect(page.get_by_text("1 of 4 precincts reported")).to_be_visible()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await send(desk, a_tally("north-2"))
    await expect(row).to_contain_text("80")
    await expect(page.get_by_role("link", name="All results")).to_have_attribute(
        "href", f"{server.url}/elections/tiny/contests/president"
    )


async def test_several_contests_share_one_stream(server: Server, page: Page, newsroom: Newsroom) -> None:
    streams: list[str] = []
    page.on("request", lambda request: streams.append(request.url) if "/stream" in request.url else None)
    contests = ("president", "council", "president", "measure")
    await page.goto(newsroom("".join(element(server, contest) for contest in contests)))
    await expect(page.get_by_role("table")).to_have_count(4)
    assert streams == [f"{server.url}/api/v1/elections/tiny/results/stream"]


async def test_what_an_element_shows_can_be_changed(server: Server, page: Page, newsroom: Newsroom) -> None:
    await page.goto(newsroom(element(server)))
    await expect(page.get_by_role("heading", name="President")).to_be_visible()
    await page.locator("tallystream-contest").evaluate("it => it.setAttribute('contest', 'council')")
    await expect(page.get_by_role("heading", name="Council")).to_be_visible()
    await expect(page.get_by_role("heading", name="President")).to_have_count(0)


async def test_figures_come_without_a_stream_too(
    server: Server, desk: Services, page: Page, newsroom: Newsroom
) -> None:
    await page.route("**/results/stream*", lambda route: route.fulfill(status=503))
    await page.goto(newsroom(element(server)))
    await expect(page.get_by_role("row", name="Ada")).to_contain_text("40")
    await expect(page.get_by_text("Updated every 15 seconds")).to_be_visible()
    await send(desk, a_tally("north-2"))
    await expect(page.get_by_role("row", name="Ada")).to_contain_text("80")


async def test_a_link_stands_in_its_place_until_there_are_figures(
    server: Server, browser: Browser, newsroom: Newsroom
) -> None:
    address = newsroom(element(server, inside='<a href="/results">Results of the President</a>'))
    without = await browser.new_page(java_script_enabled=False)
    await without.goto(address)
    await expect(without.get_by_role("link", name="Results of the President")).to_be_visible()
    nowhere = await browser.new_page()
    await nowhere.goto(newsroom(element(server, "nothing", '<a href="/results">Results of nobody</a>')))
    await expect(nowhere.get_by_role("link", name="Results of nobody")).to_be_visible()


async def test_it_reads_from_the_right_where_its_language_does(
    server: Server, page: Page, newsroom: Newsroom
) -> None:
    await page.goto(newsroom(f'<div lang="ar">{element(server)}</div>{element(server, "council")}'))
    articles = page.get_by_role("article")
    await expect(articles).to_have_count(2)
    assert sorted([str(await articles.nth(n).get_attribute("dir")) for n in (0, 1)]) == ["ltr", "rtl"]


async def test_withheld_results_stay_so_on_other_pages(
    server: Server, desk: Services, page: Page, newsroom: Newsroom
) -> None:
    await page.goto(newsroom(element(server)))
    await expect(page.get_by_role("row", name="Ada")).to_contain_text("40")
    await desk.elections.move("tiny", "withhold")
    await expect(page.get_by_text("Results are withheld until they are released.")).to_be_visible()
    await expect(page.get_by_role("row", name="Ada")).not_to_contain_text("40")


async def test_only_what_is_made_for_frames_stands_in_one(
    server: Server, browser: Browser, newsroom: Newsroom
) -> None:
    page = await browser.new_page()
    frame = '<iframe title="President" src="{}/elections/tiny{}"></iframe>'
    here = frame.format(server.url, "/contests/president/embed")
    await page.goto(newsroom(here + frame.format(server.url, "/contests/president")))
    framed = page.frame_locator("iframe").first
    await expect(framed.get_by_role("row", name="Ada")).to_contain_text("40")
    await expect(framed.get_by_text("Live", exact=True)).to_be_visible()
    link = framed.get_by_role("link", name="All results")
    await expect(link).to_have_attribute("target", "_blank")
    await expect(link).to_have_attribute("rel", "noopener")
    await expect(page.frame_locator("iframe").nth(1).get_by_role("row")).to_have_count(0)


async def test_a_frame_shows_its_figures_without_scripts(server: Server, browser: Browser) -> None:
    page = await browser.new_page(java_script_enabled=False)
    await page.goto(f"{server.url}/elections/tiny/contests/president/embed")
    await expect(page.get_by_role("row", name="Ada")).to_contain_text("40")
    await expect(page.get_by_text("Test election.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
async def test_axe_finds_nothing(
    server: Server, browser: Browser, newsroom: Newsroom, scheme: str, width: int
) -> None:
    context = await browser.new_context(
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 800},
        bypass_csp=True,
    )
    page = await context.new_page()
    for address in (
        newsroom(element(server) + element(server, "council")),
        f"{server.url}/elections/tiny/contests/president/share",
        f"{server.url}/elections/tiny/contests/president/embed",
    ):
        await page.goto(address)
        await expect(page.get_by_text("Live", exact=True).first).to_be_visible()
        found = (await Axe().run(page)).response["violations"]
        assert [f"{fault['id']}: {node['html']}" for fault in found for node in fault["nodes"]] == []
        wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, address


async def test_the_lines_are_copied_as_they_stand(server: Server, browser: Browser) -> None:
    context = await browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = await context.new_page()
    await page.goto(f"{server.url}/elections/tiny/contests/president/share")
    await page.get_by_role("button", name="Copy the lines").click()
    await expect(page.get_by_role("status").filter(has_text="Copied.")).to_have_count(1)
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f'<script async src="{server.url}/embed.js"></script>\n<tallystream-contest ')


async def test_an_element_that_is_told_late_what_to_show_begins_then_and_ends_when_it_is_taken_away(
    server: Server, desk: Services, page: Page, newsroom: Newsroom
) -> None:
    await page.add_init_script(
        """window.open_streams = 0;
        window.EventSource = class extends EventSource {
            constructor(...asked) {
                super(...asked);
                window.open_streams += 1;
            }
            close() {
                window.open_streams -= this.readyState === EventSource.CLOSED ? 0 : 1;
                super.close();
            }
        };"""
    )
    await page.goto(newsroom("<tallystream-contest></tallystream-contest>"))
    await page.evaluate(
        """(election) => {
            const element = document.querySelector("tallystream-contest");
            element.setAttribute("contest", "president");
            element.setAttribute("election", "http://[");
            element.setAttribute("election", election);
        }""",
        f"{server.url}/elections/tiny",
    )
    shown = page.locator("tallystream-contest")
    await expect(shown).to_contain_text("52.6%")
    await expect(shown).to_contain_text("Live")
    for _ in range(3):
        await page.evaluate(
            """() => {
                const element = document.querySelector("tallystream-contest");
                element.remove();
                document.querySelector("main").append(element);
            }"""
        )
    await page.evaluate("document.querySelector('tallystream-contest').setAttribute('contest', 'council')")
    await expect(shown).to_contain_text("Dora")
    assert await page.evaluate("open_streams") == 1
    await page.evaluate("document.querySelector('tallystream-contest').remove()")
    await page.wait_for_function("open_streams === 0")
