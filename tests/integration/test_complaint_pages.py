"""The pages of complaints with a browser without scripts: the form, one's own complaint, and the desk."""

import datetime
import io
import re
from typing import Any

import pytest
from quart.datastructures import FileStorage
from quart.typing import TestClientProtocol as Client

from models.complaints import ComplaintDecision, DeskEdit
from models.editions import edition
from models.rights import Role
from tests.complaining import PDF, SVG, WORDS, FilesOf, file, picture
from tests.desk import Desk, administrator
from tests.visitor import HTML, PASSWORD, Visitor

HERE = "/elections/tiny/complaints"
DESK = f"{HERE}/desk"
CODE = re.compile(r'<code id="code"[^>]*>([^<]+)</code>')

RAMP = {"category": "access", "role": "voter", "unit": "north-1", "text": WORDS, "name": "Wilma Voter"}


class Complainant(Visitor):
    """A browser in which somebody complains."""

    async def complain(self, *attachments: bytes, **changes: str) -> str:
        await self.get(HERE)
        form = {"csrf_token": self.token, **RAMP, **changes}
        files = FilesOf(attachments, "photo.png") if attachments else _none_chosen()
        answer = await self.client.post(HERE, form=form, files=files, headers=HTML, scheme="https")
        return await self._take(answer)

    @property
    def code(self) -> str:
        found = CODE.search(self.page)
        assert found, self.text
        return found[1]

    async def staff(self, desk: Desk, username: str, role: Role) -> None:
        await desk.house.officials.add(username, [role], [], "tiny", password=PASSWORD)
        await self.sign_in(username)


def _none_chosen() -> Any:
    """What a browser sends of a field for files in which none was chosen."""
    return {"attachments": FileStorage(io.BytesIO(b""), filename="")}


@pytest.fixture
def complainant(client: Client, desk: Desk) -> Complainant:
    return Complainant(client)


# ---- everybody ----


async def test_somebody_files_without_signing_in_and_is_shown_the_code_once(
    complainant: Complainant, desk: Desk
) -> None:
    await complainant.complain(picture(), PDF)
    assert complainant.status == 201
    assert "Write the secret code down" in complainant.text
    assert f"https://localhost{HERE}/1" in complainant.text
    assert complainant.headers["cache-control"] == "private, no-store"
    own = await desk.house.complaint_filings.own("tiny", 1, complainant.code)
    assert (own.text, own.unit, own.name, own.attachments) == (WORDS, "north-1", "Wilma Voter", 2)


async def test_the_list_and_the_status_tell_nothing_of_what_was_written(complainant: Complainant) -> None:
    await complainant.complain()
    for place in (HERE, f"{HERE}/1"):
        await complainant.get(place)
        assert "Filed" in complainant.text and "North-1" in complainant.text
        assert WORDS not in complainant.page and "Wilma" not in complainant.page
        assert complainant.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"category": ""}, "What it is about: Choose one"),
        ({"role": "ghost"}, "As whom you complain: Choose one of those that are offered."),
        ({"text": "  "}, "What happened: Fill this in."),
        ({"text": "x" * 5001}, "What happened: At most 5,000 characters."),
        ({"unit": "nowhere"}, "Place: No place is called so"),
        ({"unit": "o"}, "Place: Several places fit; write the code"),
        ({"email": "wilma"}, "Your e-mail: Write it as name@example.org."),
        ({"telephone": "call me"}, "Your telephone: Digits"),
        ({"contest": "nothing"}, "Contest: Choose one of those that are offered."),
    ],
)
async def test_what_cannot_be_taken_is_told_at_its_field_and_above_the_form(
    complainant: Complainant, desk: Desk, changes: dict[str, str], said: str
) -> None:
    await complainant.complain(**{"telephone": "555 0100", **changes})
    assert complainant.status == 422
    assert said in complainant.text
    assert 'aria-invalid="true"' in complainant.page
    assert await desk.house.complaints.newest("tiny") == []


async def test_what_was_typed_is_kept_and_files_are_asked_for_again(complainant: Complainant) -> None:
    typed = "The ramp\r\nis <b>blocked</b>."
    await complainant.complain(picture(), text=typed, email="wilma", unit="The Cuontry")
    assert "The ramp\nis &lt;b&gt;blocked&lt;/b&gt;." in complainant.page
    assert 'value="The Cuontry"' in complainant.page and 'value="Wilma Voter"' in complainant.page
    assert re.search(r"<option[^>]* selected[^>]*>Access", complainant.page)
    assert "Choose the files again" in complainant.text


async def test_a_place_is_found_by_its_name_and_the_ends_of_lines_count_once(
    complainant: Complainant, desk: Desk
) -> None:
    await complainant.complain(unit="the country", text="\r\n".join(["x" * 9] * 500))
    own = await desk.house.complaint_filings.own("tiny", 1, complainant.code)
    assert (own.unit, len(own.text)) == ("country", 4999)


async def test_of_several_files_the_one_that_is_not_taken_is_named(complainant: Complainant) -> None:
    await complainant.complain(picture(), SVG)
    assert complainant.status == 422
    assert "Pictures and documents: File 2: is an SVG drawing" in complainant.text


async def test_a_form_from_another_site_files_nothing(client: Client, desk: Desk) -> None:
    answer = await client.post(HERE, form=RAMP, headers=HTML, scheme="https")
    assert answer.status_code == 400
    assert await desk.house.complaints.newest("tiny") == []


async def test_with_the_code_one_reads_ones_own_and_takes_it_back(
    complainant: Complainant, desk: Desk
) -> None:
    await complainant.complain()
    code = complainant.code
    await complainant.get(f"{HERE}/1")
    await complainant.post(f"{HERE}/1", code="AAAAA-AAAAA", step="read")
    assert complainant.status == 403
    assert "Secret code: Is not the code of this complaint." in complainant.text
    await complainant.post(f"{HERE}/1", code=code.lower().replace("-", " "), step="read")
    assert complainant.status == 200
    assert WORDS in complainant.text and "Wilma Voter" in complainant.text
    assert complainant.headers["cache-control"] == "private, no-store"
    await complainant.post(f"{HERE}/1", code=code, step="withdraw")
    assert "You have taken the complaint back." in complainant.text
    assert "Taken back" in complainant.text or "Withdrawn" in complainant.text
    await complainant.post(f"{HERE}/1", code=code, step="withdraw")
    assert complainant.status == 409
    await complainant.post(f"{HERE}/1", code=code, step="read")
    assert "Take the complaint back" not in complainant.text


async def test_many_complaints_are_read_a_page_at_a_time_the_newest_first(
    complainant: Complainant, desk: Desk
) -> None:
    for _ in range(27):
        await file(desk)
    await complainant.get(HERE)
    assert ">Complaint 27<" in complainant.page and ">Complaint 2<" not in complainant.page
    await complainant.get(f"{HERE}?before=3")
    assert ">Complaint 2<" in complainant.page and ">Complaint 3<" not in complainant.page


async def test_the_board_and_the_form_lead_to_each_other(complainant: Complainant) -> None:
    await complainant.get("/elections/tiny")
    assert f'href="{HERE}">Something wrong? File a complaint' in complainant.page
    await complainant.get(f"{HERE}?unit=south-1")
    assert 'value="south-1"' in complainant.page


# ---- the desk ----


@pytest.mark.parametrize("place", [DESK, f"{DESK}/1"])
async def test_the_desk_is_for_those_who_work_there_and_for_auditors(
    complainant: Complainant, desk: Desk, place: str
) -> None:
    await file(desk)
    await complainant.get(place)
    assert complainant.location.startswith("/login")
    for role in Role:
        await complainant.staff(desk, f"the-{role}", role)
        await complainant.get(place)
        admitted = role in (Role.REVIEWER, Role.ADMINISTRATOR, Role.AUDITOR)
        assert complainant.status == (200 if admitted else 403), role
        assert complainant.headers["cache-control"] in ("private, no-store", "no-store")


async def test_a_reviewer_takes_settles_notes_and_decides(complainant: Complainant, desk: Desk) -> None:
    await complainant.complain(picture())
    await complainant.staff(desk, "rita", Role.REVIEWER)
    await complainant.get(DESK)
    assert "Complaint 1: access" in complainant.text and WORDS in complainant.text
    case = f"{DESK}/1"
    await complainant.get(case)
    assert "Wilma Voter" in complainant.text
    assert f'href="/api/v1{case}/attachments/1" download' in complainant.page
    await complainant.post(f"{case}/begin", edition=complainant.hidden("edition"))
    assert "You have begun to look into the complaint." in complainant.text
    assert "Assigned: rita" in complainant.text
    due: dict[str, Any] = {"assignee": "rita", "due_on": "2099-11-05"}
    await complainant.post(f"{case}/settle", edition=complainant.hidden("edition"), **due)
    assert "Saved." in complainant.text and "November 5, 2099" in complainant.text
    await complainant.post(f"{case}/notes", text="Called the judge.")
    assert "Called the judge." in complainant.text
    said: dict[str, Any] = {"outcome": "It was blocked until 19:50.", "reason": "The judge says so."}
    await complainant.post(
        f"{case}/decide", edition=complainant.hidden("edition"), change="uphold", reason="x"
    )
    assert (complainant.status, "Outcome: Fill this in." in complainant.text) == (422, True)
    edition_now = complainant.hidden("edition")
    await complainant.post(f"{case}/decide", edition=edition_now, change="uphold", **said)
    assert "The complaint is upheld." in complainant.text and "The judge says so." in complainant.text
    await complainant.get(f"{HERE}/1")
    assert "It was blocked until 19:50." in complainant.text
    assert "The judge" not in complainant.text and "rita" not in _main(complainant)


def _main(visitor: Visitor) -> str:
    return visitor.page.partition("<main")[2]


async def test_whoever_comes_second_is_told_and_keeps_what_they_typed(
    complainant: Complainant, desk: Desk
) -> None:
    await file(desk)
    await complainant.staff(desk, "rita", Role.REVIEWER)
    await complainant.get(f"{DESK}/1")
    read = complainant.hidden("edition")
    ada = await administrator(desk.house, "ada")
    begun = await desk.house.complaint_desk.decide("tiny", 1, ComplaintDecision(change="review"), read, ada)
    await complainant.post(f"{DESK}/1/begin", edition=read)
    assert complainant.status == 409
    assert "Below stands how it is now." in complainant.text and "Under review" in complainant.text
    later = await desk.house.complaint_desk.note("tiny", 1, "Wait for the judge.", ada)
    said: dict[str, Any] = {"outcome": "It was free.", "reason": "I was there."}
    await complainant.post(f"{DESK}/1/decide", edition=edition(begun), change="dismiss", **said)
    assert complainant.status == 412
    assert "Wait for the judge." in complainant.text and "I was there." in complainant.text
    upheld = ComplaintDecision(change="uphold", outcome="It was blocked.", reason="He says so.")
    await desk.house.complaint_desk.decide("tiny", 1, upheld, edition(later), ada)
    again = complainant.hidden("edition")
    await complainant.post(f"{DESK}/1/decide", edition=again, change="dismiss", **said)
    assert complainant.status == 409
    assert "What you had typed" in complainant.text and "I was there." in complainant.text
    assert "The complaint 1 is upheld" in complainant.text


async def test_the_list_is_narrowed_in_its_address_and_marks_what_is_overdue(
    complainant: Complainant, desk: Desk
) -> None:
    for unit, category in (("north-1", "access"), ("south-1", "counting"), ("north-2", "counting")):
        await file(desk, unit=unit, category=category)
    await desk.sql("UPDATE complaints SET due_on = :day WHERE number = 2", day=datetime.date(2020, 1, 1))
    ada = await administrator(desk.house, "ada")
    third = edition(await desk.house.complaint_desk.get("tiny", 3))
    await desk.house.complaint_desk.settle("tiny", 3, DeskEdit(assignee="ada", due_on=None), third, ada)
    await complainant.staff(desk, "rita", Role.REVIEWER)

    async def shown(query: str) -> list[int]:
        await complainant.get(f"{DESK}?{query}")
        return [int(number) for number in re.findall(r'data-number="(\d+)"', complainant.page)]

    assert await shown("") == [1, 2, 3]
    assert "Overdue" in complainant.text
    assert await shown("overdue=true") == [2]
    assert await shown("category=counting") == [2, 3]
    assert await shown("unit=north") == [1, 3]
    assert await shown("assignee=ada") == [3]
    assert await shown("assignee=-&after=1") == [2]
    assert await shown("status=upheld") == []
    assert "No complaint fits what you chose." in complainant.text
    assert await shown("status=all&unit=south-1") == [2]
    assert '/api/v1/elections/tiny/complaints.csv?status=&amp;unit=south-1"' in complainant.page
    assert await shown("unit=nowhere") == []
    assert complainant.status == 422
    assert "No place is called so" in complainant.text


async def test_auditors_read_and_change_nothing(complainant: Complainant, desk: Desk) -> None:
    await file(desk)
    await complainant.staff(desk, "audrey", Role.AUDITOR)
    await complainant.get(f"{DESK}/1")
    assert WORDS in complainant.text
    assert "Take under review" not in complainant.text and "Add the note" not in complainant.text
    await complainant.post(f"{DESK}/1/notes", text="I was here.")
    assert complainant.status == 403
