"""Problems are said in the language of whoever asks: over HTTP, row by row, in frames and in forms."""

import json
from typing import Any

import pytest
from msgspec.structs import asdict
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.building import a_tally
from tests.desk import Desk, Official, soon
from tests.office import Office
from tests.tongue import speak
from tests.visitor import Visitor

FRENCH = {
    "There is no election %(election)r.": "Aucune élection %(election)r ici.",
    "This address leads nowhere; perhaps there is a mistake in it.": "Rien à cette adresse.",
    "This address does not take this method; the Allow header names those that it takes.": "Pas ainsi.",
    "This kind of content is not taken here; look at its Content-Type.": "Pas ce contenu.",
    "Send JSON, as Content-Type: application/json.": "Envoyez du JSON.",
    "This needs a token (Authorization: Bearer TOKEN) or a session.": "Il faut un jeton ou une session.",
    "This is for %(roles)s; you are signed in as %(username)s (%(own)s).": (
        "Réservé : %(roles)s ; vous êtes %(username)s (%(own)s)."
    ),
    "%(one)s or %(other)s": "%(one)s ou %(other)s",
    "administrator": "administration",
    "registrar": "registre",
    "officer": "bureau",
    "%(field)s: %(fault)s": "%(field)s : %(fault)s",
    "is missing": "manque",
    "must be %(wanted)s, not %(got)s": "doit être %(wanted)s et non %(got)s",
    "a whole number": "un nombre entier",
    "text": "du texte",
    "must be a whole number from 0 to %(most)s": "doit être un nombre entier de 0 à %(most)s",
    "this election has no precinct %(precinct)r": "pas de bureau %(precinct)r ici",
    "this election has no such precinct": "pas de tel bureau ici",
    "The candidate %(code)r": "La candidature %(code)r",
    "There is no candidate %(candidate)r here.": "Aucune candidature %(candidate)r ici.",
    "Choose one.": "Choisissez.",
    "Fill this in.": "À remplir.",
}
SPANISH = {"There is no election %(election)r.": "No existe la elección %(election)r."}
ARABIC = {"There is no election %(election)r.": "لا يوجد انتخاب %(election)r."}
READS_FRENCH = {"Accept-Language": "fr"}


@pytest.fixture(autouse=True)
def speaks(app: Quart) -> None:
    speak(app, fr=FRENCH, es=SPANISH, ar=ARABIC)


@pytest.fixture
async def rita(desk: Desk) -> Official:
    return await desk.official("rita", roles=["registrar"], units=[])


async def problem(client: Client, path: str, method: str = "GET", **more: Any) -> Any:
    headers = {**READS_FRENCH, **more.pop("headers", {})}
    answer = await client.open(path, method=method, scheme="https", headers=headers, **more)
    assert answer.content_type == "application/problem+json"
    return json.loads(await answer.get_data())


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("", "There is no election 'none'."),
        ("de", "There is no election 'none'."),
        ("fr-CA, en;q=0.5", "Aucune élection 'none' ici."),
        ("es", "No existe la elección 'none'."),
        ("ar", "لا يوجد انتخاب 'none'."),
    ],
)
async def test_a_problem_is_said_in_the_language_that_is_asked_for(
    client: Client, language: str, title: str
) -> None:
    found = await problem(client, "/api/v1/elections/none", headers={"Accept-Language": language})
    assert (found["title"], found["code"]) == (title, "unknown-election")


async def test_an_address_decides_before_what_a_browser_asks_for(client: Client) -> None:
    assert (await problem(client, "/api/v1/elections/none?lang=es"))["title"].startswith("No existe")


async def test_what_quart_refuses_by_itself_has_titles_of_ours(client: Client, desk: Desk) -> None:
    assert (await problem(client, "/api/nothing"))["title"] == "Rien à cette adresse."
    assert (await problem(client, "/api/v1/elections", "DELETE"))["title"] == "Pas ainsi."
    form = {"data": b"contest=president", "headers": {"Content-Type": "text/plain"}}
    assert (await problem(client, f"{desk.path}/filings", "POST", **form))["title"] == "Envoyez du JSON."


async def test_who_may_not_enter_is_told_who_may(client: Client, desk: Desk, rita: Official) -> None:
    path = f"{desk.path}/voters"
    assert (await problem(client, path))["title"] == "Il faut un jeton ou une session."
    olga = await desk.official()
    told = await problem(client, path, headers=olga.bearer)
    assert told["title"] == "Réservé : administration ou registre ; vous êtes olga (bureau)."


async def test_a_fault_is_said_at_its_field_and_in_the_title(client: Client, desk: Desk) -> None:
    olga = await desk.official()
    sent = {"data": json.dumps({**asdict(a_tally()), "ballots_cast": "many"}), "headers": olga.bearer}
    told = await problem(client, f"{desk.path}/tallies", "POST", **sent)
    fault = "doit être un nombre entier de 0 à 2\u202f147\u202f483\u202f647"
    assert told["title"] == f"ballots_cast : {fault}"
    assert told["errors"] == [{"field": "ballots_cast", "message": fault, "code": "bad-count"}]


async def test_a_query_that_cannot_be_read_is_told_at_its_field(client: Client, desk: Desk) -> None:
    told = await problem(client, "/api/v1/elections?limit=many")
    assert told["errors"][0]["field"] == "limit"
    assert told["errors"][0]["message"] == "doit être un nombre entier et non du texte"


async def test_rows_that_are_refused_say_why(client: Client, desk: Desk, rita: Official) -> None:
    rows = b"voter_id,first_name,last_name,precinct\nV-1,Vera,Vogel,nowhere\nV-2,,Vogel,north-1\n"
    answer = await client.post(f"{desk.path}/voters", data=rows, headers={**rita.bearer, **READS_FRENCH})
    faults = [item["errors"][0]["message"] for item in json.loads(await answer.get_data())["items"]]
    assert faults == ["pas de bureau 'nowhere' ici", "manque"]


async def test_decisions_on_many_say_why_one_is_refused(client: Client, draft: Office) -> None:
    headers = {**draft.who.bearer, **READS_FRENCH, "Content-Type": "application/json"}
    answer = await client.post(
        "/api/v1/elections/made/candidate-moves",
        data=json.dumps({"codes": ["PHL-9"], "change": "qualify"}),
        headers=headers,
    )
    [item] = json.loads(await answer.get_data())["items"]
    assert item["errors"][0]["message"] == "Aucune candidature 'PHL-9' ici."


async def test_frames_of_a_websocket_say_it_too(client: Client, desk: Desk) -> None:
    olga = await desk.official()
    async with client.websocket(f"{desk.path}/tallies/ws", headers={**olga.bearer, **READS_FRENCH}) as ws:
        await soon(ws.receive())
        await ws.send(json.dumps({**asdict(a_tally("nowhere")), "type": "tally"}))
        told = json.loads(await soon(ws.receive()))
        assert told["type"] == "problem"
        assert told["title"] == "precinct : pas de tel bureau ici"
        assert told["errors"][0]["message"] == "pas de tel bureau ici"


async def test_a_form_says_at_its_fields_what_is_wrong(visitor: Visitor, draft: Office) -> None:
    await visitor.get("/elections/made/file?lang=fr")
    await visitor.post("/elections/made/file?lang=fr", first_name="")
    assert visitor.status == 422
    assert "Choisissez." in visitor.text and "À remplir." in visitor.text
