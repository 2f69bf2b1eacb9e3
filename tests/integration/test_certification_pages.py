"""The pages of the certification and of the checks, as a browser without scripts meets them."""

import re
from typing import Any

import pytest

from models.rights import Role
from tests.building import every_tally
from tests.desk import Desk, administrator
from tests.visitor import PASSWORD, Visitor

HERE = "/elections/tiny/certification"
CHECKS = "/admin/elections/tiny/checks"


@pytest.fixture
async def ada(visitor: Visitor, desk: Desk) -> Visitor:
    """An administrator who has signed in, of a closed election that is counted whole."""
    await desk.receipts(*every_tally())
    await desk.house.elections.move("tiny", "close")
    await desk.house.officials.add("ada", [Role.ADMINISTRATOR], [], password=PASSWORD)
    await visitor.sign_in("ada")
    return visitor


async def test_whoever_asked_is_not_offered_to_confirm(ada: Visitor, desk: Desk) -> None:
    await ada.get(HERE)
    assert "Nothing stands in the way" in ada.text
    await ada.post(HERE)
    assert "You have asked, so somebody else confirms" in ada.text
    assert "/confirmation" not in ada.page
    await ada.post(f"{HERE}/confirmation")
    assert (ada.status, "so another administrator confirms it" in ada.text) == (403, True)
    await ada.post(f"{HERE}/withdrawal")
    assert "The request is taken back." in ada.text


async def test_the_second_person_sees_what_and_whom_they_confirm(ada: Visitor, desk: Desk) -> None:
    await desk.house.certification.ask("tiny", await administrator(desk.house, "ben"))
    state = await desk.house.certification.state("tiny")
    await ada.get(HERE)
    assert "ben has asked you" in ada.text
    assert ada.page.count(state.totals_hash) == 2
    await ada.post(f"{HERE}/confirmation")
    assert "The results are certified." in ada.text
    assert re.search(r"Asked by ?ben ?Confirmed by ?ada", ada.text)


async def test_buttons_pressed_twice_do_what_they_did_and_say_so_again(ada: Visitor, desk: Desk) -> None:
    await ada.get(CHECKS)
    sent: dict[str, Any] = {
        **numbers(ada.page),
        "edition": ada.hidden("edition"),
        "turnout_on": "y",
        "step": "save",
    }
    for _ in range(2):
        await ada.post(CHECKS, **sent)
        assert (ada.status, "Saved; it stands in the log." in ada.text) == (200, True)
    for _ in range(2):
        await ada.post(HERE)
        assert (ada.status, "You have asked. Now another administrator" in ada.text) == (200, True)
    await ada.post(f"{HERE}/withdrawal")
    await desk.house.certification.ask("tiny", await administrator(desk.house, "ben"))
    for _ in range(2):
        await ada.post(f"{HERE}/confirmation")
        assert (ada.status, "The results are certified." in ada.text) == (200, True)
    assert len(await desk.sql("SELECT 1 FROM certificates")) == 1


async def test_what_waits_is_counted_with_the_way_to_it(visitor: Visitor, desk: Desk) -> None:
    await desk.house.elections.move("tiny", "close")
    await visitor.sign_in()
    await visitor.get(HERE)
    assert "10 tallies have not come." in visitor.text
    await visitor.post(HERE)
    assert visitor.status == 409
    assert "Is needed while something waits: 10 tallies have not come." in visitor.text
    assert 'id="reason-fault"' in visitor.page


@pytest.mark.parametrize(("role", "status"), [("reviewer", 200), ("auditor", 200), ("officer", 403)])
async def test_staff_may_read_the_page_and_are_offered_no_button(
    visitor: Visitor, desk: Desk, role: str, status: int
) -> None:
    await desk.house.elections.move("tiny", "close")
    await desk.house.officials.add("cy", [role], [], password=PASSWORD)
    await visitor.sign_in("cy")
    await visitor.get(HERE)
    assert visitor.status == status
    assert not re.findall(rf'action="{HERE}', visitor.page)


async def test_an_old_sign_in_leads_to_the_password_and_back(ada: Visitor, desk: Desk) -> None:
    await desk.sql("UPDATE sessions SET confirmed_at = confirmed_at - interval '1 hour'")
    await ada.get(HERE)
    await ada.post(HERE, frm=HERE)
    assert "Nothing was changed yet." in ada.text
    assert ada.hidden("next") == HERE
    assert (await desk.house.certification.state("tiny")).asked is None


async def test_the_elections_page_leads_to_the_certification_and_has_no_such_button(ada: Visitor) -> None:
    await ada.get("/admin/elections/tiny")
    assert f'href="{HERE}"' in ada.page and f'href="{CHECKS}"' in ada.page
    assert 'value="certify"' not in ada.page
    await ada.post("/admin/elections/tiny/moves", change="certify")
    assert (ada.status, "Certifying takes two people" in ada.text) == (409, True)


async def test_a_recount_without_a_reason_is_refused_at_its_own_field(ada: Visitor) -> None:
    await ada.get(HERE)
    await ada.post(f"{HERE}/recounts/council", change="begin", reason="")
    assert ada.status == 422
    assert 'id="reason-council-fault"' in ada.page and 'id="reason-president-fault"' not in ada.page
    await ada.post(f"{HERE}/recounts/council", change="begin", reason="a court asks for it")
    assert "The recount is ordered." in ada.text
    await ada.post(HERE, reason="all the same")
    assert (ada.status, "There is a recount of council" in ada.text) == (409, True)


def numbers(page: str) -> dict[str, Any]:
    """What stands in the fields of the checks' page."""
    return dict(re.findall(r'name="(\w+_tolerance|recount_threshold)"[^>]*value="(\d+)"', page))


async def test_a_tolerance_that_is_no_number_is_named_at_its_field_and_nothing_is_set(
    ada: Visitor, desk: Desk
) -> None:
    await ada.get(CHECKS)
    fields = numbers(ada.page)
    head = await desk.house.log.head("tiny")
    for step in ("save", "preview"):
        sent = {**fields, "edition": ada.hidden("edition"), "turnout_tolerance": "many", "step": step}
        await ada.post(CHECKS, **sent)
        assert (ada.status, 'id="turnout_tolerance-fault"' in ada.page) == (422, True)
        assert "Turnout: tolerance in ballots: Write a whole number in digits." in ada.text
    assert await desk.house.log.head("tiny") == head


async def test_what_somebody_else_set_meanwhile_is_not_overwritten(ada: Visitor, desk: Desk) -> None:
    await ada.get(CHECKS)
    sent: dict[str, Any] = {**numbers(ada.page), "edition": ada.hidden("edition")}
    await ada.post(CHECKS, **sent, turnout_on="y")
    assert "Saved; it stands in the log." in ada.text
    await ada.post(CHECKS, **sent)
    assert ada.status == 412
