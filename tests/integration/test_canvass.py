"""Deciding on tallies: accepting, rejecting, asking again, resolving and recalling, and what each moves."""

import asyncio
from typing import Any

import msgspec
import pytest

from models.batch import Receipt
from models.canvass import Decision, Resolution, Verdict
from models.errors import (
    DomainError,
    ElectionCertified,
    Invalid,
    NewerRevision,
    OwnTally,
    RecallAsked,
    RecallAskedByYou,
    RecallNotAsked,
    TallyDecided,
    TwoEntriesDiffer,
    UnknownTally,
)
from models.rights import Actor
from models.submissions import TallySubmission
from quart_app.wiring import Services
from services.announcements import Announcement
from services.signals import results_changed
from tests.building import FIGURES, a_tally, tiny_election, unbalanced
from tests.desk import Desk, define
from tests.invariants import assert_rules_hold

RESOLVED: dict[str, Any] = {**FIGURES["president"], "reason": "both sheets were read again"}


@pytest.fixture
async def desk(house: Services) -> Desk:
    return await define(house, tiny_election())


async def reviewer(house: Services, username: str) -> Actor:
    official = await Desk(house, "").official(username, roles=["reviewer"], units=[])
    return Actor(official.identity.member_id, username, "192.0.2.1", "api")


@pytest.fixture
async def rita(house: Services) -> Actor:
    return await reviewer(house, "rita")


@pytest.fixture
async def rob(house: Services) -> Actor:
    return await reviewer(house, "rob")


async def send(desk: Desk, tally: TallySubmission, by: str = "olga") -> Receipt:
    (receipt,) = await desk.receipts(tally, by=await desk.official(by))
    return receipt


async def decide(desk: Desk, seq: int, decision: Decision, by: Actor, reason: str = "seen on paper") -> Any:
    return await desk.house.canvass.decide("tiny", seq, Verdict(decision=decision, reason=reason), by)


async def statuses(desk: Desk) -> dict[int, str]:
    return {row.seq: row.status for row in await desk.sql("SELECT seq, status FROM tallies ORDER BY seq")}


async def test_a_decision_whose_reviewer_leaves_at_once_is_told_all_the_same(desk: Desk, rita: Actor) -> None:
    told: list[int] = []

    async def hear(_: object, announcement: Announcement) -> None:
        told.append(announcement.seq)

    results_changed.connect(hear, sender=desk.house.canvass)
    # Ever later, until it is decided: on a busy machine that takes its time.
    for number in range(100):
        held = await send(desk, unbalanced(revision=number + 1, reason="" if not number else "again"))
        leaving = asyncio.create_task(decide(desk, held.seq, Decision.ASK_AGAIN, rita))
        await asyncio.sleep(0.001 * 1.1**number)
        leaving.cancel()
        await asyncio.wait({leaving})
        if (await last_entry(desk))["kind"] == "decision":
            break
    assert (await last_entry(desk))["seq"] in told


async def last_entry(desk: Desk) -> Any:
    rows = await desk.sql("SELECT entry FROM log_entries ORDER BY seq DESC LIMIT 1")
    return msgspec.json.decode(rows[0].entry)


async def test_a_quarantined_tally_that_is_accepted_counts_from_then_on(desk: Desk, rita: Actor) -> None:
    held = await send(desk, unbalanced())
    assert (await desk.votes())["ada"] == 0
    decided = await decide(desk, held.seq, Decision.ACCEPT, rita)
    assert (decided.status, decided.seq) == ("accepted", held.seq + 1)
    assert (await desk.votes())["ada"] == 40
    entry = await last_entry(desk)
    assert (entry["kind"], entry["tally"], entry["reason"]) == ("decision", held.seq, "seen on paper")
    assert "rita" not in str(entry)
    await assert_rules_hold(desk)


async def test_an_accepted_revision_takes_the_place_of_what_was_counted(desk: Desk, rita: Actor) -> None:
    counted = await send(desk, a_tally())
    fewer = {"ada": 30, "ben": 30, "cy": 5}
    held = await send(desk, unbalanced(revision=2, reason="read again", votes=fewer))
    decided = await decide(desk, held.seq, Decision.ACCEPT, rita)
    assert await statuses(desk) == {counted.seq: "superseded", held.seq: "accepted"}
    assert (await desk.votes())["ada"] == 30
    results = await desk.house.results.in_unit("tiny", "president", "country")
    assert results.lowered_by == decided.seq
    await assert_rules_hold(desk)


async def test_a_rejected_tally_is_never_counted_and_can_be_sent_anew(desk: Desk, rita: Actor) -> None:
    held = await send(desk, unbalanced())
    await decide(desk, held.seq, Decision.REJECT, rita)
    assert await statuses(desk) == {held.seq: "rejected"}
    again = await send(desk, a_tally(revision=2, reason="sent anew"))
    assert again.status == "accepted"
    await assert_rules_hold(desk)


async def test_a_tally_that_is_asked_for_again_waits_on(desk: Desk, rita: Actor) -> None:
    held = await send(desk, unbalanced())
    decided = await decide(desk, held.seq, Decision.ASK_AGAIN, rita, "the sheet says 3 undervotes")
    assert decided.status == "quarantined"
    assert await statuses(desk) == {held.seq: "quarantined"}
    await send(desk, a_tally(revision=2, reason="read again"))
    assert (await statuses(desk))[held.seq] == "superseded"
    await assert_rules_hold(desk)


async def test_a_resolution_counts_whatever_the_checks_say(desk: Desk, rita: Actor) -> None:
    held = await send(desk, unbalanced())
    resolution = msgspec.convert({**RESOLVED, "undervotes": 9}, Resolution)
    receipt = await desk.house.canvass.resolve("tiny", held.seq, resolution, rita)
    assert (receipt.status, receipt.revision) == ("accepted", 2)
    assert [check.check for check in receipt.checks] == ["balance"]
    assert await statuses(desk) == {held.seq: "superseded", receipt.seq: "accepted"}
    await assert_rules_hold(desk)


async def test_a_resolution_with_bad_figures_changes_nothing(desk: Desk, rita: Actor) -> None:
    held = await send(desk, unbalanced())
    resolution = msgspec.convert({**RESOLVED, "votes": {"ada": 40, "zed": 1}}, Resolution)
    with pytest.raises(Invalid) as refused:
        await desk.house.canvass.resolve("tiny", held.seq, resolution, rita)
    assert {error.field for error in refused.value.errors} == {"votes.zed", "votes.ben", "votes.cy"}
    assert await statuses(desk) == {held.seq: "quarantined"}


async def test_two_entries_that_differ_are_resolved_by_a_third_person(house: Services, rita: Actor) -> None:
    desk = await define(house, tiny_election(double_entry=True))
    first = await send(desk, a_tally(), by="olga")
    second = await send(desk, a_tally(undervotes=4), by="otto")
    assert (first.status, second.status) == ("awaiting_second_entry", "quarantined")
    with pytest.raises(TwoEntriesDiffer):
        await decide(desk, second.seq, Decision.ACCEPT, rita)
    resolution = msgspec.convert(RESOLVED, Resolution)
    receipt = await house.canvass.resolve("tiny", first.seq, resolution, rita)
    assert await statuses(desk) == {
        first.seq: "superseded",
        second.seq: "superseded",
        receipt.seq: "accepted",
    }
    await assert_rules_hold(desk)


async def test_rejecting_one_of_two_entries_rejects_both(house: Services, rita: Actor) -> None:
    desk = await define(house, tiny_election(double_entry=True))
    first = await send(desk, a_tally(), by="olga")
    second = await send(desk, a_tally(undervotes=4), by="otto")
    await decide(desk, first.seq, Decision.REJECT, rita)
    assert set((await statuses(desk)).values()) == {"rejected"}
    assert second.seq in await statuses(desk)
    await assert_rules_hold(desk)


async def test_a_recall_takes_two_people_and_takes_the_tally_out(desk: Desk, rita: Actor, rob: Actor) -> None:
    counted = await send(desk, a_tally())
    with pytest.raises(RecallNotAsked):
        await decide(desk, counted.seq, Decision.RECALL, rita)
    await decide(desk, counted.seq, Decision.ASK_RECALL, rita)
    with pytest.raises(RecallAsked):
        await decide(desk, counted.seq, Decision.ASK_RECALL, rob)
    with pytest.raises(RecallAskedByYou):
        await decide(desk, counted.seq, Decision.RECALL, rita)
    decided = await decide(desk, counted.seq, Decision.RECALL, rob)
    assert await statuses(desk) == {counted.seq: "recalled"}
    assert (await desk.votes())["ada"] == 0
    for unit in ("country", "north", "north-1"):
        results = await desk.house.results.in_unit("tiny", "president", unit)
        assert (results.units_reported, results.lowered_by) == (0, decided.seq), unit
    assert (await send(desk, a_tally(revision=2, reason="counted again"))).status == "accepted"
    await assert_rules_hold(desk)


async def test_a_recall_that_is_refused_changes_nothing_and_can_be_asked_anew(
    desk: Desk, rita: Actor, rob: Actor
) -> None:
    counted = await send(desk, a_tally())
    await decide(desk, counted.seq, Decision.ASK_RECALL, rita)
    await decide(desk, counted.seq, Decision.REFUSE_RECALL, rob)
    with pytest.raises(RecallNotAsked):
        await decide(desk, counted.seq, Decision.RECALL, rob)
    await decide(desk, counted.seq, Decision.ASK_RECALL, rob)
    assert await statuses(desk) == {counted.seq: "accepted"}


@pytest.mark.parametrize("decision", [Decision.ACCEPT, Decision.REJECT, Decision.ASK_AGAIN])
async def test_nobody_decides_on_what_they_sent_whatever_their_roles(desk: Desk, decision: Decision) -> None:
    held = await send(desk, unbalanced())
    rows = await desk.sql("SELECT official_id FROM tallies")
    sender = Actor(rows[0].official_id, "olga", "", "api")
    with pytest.raises(OwnTally):
        await decide(desk, held.seq, decision, sender)
    assert await statuses(desk) == {held.seq: "quarantined"}


async def test_of_two_who_decide_at_the_same_instant_one_is_told_what_happened(
    desk: Desk, rita: Actor, rob: Actor
) -> None:
    held = await send(desk, unbalanced())
    outcomes = await asyncio.gather(
        decide(desk, held.seq, Decision.ACCEPT, rita),
        decide(desk, held.seq, Decision.REJECT, rob),
        return_exceptions=True,
    )
    failed = [outcome for outcome in outcomes if isinstance(outcome, DomainError)]
    assert [type(error) for error in failed] == [TallyDecided]
    await assert_rules_hold(desk)


async def test_a_decision_on_an_old_revision_names_the_new_one(desk: Desk, rita: Actor) -> None:
    old = await send(desk, unbalanced())
    new = await send(desk, unbalanced(revision=2, reason="again", undervotes=7))
    with pytest.raises(NewerRevision) as refused:
        await decide(desk, old.seq, Decision.ACCEPT, rita)
    assert refused.value.newest == new.seq
    counted = await send(desk, a_tally(revision=3, reason="right now"))
    with pytest.raises(TallyDecided) as decided:
        await decide(desk, old.seq, Decision.REJECT, rita)
    assert decided.value.newest == counted.seq


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "nul\x00"])
async def test_a_decision_has_a_reason(desk: Desk, rita: Actor, reason: str) -> None:
    held = await send(desk, unbalanced())
    with pytest.raises(Invalid) as refused:
        await decide(desk, held.seq, Decision.ACCEPT, rita, reason)
    assert refused.value.errors[0].field == "reason"
    assert await statuses(desk) == {held.seq: "quarantined"}


async def test_what_brought_no_tally_cannot_be_decided_on(desk: Desk, rita: Actor) -> None:
    for seq in (1, 999, 2**70):
        with pytest.raises(UnknownTally):
            await decide(desk, seq, Decision.ACCEPT, rita)


async def test_what_is_certified_stays_until_a_correction_begins(desk: Desk, rita: Actor) -> None:
    counted: Receipt = await send(desk, a_tally())
    await desk.sql("UPDATE elections SET status = 'certified' RETURNING id")
    with pytest.raises(ElectionCertified):
        await decide(desk, counted.seq, Decision.ASK_RECALL, rita)
    assert await statuses(desk) == {counted.seq: "accepted"}
