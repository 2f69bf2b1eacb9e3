"""Places as pages and as JSON: the tree up and down, what precincts have sent, all precincts of a contest."""

import re
from typing import Any

import pytest
from quart.typing import TestClientProtocol as Client

from tests.building import SOUTH, a_tally, unbalanced
from tests.desk import Desk, Official
from tests.visitor import HTML, squeezed

UNITS = "/elections/tiny/units"
PRECINCTS = "/elections/tiny/contests/president/precincts"


@pytest.fixture
async def night(desk: Desk) -> Official:
    """North-1 and South-1 have reported, South-1 twice; North-2 is held for review. The log ends at 7."""
    olga = await desk.official()
    await desk.receipts(a_tally("north-1"), a_tally("south-1"), unbalanced("north-2"), by=olga)
    await desk.receipts(a_tally("south-1", revision=2, reason="counted again"), by=olga)
    return olga


async def read(client: Client, address: str, status: int = 200) -> str:
    response = await client.get(address, headers=HTML)
    page = await response.get_data(as_text=True)
    assert response.status_code == status, squeezed(page)
    return str(page)


async def text(client: Client, address: str) -> str:
    return squeezed(await read(client, address))


async def json(client: Client, address: str, **headers: str) -> Any:
    response = await client.get(f"/api/v1{address}", headers=headers)
    assert response.status_code == 200
    return await response.get_json()


def rows(page: str) -> list[str]:
    """What stands first in each row of the first table of a page."""
    return re.findall(r'<tr[^>]*><th scope="row"><a[^>]*>([^<]+)', page.partition("</table>")[0])


# ---- units ----


async def test_a_unit_leads_up_the_tree_and_down_it(client: Client, night: Official) -> None:
    page = await read(client, f"{UNITS}/north-1")
    ways = re.findall(r'<li><a href="([^"]+)"', page.partition("</nav>")[2].partition("<h1")[0])
    assert ways[-3:] == ["/elections/tiny", f"{UNITS}/country", f"{UNITS}/north"]
    assert rows(await read(client, f"{UNITS}/north")) == ["North-1", "North-2"]


async def test_a_unit_shows_only_what_is_on_its_ballots(client: Client, night: Official) -> None:
    assert "Measure A" not in await text(client, f"{UNITS}/north")
    assert "Measure A" in await text(client, f"{UNITS}/{SOUTH[0]}")


async def test_what_lies_below_a_unit_says_how_far_counting_is(client: Client, night: Official) -> None:
    assert "North 1 of 2 1 of 4 18080.0%" in await text(client, f"{UNITS}/country")
    place = await json(client, f"{UNITS}/country/place")
    assert (place["contest"], place["unit"]["code"], place["ancestors"]) == ("president", "country", [])
    north, south = place["children"]
    assert (north["units_reported"], north["units_expected"], north["held"]) == (1, 2, 1)
    assert (north["tallies_counted"], north["tallies_expected"]) == (1, 4)
    assert (south["ballots_cast"], south["turnout"], south["tallies_expected"]) == (80, 0.533, 6)


async def test_precincts_below_a_unit_have_the_progress_of_their_counted_tallies(
    client: Client, night: Official
) -> None:
    first, second = (await json(client, f"{UNITS}/north/place"))["children"]
    assert (first["units_reported"], first["ballots_cast"], first["turnout"], first["held"]) == (
        1,
        80,
        0.8,
        0,
    )
    assert (second["units_reported"], second["ballots_cast"], second["held"]) == (0, 0, 1)


async def test_what_lies_below_comes_in_pages(client: Client, night: Official) -> None:
    place = await json(client, f"{UNITS}/country/place?limit=1")
    assert [child["code"] for child in place["children"]] == ["north"]
    following = await json(client, place["next"].removeprefix("/api/v1"))
    assert [child["code"] for child in following["children"]] == ["south"]


async def test_a_place_is_found_by_its_name_or_code_without_capitals_or_accents(
    client: Client, night: Official
) -> None:
    assert "South" not in rows(await read(client, f"{UNITS}/country?q=NORT"))
    found = await text(client, "/elections/tiny/units?q=s%C3%B3uth-1")
    assert "South-1" in found and "North" not in found
    assert "No place of this election" in await text(client, "/elections/tiny/units?q=west")


async def test_a_precinct_shows_all_that_it_has_sent_and_what_became_of_it(
    client: Client, night: Official
) -> None:
    page = await read(client, f"{UNITS}/south-1")
    shown = squeezed(page)
    assert shown.index("Counted") < shown.index("Superseded by a newer one")
    assert "Reason given: counted again" in shown
    assert 'href="/elections/tiny/log?before=8"' in page
    held = await text(client, f"{UNITS}/north-2")
    assert "Held for review" in held
    assert "votes, write-ins, overvotes and undervotes add up to 81" in held


async def test_what_a_precinct_has_sent_is_there_for_programs(client: Client, night: Official) -> None:
    answer = await json(client, f"{UNITS}/south-1/tallies")
    assert [(t["seq"], t["revision"], t["status"]) for t in answer["tallies"]] == [
        (7, 2, "accepted"),
        (5, 1, "superseded"),
    ]
    assert answer["tallies"][0]["votes"] == {"ada": 40, "ben": 30, "cy": 5}
    (held,) = (await json(client, f"{UNITS}/north-2/tallies"))["tallies"]
    assert held["checks"][0]["check"] == "balance"


async def test_of_very_many_corrections_the_newest_are_shown_and_what_counts(
    client: Client, desk: Desk
) -> None:
    olga = await desk.official()
    await desk.receipts(a_tally("north-1", "council"), a_tally("north-1"), by=olga)
    wrong = [unbalanced("north-1", revision=2 + number, reason="once more") for number in range(60)]
    await desk.receipts(*wrong, by=olga)
    sent = (await json(client, f"{UNITS}/north-1/tallies"))["tallies"]
    assert [(t["contest"], t["revision"]) for t in sent] == [
        *(("president", revision) for revision in range(61, 11, -1)),
        ("president", 1),
        ("council", 1),
    ]


async def test_tables_of_places_come_as_csv(client: Client, night: Official) -> None:
    below = await (await client.get(f"/api/v1{UNITS}/country/place.csv")).get_data(as_text=True)
    assert below.lstrip("\ufeff").splitlines()[1].startswith("tiny,country,north,North,district,1,2,")
    sent = await (await client.get(f"/api/v1{UNITS}/south-1/tallies.csv")).get_data(as_text=True)
    assert len(sent.splitlines()) == 1 + 2 * 3
    assert "counted again" in sent


async def test_withheld_results_show_of_places_only_who_has_reported(
    client: Client, desk: Desk, night: Official
) -> None:
    await desk.house.elections.move("tiny", "withhold")
    page = await text(client, f"{UNITS}/south-1")
    assert "shown once results are released" in page
    assert "counted again" not in page
    assert (await json(client, f"{UNITS}/south-1/tallies"))["tallies"] == []
    north = (await json(client, f"{UNITS}/country/place"))["children"][0]
    assert (north["units_reported"], north["held"], north["ballots_cast"], north["turnout"]) == (
        1,
        None,
        None,
        None,
    )
    anna = await desk.official("anna", roles=["auditor"])
    assert len((await json(client, f"{UNITS}/south-1/tallies", **anna.bearer))["tallies"]) == 2


# ---- precincts of a contest ----


async def test_every_precinct_stands_in_the_table_reported_or_not(client: Client, night: Official) -> None:
    page = await read(client, PRECINCTS)
    assert rows(page) == ["North-1", "North-2", "South-1", "South-2"]
    shown = squeezed(page)
    assert "North-1 Reported Ada4030518080.0%13014" in shown
    assert "North-2 Held for review –" in shown
    assert "South-2 Outstanding –" in shown
    assert "South-1 Reported Ada4030518053.3%13027" in shown
    assert 'href="/elections/tiny/log?before=8"' in page


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("status=reported", ["North-1", "South-1"]),
        ("status=held", ["North-2"]),
        ("status=outstanding", ["South-2"]),
        ("q=SOUTH", ["South-1", "South-2"]),
        ("unit=north", ["North-1", "North-2"]),
        ("unit=north&status=held&q=2&sort=name", ["North-2"]),
        ("sort=name", ["North-1", "North-2", "South-1", "South-2"]),
        ("after=north-2", ["South-1", "South-2"]),
        ("after=north-2&sort=name", ["South-1", "South-2"]),
    ],
)
async def test_precincts_are_found_by_status_name_and_unit(
    client: Client, night: Official, query: str, wanted: list[str]
) -> None:
    assert rows(await read(client, f"{PRECINCTS}?{query}")) == wanted


async def test_a_table_without_precincts_says_so(client: Client, night: Official) -> None:
    assert "No precinct is like that." in await text(client, f"{PRECINCTS}?q=west")
    await read(client, f"{PRECINCTS}?status=lost", 422)
    await read(client, f"{PRECINCTS}?unit=none", 404)
    await read(client, "/elections/tiny/contests/none/precincts", 404)


async def test_only_the_precincts_of_a_contest_stand_in_its_table(client: Client, night: Official) -> None:
    assert rows(await read(client, "/elections/tiny/contests/measure/precincts")) == ["South-1", "South-2"]


async def test_while_results_are_withheld_the_table_tells_who_has_reported_and_nothing_else(
    client: Client, desk: Desk, night: Official
) -> None:
    await desk.house.elections.move("tiny", "withhold")
    shown = await text(client, PRECINCTS)
    assert "North-1 Reported North-2 Outstanding South-1 Reported South-2 Outstanding" in shown
    assert "Ada" not in shown
    assert rows(await read(client, f"{PRECINCTS}?status=held")) == []
