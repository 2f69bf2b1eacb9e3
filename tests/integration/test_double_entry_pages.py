"""The officers' pages without JavaScript: two people for each tally, and what a reviewer decided."""

from typing import Any

import pytest
from quart import Quart

from models.canvass import Decision, Resolution, Verdict
from models.rights import Actor
from quart_app.wiring import Services
from tests.building import FIGURES, a_tally, tiny_election, unbalanced
from tests.desk import Desk, Official, define
from tests.sockets import client_of
from tests.visitor import PASSWORD, Visitor

HERE = "/elections/tiny/tally"
FORM = f"{HERE}/north-1/president"
WAITS = "Received; the other person's entry is awaited"


@pytest.fixture(params=[True], ids=["double"])
async def desk(house: Services, request: pytest.FixtureRequest) -> Desk:
    return await define(house, tiny_election(double_entry=request.param))


single = pytest.mark.parametrize("desk", [False], indirect=True, ids=["single"])


async def officer(app: Quart, desk: Desk, username: str) -> Visitor:
    await desk.house.officials.add(username, ["officer"], ["country"], "tiny", password=PASSWORD)
    visitor = Visitor(client_of(app))
    await visitor.sign_in(username)
    return visitor


@pytest.fixture
async def olga(app: Quart, desk: Desk) -> Visitor:
    return await officer(app, desk, "olga")


@pytest.fixture
async def otto(app: Quart, desk: Desk) -> Visitor:
    return await officer(app, desk, "otto")


def figures(**changes: Any) -> dict[str, Any]:
    known = FIGURES["president"]
    counts = ("ballots_cast", "write_ins", "overvotes", "undervotes", "rejected_ballots")
    fields = {f"votes.{code}": count for code, count in known["votes"].items()}
    return {**fields, **{name: known.get(name, 0) for name in counts}, **changes}


async def send(visitor: Visitor, **fields: Any) -> None:
    await visitor.get(FORM)
    hidden = {name: visitor.hidden(name) for name in ("ref", "revision")}
    await visitor.post(FORM, frm=FORM, step="send", **hidden, **{**figures(), **fields})


async def decide(desk: Desk, seq: int, decision: Decision, by: str = "rita") -> None:
    who = await desk.official(by, roles=["reviewer"], units=[])
    verdict = Verdict(decision=decision, reason=f"because of {decision.value}")
    await desk.house.canvass.decide("tiny", seq, verdict, actor(who))


def actor(who: Official) -> Actor:
    return Actor(who.identity.member_id, who.identity.username, "", "api")


def typed(visitor: Visitor, value: str) -> bool:
    return f'value="{value}"' in visitor.page


async def test_each_of_two_officers_is_told_whose_turn_it_is(olga: Visitor, otto: Visitor) -> None:
    await olga.get(FORM)
    assert "Two people enter each tally, without seeing each other's figures." in olga.text
    await send(olga)
    assert WAITS in olga.text
    assert "1 of 2 contests sent" in olga.text
    await olga.get(f"{HERE}/north-1")
    assert "Your entry waits for the other person's" in olga.text
    await otto.get(f"{HERE}/north-1")
    assert "Waits for a second entry: enter it" in otto.text
    assert "0 of 2 contests sent" in otto.text


async def test_the_second_person_starts_from_an_empty_form_of_the_same_revision(
    olga: Visitor, otto: Visitor
) -> None:
    await send(olga, **{"votes.ada": 37, "undervotes": 6})
    await otto.get(FORM)
    assert otto.hidden("revision") == "1"
    assert not typed(otto, "37")
    assert "See what was sent" not in otto.text
    await send(otto, **{"votes.ada": 37, "undervotes": 6})
    assert "Received and counted" in otto.text
    await olga.get(f"{FORM}/4")
    assert "is equal and has taken the place of this one" in olga.text


async def test_the_first_person_may_correct_their_own_and_starts_from_it(
    olga: Visitor, otto: Visitor
) -> None:
    await send(olga, **{"votes.ada": 37, "undervotes": 6})
    await olga.get(FORM)
    assert olga.hidden("revision") == "2"
    assert typed(olga, "37")
    await send(olga, reason="mistyped")
    assert WAITS in olga.text
    await otto.get(FORM)
    assert otto.hidden("revision") == "2"
    assert "Second entry" in otto.page
    await send(otto, reason="Second entry")
    assert "Received and counted" in otto.text


async def test_a_form_that_was_open_meanwhile_is_led_to_the_revision_that_waits(
    olga: Visitor, otto: Visitor
) -> None:
    await otto.get(FORM)
    hidden = {name: otto.hidden(name) for name in ("ref", "revision")}
    await send(olga, **{"votes.ada": 37, "undervotes": 6})
    await send(olga, reason="mistyped")
    await otto.post(FORM, frm=FORM, step="send", **hidden, **figures())
    assert otto.status == 409
    assert "Another person's entry came meanwhile and waits for yours." in otto.text
    assert (otto.hidden("revision"), typed(otto, "40")) == ("2", True)
    again = {name: otto.hidden(name) for name in ("ref", "revision")}
    await otto.post(FORM, frm=FORM, step="send", reason="Second entry", **again, **figures())
    assert "Received and counted" in otto.text


async def test_two_entries_that_differ_are_both_held_and_typed_anew(olga: Visitor, otto: Visitor) -> None:
    await send(olga, **{"votes.ada": 37, "undervotes": 6})
    await send(otto)
    assert "Received, and held for review" in otto.text
    assert "2 figures differ between the two entries" in otto.text
    await olga.get(f"{FORM}/4")
    assert "differs from this one: both are held for review" in olga.text
    for visitor in (olga, otto):
        await visitor.get(FORM)
        assert visitor.hidden("revision") == "2"
        assert "Type every figure anew from the paper and say why." in visitor.text
        assert not typed(visitor, "37")
        assert not typed(visitor, "40")


async def test_what_a_reviewer_asks_for_again_is_entered_again_by_both(
    olga: Visitor, otto: Visitor, desk: Desk
) -> None:
    await send(olga, **{"votes.ada": 37, "undervotes": 6})
    await send(otto)
    await decide(desk, 5, Decision.ASK_AGAIN)
    for visitor in (olga, otto):
        await visitor.get(f"{HERE}/north-1")
        assert "A reviewer asks for it again" in visitor.text
        assert "0 of 2 contests sent" in visitor.text
    await send(otto, reason="as asked")
    assert WAITS in otto.text
    await send(olga, reason="as asked")
    assert "Received and counted" in olga.text


async def test_figures_that_a_reviewer_decided_on_are_shown_as_such(
    olga: Visitor, otto: Visitor, desk: Desk
) -> None:
    await send(olga, **{"votes.ada": 37, "undervotes": 6})
    await send(otto)
    rita = await desk.official("rita", roles=["reviewer"], units=[])
    known = {"rejected_ballots": 0, **FIGURES["president"]}
    resolution = Resolution(**known, reason="the paper says 40")
    await desk.house.canvass.resolve("tiny", 5, resolution, actor(rita))
    await olga.get(f"{HERE}/north-1")
    assert "Decided by a reviewer, and counted" in olga.text
    await olga.get(FORM)
    assert "A reviewer has decided which figures hold:" in olga.text
    assert "the paper says 40" in olga.text
    assert olga.hidden("revision") == "3"


@single
@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (Decision.ASK_AGAIN, "A reviewer asks you to enter this again:"),
        (Decision.REJECT, "A reviewer has rejected it:"),
        (Decision.ACCEPT, "A reviewer has accepted it:"),
    ],
    ids=lambda value: value.value if isinstance(value, Decision) else "",
)
async def test_a_decision_stands_with_its_reason_where_the_officer_sends_the_next_revision(
    olga: Visitor, desk: Desk, decision: Decision, words: str
) -> None:
    [receipt] = await desk.receipts(unbalanced(), by=await desk.official("olga"))
    await decide(desk, receipt.seq, decision)
    for address in (FORM, f"{FORM}/{receipt.seq}"):
        await olga.get(address)
        assert words in olga.text
        assert f"because of {decision.value}" in olga.text
    await send(olga)
    assert "Say why the figures change." in olga.text
    await send(olga, reason="counted again")
    assert "Received and counted" in olga.text
    await olga.get(f"{HERE}/north-1")
    assert "President Sent Entry" in olga.text


@single
async def test_what_was_recalled_by_two_people_may_be_sent_anew(olga: Visitor, desk: Desk) -> None:
    [receipt] = await desk.receipts(a_tally(), by=await desk.official("otto"))
    await decide(desk, receipt.seq, Decision.ASK_RECALL, "rita")
    await olga.get(f"{HERE}/north-1")
    assert "President Sent Entry" in olga.text
    await decide(desk, receipt.seq, Decision.RECALL, "rosa")
    await olga.get(f"{HERE}/north-1")
    assert "Taken out of the count" in olga.text
    await olga.get(FORM)
    assert "because of recall" in olga.text
    await send(olga, reason="counted again")
    assert "Received and counted" in olga.text
