"""What leaves the site: previews of links, pictures, text for consoles, frames and newsrooms' script."""

import asyncio
import html
import io
import re

import msgspec
import pytest
from PIL import Image
from quart.typing import TestClientProtocol as Client
from rich.cells import cell_len

from quart_app.pages import pictures
from quart_app.pages.drawing import Poster, draw
from quart_app.wiring import Services
from tests.building import a_tally, every_tally, tiny_election
from tests.desk import Desk, certify, define
from tests.visitor import HTML


async def text(client: Client, address: str) -> str:
    response = await client.get(address)
    assert response.status_code == 200, address
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    return str(await response.get_data(as_text=True))


async def metas(client: Client, address: str) -> dict[str, str]:
    """What a page tells of itself, by name or property."""
    page = await (await client.get(address, headers=HTML)).get_data(as_text=True)
    found = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', page)
    return {name: html.unescape(content) for name, content in found}


async def links(client: Client, address: str) -> dict[str, str]:
    page = await (await client.get(address, headers=HTML)).get_data(as_text=True)
    found = re.findall(r'<link rel="(canonical|alternate)"(?: hreflang="([^"]+)")? href="([^"]+)">', page)
    return {language or rel: html.unescape(link) for rel, language, link in found}


async def test_a_console_gets_columns_that_stand_below_each_other(client: Client, desk: Desk) -> None:
    await desk.receipts(*every_tally())
    lines = (await text(client, "/elections/tiny.txt")).splitlines()
    table = [line for line in lines if line.startswith(("Ada (BLU)", "Ben (RED)", "Cy"))]
    assert [line.split()[-3:-1] for line in table] == [["160", "52.6%"], ["120", "39.5%"], ["20", "6.6%"]]
    assert len({line.index("%") for line in table}) == 1
    assert all(cell_len(line) <= 80 for line in table)
    assert len(table[0].split()[-1]) > len(table[1].split()[-1]) > len(table[2].split()[-1])


async def test_a_console_is_told_what_the_figures_are_worth(client: Client, house: Services) -> None:
    desk = await define(house, tiny_election(is_test=True))
    await desk.receipts(a_tally())
    said = await text(client, "/elections/tiny/contests/president.txt")
    assert "This is a test, not a real result." in said
    assert "Unofficial results." in said
    assert "In the lead: Ada with 40 votes (52.6%), 10 more than Ben. 1 of 4 precincts reported." in said
    assert "Last change: " in said
    assert "Council" not in said


async def test_text_for_consoles_is_sent_again_only_when_it_changed(client: Client, desk: Desk) -> None:
    first = await client.get("/elections/tiny.txt")
    tag = {"If-None-Match": first.headers["ETag"]}
    assert (await client.get("/elections/tiny.txt", headers=tag)).status_code == 304
    assert (await client.get("/elections/tiny.txt?lang=fr", headers=tag)).status_code == 200
    await desk.receipts(a_tally())
    assert (await client.get("/elections/tiny.txt", headers=tag)).status_code == 200


async def test_nothing_that_leaves_the_site_tells_votes_before_release(client: Client, desk: Desk) -> None:
    await desk.receipts(*every_tally())
    await desk.house.elections.move("tiny", "withhold")
    assert "160" not in await text(client, "/elections/tiny.txt")
    said = await metas(client, "/elections/tiny/contests/president")
    assert "Results are withheld until they are released." in said["description"]
    assert "Ada" not in said["description"]


async def test_a_link_tells_how_the_contest_stands(client: Client, desk: Desk) -> None:
    await desk.receipts(a_tally())
    said = await metas(client, "/elections/tiny/contests/president")
    assert said["og:title"] == "President · A tiny election"
    assert (
        said["description"]
        == said["og:description"]
        == (
            "President. Unofficial results. In the lead: Ada with 40 votes (52.6%), 10 more than Ben. "
            "1 of 4 precincts reported. Open: up to 470 votes are outstanding, the margin is 10."
        )
    )
    assert said["og:url"] == "http://localhost/elections/tiny/contests/president"
    assert said["og:image"].startswith("http://localhost/elections/tiny/contests/president/preview.png?v=")
    assert (said["og:image:width"], said["og:image:height"]) == ("1200", "630")
    assert said["og:image:alt"] == said["description"]
    assert said["twitter:card"] == "summary_large_image"
    assert said["og:locale"] == "en_US"


async def test_a_link_to_the_board_tells_how_far_the_count_is(client: Client, desk: Desk) -> None:
    await desk.receipts(*every_tally())
    said = await metas(client, "/elections/tiny")
    assert "10 of 10 tallies counted. President: In the lead: Ada with 160 votes" in said["description"]
    assert said["og:image"].startswith("http://localhost/elections/tiny/preview.png?v=")


async def test_a_link_to_a_test_says_so_first(client: Client, house: Services) -> None:
    await define(house, tiny_election(is_test=True))
    said = await metas(client, "/elections/tiny")
    assert said["og:title"].startswith("TEST:")
    assert "This is a test, not a real result." in said["description"]


@pytest.mark.parametrize(
    "address", ["/", "/docs", "/elections/tiny", "/elections/tiny/log", "/elections/tiny/units/north"]
)
async def test_every_public_page_has_a_description_and_an_address_of_its_own(
    client: Client, desk: Desk, address: str
) -> None:
    assert 20 < len((await metas(client, address))["description"]) < 300
    found = await links(client, address)
    assert found["canonical"] == f"http://localhost{address}"
    assert found["x-default"] == f"http://localhost{address}"
    assert found["fr"] == f"http://localhost{address}?lang=fr"
    assert (await links(client, f"{address}?lang=fr"))["canonical"] == f"http://localhost{address}?lang=fr"


async def test_pages_of_ones_own_are_not_for_search_engines(client: Client, desk: Desk) -> None:
    said = await metas(client, "/login")
    assert said["robots"] == "noindex"
    assert "og:title" not in said


async def test_two_who_are_elected_or_tied_are_both_named(client: Client, desk: Desk) -> None:
    await desk.receipts(*every_tally())
    said = await metas(client, "/elections/tiny/contests/council")
    assert "In the lead: Dora and Emil." in said["description"]
    await desk.house.elections.move("tiny", "close")
    await certify(desk.house)
    said = await metas(client, "/elections/tiny/contests/council")
    assert "Certified results. Elected: Dora and Emil." in said["description"]


PICTURES = ("/elections/tiny/preview.png", "/elections/tiny/contests/president/preview.png")


async def picture(client: Client, address: str) -> tuple[Image.Image, str]:
    response = await client.get(address)
    assert (response.status_code, response.content_type) == (200, "image/png")
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    return Image.open(io.BytesIO(await response.get_data(as_text=False))), response.headers["ETag"]


def watched(monkeypatch: pytest.MonkeyPatch) -> list[Poster]:
    """What is drawn from now on."""
    drawn: list[Poster] = []

    def drawing(poster: Poster) -> bytes:
        drawn.append(poster)
        return draw(poster)

    monkeypatch.setattr(pictures, "draw", drawing)
    return drawn


@pytest.mark.parametrize("address", PICTURES)
async def test_a_picture_shows_the_figures_of_now(
    client: Client, desk: Desk, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "FRESH_SECONDS", 0)
    before, tag = await picture(client, address)
    assert before.size == (1200, 630)
    await desk.receipts(*every_tally())
    after, newer = await picture(client, address)
    assert newer != tag
    assert before.convert("RGB").tobytes() != after.convert("RGB").tobytes()
    same = await client.get(address, headers={"If-None-Match": newer})
    assert same.status_code == 304


@pytest.mark.parametrize("address", PICTURES)
async def test_a_picture_says_it_in_the_readers_language(client: Client, desk: Desk, address: str) -> None:
    english, tag = await picture(client, address)
    arabic, other = await picture(client, f"{address}?lang=ar")
    assert tag != other
    assert english.convert("RGB").tobytes() != arabic.convert("RGB").tobytes()


async def test_a_picture_of_withheld_results_is_the_same_whoever_leads(
    client: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "FRESH_SECONDS", 0)
    drawn = watched(monkeypatch)
    await desk.receipts(a_tally())
    await desk.house.elections.move("tiny", "withhold")
    for address in PICTURES:
        await picture(client, address)
    assert len(drawn) == 2
    for poster in drawn:
        assert poster.notice
        assert {(line.figure, line.share, line.part, line.mark) for line in poster.lines} == {
            ("–", "–", 0, "")
        }


async def test_a_picture_is_drawn_once_for_all_who_ask_at_the_same_time(
    client: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = watched(monkeypatch)
    await asyncio.gather(*(client.get(PICTURES[1]) for _ in range(20)))
    await client.get(PICTURES[1])
    assert len(drawn) == 1


async def test_a_picture_of_a_test_says_so(client: Client, house: Services) -> None:
    await define(house, tiny_election(is_test=True))
    found, _ = await picture(client, PICTURES[1])
    assert found.convert("RGB").getpixel((1190, 20)) in ((255, 216, 77), (255, 230, 138))


async def test_there_is_no_picture_of_nothing(client: Client, desk: Desk) -> None:
    for address in ("/elections/none/preview.png", "/elections/tiny/contests/none/preview.png"):
        assert (await client.get(address)).status_code == 404


async def test_the_script_is_for_every_site_and_sent_again_only_when_it_changed(client: Client) -> None:
    for address in ("/embed.js", "/embed/fr.json"):
        response = await client.get(address)
        assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "max-age=300" in response.headers["Cache-Control"]
        same = await client.get(address, headers={"If-None-Match": response.headers["ETag"]})
        assert same.status_code == 304


async def test_the_script_gets_the_texts_that_it_says_and_no_others(client: Client) -> None:
    script = await (await client.get("/embed.js")).get_data(as_text=True)
    arabic = await (await client.get("/embed/ar.json")).get_json()
    assert (arabic["language"], arabic["direction"]) == ("ar", "rtl")
    assert all(f't("{text}"' in script for text in arabic["texts"])
    assert (await (await client.get("/embed/xx.json")).get_json())["language"] == "en"


async def test_the_script_needs_nothing_else_and_makes_no_markup_from_text(client: Client) -> None:
    script = str(await (await client.get("/embed.js")).get_data(as_text=True))
    for forbidden in (
        "import ",
        "innerHTML",
        "insertAdjacentHTML",
        "eval(",
        "localStorage",
        "document.cookie",
    ):
        assert forbidden not in script
    assert len(script) < 30_000


async def test_only_the_page_for_frames_can_be_framed(client: Client, desk: Desk) -> None:
    here = "/elections/tiny/contests/president"
    for address, framed in ((f"{here}/embed", "*"), (f"{here}/share", "'none'"), (here, "'none'")):
        response = await client.get(address, headers=HTML)
        assert f"frame-ancestors {framed};" in response.headers["Content-Security-Policy"], address
        assert "X-Frame-Options" not in response.headers


async def test_the_lines_to_copy_hold_names_as_text(client: Client, house: Services) -> None:
    definition = tiny_election()
    first = msgspec.structs.replace(definition.contests[0], name='President "of" <b>all</b>')
    contests = (first, *definition.contests[1:])
    await define(house, msgspec.structs.replace(definition, contests=contests))
    page = await client.get("/elections/tiny/contests/president/share?lang=fr", headers=HTML)
    lines = re.findall(
        r'<code id="[^"]+" translate="no">(.*?)</code>', str(await page.get_data(as_text=True)), re.DOTALL
    )
    script, frame = map(html.unescape, lines)
    assert script == (
        '<script async src="http://localhost/embed.js"></script>\n'
        '<tallystream-contest election="http://localhost/elections/tiny" contest="president" lang="fr">'
        '<a href="http://localhost/elections/tiny/contests/president">'
        "President &#34;of&#34; &lt;b&gt;all&lt;/b&gt;</a></tallystream-contest>"
    )
    assert 'title="President &#34;of&#34; &lt;b&gt;all&lt;/b&gt;"' in frame
    assert 'src="http://localhost/elections/tiny/contests/president/embed?lang=fr"' in frame


async def test_search_engines_are_let_into_what_is_public(client: Client) -> None:
    rules = await text(client, "/robots.txt")
    assert "Disallow: /account" in rules
    assert "Disallow: /elections" not in rules
