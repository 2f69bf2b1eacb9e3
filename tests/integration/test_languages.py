"""Languages over HTTP: how one is chosen, what says so, and what stays English for programs."""

from collections.abc import AsyncIterator

import msgspec
import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from models.wording import say
from quart_app.languages.asked import COOKIE
from tests.building import a_tally
from tests.desk import Desk
from tests.pseudo import CODE, OPEN, speak_marked
from tests.sockets import said as frame_of
from tests.visitor import HTML, Visitor

ARABIC = {**HTML, "Accept-Language": "ar"}


async def page(client: Client, address: str, **headers: str) -> tuple[str, dict[str, str]]:
    response = await client.get(address, headers={**HTML, **headers})
    assert response.status_code == 200, address
    return str(await response.get_data(as_text=True)), dict(response.headers)


@pytest.fixture
async def marked(app: Quart) -> AsyncIterator[Quart]:
    """The application, in a language too whose texts stand between marks."""
    speak_marked(app)
    yield app


# ---- pages ----


@pytest.mark.parametrize(("code", "direction"), [("en", "ltr"), ("es", "ltr"), ("fr", "ltr"), ("ar", "rtl")])
async def test_a_page_says_its_language_and_direction(
    client: Client, desk: Desk, code: str, direction: str
) -> None:
    text, headers = await page(client, f"/elections/tiny?lang={code}")
    assert f'<html lang="{code}" dir="{direction}">' in text
    assert headers["content-language"] == code
    assert f"/{code}/" in text, "modules are those of the language"


@pytest.mark.parametrize("address", ["/", "/elections/tiny", "/elections/tiny/log", "/login"])
async def test_whoever_keeps_a_page_is_told_what_it_depends_on(
    client: Client, desk: Desk, address: str
) -> None:
    _, headers = await page(client, address)
    vary = {name.strip().lower() for name in headers["vary"].split(",")}
    assert {"accept-language", "cookie"} <= vary


async def test_links_of_a_page_keep_the_language_of_its_address(client: Client, desk: Desk) -> None:
    text, _ = await page(client, "/elections/tiny?lang=fr")
    assert "/elections/tiny/log?lang=fr" in text
    text, _ = await page(client, "/elections/tiny", **{"Accept-Language": "fr"})
    assert "lang=fr" not in text.replace("lang=fr&", "").partition("<footer")[0].partition("</head>")[2]


# ---- the choice ----


async def test_a_choice_is_kept_by_a_cookie_that_scripts_cannot_read(client: Client, desk: Desk) -> None:
    answer = await client.get("/language/ar?next=/elections/tiny", scheme="https")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/elections/tiny")
    cookie = answer.headers["Set-Cookie"]
    for part in (f"{COOKIE}=ar", "Max-Age=31536000", "Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert answer.headers["Cache-Control"] == "private, no-store"
    text = await client.get("/elections/tiny", headers=HTML, scheme="https")
    assert 'lang="ar" dir="rtl"' in str(await text.get_data(as_text=True))


async def test_a_choice_comes_back_to_the_page_with_its_query_and_in_its_language(
    client: Client, desk: Desk
) -> None:
    text, _ = await page(client, "/elections/tiny/log?before=2&lang=fr")
    assert "/language/ar?next=/elections/tiny/log%3Fbefore%3D2" in text


@pytest.mark.parametrize(
    "foreign",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil",
        "javascript:alert(1)",
        "/x\r\ny",
    ],
)
async def test_a_choice_leads_to_no_other_site(client: Client, foreign: str) -> None:
    answer = await client.get("/language/fr", query_string={"next": foreign})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize("code", ["xx", "EN", "en-GB", "..%2F", "%00"])
async def test_a_language_that_nobody_speaks_here_is_not_found(client: Client, code: str) -> None:
    answer = await client.get(f"/language/{code}?next=/", headers=HTML)
    assert answer.status_code == 404
    assert "Set-Cookie" not in answer.headers


# ---- what is said ----


async def test_problems_are_told_in_the_askers_language_and_to_programs_in_english(
    client: Client, marked: Quart
) -> None:
    plain = await (await client.get("/api/v1/elections/none")).get_json()
    assert plain["title"] == "There is no election 'none'."
    told = await (await client.get("/api/v1/elections/none", headers={"Accept-Language": CODE})).get_json()
    assert told["title"].startswith(OPEN)
    assert told["code"] == plain["code"] == "unknown-election"


async def test_problems_in_frames_are_told_in_the_askers_language(
    client: Client, desk: Desk, marked: Quart
) -> None:
    officer = await desk.official()
    for language, mark in (({}, ""), ({"Accept-Language": CODE}, OPEN)):
        headers = {**officer.bearer, **language}
        async with client.websocket(f"{desk.path}/tallies/ws", headers=headers) as ws:
            assert (await frame_of(ws))["type"] == "welcome"
            await ws.send("no JSON at all")
            problem = await frame_of(ws)
            assert problem["type"] == "problem"
            assert problem["title"].startswith(OPEN) == bool(mark), problem


async def test_the_rows_of_a_file_are_refused_in_the_askers_language(
    client: Client, desk: Desk, marked: Quart
) -> None:
    tallies = [{"ref": "r", "precinct": "nowhere", "contest": "president", "votes": {}, "ballots_cast": 0}]
    officer = await desk.official()
    headers = {**officer.bearer, "Accept-Language": CODE}
    answer = await client.post(f"{desk.path}/tallies", json=tallies, headers=headers)
    assert OPEN in str(await answer.get_data(as_text=True))


async def test_a_notice_is_kept_in_the_language_of_whoever_did_it(
    visitor: Visitor, client: Client, marked: Quart
) -> None:
    client.set_cookie("localhost", COOKIE, CODE)
    await visitor.sign_in()
    await visitor.post("/logout")
    assert f"{OPEN}You are signed out." in visitor.text


async def test_a_worded_text_is_plain_text_for_the_database(desk: Desk) -> None:
    word = say("There is no election %(election)r.", election="tiny")
    ((stored, found),) = await desk.sql(
        "SELECT CAST(:word AS text), :word = ANY(:words)", word=word, words=[word]
    )
    assert (stored, found) == ("There is no election 'tiny'.", True)


async def test_what_is_recorded_stays_english_whoever_was_asking(
    client: Client, desk: Desk, marked: Quart
) -> None:
    """The log is one for everybody, and its hashes are over its bytes."""
    officer = await desk.official()
    tally = a_tally("north-1", undervotes=99)
    body = msgspec.to_builtins(tally)
    headers = {**officer.bearer, "Accept-Language": CODE}
    await client.post(f"{desk.path}/tallies", json=[body], headers=headers)
    entries = await (await client.get(f"{desk.path}/log", headers={"Accept-Language": CODE})).get_data()
    assert OPEN.encode() not in entries
    assert not [row for row in await desk.sql("SELECT entry FROM log_entries") if OPEN in str(row)]
    assert not [row for row in await desk.sql("SELECT changes::text FROM audit_entries") if OPEN in str(row)]
