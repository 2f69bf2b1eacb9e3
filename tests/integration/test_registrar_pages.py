"""Candidates and voters with a browser: filing, deciding, registering, finding, moving."""

import re

import pytest
from quart.typing import TestClientProtocol as Client

from quart_app.settings import Settings
from tests.desk import Desk
from tests.office import Office
from tests.visitor import HTML, Visitor, squeezed

MADE = "/admin/elections/made"
FILE = "/elections/made/file"

MARIA = {
    "contest": "president",
    "first_name": "Maria",
    "last_name": "Moreno",
    "party": "RED",
    "address": "1 High Street",
    "telephone": "+1 555 0100",
    "email": "maria@example.org",
}
CANDIDATES = b"""code,contest,first_name,last_name,party
PHL-101,president,Maria,Moreno,RED
PHL-102,president,Jo,Jay,
PHL-103,nowhere,Al,Ash,
"""
VOTERS = b"""voter_id,first_name,last_name,precinct,email
V-1,Vera,Vogel,north-1,vera@example.org
V-2,Viktor,Vogel,north-1,
V-3,Valentina,Viel,nowhere,
"""


# ---- candidates ----


async def test_somebody_files_and_is_seen_by_registrars_and_once_qualified_by_everybody(
    visitor: Visitor, client: Client, draft: Office
) -> None:
    await visitor.get(FILE)
    await visitor.post(FILE, **MARIA)
    assert visitor.status == 201
    code = re.search(r"F-[0-9a-f]{16}", visitor.page)
    assert code

    async def listed() -> str:
        answer = await client.get("/elections/made/candidates", headers=HTML)
        assert answer.headers["Cache-Control"].startswith("public")
        return squeezed(await answer.get_data(as_text=True))

    assert "Maria Moreno" not in await listed()
    await visitor.sign_in()
    await visitor.get(f"{MADE}/candidates")
    assert "Maria MorenoPresidentRED" in visitor.text
    await visitor.get(f"{MADE}/candidates/{code[0]}")
    assert "1 High Street" in visitor.text
    await visitor.post(f"{MADE}/candidates/{code[0]}/decide", change="qualify")
    assert "The candidate has qualified." in visitor.text
    assert "Ada BLU Ben RED Cy Maria Moreno RED Order: as they were entered." in await listed()
    assert "maria@example.org" not in await listed()
    await visitor.post(f"{MADE}/candidates/{code[0]}/decide", change="withdraw")
    assert "Reason: Is missing; say why" in visitor.text
    await visitor.post(f"{MADE}/candidates/{code[0]}/decide", change="withdraw", reason="asked to")
    assert "Withdrawn: Maria Moreno" in await listed()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"contest": "measure"}, "Contest: Choose one of those that are offered."),
        ({"first_name": " "}, "First name: Fill this in."),
        ({"email": "nobody"}, "E-mail: Write it as name@example.org."),
        ({"telephone": "call me"}, "Telephone: Digits, spaces"),
        ({"last_name": "x" * 100}, "Last name: At most 99 characters."),
    ],
)
async def test_a_filing_that_cannot_be_taken_is_refused_at_its_field(
    visitor: Visitor, draft: Office, changes: dict[str, str], said: str
) -> None:
    await visitor.get(FILE)
    await visitor.post(FILE, **(MARIA | changes))
    assert visitor.status == 422
    assert said in visitor.text
    # What was typed is still there.
    assert "1 High Street" in visitor.page


async def test_filing_is_over_when_the_election_opens(visitor: Visitor, desk: Desk) -> None:
    await visitor.get("/elections/tiny/file")
    assert "Filing is over" in visitor.text
    assert "<form" not in visitor.page
    await visitor.get("/login")
    await visitor.post("/elections/tiny/file", **MARIA)
    assert visitor.status == 409


async def test_many_candidates_come_out_of_a_file_and_are_decided_on_at_once(
    visitor: Visitor, draft: Office
) -> None:
    await visitor.sign_in()
    await visitor.get(f"{MADE}/upload-candidates")
    await visitor.upload(f"{MADE}/upload-candidates", CANDIDATES)
    assert "Added 2 There already 0 Refused 1" in visitor.text
    assert "3contest this election has no contest 'nowhere'" in visitor.text
    await visitor.upload(f"{MADE}/upload-candidates", CANDIDATES)
    assert "Added 0 There already 2 Refused 1" in visitor.text
    await visitor.get(f"{MADE}/candidates")
    queue = f"{MADE}/candidates?status=filed"
    await visitor.post(queue, change="qualify")
    assert "Candidates: Choose at least one." in visitor.text
    await visitor.post(queue, codes=["PHL-101", "PHL-102"], change="reject")
    assert "Reason: Is missing" in visitor.text
    assert visitor.page.count(" checked") == 2
    await visitor.post(queue, codes=["PHL-101", "PHL-102", "PHL-999"], change="qualify")
    assert "Decided on: 2. Refused: 1. PHL-999" in visitor.text
    await visitor.get(f"{MADE}/candidates?status=qualified")
    assert "Maria Moreno" in visitor.text and "Jo Jay" in visitor.text


async def test_a_filing_is_corrected_in_the_edition_that_was_read(visitor: Visitor, draft: Office) -> None:
    await visitor.sign_in()
    await visitor.get(f"{MADE}/upload-candidates")
    await visitor.upload(f"{MADE}/upload-candidates", CANDIDATES)
    place = f"{MADE}/candidates/PHL-101"
    await visitor.get(place)
    sent = {**MARIA, "last_name": "Morena", "edition": visitor.hidden("edition")}
    await visitor.post(place, **sent)
    assert "Saved." in visitor.text and "Maria Morena" in visitor.text
    await visitor.post(place, **{**sent, "last_name": "Moreno"})
    assert visitor.status == 412


# ---- voters ----


async def registered(visitor: Visitor) -> Visitor:
    await visitor.sign_in()
    await visitor.get(f"{MADE}/upload-voters")
    await visitor.upload(f"{MADE}/upload-voters", VOTERS)
    assert "Added 2 There already 0 Refused 1" in visitor.text
    return visitor


async def test_voters_come_out_of_a_file_and_are_listed_by_precinct(visitor: Visitor, draft: Office) -> None:
    ann = await registered(visitor)
    await ann.get(f"{MADE}/voters?precinct=north-1")
    assert "Vogel, VeraV-1north-1vera@example.org" in ann.text
    await ann.get(f"{MADE}/voters?precinct=south-1")
    assert "Nobody is registered here." in ann.text
    await ann.get(f"{MADE}/voters?precinct=nowhere")
    assert ann.status == 422


@pytest.mark.parametrize(
    "known",
    [{"voter_id": "v-1"}, {"email": "VERA@example.org"}, {"last_name": "vogel", "precinct": "north-1"}],
)
async def test_a_voter_is_found_by_what_is_posted_and_never_by_an_address(
    visitor: Visitor, draft: Office, known: dict[str, str]
) -> None:
    ann = await registered(visitor)
    await ann.get(f"{MADE}/find-voters")
    await ann.post(f"{MADE}/find-voters", **known)
    assert "Vogel, Vera" in ann.text
    assert ann.headers["cache-control"] == "private, no-store"
    assert not any(
        value in place for place in re.findall(r'href="([^"]+)"', ann.page) for value in known.values()
    )
    await ann.post(f"{MADE}/find-voters", last_name="Niemand")
    assert "Nobody fits this" in ann.text


async def test_a_voter_is_changed_in_the_edition_that_was_read_and_removed_for_a_reason(
    visitor: Visitor, draft: Office
) -> None:
    ann = await registered(visitor)
    await ann.get(f"{MADE}/voters")
    vera = re.search(r'href="([^"]+)"><bdi[^>]*>Vogel, Vera', ann.page)
    assert vera
    place = vera[1]
    await ann.get(place)
    sent = {
        "edition": ann.hidden("edition"),
        "voter_id": "V-1",
        "first_name": "Vera",
        "last_name": "Vogel",
        "precinct": "south-1",
    }
    await ann.post(place, **sent)
    assert "Saved." in ann.text
    await ann.post(place, **sent)
    assert ann.status == 412
    await ann.post(f"{place}/remove", reason="")
    assert "Reason for taking them off the register: Fill this in." in ann.text
    await ann.post(f"{place}/remove", reason="moved away")
    assert "Taken off the register" in ann.text and "moved away" in ann.text
    await ann.post(f"{place}/remove", reason="again")
    assert ann.status == 409


async def test_a_whole_precinct_is_moved(visitor: Visitor, draft: Office) -> None:
    ann = await registered(visitor)
    await ann.get(f"{MADE}/move-voters")
    await ann.post(f"{MADE}/move-voters", precinct="north-1", to="nowhere", reason="boundaries")
    assert "To the precinct: This election has no precinct 'nowhere'." in ann.text
    await ann.post(f"{MADE}/move-voters", precinct="north-1", to="north-2", reason="boundaries")
    assert "2 voters are moved." in ann.text


# ---- files ----


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "There is nothing in it."),
        (b"PK\x03\x04 and so on", "This is a spreadsheet"),
        (b"voter_id\n", "There is no row below the header line"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_in_words(
    visitor: Visitor, draft: Office, content: bytes, said: str
) -> None:
    await visitor.sign_in()
    await visitor.get(f"{MADE}/upload-voters")
    await visitor.upload(f"{MADE}/upload-voters", content)
    assert visitor.status in (400, 422)
    assert said in visitor.text


async def test_a_file_above_the_limit_of_a_form_gets_a_page_that_says_so(
    visitor: Visitor, draft: Office, settings: Settings
) -> None:
    await visitor.sign_in()
    await visitor.get(f"{MADE}/upload-voters")
    await visitor.upload(f"{MADE}/upload-voters", b"x" * (settings.requests.max_body + 1))
    assert visitor.status == 413
    assert "This is too much at once" in visitor.text
