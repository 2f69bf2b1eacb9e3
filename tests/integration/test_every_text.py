"""Every page speaks only what the catalogues hold.

The whole site is read in a language that puts marks around its texts (tests/pseudo.py). What a page says
outside of them is in no catalogue, unless its element says that it is a name or a code:
`translate="no"`, `bdi`, `code`, `time`. To see one part of the site, `-k board`, `-k members` and so on.
"""

import datetime
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import pytest
from quart import Quart
from werkzeug.routing import Rule

from models.rights import Role
from quart_app.access import every_rule
from quart_app.languages.asked import COOKIE
from quart_app.pages import PAGES
from quart_app.wiring import Services
from tests.building import a_tally, tiny_election, unbalanced
from tests.complaining import PDF, filing
from tests.desk import Desk, move
from tests.office import Office, build
from tests.pseudo import CODE, Unmarked, speak_marked, unmarked_lines
from tests.visitor import PASSWORD, Visitor

PARTS = [part.pages.name for part in PAGES]

CANDIDATES = b"""code,contest,first_name,last_name,party
PHL-101,president,Maria,Moreno,RED
PHL-102,president,Jo,Jay,
"""
VOTERS = b"""voter_id,first_name,last_name,precinct,email
V-1,Vera,Vogel,north-1,vera@example.org
"""
PEOPLE = ("ann", "Maria Moreno", "Maria", "Moreno", "Jo Jay", "Jo", "Jay", "Vera Vogel", "Vogel, Vera")

# What stands in addresses, for the open election and for the draft.
PLACES: dict[str, tuple[str, ...]] = {
    "election": ("tiny", "made"),
    "contest": ("president", "measure"),
    "unit": ("north", "north-1"),
    "precinct": ("north-1", "south-1"),
    "seq": ("3", "4", "5", "6"),
    "number": ("1",),
    "party": ("RED",),
    "selection": ("ada",),
    "username": ("ann",),
    "code": ("PHL-101", "PHL-102"),
    "voter": ("1",),
    "session": ("0",),
    "token": ("0",),
    "tag": ("Results", "Tallies"),
}
# They end what the visitor needs, or answer with a file.
_APART = {"choice", "assets", "pictures"}
_FOR_PROGRAMS = ("/stream", "/robots.txt")
_LAST = ("/logout", "/remove", "/reset", "/end", "/revoke", "/moves")


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for part in value.values() for text in _strings(part))
    elif isinstance(value, list | tuple):
        yield from (text for part in value for text in _strings(part))


NAMES = frozenset(filter(None, [*_strings(msgspec.to_builtins(tiny_election())), *PEOPLE, "tiny", "made"]))


@pytest.fixture
async def site(app: Quart, client: Any, house: Services, office: Office) -> Visitor:
    """A visitor who may do everything, of a site where everything is; from here on it marks its texts."""
    await house.elections.define(tiny_election(is_test=True), opened=True, released=True)
    desk = Desk(house, "tiny")
    await desk.receipts(a_tally("north-1"), a_tally("south-1"), unbalanced("north-2"))
    await desk.receipts(a_tally("south-1", revision=2, reason="counted again"))
    await build(office, tiny_election("made"))
    for election in ("tiny", "made"):
        await house.complaint_filings.file(election, filing(unit="north-1", name="Maria"), [PDF])
    await house.officials.add("ann", list(Role), ["country"], "tiny", password=PASSWORD)
    await house.credentials.issue_token("ann", datetime.timedelta(hours=1), name="Printer")
    ann = Visitor(client)
    await ann.sign_in()
    for name, rows in (("candidates", CANDIDATES), ("voters", VOTERS)):
        await ann.get(f"/admin/elections/made/upload-{name}")
        await ann.upload(f"/admin/elections/made/upload-{name}", rows)
    await ann.get("/admin/elections/made/candidates?status=filed")
    await ann.post("/admin/elections/made/candidates?status=filed", codes=["PHL-102"], change="qualify")
    speak_marked(app)
    client.set_cookie("localhost", COOKIE, CODE)
    return ann


def rules(app: Quart, part: str, method: str) -> list[Rule]:
    return [
        rule
        for rule, _ in every_rule(app)
        if rule.endpoint.partition(".")[0] == part and method in (rule.methods or ()) and not rule.websocket
    ]


def addresses(rule: Rule) -> Iterator[str]:
    """The rule with every value that its places may have; a new kind of place must be given some."""
    missing = rule.arguments - PLACES.keys()
    assert not missing, f"{rule.rule}: say in PLACES what {missing} may be"
    found = [re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", rule.rule)]
    for name in rule.arguments:
        found = [address.replace(f"<{name}>", value) for address in found for value in PLACES[name]]
    yield from sorted(found)


def outside(visitor: Visitor) -> list[str]:
    """What the page that the visitor sees says outside the catalogues."""
    kind = visitor.headers.get("content-type", "")
    if 300 <= visitor.status < 400:
        return []
    if kind.startswith("text/html"):
        return Unmarked(visitor.page, NAMES).found
    return unmarked_lines(visitor.page, NAMES) if kind.startswith("text/plain") else []


async def read_all(visitor: Visitor, places: Iterable[str]) -> list[str]:
    wrong = []
    for place in places:
        if place.endswith(_FOR_PROGRAMS):
            continue
        await visitor.get(place)
        assert visitor.status < 500, place
        wrong += [f"{place}: {text}" for text in outside(visitor)]
    return list(dict.fromkeys(wrong))


def told(wrong: list[str]) -> None:
    assert not wrong, "outside the catalogues:\n" + "\n".join(wrong)


@pytest.mark.parametrize("part", [part for part in PARTS if part not in _APART])
async def test_every_page_says_only_what_stands_in_a_catalogue(app: Quart, site: Visitor, part: str) -> None:
    places = [address for rule in rules(app, part, "GET") for address in addresses(rule)]
    assert places, f"{part} has no page"
    told(await read_all(site, places))


@pytest.mark.parametrize("change", ["withhold", "close", "certify", "correct"])
async def test_public_pages_of_an_election_in_any_state_say_only_what_stands_in_a_catalogue(
    app: Quart, site: Visitor, house: Services, change: str
) -> None:
    steps = {"correct": ["close", "certify", "correct"], "certify": ["close", "certify"]}
    for step in steps.get(change, [change]):
        await move(house, "tiny", step, "two sheets were swapped")  # type: ignore[arg-type]
    public = ("elections", "board", "places", "observers", "filing", "log", "tally")
    places = [address for part in public for rule in rules(app, part, "GET") for address in addresses(rule)]
    told(await read_all(site, places))


WRONG: tuple[dict[str, str], ...] = (
    {},
    {"edition": "0", "code": "!", "name": "x" * 300, "date": "soon", "change": "explode"},
)


@pytest.mark.parametrize("part", [part for part in PARTS if part not in _APART])
async def test_what_is_wrong_with_a_form_is_said_out_of_a_catalogue(
    app: Quart, site: Visitor, part: str
) -> None:
    wrong = []
    places = [address for rule in rules(app, part, "POST") for address in addresses(rule)]
    for place in sorted(places, key=lambda place: place.endswith(_LAST)):
        for sent in WRONG:
            await site.get("/account")
            await site.post(place, **sent)
            assert site.status < 500, place
            wrong += [f"{place} {sorted(sent)}: {text}" for text in outside(site)]
    told(list(dict.fromkeys(wrong)))


@pytest.mark.parametrize(
    "place", ["/nothing", "/elections/none", "/elections/tiny/log?before=x", "/admin/members/nobody"]
)
async def test_what_cannot_be_shown_is_told_out_of_a_catalogue(site: Visitor, place: str) -> None:
    assert await read_all(site, [place]) == []
