"""Maps of a contest: as a picture of shapes or tiles, as a table, as JSON and CSV, and withheld."""

import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from quart.typing import TestClientProtocol as Client

from models.geojson import read_features
from services import places
from tests.building import ALL, a_tally, unbalanced
from tests.desk import Desk, Official
from tests.integration.test_shapes import collection, squares
from tests.visitor import HTML, squeezed

MAP = "/elections/tiny/contests/president/map"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
async def night(desk: Desk) -> Official:
    """North-1 is Ada's, South-1 is tied, North-2 is held for review, South-2 is outstanding."""
    olga = await desk.official()
    tied = {"ada": 35, "ben": 35, "cy": 5}
    await desk.receipts(a_tally("north-1"), a_tally("south-1", votes=tied), unbalanced("north-2"), by=olga)
    return olga


@pytest.fixture
async def shaped(desk: Desk, night: Official) -> Desk:
    """The same with a square for each precinct."""
    await desk.house.shapes.replace("tiny", read_features(collection(squares())))
    return desk


async def text(client: Client, address: str, status: int = 200) -> str:
    response = await client.get(address, headers=HTML)
    page = str(await response.get_data(as_text=True))
    assert response.status_code == status, squeezed(page)
    return page


async def units(client: Client, query: str = "") -> dict[str, Any]:
    answer = await (await client.get(f"/api/v1{MAP}{query}")).get_json()
    return {unit["code"]: unit for unit in answer["units"]}


async def picture(client: Client, query: str = "") -> ElementTree.Element:
    response = await client.get(f"{MAP}.svg{query}")
    assert (response.status_code, response.content_type) == (200, "image/svg+xml")
    assert response.headers["Cache-Control"].startswith("public")
    return ElementTree.fromstring(await response.get_data(as_text=True))


def titles(svg: ElementTree.Element) -> dict[str, str]:
    """What is said of each unit of a picture with words."""
    links = svg.findall(f".//{SVG}a")
    return {link.attrib["data-unit"]: (link.find(f"{SVG}title")).text or "" for link in links}  # type: ignore[union-attr]


async def test_a_map_tells_who_leads_in_the_units_right_below(client: Client, night: Official) -> None:
    found = await units(client)
    assert list(found) == ["north", "south"]
    north, south = found["north"], found["south"]
    assert (north["leader"], north["party"], north["share"], north["margin"]) == ("ada", "BLU", 0.526, 0.132)
    assert (north["units_reported"], north["units_expected"], north["held"], north["turnout"]) == (
        1,
        2,
        1,
        0.8,
    )
    assert (south["leader"], south["margin"], south["share"]) == (None, 0, 0.461)


async def test_all_precincts_are_on_a_map_where_they_are_asked_for(client: Client, night: Official) -> None:
    found = await units(client, "?level=precincts")
    assert list(found) == list(ALL)
    assert [unit["units_reported"] for unit in found.values()] == [1, 0, 1, 0]
    assert [unit["leader"] for unit in found.values()] == ["ada", None, None, None]
    assert list(await units(client, "?unit=north")) == ["north-1", "north-2"]
    assert list(await units(client, "?unit=north-1")) == ["north-1"]


async def test_a_contest_of_a_district_has_a_map_of_that_district(client: Client, night: Official) -> None:
    answer = await (await client.get("/api/v1/elections/tiny/contests/measure/map")).get_json()
    assert answer["unit"]["code"] == "south"
    assert [unit["code"] for unit in answer["units"]] == ["south-1", "south-2"]
    await text(client, "/elections/tiny/contests/measure/map?unit=north", 404)
    await text(client, f"{MAP}?by=weather", 422)


async def test_a_map_comes_as_csv(client: Client, night: Official) -> None:
    lines = (await (await client.get(f"/api/v1{MAP}.csv")).get_data(as_text=True)).splitlines()
    assert lines[1] == "tiny,president,north,North,district,country,1,2,1,ada,BLU,0.526,0.132,0.8,80"


async def test_an_election_without_shapes_is_drawn_as_a_tile_for_each_unit(
    client: Client, night: Official
) -> None:
    svg = await picture(client, "?level=precincts&words=true")
    paths = [path.attrib["d"] for path in svg.findall(f".//{SVG}a/{SVG}path")]
    assert len(set(paths)) == 4
    assert all(re.fullmatch(r"M\d+ \d+h(\d+)v\1h-\1z", path) for path in paths)


async def test_a_picture_says_in_words_what_it_shows_and_leads_to_the_units(
    client: Client, night: Official
) -> None:
    said = titles(await picture(client, "?level=precincts&words=true"))
    assert said["north-1"].splitlines() == [
        "North-1",
        "Ada leads with 52.6%, 13.2% ahead.",
        "It has reported.",
        "Turnout is 80.0%.",
    ]
    assert "The first two are tied with 46.1% each." in said["south-1"]
    assert said["north-2"].splitlines()[1:] == ["It has not reported yet.", "1 held for review."]
    links = (await picture(client, "?words=true&lang=ar")).findall(f".//{SVG}a")
    assert next(link.attrib["href"] for link in links) == "/elections/tiny/units/north?lang=ar"


async def test_a_picture_tells_leaders_apart_by_more_than_colour(client: Client, night: Official) -> None:
    svg = await picture(client, "?level=precincts")
    fills = [path.attrib["fill"] for path in svg.findall(f"{SVG}g/{SVG}path")]
    # Blue is the first party and plain; tied and outstanding have patterns.
    assert fills[0] == "#0000ff"
    assert all(fill.startswith("url(#fill-") for fill in fills[1:])
    (held,) = [path for path in svg.findall(f"{SVG}path") if "stroke-dasharray" in path.attrib]
    assert held.attrib["fill"] == "none"


async def test_strength_of_colour_is_the_margin_or_the_turnout_and_the_legend_gives_its_steps(
    client: Client, night: Official
) -> None:
    margin = await picture(client, "?level=precincts&by=margin")
    assert margin.findall(f"{SVG}g/{SVG}path")[0].attrib["fill-opacity"] == "0.8"
    assert "10 to 20 points ahead" in squeezed(await text(client, f"{MAP}?by=margin"))
    assert "53.0% to 59.0%" in squeezed(await text(client, f"{MAP}?by=turnout"))


async def test_shapes_are_drawn_where_there_are_some(client: Client, shaped: Desk) -> None:
    svg = await picture(client, "?level=precincts&words=true")
    paths = [path.attrib["d"] for path in svg.findall(f".//{SVG}a/{SVG}path")]
    assert len(paths) == 4 and not any("h" in path for path in paths)
    assert svg.attrib["viewBox"] == "-6 -6 707 1012"
    assert [label.text for label in svg.findall(f".//{SVG}text")] == [
        "North-1",
        "North-2",
        "South-1",
        "South-2",
    ]
    part = await picture(client, "?unit=north")
    assert part.attrib["viewBox"] == "-6 -6 707 512"


async def test_where_a_contest_is_not_on_the_ballot_a_map_stays_blank(client: Client, shaped: Desk) -> None:
    response = await client.get("/elections/tiny/contests/measure/map.svg?unit=country&words=true")
    svg = ElementTree.fromstring(await response.get_data(as_text=True))
    assert list(titles(svg)) == ["south"]
    assert [path for path in svg.findall(f"{SVG}path") if path.attrib.get("fill-opacity") == ".08"]


async def test_the_table_says_what_the_map_shows(client: Client, night: Official) -> None:
    page = await text(client, MAP)
    shown = squeezed(page)
    assert "North MapMap of North Ada BLU 52.6%13.2%80.0% 1 of 2 1" in shown
    assert "South MapMap of South Tied 46.1%0.0%53.3% 1 of 2 0" in shown
    assert f'<img src="{MAP}.svg"' in page
    assert "Tied" in shown and "A tally is held for review" in shown
    assert "Paler: some precincts have not reported" in shown


async def test_a_new_tally_is_on_the_next_picture(client: Client, desk: Desk, night: Official) -> None:
    assert "1 of 2" in titles(await picture(client, "?words=true"))["south"]
    await desk.receipts(a_tally("south-2"), by=night)
    assert "2 of 2" in titles(await picture(client, "?words=true"))["south"]


async def test_a_withheld_map_shows_who_has_reported_and_nothing_else(
    client: Client, desk: Desk, shaped: Desk, night: Official
) -> None:
    await desk.house.elections.move("tiny", "withhold")
    for query in ("", "?level=precincts"):
        for unit in (await units(client, query)).values():
            names = ("held", "leader", "party", "share", "margin", "turnout", "ballots_cast")
            assert [unit[name] for name in names] == [None] * 7
    shown = squeezed(await text(client, f"{MAP}?by=margin"))
    assert "Some precincts have reported" in shown
    assert not any(word in shown for word in ("Ada", "points ahead", "held for review", "Tied", "%"))
    for by in ("leader", "margin", "turnout"):
        svg = await picture(client, f"?level=precincts&words=true&by={by}")
        assert titles(svg)["north-1"].splitlines() == ["North-1", "It has reported."]
        assert titles(svg)["north-2"].splitlines() == ["North-2", "It has not reported yet."]
        assert not [path for path in svg.findall(f"{SVG}path") if "stroke-dasharray" in path.attrib]
        assert len(svg.findall(f"{SVG}g/{SVG}g")) == 2
    anna = await desk.official("anna", roles=["reviewer"])
    answer = await client.get(f"/api/v1{MAP}", headers=anna.bearer)
    assert (await answer.get_json())["units"][0]["leader"] == "ada"
    assert answer.headers["Cache-Control"] == "private, no-store"


async def test_before_the_first_tally_a_map_says_that_nobody_has_reported(client: Client, desk: Desk) -> None:
    assert len(titles(await picture(client, "?words=true"))) == 2
    assert "No precinct has reported yet" in squeezed(await text(client, MAP))


async def test_maps_that_are_too_large_to_be_kept_together_are_read_anew(
    desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "_UNITS_KEPT", 4)
    await desk.receipts(a_tally("north-1"))
    for query, reported in (("?level=precincts", 1), ("", 1), ("?level=precincts&unit=north", 1)) * 2:
        found = await units(client, query)
        assert sum(unit["units_reported"] for unit in found.values()) == reported
    kept = desk.house.places._maps.values()
    assert 0 < sum(len(standing) for _, standing in kept) <= 4
