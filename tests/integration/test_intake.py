"""Intake: every rule of DOMAIN.md, on a real database, with many senders at once."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from quart.typing import TestClientProtocol as Client

from models.batch import Receipt
from models.canvass import Decision, Verdict
from models.check_settings import CheckSetting, CheckSettings
from models.errors import Invalid, NotAllowed, Unavailable, UnknownElection
from models.results_file import read_results_file
from models.rights import Actor
from models.submissions import TallySubmission
from quart_app.settings import Settings
from quart_app.wiring import Services
from services.books import Books
from services.clock import utc_now
from services.intake import Intake
from tests.building import a_tally, every_tally, tiny_election, unbalanced
from tests.desk import Desk, define, move, refusal, soon, until
from tests.integration.conftest import house_of
from tests.invariants import assert_rules_hold
from tests.unit.test_checks_real import documented

COUNTY_WIDE = ("president", "u-s-senate", "attorney-general", "auditor-general", "state-treasurer")


async def real(house: Services, folder: Path, code: str) -> tuple[Desk, list[Receipt]]:
    content = (folder / "elections" / f"{code}.csv").read_bytes()
    file = read_results_file(content, code=code, name=None, date=None)
    desk = Desk(house, code)
    await house.elections.define(file.election, opened=True, released=True)
    root = next(unit.code for unit in file.election.units if unit.parent is None)
    by = await desk.official(units=[root])
    chunks = [file.tallies[i : i + 100] for i in range(0, len(file.tallies), 100)]
    answers = await asyncio.gather(*(desk.receipts(*chunk, by=by) for chunk in chunks))
    return desk, [receipt for chunk in answers for receipt in chunk]


@asynccontextmanager
async def head_held(desk: Desk) -> AsyncIterator[None]:
    """Somebody else holds the lock of the log's head: no batch commits meanwhile."""
    async with desk.house.database.transaction() as repos:
        await repos.log.lock_head((await repos.elections.get(desk.election)).id)
        yield


async def tally_entries(desk: Desk) -> int:
    [row] = await desk.sql(
        "SELECT count(*) AS number FROM log_entries l JOIN elections e ON e.id = l.election_id "
        "WHERE e.code = :code AND l.kind = 'tally'",
        code=desk.election,
    )
    return int(row.number)


async def test_adams_county_adds_up_to_its_published_figures(house: Services, real_data: Path) -> None:
    desk, receipts = await real(house, real_data, "adams-2024")
    assert len(receipts) == 408
    assert {receipt.status for receipt in receipts} == {"accepted"}
    assert await tally_entries(desk) == 408
    assert await desk.votes() == {
        "trump-and-vance": 40_248,
        "harris-and-walz": 19_842,
        "oliver-and-ter-maat": 342,
        "stein-and-ware": 218,
    }
    view = await house.results.current("adams-2024")
    president = view.contest("president").results
    figures = (president.ballots_cast, president.write_ins, president.overvotes, president.undervotes)
    assert figures == (61_039, 221, 29, 139)
    assert (president.voters_registered, president.turnout) == (76_008, 0.803)
    for code in COUNTY_WIDE:
        results = view.contest(code).results
        assert (results.units_reported, results.units_expected) == (51, 51), code
        assert results.quarantined_units == 0
        assert results.status == "unofficial-complete"
    await assert_rules_hold(desk)


async def test_centre_county_with_its_split_precincts_adds_up_too(house: Services, real_data: Path) -> None:
    desk, receipts = await real(house, real_data, "centre-2020")
    assert len(receipts) == 527
    held = [receipt for receipt in receipts if receipt.status == "quarantined"]
    assert 0 < len(held) <= len(documented("centre-2020"))
    rita = await desk.official("rita", roles=["reviewer"], units=())
    actor = Actor(rita.identity.member_id, "rita", "", "api")
    for receipt in held:
        verdict = Verdict(decision=Decision.ACCEPT, reason="the precinct is split")
        await house.canvass.decide(desk.election, receipt.seq, verdict, actor)
    assert await tally_entries(desk) == 527
    votes = sorted(filter(None, (await desk.votes()).values()), reverse=True)
    assert votes[:3] == [40_055, 36_372, 1_066]
    await assert_rules_hold(desk)


async def test_fifty_officers_at_once_each_get_the_receipt_of_their_own_tally(
    desk: Desk, client: Client
) -> None:
    desk = await define(desk.house, tiny_election("crowd"))
    tallies = every_tally()
    officer = await desk.official()

    async def send(number: int) -> list[dict[str, Any]]:
        answers = []
        async with client.websocket(f"{desk.path}/tallies/ws", headers=officer.bearer) as ws:
            await soon(ws.receive())
            for tally in tallies[number % len(tallies) :: 7]:
                await ws.send(msgspec.json.encode(tally).decode())
                answers.append(json.loads(await soon(ws.receive())))
        return answers

    answers = [answer for given in await asyncio.gather(*map(send, range(50))) for answer in given]
    # Officers share tallies: the same ref from the same official is one tally, however often it comes.
    by_ref: dict[str, set[int]] = {}
    for answer in answers:
        assert answer["type"] == "receipt"
        by_ref.setdefault(answer["ref"], set()).add(answer["seq"])
    assert by_ref.keys() == {tally.ref for tally in tallies}
    assert all(len(seqs) == 1 for seqs in by_ref.values())
    assert await tally_entries(desk) == len(tallies)
    await assert_rules_hold(desk)


async def test_any_traffic_at_all_leaves_totals_that_are_the_sums_of_counted_tallies(desk: Desk) -> None:
    rng = random.Random(7)
    officers = [await desk.official(name) for name in ("olga", "otto", "omar")]

    def something() -> TallySubmission:
        contest = rng.choice(["president", "council"])
        revision = rng.choice([1, 1, 2, 3])
        make = rng.choice([a_tally, a_tally, unbalanced])
        reason = "recount" if revision > 1 else ""
        return make(
            rng.choice(["north-1", "north-2", "south-1"]),
            contest,
            ref=f"r{rng.randrange(40)}",
            revision=revision,
            reason=reason,
        )

    async def sender() -> None:
        for _ in range(12):
            await desk.send(*(something() for _ in range(rng.randint(1, 6))), by=rng.choice(officers))

    await asyncio.gather(*(sender() for _ in range(8)))
    await assert_rules_hold(desk)
    assert await tally_entries(desk) > 10


async def test_a_tally_is_counted_in_every_unit_above_its_precinct(desk: Desk) -> None:
    await desk.receipts(a_tally("north-1"), a_tally("south-1"))
    assert await desk.votes(unit="north-1") == {"ada": 40, "ben": 30, "cy": 5}
    assert await desk.votes(unit="north") == {"ada": 40, "ben": 30, "cy": 5}
    assert await desk.votes(unit="country") == {"ada": 80, "ben": 60, "cy": 10}
    assert await desk.votes(unit="north-2") == {"ada": 0, "ben": 0, "cy": 0}


async def test_the_same_submission_again_gets_the_same_receipt_and_changes_nothing(desk: Desk) -> None:
    tally = a_tally(ref="mine")
    [first] = await desk.receipts(tally)
    [again] = await desk.receipts(tally)
    assert again == first
    assert await tally_entries(desk) == 1


async def test_the_same_submission_twice_in_one_message_is_one_tally(desk: Desk) -> None:
    tally = a_tally(ref="mine")
    first, again = await desk.receipts(tally, tally)
    assert again == first
    assert await tally_entries(desk) == 1


async def test_a_quarantined_tally_sent_again_gets_its_receipt_with_the_checks_again(desk: Desk) -> None:
    tally = unbalanced(ref="mine")
    [first] = await desk.receipts(tally)
    await desk.receipts(a_tally(revision=2, reason="typing error"))
    [again] = await desk.receipts(tally)
    assert again == first
    assert (again.status, again.checks[0].check) == ("quarantined", "balance")


async def test_a_restarted_server_still_knows_the_ref(
    desk: Desk, make_app: Callable[..., Any], settings: Settings
) -> None:
    tally, by = a_tally(ref="mine"), await desk.official()
    [first] = await desk.receipts(tally, by=by)
    other = house_of(await make_app(settings))
    assert await desk.send(tally, by=by, house=other) == [first]
    [answer] = await desk.send(a_tally(ref="mine", rejected_ballots=9), by=by, house=other)
    assert refusal(answer) == "ref-reused"


async def test_a_ref_with_other_figures_is_refused_also_inside_one_message(desk: Desk) -> None:
    await desk.receipts(a_tally(ref="mine"))
    [later] = await desk.send(a_tally(ref="mine", rejected_ballots=1))
    assert refusal(later) == "ref-reused"
    answers = await desk.send(a_tally("north-2", ref="other"), a_tally("south-1", ref="other"))
    assert isinstance(answers[0], Receipt)
    assert refusal(answers[1]) == "ref-reused"


async def test_two_elections_may_use_the_same_ref(desk: Desk) -> None:
    other = await define(desk.house, tiny_election("other"))
    await desk.receipts(a_tally(ref="1"))
    await other.receipts(a_tally(ref="1"), by=await other.official())
    await assert_rules_hold(desk)
    await assert_rules_hold(other)


async def test_a_correction_takes_the_place_of_the_counted_tally(desk: Desk) -> None:
    await desk.receipts(a_tally())
    votes = {"ada": 30, "ben": 40, "cy": 5}
    [receipt] = await desk.receipts(a_tally(votes=votes, revision=2, reason="two piles were swapped"))
    assert (receipt.revision, receipt.status) == (2, "accepted")
    assert await desk.votes() == votes
    rows = await desk.sql("SELECT revision, status FROM tallies ORDER BY seq")
    assert [(row.revision, row.status) for row in rows] == [(1, "superseded"), (2, "accepted")]
    await assert_rules_hold(desk)


async def test_a_correction_down_to_nothing_leaves_nothing(house: Services) -> None:
    unchecked = CheckSettings(all_zero=CheckSetting(on=False))
    desk = await define(house, tiny_election(checks=unchecked))
    await desk.receipts(a_tally())
    nothing = {"ada": 0, "ben": 0, "cy": 0}
    zeros = {"ballots_cast": 0, "overvotes": 0, "undervotes": 0, "write_ins": 0}
    await desk.receipts(a_tally(votes=nothing, **zeros, revision=2, reason="the box belongs elsewhere"))
    assert await desk.votes() == nothing
    await assert_rules_hold(desk)


async def test_revisions_follow_each_other_and_a_problem_says_which_is_next(desk: Desk) -> None:
    reason = {"reason": "recount"}
    [too_early] = await desk.send(a_tally(revision=2, **reason))
    assert refusal(too_early) == "revision-conflict"
    await desk.receipts(a_tally())
    [twice] = await desk.send(a_tally())
    assert refusal(twice) == "revision-conflict"
    assert "send revision 2 with a reason" in str(twice)
    [too_far] = await desk.send(a_tally(revision=3, **reason))
    assert refusal(too_far) == "revision-conflict"
    await desk.receipts(a_tally(revision=2, **reason))


async def test_a_correction_without_a_reason_is_refused_by_its_field(desk: Desk) -> None:
    await desk.receipts(a_tally())
    [answer] = await desk.send(a_tally(revision=2, reason=" "))
    assert isinstance(answer, Invalid)
    assert [(e.field, e.code) for e in answer.errors] == [("reason", "missing-reason")]


async def quarantined(desk: Desk) -> list[int | None]:
    """How many precincts wait for review, in the whole country and in the north."""
    view = await desk.house.results.current(desk.election)
    north = await desk.house.results.in_unit(desk.election, "president", "north")
    return [view.contest("president").results.quarantined_units, north.quarantined_units]


async def test_a_quarantined_tally_is_stored_and_not_counted_until_it_is_corrected(desk: Desk) -> None:
    [receipt] = await desk.receipts(unbalanced())
    assert receipt.status == "quarantined"
    assert [check.check for check in receipt.checks] == ["balance"]
    assert await desk.votes() == {"ada": 0, "ben": 0, "cy": 0}
    assert await quarantined(desk) == [1, 1]
    await assert_rules_hold(desk)
    [receipt] = await desk.receipts(a_tally(revision=2, reason="an undervote was counted twice"))
    assert receipt.status == "accepted"
    assert await quarantined(desk) == [0, 0]
    assert await desk.votes() == {"ada": 40, "ben": 30, "cy": 5}
    await assert_rules_hold(desk)


async def test_a_quarantined_correction_leaves_the_first_tally_counted(desk: Desk) -> None:
    await desk.receipts(a_tally())
    await desk.receipts(unbalanced(revision=2, reason="recount"))
    assert await desk.votes() == {"ada": 40, "ben": 30, "cy": 5}
    assert await quarantined(desk) == [1, 1]
    await assert_rules_hold(desk)


async def test_turnout_above_the_registered_voters_is_quarantined(desk: Desk) -> None:
    votes = {"ada": 61, "ben": 40, "cy": 0}
    figures = {"ballots_cast": 101, "overvotes": 0, "undervotes": 0, "write_ins": 0}
    [receipt] = await desk.receipts(a_tally("north-1", votes=votes, **figures))
    assert [(check.check, check.found, check.expected) for check in receipt.checks] == [("turnout", 101, 100)]


async def test_where_registered_voters_are_not_known_there_is_no_turnout_check(house: Services) -> None:
    registered = {"north-1": None, "north-2": 200, "south-1": 150, "south-2": 120}
    desk = await define(house, tiny_election(registered=registered))
    [receipt] = await desk.receipts(a_tally("north-1"))
    assert receipt.status == "accepted"
    results = (await house.results.current("tiny")).contest("president").results
    assert (results.voters_registered, results.turnout) == (None, None)
    await assert_rules_hold(desk)


@pytest.mark.parametrize("moves", [["close"], ["close", "certify"]], ids=lambda moves: moves[-1])
async def test_a_closed_election_takes_no_tallies_and_still_knows_its_receipts(
    desk: Desk, moves: list[Any]
) -> None:
    tally = a_tally(ref="mine")
    [receipt] = await desk.receipts(tally)
    for change in moves:
        await move(desk.house, "tiny", change)
    [answer] = await desk.send(a_tally("north-2"))
    assert refusal(answer) == "election-not-open"
    assert await desk.send(tally) == [receipt]
    assert await tally_entries(desk) == 1


async def test_a_draft_takes_no_tallies_until_it_is_opened(house: Services) -> None:
    await house.elections.define(tiny_election())
    desk = Desk(house, "tiny")
    assert refusal((await desk.send(a_tally()))[0]) == "election-not-open"
    await house.elections.move("tiny", "open")
    assert isinstance((await desk.send(a_tally()))[0], Receipt)


async def test_an_election_that_another_process_closed_takes_nothing_more(
    desk: Desk, make_app: Callable[..., Any], settings: Settings
) -> None:
    """Even where that was not heard of: the state under the head's lock decides, not the book."""
    await desk.receipts(a_tally())
    cut_off = msgspec.structs.replace(settings, redis_url="redis://127.0.0.1:1")
    other = house_of(await make_app(cut_off))
    await other.elections.move("tiny", "close")
    assert refusal((await desk.send(a_tally("north-2")))[0]) == "election-not-open"


async def test_an_unknown_election_is_no_place_to_send_to(desk: Desk) -> None:
    by = await desk.official()
    with pytest.raises(UnknownElection):
        await desk.house.intake.submit("nowhere", by.identity, "ws", [a_tally()])


@pytest.mark.parametrize("role", ["administrator", "registrar", "reviewer", "auditor"])
async def test_only_officers_send_tallies(desk: Desk, role: str) -> None:
    with pytest.raises(NotAllowed):
        await desk.send(a_tally(), by=await desk.official("anna", roles=[role]))


async def test_an_officer_reports_for_own_precincts_only(desk: Desk) -> None:
    by = await desk.official(units=["north-1"])
    own, other = await desk.send(a_tally("north-1"), a_tally("north-2"), by=by)
    assert isinstance(own, Receipt)
    assert refusal(other) == "not-your-precinct"


async def test_an_officer_of_a_district_reports_for_all_of_its_precincts(desk: Desk) -> None:
    by = await desk.official(units=["south"])
    answers = await desk.send(a_tally("south-1"), a_tally("south-2"), a_tally("north-1"), by=by)
    assert [isinstance(answer, Receipt) for answer in answers] == [True, True, False]
    assert (await desk.house.intake.book("tiny")).covered(by.identity.units) == ["south-1", "south-2"]


async def test_an_officer_of_nothing_reports_for_nothing(desk: Desk) -> None:
    by = await desk.official("nobody", units=[])
    assert refusal((await desk.send(a_tally(), by=by))[0]) == "not-your-precinct"


async def test_one_bad_tally_among_good_ones_fails_alone_and_all_are_answered_in_order(desk: Desk) -> None:
    answers = await desk.send(
        a_tally("north-1"),
        a_tally("north-2", votes={"ada": 1}),
        a_tally("nowhere"),
        a_tally("south-1"),
    )
    assert [isinstance(answer, Receipt) for answer in answers] == [True, False, False, True]
    assert [refusal(answer) for answer in answers[1:3]] == ["missing-selection", "unknown-precinct"]
    await assert_rules_hold(desk)


async def test_a_tally_that_the_database_cannot_take_fails_alone(desk: Desk) -> None:
    """A tally made to pass every check of ours and to break the transaction all the same."""
    poison = a_tally("north-2", ballots_cast=2**40, undervotes=2**40 - 77)
    answers = await soon(desk.send(a_tally("north-1"), poison, a_tally("south-1"), a_tally("south-2")))
    assert [isinstance(answer, Receipt) for answer in answers] == [True, False, True, True]
    assert isinstance(answers[1], Unavailable)
    await assert_rules_hold(desk)


async def test_whoever_finds_the_queue_full_waits_and_is_answered_in_the_end(desk: Desk) -> None:
    house, by = desk.house, await desk.official()
    small = Intake(house.database, Books(house.database), utc_now, batch_size=2, capacity=3)
    tallies = every_tally()
    async with head_held(desk):
        under_way = [
            asyncio.create_task(small.submit("tiny", by.identity, "ws", [tally])) for tally in tallies
        ]

        async def full() -> bool:
            return small.waiting == 3

        await until(full)
        correction = a_tally("north-1", revision=2, reason="recount")
        late = asyncio.create_task(small.enqueue("tiny", by.identity, "ws", [correction]))
        for _ in range(50):
            await asyncio.sleep(0)
        assert small.waiting == 3
        assert not late.done()
    answers = await soon(asyncio.gather(*under_way))
    assert [a for [a] in answers if not isinstance(a, Receipt)] == []
    assert len(await soon(await soon(late))) == 1
    await small.close()
    await assert_rules_hold(desk)


async def test_a_stopping_intake_answers_what_is_under_way_and_takes_nothing_more(desk: Desk) -> None:
    by = await desk.official()
    waiting = await desk.house.intake.enqueue("tiny", by.identity, "ws", every_tally())
    await desk.house.intake.close()
    assert all(isinstance(answer, Receipt) for answer in waiting.result())
    with pytest.raises(Unavailable):
        await desk.send(a_tally("north-1"), by=by)


async def test_a_sender_that_leaves_before_its_receipt_finds_it_when_it_comes_back(desk: Desk) -> None:
    by, tally = await desk.official(), a_tally(ref="mine")
    async with head_held(desk):
        waiting = await desk.house.intake.enqueue("tiny", by.identity, "ws", [tally])
        leaving = asyncio.create_task(desk.house.intake.submit("tiny", by.identity, "ws", [tally]))
        for _ in range(50):
            await asyncio.sleep(0)
        leaving.cancel()
    assert isinstance((await soon(waiting))[0], Receipt)
    [receipt] = await desk.receipts(tally, by=by)
    assert receipt.seq == 4
    assert await tally_entries(desk) == 1
