"""Every page as it comes from the server: figures in the HTML, nothing foreign, nothing heavy."""

import datetime
import re
from collections.abc import Iterable

import msgspec
import pytest
from quart.typing import TestClientProtocol as Client

from models.batch import Receipt
from models.submissions import TallySubmission
from quart_app.openapi import TAGS
from quart_app.pages.assets import FOLDER, MESSAGES
from quart_app.wiring import Services
from tests.building import SOUTH, a_tally, tiny_election, unbalanced
from tests.visitor import HTML, Parts, squeezed

HEAVIEST = 100_000
GZIP = {"Accept-Encoding": "gzip"}

PAGES = (
    "/",
    "/docs",
    "/docs/design",
    *(f"/docs/{tag.name}" for tag in TAGS),
    "/elections/tiny",
    "/elections/tiny/contests/president",
    "/elections/tiny/units/north",
    "/elections/tiny/units/north-1",
    "/elections/tiny/units",
    "/elections/tiny/contests/president/precincts",
    "/elections/tiny/contests/president/map",
    "/elections/tiny/observers",
    "/elections/tiny/contests/president/integrity",
    "/elections/tiny/log",
    "/elections/tiny/tally",
)


def modules(name: str) -> set[str]:
    """A module and all that it imports."""
    found = {name}
    if name == MESSAGES:
        return found
    for imported in re.findall(r'from "\./([^"]+)"', (FOLDER / name).read_text()):
        found |= modules(imported)
    return found


async def send(house: Services, tallies: Iterable[TallySubmission]) -> None:
    token = await house.officials.root_officer_token("tiny", datetime.timedelta(hours=1))
    officer = await house.credentials.by_token(token)
    answers = await house.intake.submit("tiny", officer, "ws", list(tallies))
    assert all(isinstance(answer, Receipt) for answer in answers)


@pytest.fixture
async def night(house: Services) -> Services:
    """The tiny election, released, with some tallies in; one of them is held for review."""
    await house.elections.define(tiny_election(is_test=True), opened=True, released=True)
    await send(house, [a_tally("north-1"), a_tally("south-1"), unbalanced("north-2")])
    await send(house, [a_tally("south-1", revision=2, reason="counted again")])
    return house


async def get(client: Client, address: str, status: int = 200) -> str:
    response = await client.get(address, headers=HTML)
    assert response.status_code == status, address
    assert response.content_type.startswith("text/html")
    return (await response.get_data(as_text=True)) or ""


@pytest.mark.parametrize("address", PAGES)
async def test_a_page_holds_nothing_inline_and_loads_nothing_from_elsewhere(
    client: Client, night: Services, address: str
) -> None:
    response = await client.get(address, headers=HTML)
    parts = Parts(await response.get_data(as_text=True))
    assert response.status_code == 200
    assert parts.inline == []
    # Pictures of figures are drawn by the server; everything else is a file.
    assert all(load.startswith(("/static/", "/elections/")) for load in parts.loads)
    assert len(parts.ids) == len(set(parts.ids))


@pytest.mark.parametrize("address", [*PAGES, "/elections/none"])
async def test_a_page_says_what_it_may_load(client: Client, night: Services, address: str) -> None:
    headers = (await client.get(address, headers=HTML)).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("address", PAGES)
async def test_a_page_is_light_with_all_that_it_loads(client: Client, night: Services, address: str) -> None:
    """In bytes as they are sent: every browser takes gzip."""
    page = await get(client, address)
    files = {load.rpartition("/")[2] for load in Parts(page).loads if load.startswith("/static/")}
    files |= {imported for name in files if name.endswith(".js") for imported in modules(name)}
    place = f"/static/{client.app.extensions['tallystream.assets'].fingerprint}"
    loads = [f"{place}/en/{name}" if name.endswith(".js") else f"{place}/{name}" for name in files]
    sent = [await client.get(load, headers={**HTML, **GZIP}) for load in (address, *loads)]
    assert sum([len(await response.get_data(as_text=False)) for response in sent]) < HEAVIEST


async def test_elections_are_listed(client: Client, night: Services) -> None:
    text = squeezed(await get(client, "/"))
    assert "November 3, 2026 A tiny election Counting Test election Tallies counted 2 of 10" in text


async def test_the_front_page_of_an_empty_house_says_how_to_begin(client: Client) -> None:
    assert "tallystream import" in squeezed(await get(client, "/"))


async def test_the_board_has_the_figures_in_its_html(client: Client, night: Services) -> None:
    text = squeezed(await get(client, "/elections/tiny"))
    assert "Test election. Nothing on this page is a real result." in text
    assert "Tallies counted 2 of 10" in text
    assert "Ada BLU Leads8052.6% Ben RED 6039.5% Cy 106.6% Write-ins21.3%" in text
    assert "leads with 52.6%, 20 votes ahead." in text
    assert "Precincts reported 2 of 4" in text
    assert "Turnout64.0%" in text
    assert "Held for review1" in text
    assert "Unofficial, partial" in text


async def test_a_contest_tells_its_race_as_a_table_and_leads_to_its_precincts(
    client: Client, night: Services
) -> None:
    page = await get(client, "/elections/tiny/contests/president")
    text = squeezed(page)
    assert "Race over time: President" in text
    assert "until 2 of 4 precincts had reported: Ada 52.6%, Ben 39.5%, Cy 6.6%" in text
    assert "Precincts reportedAdaBenCy" in text
    assert 'href="/elections/tiny/contests/president/precincts"' in page
    assert 'href="/api/v1/elections/tiny/contests/president/history"' in page


async def test_a_unit_shows_only_what_is_on_its_ballots(client: Client, night: Services) -> None:
    north = squeezed(await get(client, "/elections/tiny/units/north"))
    assert "Ada BLU Leads4052.6%" in north
    assert "Measure A" not in north
    assert "Measure A" in squeezed(await get(client, f"/elections/tiny/units/{SOUTH[0]}"))


async def test_the_log_shows_the_newest_first_and_says_what_takes_the_place_of_what(
    client: Client, night: Services
) -> None:
    text = squeezed(await get(client, "/elections/tiny/log"))
    assert "Entries 7 to 1 of 7" in text
    assert text.index("Correction (revision 2) of President in south-1") < text.index("is defined")
    assert "Takes the place of: entry 5" in text
    assert "Reason given: counted again" in text
    assert "Held for review: votes, write-ins, overvotes and undervotes add up to" in text
    older = squeezed(await get(client, "/elections/tiny/log?before=3"))
    assert "Entries 2 to 1 of 7" in older
    assert "Newer entries" in older


async def test_withheld_results_show_nothing_but_how_many_have_reported(
    client: Client, night: Services
) -> None:
    await night.elections.move("tiny", "withhold")
    board = squeezed(await get(client, "/elections/tiny"))
    assert "Results are withheld." in board
    assert "Precincts reported 2 of 4" in board
    assert "Ada BLU –– Ben RED ––" in board
    assert "shown once results are released" in squeezed(
        await get(client, "/elections/tiny/contests/president")
    )
    log = await get(client, "/elections/tiny/log")
    assert "its figures are withheld" in log
    assert "north-1" not in log


@pytest.mark.parametrize(
    "address",
    [
        "/elections/none",
        "/elections/none/log",
        "/elections/none/tally",
        "/elections/tiny/contests/none",
        "/elections/tiny/units/none",
        "/nothing",
    ],
)
async def test_a_wrong_address_gets_a_page_for_people(client: Client, night: Services, address: str) -> None:
    assert "There is nothing at this address" in await get(client, address, 404)


@pytest.mark.parametrize("query", ["before=0", "before=x", "before=99999999999999999999"])
async def test_a_wrong_query_gets_a_page_that_names_the_field(
    client: Client, night: Services, query: str
) -> None:
    assert ">before</bdi></code>" in await get(client, f"/elections/tiny/log?{query}", 422)


async def test_programs_get_problems_and_never_pages(client: Client) -> None:
    for address, headers in (("/api/v1/elections/none", HTML), ("/elections/none", {"Accept": "*/*"})):
        response = await client.get(address, headers=headers)
        assert (response.status_code, response.content_type) == (404, "application/problem+json")


async def test_files_are_kept_for_ever_under_their_fingerprint_only(client: Client) -> None:
    address = next(load for load in Parts(await get(client, "/")).loads if load.endswith(".css"))
    kept = await client.get(address)
    other = await client.get(re.sub("/[0-9a-f]{12}/", "/000000000000/", address))
    assert kept.status_code == other.status_code == 200
    assert "immutable" in kept.headers["Cache-Control"]
    assert other.headers["Cache-Control"] == "no-cache"
    assert (await client.get("/static/000000000000/../../asgi.py")).status_code == 404


async def test_names_that_look_like_markup_stay_names(client: Client, house: Services) -> None:
    name = "<script>alert(1)</script>"
    definition = msgspec.structs.replace(tiny_election(), name=name)
    await house.elections.define(definition, opened=True, released=True)
    for address in ("/", "/elections/tiny", "/elections/tiny/log", "/elections/tiny/tally"):
        page = await get(client, address)
        assert name in Parts(page).text
        assert name not in page


async def test_the_documentation_names_every_route_of_the_api(client: Client) -> None:
    text = squeezed(await get(client, "/docs"))
    document = await (await client.get("/openapi.json")).get_json()
    for path, operations in document["paths"].items():
        assert path in text
        for operation in operations.values():
            section = squeezed(await get(client, f"/docs/{operation['tags'][0]}"))
            assert path in section
            assert operation["summary"].replace("`", "") in section


async def test_a_section_of_the_documentation_tells_the_types_that_it_speaks_of(client: Client) -> None:
    page = await get(client, "/docs/tallies")
    assert 'id="type-Receipt"' in page
    assert 'id="type-FieldError"' in page
    assert 'id="type-VoterEntry"' not in page
    assert (await client.get("/docs/nothing")).status_code == 404
