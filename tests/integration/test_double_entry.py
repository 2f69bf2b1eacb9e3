"""Double entry on a real database: two people at the same instant, by every way in, and the rules hold."""

import asyncio
import json
import random
from typing import Any

import msgspec
import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from models.batch import Receipt
from models.errors import RevisionConflict, SecondEntryNeeded, SecondPersonNeeded
from models.submissions import TallySubmission
from quart_app.wiring import Services
from tests.building import a_tally, tiny_election, unbalanced
from tests.desk import Desk, Official, define, refusal, soon
from tests.integration.conftest import house_of
from tests.invariants import assert_rules_hold
from tests.sockets import client_of
from tests.visitor import PASSWORD, Visitor

AWAITING = "awaiting_second_entry"


@pytest.fixture
async def desk(house: Services) -> Desk:
    return await define(house, tiny_election(double_entry=True))


@pytest.fixture
async def olga(desk: Desk) -> Official:
    return await desk.official("olga")


@pytest.fixture
async def otto(desk: Desk) -> Official:
    return await desk.official("otto")


async def status_of(desk: Desk, tally: TallySubmission, by: Official) -> str:
    [receipt] = await desk.receipts(tally, by=by)
    return receipt.status


async def statuses(desk: Desk) -> list[tuple[int, int, str]]:
    """Revision, entry and status of every tally, in the order in which they came."""
    query = "SELECT revision, entry, status FROM tallies ORDER BY seq"
    return [(row.revision, row.entry, row.status) for row in await desk.sql(query)]


def differing(**changes: Any) -> TallySubmission:
    return a_tally(**{"votes": {"ada": 41, "ben": 30, "cy": 5}, "undervotes": 2, **changes})


async def test_two_equal_entries_of_two_people_are_counted(
    desk: Desk, olga: Official, otto: Official
) -> None:
    assert await status_of(desk, a_tally(), olga) == AWAITING
    assert (await desk.votes())["ada"] == 0
    await assert_rules_hold(desk)
    assert await status_of(desk, a_tally(), otto) == "accepted"
    assert (await desk.votes())["ada"] == 40
    assert await statuses(desk) == [(1, 1, "superseded"), (1, 2, "accepted")]
    await assert_rules_hold(desk)


async def test_two_unequal_entries_are_held_and_results_say_how_many_precincts_wait(
    desk: Desk, olga: Official, otto: Official
) -> None:
    await desk.receipts(a_tally(), a_tally("north-2"), by=olga)
    results = (await desk.house.results.current("tiny")).contest("president").results
    assert (results.awaiting_units, results.quarantined_units) == (2, 0)
    assert await status_of(desk, differing(), otto) == "quarantined"
    results = (await desk.house.results.current("tiny")).contest("president").results
    assert (results.awaiting_units, results.quarantined_units) == (1, 1)
    await assert_rules_hold(desk)


@pytest.mark.parametrize("roles", [("officer",), ("officer", "administrator"), ("officer", "reviewer")])
async def test_nobody_makes_both_entries_whatever_else_they_are(desk: Desk, roles: tuple[str, ...]) -> None:
    somebody = await desk.official("somebody", roles=roles)
    again = await desk.official("somebody", roles=roles)
    assert somebody.token != again.token
    assert await status_of(desk, a_tally(), somebody) == AWAITING
    for who in (somebody, again):
        [answer] = await desk.send(a_tally(), by=who)
        assert isinstance(answer, SecondPersonNeeded)
    assert await statuses(desk) == [(1, 1, AWAITING)]
    await assert_rules_hold(desk)


async def test_one_person_is_one_person_over_the_api_the_websocket_and_the_page(
    app: Quart, house: Services, desk: Desk, client: Client
) -> None:
    await house.officials.add("olga", ["officer"], ["country"], "tiny", password=PASSWORD)
    olga = await desk.official("olga")
    page = Visitor(client_of(app))
    await page.sign_in("olga")
    await page.get("/elections/tiny/tally/north-1/president")
    ref, revision = page.hidden("ref"), page.hidden("revision")
    body = msgspec.to_builtins(a_tally())
    answer = await client.post(f"{desk.path}/tallies", json=body, headers=olga.bearer)
    assert (await answer.get_json())["status"] == AWAITING
    async with client.websocket(f"{desk.path}/tallies/ws", headers=olga.bearer) as ws:
        await soon(ws.receive())
        await ws.send(json.dumps(msgspec.to_builtins(a_tally())))
        problem = json.loads(await soon(ws.receive()))
    assert (problem["status"], problem["code"]) == (409, "second-person-needed")
    fields = {f"votes.{code}": votes for code, votes in body["votes"].items()}
    counts = {name: body[name] for name in ("ballots_cast", "write_ins", "overvotes", "undervotes")}
    here = "/elections/tiny/tally/north-1/president"
    form = {"ref": ref, "revision": revision, "step": "send", "rejected_ballots": 0}
    await page.post(here, frm=here, **form, **fields, **counts)
    assert page.status == 409
    assert "Your entry is here already" in page.text
    assert page.hidden("revision") == "2"
    assert await statuses(desk) == [(1, 1, AWAITING)]


async def test_the_same_ref_again_gets_the_same_receipt_after_the_second_entry_too(
    desk: Desk, olga: Official, otto: Official
) -> None:
    mine = a_tally(ref="mine")
    first = await desk.receipts(mine, by=olga)
    await desk.receipts(a_tally(ref="mine"), by=otto)
    assert await desk.receipts(mine, by=olga) == first
    assert len(await statuses(desk)) == 2


async def test_a_first_entry_is_replaced_by_its_sender_and_met_by_the_same_revision(
    desk: Desk, olga: Official, otto: Official
) -> None:
    await desk.receipts(differing(), a_tally(revision=2, reason="mistyped"), by=olga)
    await assert_rules_hold(desk)
    early, late = await desk.send(a_tally(), a_tally(revision=3, reason="recount"), by=otto)
    for answer in (early, late):
        assert isinstance(answer, SecondEntryNeeded)
        assert answer.revision == 2
    assert await status_of(desk, a_tally(revision=2, reason="second entry"), otto) == "accepted"
    await assert_rules_hold(desk)


async def test_a_correction_is_entered_twice_while_the_first_revision_counts(
    desk: Desk, olga: Official, otto: Official
) -> None:
    for by in (olga, otto):
        await desk.receipts(a_tally(), by=by)
    lower = {"votes": {"ada": 30, "ben": 40, "cy": 5}, "revision": 2, "reason": "recount"}
    await desk.receipts(a_tally(**lower), by=otto)
    assert (await desk.votes())["ada"] == 40
    await assert_rules_hold(desk)
    [receipt] = await desk.receipts(a_tally(**lower), by=olga)
    assert (await desk.votes())["ada"] == 30
    results = (await desk.house.results.current("tiny")).contest("president").results
    assert results.lowered_by == receipt.seq
    await assert_rules_hold(desk)


async def test_of_two_second_entries_at_the_same_instant_one_wins(
    desk: Desk, make_app: Any, olga: Official
) -> None:
    """Over two processes, again and again."""
    other = house_of(await make_app())
    rivals = [await desk.official(name) for name in ("otto", "omar")]
    for precinct in ("north-1", "north-2", "south-1", "south-2"):
        await desk.receipts(a_tally(precinct), by=olga)
        answers = await soon(
            asyncio.gather(
                desk.send(a_tally(precinct), by=rivals[0]),
                desk.send(a_tally(precinct), by=rivals[1], house=other),
            )
        )
        taken = [answer for [answer] in answers if isinstance(answer, Receipt)]
        [refused] = [answer for [answer] in answers if not isinstance(answer, Receipt)]
        assert [receipt.status for receipt in taken] == ["accepted"]
        assert isinstance(refused, RevisionConflict)
    await assert_rules_hold(desk)


async def test_of_two_people_who_begin_at_the_same_instant_one_is_the_first_and_one_the_second(
    desk: Desk, make_app: Any, olga: Official, otto: Official
) -> None:
    other = house_of(await make_app())
    for precinct in ("north-1", "north-2", "south-1", "south-2"):
        answers = await soon(
            asyncio.gather(
                desk.receipts(a_tally(precinct), by=olga),
                desk.send(a_tally(precinct), by=otto, house=other),
            )
        )
        found = sorted(answer.status for [answer] in answers if isinstance(answer, Receipt))
        assert found == ["accepted", AWAITING]
    await assert_rules_hold(desk)


async def test_a_whole_batch_of_both_entries_is_taken_in_its_order(
    desk: Desk, client: Client, olga: Official
) -> None:
    items = [msgspec.to_builtins(a_tally(precinct)) for precinct in ("north-1", "north-1", "south-1")]
    answer = await client.post(f"{desk.path}/tallies", json=items, headers=olga.bearer)
    told = [item.get("code") or item["status"] for item in (await answer.get_json())["items"]]
    assert told == [AWAITING, "second-person-needed", AWAITING]


async def test_any_traffic_of_three_officers_leaves_totals_that_are_the_sums_of_counted_tallies(
    desk: Desk,
) -> None:
    rng = random.Random(11)
    officers = [await desk.official(name) for name in ("olga", "otto", "omar")]

    def something() -> TallySubmission:
        revision = rng.choice([1, 1, 1, 2, 2, 3])
        make = rng.choice([a_tally, a_tally, a_tally, differing, unbalanced])
        return make(
            precinct=rng.choice(["north-1", "north-2", "south-1"]),
            ref=f"r{rng.randrange(60)}",
            revision=revision,
            reason="recount" if revision > 1 else "",
        )

    for _ in range(6):
        jobs = [desk.send(*(something() for _ in range(rng.randrange(1, 5))), by=by) for by in officers * 3]
        await soon(asyncio.gather(*jobs))
        await assert_rules_hold(desk)
    found = {status for _, _, status in await statuses(desk)}
    assert {"accepted", "superseded"} <= found


async def test_an_officer_of_another_precinct_makes_no_second_entry(desk: Desk, olga: Official) -> None:
    await desk.receipts(a_tally(), by=olga)
    south = await desk.official("sven", units=["south"])
    assert refusal((await desk.send(a_tally(), by=south))[0]) == "not-your-precinct"
