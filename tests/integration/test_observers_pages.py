"""The observers' pages as they come from the server: drawn, told in words, and withheld."""

import re
from pathlib import Path

import msgspec
import pytest
from quart.typing import TestClientProtocol as Client

from models.definitions import ElectionDefinition, UnitDefinition
from quart_app.wiring import Services
from tests.building import a_tally, tiny_election
from tests.desk import Desk, define
from tests.integration.test_intake import real
from tests.visitor import HTML

OBSERVERS = "/elections/tiny/observers"
INTEGRITY = "/elections/tiny/contests/president/integrity"


def told(page: str) -> str:
    """What the page says, with a space between any two parts of it."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


async def get(client: Client, address: str, status: int = 200) -> str:
    response = await client.get(address, headers=HTML)
    assert response.status_code == status, address
    return str(await response.get_data(as_text=True))


async def test_reporting_is_drawn_and_the_table_says_the_same(desk: Desk, client: Client) -> None:
    await desk.receipts(a_tally("north-1"), a_tally("south-1"), a_tally("south-1", "council"))
    page = await get(client, OBSERVERS)
    text = told(page)
    assert page.count('class="plot"') == 1
    assert "2 of 4 precincts have reported." in text
    assert re.search(r"\d\d:00 2 2 3 160 64\.0%", text)
    assert "North 1 of 2 1 of 4 80 80.0% 0 South 1 of 2 2 of 6 80 53.3% 0" in text
    assert 'href="/elections/tiny/contests/measure/integrity"' in page
    assert 'href="/elections/tiny/observers?unit=north"' in page


async def test_a_place_has_its_own_reporting(desk: Desk, client: Client) -> None:
    await desk.receipts(a_tally("north-1"), a_tally("south-1"))
    page = await get(client, f"{OBSERVERS}?unit=south")
    assert "For observers: South" in told(page)
    assert "South-1 1 of 1 1 of 3 80 53.3% 0 South-2 0 of 1 0 of 3 0 – 0" in told(page)
    assert "progress.csv?unit=south" in page


async def test_a_few_precincts_say_nothing_and_the_page_says_so(desk: Desk, client: Client) -> None:
    await desk.receipts(a_tally("north-1"))
    page = await get(client, INTEGRITY)
    assert 'class="plot"' not in page
    text = told(page)
    assert "Too few precincts to say anything: there are 0 counts large enough, and it takes 50." in text
    assert (
        text.count("Too few precincts to say anything: 1 of them could be looked at, and it takes 20.") == 2
    )


async def test_a_real_county_is_drawn_three_times_with_what_it_can_and_cannot_show(
    house: Services, client: Client, real_data: Path
) -> None:
    await real(house, real_data, "adams-2024")
    page = await get(client, "/elections/adams-2024/contests/president/integrity")
    text = told(page)
    assert page.count('class="plot"') == 3
    assert text.count("What it can show:") == text.count("What it cannot show:") == 3
    assert (
        "Of 100 counts, chance alone would make the last digits as uneven as this, or more, in 97.8%" in text
    )
    assert (
        "the share of TRUMP and VANCE is 10.1 percentage points higher on average (correlation 0.55)" in text
    )
    assert "None of 51 precincts has the same votes for every choice as another one." in text
    assert "50% to less than 60% 1 25.3%" in text
    observers = told(await get(client, "/elections/adams-2024/observers"))
    assert "51 51 408 61,039 80.3%" in observers


def many_precincts(number: int) -> ElectionDefinition:
    """The tiny election with nothing but a president, and so many precincts."""
    tiny = tiny_election()
    codes = tuple(f"p-{each}" for each in range(number))
    units = tuple(
        UnitDefinition(code=code, name=code.upper(), kind="precinct", parent="north", voters_registered=900)
        for code in codes
    )
    president = msgspec.structs.replace(tiny.contests[0], precincts=codes)
    return msgspec.structs.replace(tiny, units=(*tiny.units[:3], *units), contests=(president,))


async def test_precincts_with_the_same_votes_are_named(house: Services, client: Client) -> None:
    desk = await define(house, many_precincts(20))
    zeros = {"overvotes": 0, "undervotes": 0, "write_ins": 0}
    votes = [{"ada": 60, "ben": 40, "cy": min(number, 18)} for number in range(20)]
    await desk.receipts(
        *(
            a_tally(f"p-{number}", votes=each, ballots_cast=sum(each.values()), **zeros)
            for number, each in enumerate(votes)
        )
    )
    page = await get(client, INTEGRITY)
    text = told(page)
    assert page.count('class="plot"') == 2
    assert "Too few precincts to say anything: there are 0 counts large enough" in text
    assert "2 of 20 precincts have the same votes for every choice as another one, in 1 group." in text
    assert "118 votes in each: P-18 · P-19" in text
    assert "100 to 199 20 2" in text


async def test_while_results_are_withheld_nothing_but_reporting_is_shown(
    house: Services, client: Client
) -> None:
    desk = await define(house, tiny_election(is_test=True), released=False)
    await desk.receipts(a_tally("north-1"))
    text = told(await get(client, OBSERVERS))
    assert "Results are withheld." in text and "Test election." in text
    assert re.search(r"\d\d:00 1 1 1 The same figures", text)
    assert "North 1 of 2 1 of 4 South 0 of 2 0 of 6" in text
    assert "Ballots" not in text.replace("ballots and turnout are", "") and "Held" not in text
    page = await get(client, INTEGRITY)
    assert 'class="plot"' not in page and "Last digits" not in page


@pytest.mark.parametrize(
    "address",
    ["/elections/none/observers", f"{OBSERVERS}?unit=atlantis", "/elections/tiny/contests/none/integrity"],
)
async def test_what_is_not_there_is_told_as_such(desk: Desk, client: Client, address: str) -> None:
    assert "There is no" in told(await get(client, address, 404))


async def test_board_and_contest_lead_to_the_observers_pages(desk: Desk, client: Client) -> None:
    assert f'href="{OBSERVERS}"' in await get(client, "/elections/tiny")
    assert f'href="{INTEGRITY}"' in await get(client, "/elections/tiny/contests/president")
