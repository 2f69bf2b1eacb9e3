"""Boards of many contests and contests of many selections: light pages that lead on to each other."""

import re

import msgspec
import pytest
from quart.typing import TestClientProtocol as Client

from models.definitions import ContestDefinition, SelectionDefinition
from quart_app.pages.board import CONTESTS, ON_CARD, SELECTIONS
from quart_app.wiring import Services
from tests.building import ALL, a_tally, tiny_election
from tests.desk import Desk, define
from tests.visitor import HTML, squeezed


def contest(code: str, selections: int) -> ContestDefinition:
    named = tuple(
        SelectionDefinition(code=f"s{number}", name=f"{code} Person {number}")
        for number in range(1, selections + 1)
    )
    return ContestDefinition(
        code=code, name=f"Seat {code}", district="country", precincts=ALL, selections=named
    )


async def get(client: Client, address: str) -> str:
    response = await client.get(address, headers=HTML)
    assert response.status_code == 200, address
    return str(await response.get_data(as_text=True))


def named(page: str, attribute: str) -> list[str]:
    """What stands in an attribute, wherever the page has it."""
    return re.findall(rf'{attribute}="([^"]+)"', page)


@pytest.fixture
async def many(house: Services) -> Desk:
    """90 contests, of which the last has 450 selections."""
    contests = [contest(f"c{number:02d}", 3) for number in range(89)]
    definition = msgspec.structs.replace(tiny_election(), contests=(*contests, contest("last", 450)))
    return await define(house, definition)


async def test_a_board_of_many_contests_leads_from_page_to_page(many: Desk, client: Client) -> None:
    seen, address = [], "/elections/tiny"
    for shown in (CONTESTS, CONTESTS, 90 - 2 * CONTESTS):
        page = await get(client, address)
        found = named(page, "data-contest")
        assert len(found) == shown
        assert len(page.encode()) < 100_000
        seen += found
        address = f"/elections/tiny?after={found[-1]}"
    assert seen == [*(f"c{number:02d}" for number in range(89)), "last"]


async def test_a_card_shows_some_and_leads_to_the_others(many: Desk, client: Client) -> None:
    page = await get(client, "/elections/tiny?q=seat+last")
    assert named(page, "data-contest") == ["last"]
    assert len(named(page, "data-selection")) == ON_CARD
    assert f"and {450 - ON_CARD} more" in squeezed(page)
    assert "1 of 90 contests are shown." in squeezed(page)


async def test_a_contest_of_many_leads_from_page_to_page(many: Desk, client: Client) -> None:
    seen = []
    for start in (1, 1 + SELECTIONS, 1 + 2 * SELECTIONS):
        page = await get(client, f"/elections/tiny/contests/last?start={start}")
        seen += named(page, "data-selection")
    assert seen == [f"s{number}" for number in range(1, 451)]


async def test_a_name_is_found_without_its_accents_and_in_any_order(house: Services, client: Client) -> None:
    named = msgspec.structs.replace(
        contest("mayor", 2), selections=(SelectionDefinition(code="soren", name="Søren Kovač Núñez"),)
    )
    definition = tiny_election()
    await define(house, msgspec.structs.replace(definition, contests=(*definition.contests, named)))
    for words in ("nunez", "kovac+mayor", "N%C3%9A%C3%91EZ"):
        page = await get(client, f"/elections/tiny?q={words}")
        assert '<article class="card contest" data-contest="mayor" data-version="3">' in page, words
        assert "1 of 4 contests are shown." in squeezed(page)


async def test_only_close_contests_are_shown_to_whoever_asks_for_them(desk: Desk, client: Client) -> None:
    close = {"ada": 38, "ben": 37, "cy": 0}
    await desk.receipts(a_tally("north-1", votes=close, ballots_cast=80), a_tally("south-1", "measure"))
    assert "1 of 3 contests are shown." not in squeezed(await get(client, "/elections/tiny?show=close"))
    even = {"ada": 37, "ben": 38, "cy": 0}
    await desk.receipts(a_tally("north-2", votes=even, ballots_cast=80))
    assert "1 of 3 contests are shown." in squeezed(await get(client, "/elections/tiny?show=close"))


async def test_a_picture_of_the_race_says_what_it_may_load_and_where_there_is_none(
    desk: Desk, client: Client
) -> None:
    address = "/elections/tiny/contests/president/race.svg"
    response = await client.get(address)
    assert "There is no race to draw yet." in await response.get_data(as_text=True)
    await desk.receipts(a_tally("north-1"), a_tally("north-2"))
    response = await client.get(address)
    assert response.content_type == "image/svg+xml; charset=utf-8"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "until 2 of 4 precincts had reported:" in await response.get_data(as_text=True)
