"""What may not be missed stands on every page, in words; the design page shows all there is."""

import re

import pytest
from quart.typing import TestClientProtocol as Client

from quart_app.pages.design import EXAMPLES
from quart_app.wiring import Services
from services.elections import Change
from tests.building import tiny_election
from tests.desk import move
from tests.visitor import HTML, Parts, squeezed

PUBLIC = ("", "/log", "/candidates", "/contests/president", "/units/north-1", "/tally")

UNOFFICIAL = "Unofficial. Figures may change"
CORRECTED = "Being corrected. What was certified is being corrected: figures may change."
CERTIFIED = "Certified. The election authority has declared these results final."
MOVES: tuple[tuple[tuple[Change, ...], str], ...] = (
    (("open",), UNOFFICIAL),
    (("open", "close"), UNOFFICIAL),
    (("open", "close", "certify"), CERTIFIED),
    (("open", "close", "certify", "correct"), CORRECTED),
)


async def get(client: Client, address: str) -> str:
    response = await client.get(address, headers=HTML)
    assert response.status_code == 200, address
    return (await response.get_data(as_text=True)) or ""


def shown(page: str) -> str:
    """The part under the header that says how the election stands, without what is hidden in it."""
    found = re.search(r'<div class="standing".*?</div>', page, re.DOTALL)
    assert found is not None
    return squeezed(re.sub(r"<p [^>]*hidden>.*?</p>", "", found[0], flags=re.DOTALL))


@pytest.mark.parametrize(
    ("moves", "words"), MOVES, ids=lambda part: part[-1] if isinstance(part, tuple) else ""
)
async def test_every_page_of_an_election_says_how_it_stands(
    client: Client, house: Services, moves: tuple[Change, ...], words: str
) -> None:
    await house.elections.define(tiny_election())
    for step in moves:
        await move(house, "tiny", step, "two precincts were swapped")
    await house.elections.move("tiny", "release")
    for part in PUBLIC:
        page = await get(client, f"/elections/tiny{part}")
        assert words in shown(page), part
        assert shown(page).count(". ") <= 3
        assert "Test election" not in Parts(page).text


async def test_a_draft_says_that_it_is_not_open(client: Client, house: Services) -> None:
    await house.elections.define(tiny_election())
    for part in ("", "/log", "/candidates", "/file"):
        assert "Not open yet." in shown(await get(client, f"/elections/tiny{part}"))


async def test_what_a_page_can_come_to_say_of_its_election_is_there_already(
    client: Client, house: Services
) -> None:
    await house.elections.define(tiny_election(), opened=True)
    page = await get(client, "/elections/tiny")
    whole = re.search(r'<div class="standing".*?</div>', page, re.DOTALL)
    assert whole is not None
    for words in ("Not open yet.", UNOFFICIAL, CERTIFIED, "Being corrected."):
        assert words in squeezed(whole[0])
    when = " ".join(re.findall(r'data-when="([^"]*)"', page)).split()
    assert sorted(when) == ["certified", "closed", "correction", "draft", "open"]


async def test_a_test_election_says_so_above_every_page_and_in_its_title(
    client: Client, house: Services
) -> None:
    await house.elections.define(tiny_election(is_test=True), opened=True)
    for part in PUBLIC:
        text = squeezed(await get(client, f"/elections/tiny{part}"))
        assert text.startswith("TEST: ")
        assert "Test election. Nothing on this page is a real result." in text


async def test_the_design_page_shows_each_call_beside_what_it_makes(client: Client) -> None:
    page = await get(client, "/docs/design")
    text = squeezed(page)
    for name in [name for names in EXAMPLES.values() for name in names]:
        assert f'id="example-{name}"' in page
    assert '{{ progress("reported", _("Precincts reported"), 872, 1327, field="units_reported") }}' in text
    assert "Precincts reported 872 of 1,327" in text
    assert "--accent-soft" in text
    assert "Set-Cookie" not in (await client.get("/docs/design", headers=HTML)).headers


async def test_links_to_other_languages_keep_what_is_asked_of_the_page(
    client: Client, house: Services
) -> None:
    await house.elections.define(tiny_election(), opened=True)
    page = await get(client, "/elections/tiny/log?before=2&lang=ar")
    assert 'href="/language/es?next=/elections/tiny/log%3Fbefore%3D2"' in page
