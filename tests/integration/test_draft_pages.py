"""Making an election out of nothing with a browser, and moving it along."""

import re

import pytest

from tests.desk import Desk, certify
from tests.office import Office
from tests.visitor import PASSWORD, Visitor

MADE = "/admin/elections/made"

UNITS = b"""code,name,kind,parent,voters_registered
country,The Country,country,,
north,North,district,country,
north-1,North 1,precinct,north,100
north-2,North 2,precinct,north,many
"""

CONTEST = {
    "code": "mayor",
    "name": "Mayor",
    "district": "country",
    "vote_variation": "plurality",
    "votes_allowed": "1",
    "number_elected": "1",
    "ballot_order": "given",
}


async def on(visitor: Visitor, page: str) -> Visitor:
    """The visitor signed in, and on a page."""
    await visitor.sign_in()
    await visitor.get(page)
    assert visitor.status == 200, visitor.text
    return visitor


async def test_an_election_is_made_out_of_nothing_and_opened(visitor: Visitor, desk: Desk) -> None:
    ann = await on(visitor, "/admin/new-election")
    await ann.post("/admin/new-election", code="made", name="Made", date="2026-11-03", timezone="Europe/Rome")
    assert "The draft is made." in ann.text
    await ann.get(f"{MADE}/upload-units")
    await ann.upload(f"{MADE}/upload-units", UNITS)
    assert "Added 3 There already 0 Refused 1" in ann.text
    assert "4voters_registered" in ann.text
    await ann.post(f"{MADE}/new-unit", code="north-2", name="North 2", kind="precinct", parent="north")
    assert "The unit is added." in ann.text
    await ann.get(f"{MADE}/new-party")
    await ann.post(f"{MADE}/new-party", code="GRN", name="Green", colour="#00AA00")
    assert "The party is added." in ann.text
    await ann.get(f"{MADE}/new-contest")
    await ann.post(f"{MADE}/new-contest", **CONTEST)
    assert "The contest is added." in ann.text
    await ann.get(f"{MADE}/contests/mayor/new-selection")
    await ann.post(f"{MADE}/contests/mayor/new-selection", code="gus", name="Gus", party="GRN")
    assert "Gus GRN" in ann.text
    await ann.get(MADE)
    await ann.post(f"{MADE}/moves", change="open", reason="")
    assert "The election is open." in ann.text
    assert (await desk.house.elections.get("made")).timezone == "Europe/Rome"
    (contest,) = await desk.house.elections.contests("made")
    assert [one.name for one in contest.selections] == ["Gus"]


async def test_what_a_draft_lacks_is_named_when_it_is_to_be_opened(
    visitor: Visitor, empty_draft: Office
) -> None:
    ann = await on(visitor, MADE)
    await ann.post(f"{MADE}/moves", change="open")
    assert ann.status == 422
    assert "Units: exactly one must have no parent" in ann.text
    assert "Contests: at least one is needed" in ann.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"code": "Made!"}, "Code: Lower-case letters, digits and single hyphens"),
        ({"code": "tiny"}, "already"),
        ({"name": " "}, "Name: Fill this in."),
        ({"date": "soon"}, "Day of the election: "),
        ({"timezone": "Mars/Olympus"}, "Timezone: There is no timezone 'Mars/Olympus'"),
    ],
)
async def test_an_election_that_cannot_be_made_is_refused_at_its_field(
    visitor: Visitor, changes: dict[str, str], said: str
) -> None:
    ann = await on(visitor, "/admin/new-election")
    facts = {"code": "made", "name": "Made", "date": "2026-11-03", "timezone": "UTC"}
    await ann.post("/admin/new-election", **(facts | changes))
    assert ann.status in (409, 422)
    assert said in ann.text


async def test_a_draft_is_edited_and_two_who_do_so_do_not_overwrite_each_other(
    visitor: Visitor, draft: Office
) -> None:
    ann = await on(visitor, f"{MADE}/edit")
    facts = {
        "edition": ann.hidden("edition"),
        "name": "Made anew",
        "date": "2026-11-04",
        "timezone": "UTC",
        "is_test": "y",
        "ballot_seed": "one two three",
    }
    await ann.post(f"{MADE}/edit", **facts)
    assert "Saved." in ann.text
    assert "Test election" in ann.text
    assert "one two three" in ann.text
    await ann.post(f"{MADE}/edit", **facts)
    assert ann.status == 412
    assert "Read it again as it is now" in ann.text


@pytest.mark.parametrize(
    ("place", "thing"),
    [
        ("units/north-1", {"name": "North one", "kind": "precinct", "parent": "north"}),
        ("parties/RED", {"name": "Reds", "colour": "#aa0000"}),
        ("contests/president", {**CONTEST, "name": "The President"}),
        ("contests/president/selections/ada", {"name": "Ada A.", "party": ""}),
    ],
)
async def test_parts_of_a_draft_are_edited_in_the_edition_that_was_read(
    visitor: Visitor, draft: Office, place: str, thing: dict[str, str]
) -> None:
    ann = await on(visitor, f"{MADE}/{place}")
    thing = {**thing, "edition": ann.hidden("edition")}
    await ann.post(f"{MADE}/{place}", **thing)
    assert "Saved." in ann.text
    await ann.post(f"{MADE}/{place}", **{**thing, "name": "Another"})
    assert ann.status == 412


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("contests/measure/selections/no", "It is removed."),
        ("contests/measure", "The contest is removed."),
        ("units/north", "cannot be removed while something hangs on it"),
        ("parties/RED", "cannot be removed while something names it"),
    ],
)
async def test_parts_of_a_draft_are_removed_where_nothing_hangs_on_them(
    visitor: Visitor, draft: Office, place: str, said: str
) -> None:
    ann = await on(visitor, f"{MADE}/{place}")
    edition = re.findall(r'/remove">.*?name="edition" value="(\w+)"', ann.page, re.DOTALL)
    await ann.post(f"{MADE}/{place}/remove", frm=f"{MADE}/{place}", edition=edition[0])
    assert said in ann.text
    if ann.status == 409:
        assert f'href="{MADE}/{place}">Back to the page' in ann.page


async def test_an_open_election_offers_only_what_can_be_done_with_it(visitor: Visitor, desk: Desk) -> None:
    ann = await on(visitor, "/admin/elections/tiny")
    assert re.findall(r'name="change" value="(\w+)"', ann.page) == ["close", "withhold"]
    await ann.post("/admin/elections/tiny/moves", change="open")
    assert ann.status == 409
    await ann.post("/admin/elections/tiny/moves", change="explode")
    assert ann.status == 422
    await ann.get("/admin/elections/tiny/units/north")
    assert "what stands here is settled" in ann.text


async def test_releasing_asks_for_the_password_and_comes_back_to_the_page(
    visitor: Visitor, desk: Desk
) -> None:
    await desk.house.elections.move("tiny", "withhold")
    ann = await on(visitor, "/admin/elections/tiny")
    await desk.sql("UPDATE sessions SET confirmed_at = confirmed_at - interval '1 hour'")
    await ann.post("/admin/elections/tiny/moves", frm="/admin/elections/tiny", change="release")
    assert "Nothing was changed yet." in ann.text
    assert not (await desk.house.elections.get("tiny")).results_released
    await ann.post("/confirm", password=PASSWORD, next=ann.hidden("next"))
    assert "Your password is confirmed" in ann.text
    await ann.post("/admin/elections/tiny/moves", frm="/admin/elections/tiny", change="release", reason="x")
    assert "The results are released." in ann.text


async def test_a_correction_needs_a_reason_that_stands_at_its_field(visitor: Visitor, desk: Desk) -> None:
    await desk.house.elections.move("tiny", "close")
    await certify(desk.house)
    ann = await on(visitor, "/admin/elections/tiny")
    await ann.post("/admin/elections/tiny/moves", change="correct", reason=" ")
    assert ann.status == 422
    assert "Reason: Is missing; say why what was certified is corrected" in ann.text
    await ann.post("/admin/elections/tiny/moves", change="correct", reason="two sheets were swapped")
    assert "The results are being corrected." in ann.text


async def test_a_registrar_sees_the_register_and_no_buttons_that_are_not_theirs(
    visitor: Visitor, desk: Desk
) -> None:
    await desk.house.officials.add("reg", ["registrar"], [], password=PASSWORD)
    await visitor.sign_in("reg")
    await visitor.get("/admin/elections/tiny")
    assert visitor.status == 200
    assert f"{MADE[:-4]}tiny/voters" in visitor.page
    for hidden in ("/moves", "/units", "/edit", "/admin/audit", 'href="/admin/elections"'):
        assert hidden not in visitor.page
    await visitor.get("/admin")
    assert "/admin/members" not in visitor.page
