"""The officer's entry without JavaScript: precincts, form, read-back, receipt; and what it refuses."""

import re
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from models.check_settings import CheckSetting, CheckSettings
from quart_app.wiring import Services
from tests.building import FIGURES, a_tally, tiny_election, unbalanced
from tests.desk import Desk, define
from tests.sockets import client_of
from tests.visitor import PASSWORD, Visitor

HERE = "/elections/tiny/tally"
FORM = f"{HERE}/north-1/president"


@pytest.fixture
async def desk(house: Services) -> Desk:
    return await define(house, tiny_election())


@pytest.fixture
async def olga(app: Quart, house: Services, desk: Desk) -> Visitor:
    """An officer of the north, who has signed in."""
    await house.officials.add("olga", ["officer"], ["north"], "tiny", password=PASSWORD)
    visitor = Visitor(client_of(app))
    await visitor.sign_in("olga")
    return visitor


def figures(contest: Any = "president", **changes: Any) -> dict[str, Any]:
    """What the fields of the form are filled with."""
    known = FIGURES[contest]
    counts = ("ballots_cast", "write_ins", "overvotes", "undervotes", "rejected_ballots")
    fields = {f"votes.{code}": count for code, count in known["votes"].items()}
    return {**fields, **{name: known.get(name, 0) for name in counts}, **changes}


async def post(visitor: Visitor, step: str, address: str = FORM, **fields: Any) -> str:
    """Sends the form that the visitor sees, with these figures."""
    hidden = {name: visitor.hidden(name) for name in ("ref", "revision")}
    return await visitor.post(address, frm=address, **{**hidden, "step": step, **fields})


async def tallies(desk: Desk) -> list[Any]:
    return list(await desk.sql("SELECT seq, revision, status, channel, ref FROM tallies ORDER BY seq"))


async def test_an_officer_sees_own_precincts_and_what_each_contest_still_needs(
    olga: Visitor, desk: Desk
) -> None:
    otto = await desk.official("otto")
    await desk.receipts(a_tally("north-1"), unbalanced("north-1", "council"), by=otto)
    await olga.get(HERE)
    assert "North-1 2 of 2 contests sent" in olga.text
    assert "North-2 0 of 2 contests sent" in olga.text
    assert "South-1" not in olga.text
    await olga.get(f"{HERE}/north-1")
    assert "President Sent Entry 4, revision 1, by otto" in olga.text
    assert "Held for review" in olga.text


async def test_a_tally_goes_from_the_form_over_reading_back_to_its_receipt(olga: Visitor, desk: Desk) -> None:
    await olga.get(FORM)
    await post(olga, "check", **figures())
    assert "Are these the figures?" in olga.text
    assert "It balances." in olga.text
    assert await tallies(desk) == []
    await post(olga, "send", follow=False, **figures())
    assert (olga.status, olga.location) == (303, f"{FORM}/4")
    await olga.get(olga.location)
    assert "Received and counted" in olga.text
    assert "Next: Council" in olga.text
    ((seq, revision, status, channel, _),) = await tallies(desk)
    assert (seq, revision, status, channel) == (4, 1, "accepted", "web")
    assert olga.headers["cache-control"] == "private, no-store"


async def test_a_form_that_is_sent_twice_is_recorded_once(olga: Visitor, desk: Desk) -> None:
    await olga.get(FORM)
    await post(olga, "check", **figures())
    ref = olga.hidden("ref")
    for _ in range(2):
        await olga.post(FORM, frm=FORM, ref=ref, revision="1", step="send", **figures())
        assert "Received and counted" in olga.text
    assert [row.ref for row in await tallies(desk)] == [ref]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Fill in 0 if there were none."),
        ("-3", "Digits only"),
        ("3.5", "Digits only"),
        ("3,5", "Digits only"),
        ("twelve", "Digits only"),
        ("2147483648", "Digits only: a whole number from 0 to 2,147,483,647."),
        ("9" * 25, "Digits only"),
    ],
)
async def test_what_is_no_count_is_refused_at_its_field_and_nothing_is_sent(
    olga: Visitor, desk: Desk, typed: str, told: str
) -> None:
    await olga.get(FORM)
    await post(olga, "send", **figures(**{"votes.ben": typed}))
    assert olga.status == 422
    assert told in olga.text
    assert 'href="#votes.ben"' in olga.page
    assert re.search(r'aria-describedby="votes.ben-fault"[^>]*aria-invalid="true"', olga.page)
    assert f'value="{typed}"' in olga.page
    assert await tallies(desk) == []


@pytest.mark.parametrize("typed", ["٤٠", "４０", " 40 ", "4 0", "4 0"])
async def test_digits_of_every_script_and_spaces_between_groups_are_understood(
    olga: Visitor, desk: Desk, typed: str
) -> None:
    await olga.get(FORM)
    await post(olga, "send", **figures(**{"votes.ada": typed}))
    assert "Received and counted" in olga.text
    assert (await desk.votes())["ada"] == 40


async def test_what_does_not_balance_is_warned_of_held_and_corrected(olga: Visitor, desk: Desk) -> None:
    await olga.get(FORM)
    await post(olga, "check", **figures(undervotes=9))
    assert "It does not add up" in olga.text
    assert "held for review" in olga.text
    await post(olga, "send", **figures(undervotes=9))
    assert "Received, and held for review" in olga.text
    await olga.get(FORM)
    assert 'value="9"' in olga.page
    await post(olga, "check", **figures())
    assert "Say why the figures change." in olga.text
    await post(olga, "send", reason="a figure was mistyped", **figures())
    assert "Received and counted" in olga.text
    assert [(row.revision, row.status) for row in await tallies(desk)] == [(1, "superseded"), (2, "accepted")]


async def test_what_is_warned_of_is_what_this_election_holds(olga: Visitor, house: Services) -> None:
    checks = CheckSettings(balance=CheckSetting(tolerance=5), turnout=CheckSetting(tolerance=20))
    await define(house, tiny_election(code="lenient", checks=checks))
    await house.officials.add("olga", ["officer"], ["north"], "lenient")
    there = "/elections/lenient/tally/north-1/president"
    await olga.get(there)
    await post(olga, "check", there, **figures(undervotes=7))
    assert "This election does not hold a tally for such a difference." in olga.text
    await post(olga, "check", there, **figures(undervotes=99))
    assert "It does not add up" in olga.text
    await post(olga, "check", there, **dict.fromkeys(figures(), 0))
    assert "every count is zero" in olga.text


async def test_back_from_the_figures_keeps_what_was_typed(olga: Visitor) -> None:
    await olga.get(FORM)
    await post(olga, "check", **figures(**{"votes.ada": 17}))
    await post(olga, "change", **figures(**{"votes.ada": 17}))
    assert 'value="17"' in olga.page
    assert "Read the figures back" in olga.text
    assert olga.status == 200


async def test_what_a_colleague_sent_meanwhile_makes_a_correction_of_this(olga: Visitor, desk: Desk) -> None:
    await olga.get(FORM)
    await desk.receipts(a_tally("north-1"), by=await desk.official("otto"))
    await post(olga, "send", **figures(**{"votes.ada": 41, "undervotes": 2}))
    assert olga.status == 409
    assert "was sent meanwhile" in olga.text
    assert olga.hidden("revision") == "2"
    assert 'value="41"' in olga.page
    await post(olga, "send", reason="counted again", **figures(**{"votes.ada": 41, "undervotes": 2}))
    assert "Received and counted" in olga.text


async def test_other_figures_from_a_page_that_was_sent_already_are_a_correction(
    olga: Visitor, desk: Desk
) -> None:
    await olga.get(FORM)
    ref = olga.hidden("ref")
    await post(olga, "send", **figures())
    await olga.post(FORM, ref=ref, revision="1", step="send", **figures(**{"votes.ada": 1}))
    assert "is recorded already" in olga.text
    assert olga.hidden("ref") != ref
    assert olga.hidden("revision") == "2"


async def test_who_is_no_officer_of_the_precinct_is_told_so(
    app: Quart, house: Services, olga: Visitor, desk: Desk
) -> None:
    await olga.get(f"{HERE}/south-1/president")
    assert olga.status == 403
    assert "You are not an officer of the precinct" in olga.text
    await house.officials.add("rita", ["reviewer"], [], "tiny", password=PASSWORD)
    rita = Visitor(client_of(app))
    await rita.sign_in("rita")
    await rita.get(HERE)
    assert "who is no officer" in rita.text


async def test_who_has_not_signed_in_is_led_in_and_back(app: Quart, house: Services, desk: Desk) -> None:
    await house.officials.add("olga", ["officer"], ["north"], "tiny", password=PASSWORD)
    visitor = Visitor(client_of(app))
    await visitor.get(FORM)
    way = re.search(r'href="(/login[^"]*)"', visitor.page)
    assert way
    await visitor.get(way[1])
    await visitor.post("/login", username="olga", password=PASSWORD, next=visitor.hidden("next"))
    assert "Read the figures back" in visitor.text


async def test_an_election_that_takes_no_tallies_says_so(olga: Visitor, house: Services, desk: Desk) -> None:
    await olga.get(FORM)
    await house.elections.move("tiny", "close")
    await post(olga, "send", **figures())
    assert olga.status == 409
    assert "tallies are taken only while it is open" in olga.text
    assert await tallies(desk) == []


async def test_addresses_of_nothing_are_not_found(olga: Visitor) -> None:
    far = f"/north-1/president/{2**63}"
    for address in ("/nowhere", "/nowhere/president", "/north-1/measure", "/north-1/president/1", far):
        await olga.get(f"{HERE}{address}")
        assert olga.status == 404, address


async def test_a_long_list_of_precincts_is_searched_and_paged(olga: Visitor) -> None:
    await olga.get(f"{HERE}?limit=1")
    assert "North-1" in olga.text
    assert "North-2" not in olga.text
    assert "More precincts" in olga.text
    await olga.get(f"{HERE}?search=h-2")
    assert "North-2" in olga.text
    assert "North-1" not in olga.text


async def test_the_api_names_own_precincts_with_what_they_sent_also_while_withheld(
    client: Client, house: Services, desk: Desk
) -> None:
    officer = await desk.official("olga", units=["north-1"])
    await desk.receipts(a_tally("north-1", ref="mine"), a_tally("south-1"), by=await desk.official("otto"))
    await house.elections.move("tiny", "withhold")
    response = await client.get(f"{desk.path}/entry", headers=officer.bearer)
    assert response.headers["Cache-Control"] == "private, no-store"
    found = await response.get_json()
    (precinct,) = found["precincts"]
    assert (precinct["code"], precinct["contests"]) == ("north-1", ["president", "council"])
    (sent,) = precinct["sent"]
    assert (sent["contest"], sent["revision"], sent["status"], sent["by"]) == (
        "president",
        1,
        "accepted",
        "otto",
    )
    assert [contest["code"] for contest in found["contests"]] == ["president", "council"]
    assert (found["total"], found["next"], found["username"]) == (1, None, "olga")


async def test_the_api_gives_the_figures_of_own_precincts_and_of_no_others(
    client: Client, house: Services, desk: Desk
) -> None:
    officer = await desk.official("olga", units=["north-1"])
    mine, other = await desk.receipts(a_tally("north-1"), a_tally("south-1"), by=await desk.official("otto"))
    await house.elections.move("tiny", "withhold")
    response = await client.get(f"{desk.path}/entry/north-1/{mine.seq}", headers=officer.bearer)
    assert response.headers["Cache-Control"] == "private, no-store"
    found = await response.get_json()
    assert (found["contest"], found["votes"]) == ("president", FIGURES["president"]["votes"])
    assert "nonce" not in found
    for place, seq, status in (
        ("north-1", other.seq, 404),
        ("north-1", 2**63, 404),
        ("south-1", other.seq, 403),
        ("nowhere", 1, 404),
    ):
        answer = await client.get(f"{desk.path}/entry/{place}/{seq}", headers=officer.bearer)
        assert answer.status_code == status, (place, seq)


async def test_what_is_kept_for_no_network_names_nobody_and_changes_with_its_files(
    client: Client, desk: Desk
) -> None:
    worker = await client.get(f"{HERE}/worker.js")
    assert worker.headers["Service-Worker-Allowed"] == HERE
    assert worker.headers["Cache-Control"] == "no-cache"
    assert worker.headers["Content-Security-Policy"] == "default-src 'none'; connect-src 'self'"
    shell = await client.get(f"{HERE}/shell.html")
    assert shell.status_code == 200
    manifest = await (await client.get(f"{HERE}/manifest.webmanifest?lang=ar")).get_json(force=True)
    assert (manifest["dir"], manifest["scope"], manifest["display"]) == ("rtl", HERE, "standalone")
    for icon in manifest["icons"]:
        assert (await client.get(icon["src"])).status_code == 200
