"""Until results are released the public sees who has reported, and no votes anywhere (DOMAIN.md)."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from quart_app.access import every_rule
from quart_app.wiring import Services
from tests.building import a_tally, tiny_election, unbalanced
from tests.desk import Desk, define, soon
from tests.streams import Stream
from tests.visitor import HTML

# Votes with so many digits that no time and no hash holds them by chance: one glance at any answer
# shows whether they leak.
SECRET = 1_234_567_891


@pytest.fixture
async def withheld(house: Services) -> Desk:
    registered = dict.fromkeys(("north-1", "north-2", "south-1", "south-2"), 2_000_000_000)
    desk = await define(house, tiny_election(registered=registered), released=False)
    figures: dict[str, Any] = {"overvotes": 0, "undervotes": 0, "write_ins": 0}
    votes = {"ada": SECRET, "ben": 0, "cy": 0}
    await desk.receipts(a_tally(votes=votes, ballots_cast=SECRET, **figures), unbalanced("north-2"))
    return desk


PUBLIC = [
    "results",
    "contests/president/results",
    "contests/president/results?unit=north",
    "contests/president/results?unit=north-1",
    "contests/president/units",
    "contests/president/map?level=precincts",
    "contests/president/map.csv?level=precincts",
    "progress",
    "progress.csv",
    "contests/president/integrity.csv",
    "units/north/place",
    "units/north/place.csv",
    "units/north-1/tallies",
    "units/north-1/tallies.csv",
    "log",
    "results.csv",
    "contests/president/results.csv",
    "contests/president/results.csv?unit=north-1",
    "contests/president/units.csv",
    "contests/president/history.csv",
    "units/north/results",
    "units/north-1/results.csv",
    "log.csv",
]


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize("hot", [True, False])
async def test_no_answer_to_the_public_holds_a_vote(
    withheld: Desk, client: Client, path: str, hot: bool
) -> None:
    await client.get(f"{withheld.path}/results")
    response = await client.get(f"{withheld.path}/{path}", headers={} if hot else {"Cookie": "a=b"})
    body = await response.get_data(as_text=True)
    assert response.status_code == 200
    assert str(SECRET) not in body
    assert '"ada"' not in body or '"votes":null' in body


async def test_the_public_sees_how_many_precincts_have_reported(withheld: Desk, client: Client) -> None:
    response = await client.get(f"{withheld.path}/contests/president/results")
    found = await response.get_json()
    assert (found["units_reported"], found["units_expected"], found["released"]) == (1, 4, False)
    assert {selection["votes"] for selection in found["selections"]} == {None}


async def test_streams_to_the_public_hold_no_vote(withheld: Desk, client: Client) -> None:
    async with (
        Stream(client, f"{withheld.path}/results/stream") as results,
        Stream(client, f"{withheld.path}/log/stream") as log,
    ):
        await results.events(3, "results")
        entries = await log.events(4, "entry")
        votes = {"ada": SECRET + 1, "ben": 0, "cy": 0}
        zeros = {"overvotes": 0, "undervotes": 0, "write_ins": 0}
        await withheld.receipts(a_tally("south-1", votes=votes, ballots_cast=SECRET + 1, **zeros))
        assert (await results.event("results")).data["units_reported"] == 2
        entries += [await log.event("entry")]
        assert b"12345678" not in results.raw + log.raw
        tallies = [entry.data for entry in entries if entry.data["kind"] == "tally"]
        assert all(
            entry.keys() == {"seq", "at", "kind", "is_test", "withheld", "leaf_hash"} for entry in tallies
        )


async def test_a_websocket_to_the_public_holds_no_vote(withheld: Desk, client: Client) -> None:
    async with client.websocket(f"{withheld.path}/results/ws") as ws:
        await ws.send('{"type": "subscribe", "contests": ["president"]}')
        assert str(SECRET) not in str(await soon(ws.receive()))
        for unit in ("", ', "unit": "north"', ', "unit": "north-1"'):
            await ws.send('{"type": "count", "contest": "president", "selection": "ada"' + unit + "}")
            answer = json.loads(await soon(ws.receive()))
            assert (answer["type"], answer["votes"]) == ("count", None)


@pytest.mark.parametrize("role", ["administrator", "reviewer", "auditor"])
async def test_staff_see_the_votes_and_no_cache_keeps_them(withheld: Desk, client: Client, role: str) -> None:
    staff = await withheld.official("anna", roles=[role])
    await client.get(f"{withheld.path}/results")
    for path in PUBLIC:
        response = await client.get(f"{withheld.path}/{path}", headers=staff.bearer)
        assert str(SECRET) in await response.get_data(as_text=True), path
        assert response.headers["Cache-Control"] == "private, no-store", path
        assert "ETag" not in response.headers
    async with (
        Stream(client, f"{withheld.path}/results/stream?contest=president", staff.bearer) as results,
        Stream(client, f"{withheld.path}/log/stream?after=2", staff.bearer) as log,
        client.websocket(f"{withheld.path}/results/ws", headers=staff.bearer) as ws,
    ):
        assert (await results.event("results")).data["selections"][0]["votes"] == SECRET
        assert (await log.event("entry")).data["votes"]["ada"] == SECRET
        await ws.send('{"type": "count", "contest": "president", "selection": "ada"}')
        assert json.loads(await soon(ws.receive()))["votes"] == SECRET


@pytest.mark.parametrize("role", ["officer", "registrar"])
async def test_other_officials_see_no_more_than_the_public(withheld: Desk, client: Client, role: str) -> None:
    official = await withheld.official("otto", roles=[role])
    for path in PUBLIC:
        response = await client.get(f"{withheld.path}/{path}", headers=official.bearer)
        assert str(SECRET) not in await response.get_data(as_text=True), path


async def test_a_release_shows_everything_to_those_who_watch_already(withheld: Desk, client: Client) -> None:
    async with Stream(client, f"{withheld.path}/results/stream?contest=president") as stream:
        assert (await stream.event("results")).data["released"] is False
        await withheld.house.elections.move("tiny", "release")
        event = await stream.event("results")
        assert (event.data["released"], event.data["selections"][0]["votes"]) == (True, SECRET)
        await withheld.house.elections.move("tiny", "withhold", "an error in the list")
        event = await stream.event("results")
        assert (event.data["released"], event.data["selections"][0]["votes"]) == (False, None)
    log = await client.get(f"{withheld.path}/log")
    assert str(SECRET) not in await log.get_data(as_text=True)


PLACES = {"election": "tiny", "contest": "president", "unit": "north-1", "precinct": "north-1"}
ASKED = (
    "",
    "?unit=north",
    "?unit=north-1",
    "?by=margin&level=precincts&words=1",
    "?by=turnout",
    "?show=close",
)


def open_to_all(app: Quart) -> Iterator[str]:
    """Addresses below an election that everybody may read, whichever part of the program they are of."""
    for rule, access in every_rule(app):
        known = access.public and "GET" in (rule.methods or ()) and not rule.websocket
        if known and "election" in rule.arguments <= PLACES.keys() and "stream" not in rule.rule:
            address = re.sub(r"<(?:\w+:)?(\w+)>", lambda name: PLACES[name[1]], rule.rule)
            yield from (f"{address}{query}" for query in ASKED)


async def test_what_was_kept_while_results_were_released_is_shown_to_nobody_after_it(
    withheld: Desk, app: Quart, client: Client
) -> None:
    async def read(address: str, **headers: str) -> tuple[str, str]:
        kind = {} if address.startswith("/api/") else HTML
        response = await client.get(address, headers={**kind, **headers})
        body = await response.get_data(as_text=False)
        # Figures of every language: what groups their digits is left out.
        return re.sub(r"(?<=\d)[\W_]+(?=\d)", "", body.decode(errors="replace")), response.headers.get(
            "ETag", ""
        )

    await withheld.house.elections.move("tiny", "release")
    shown = {address: await read(address) for address in open_to_all(app)}
    assert sum(str(SECRET) in body for body, _ in shown.values()) > 50
    await withheld.house.elections.move("tiny", "withhold", "an error in the list")
    for address, (before, tag) in shown.items():
        after, _ = await read(address)
        assert str(SECRET) not in after, address
        if str(SECRET) in before and tag:
            assert (await read(address, **{"If-None-Match": tag}))[0] != "", address


async def test_a_token_that_is_not_good_is_no_way_to_see_less_or_more(withheld: Desk, client: Client) -> None:
    for header in ("Bearer nonsense", "Basic YTpi", "Bearer", ""):
        response = await client.get(f"{withheld.path}/results", headers={"Authorization": header})
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
