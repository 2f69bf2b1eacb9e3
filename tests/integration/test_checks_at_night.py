"""Real nights against the real database: what is held, and that reviewers put right what was wrong."""

import collections

import msgspec
import pytest

from models.batch import Receipt
from models.canvass import Decision, Resolution, Verdict
from models.results_file import ResultsFile
from models.rights import Actor
from models.submissions import TallySubmission
from quart_app.wiring import Services
from tests.desk import Desk, Official, define
from tests.e2e.truth import assert_database_is_true
from tests.facts import PRESIDENTS
from tests.invariants import assert_rules_hold
from tests.nights import night
from tests.spoiling import Key, key_of, spoiled
from tests.unit.test_checks_real import documented
from tests.unit.test_results_file_real import read_county

BATCH = 23
"""Tallies in one batch; a precinct's contests come in two, and siblings in many."""


async def sent(desk: Desk, officer: Official, tallies: list[TallySubmission]) -> dict[Key, Receipt]:
    """Sends everything in its order; the receipts of what is held."""
    receipts = [
        receipt
        for start in range(0, len(tallies), BATCH)
        for receipt in await desk.receipts(*tallies[start : start + BATCH], by=officer)
    ]
    return {key_of(t): r for t, r in zip(tallies, receipts, strict=True) if r.status == "quarantined"}


@pytest.mark.parametrize("code", ["adams-2024", "centre-2020"])
async def test_in_batches_the_same_is_held_as_one_after_the_other(house: Services, code: str) -> None:
    county = read_county(code)
    tallies, _ = spoiled(county.tallies, seed=3)
    desk = await define(house, county.election)
    officer = await desk.official(units=[county.election.units[0].code])
    held = await sent(desk, officer, tallies)
    assert {key: receipt.checks for key, receipt in held.items()} == night(county.election, tallies)


async def test_reviewers_bring_a_spoiled_night_to_exactly_the_right_totals(house: Services) -> None:
    county = read_county("adams-2024")
    right = {key_of(tally): tally for tally in county.tallies}
    tallies, wrong = spoiled(county.tallies, seed=1)
    desk = await define(house, county.election)
    officer = await desk.official(units=[county.election.units[0].code])
    reviewer = await a_reviewer(desk)
    held = await sent(desk, officer, tallies)
    assert held.keys() == wrong
    for number, (key, receipt) in enumerate(held.items()):
        if number % 2:
            await house.canvass.resolve(desk.election, receipt.seq, resolution(right[key]), reviewer)
        else:
            verdict = Verdict(decision=Decision.REJECT, reason="the sheet says something else")
            await house.canvass.decide(desk.election, receipt.seq, verdict, reviewer)
            assert (await desk.receipts(corrected(right[key]), by=officer))[0].status == "accepted"
    for contest in county.election.contests:
        assert await desk.votes(contest.code) == totals(county, contest.code)
    assert await desk.votes("president") == PRESIDENTS["adams-2024"]
    await assert_rules_hold(desk)


@pytest.mark.parametrize("code", ["centre-2020", "allegheny-2024"])
async def test_of_a_real_night_nothing_is_held_but_what_the_document_lists(
    house: Services, code: str
) -> None:
    """In the order of the file; and once it is accepted, all totals are those of the file."""
    county = read_county(code)
    desk = await define(house, county.election)
    officer = await desk.official(units=[county.election.units[0].code])
    held = await sent(desk, officer, list(county.tallies))
    assert documented(code) == {
        (*key, check.check, check.found, check.expected)
        for key, receipt in held.items()
        for check in receipt.checks
    }
    reviewer = await a_reviewer(desk)
    for receipt in held.values():
        verdict = Verdict(decision=Decision.ACCEPT, reason="it is so on the sheet")
        await house.canvass.decide(desk.election, receipt.seq, verdict, reviewer)
    for contest in county.election.contests:
        assert await desk.votes(contest.code) == totals(county, contest.code)
    await assert_database_is_true(desk.database_url)


async def a_reviewer(desk: Desk) -> Actor:
    official = await desk.official("rita", roles=["reviewer"], units=[])
    return Actor(official.identity.member_id, "rita", "192.0.2.1", "api")


def resolution(tally: TallySubmission) -> Resolution:
    return Resolution(
        votes=tally.votes,
        ballots_cast=tally.ballots_cast,
        overvotes=tally.overvotes,
        undervotes=tally.undervotes,
        write_ins=tally.write_ins,
        reason="read again from the sheet",
    )


def corrected(tally: TallySubmission) -> TallySubmission:
    changes = {"ref": f"{tally.ref}/2"[-64:], "revision": 2, "reason": "read again"}
    return msgspec.structs.replace(tally, **changes)


def totals(county: ResultsFile, contest: str) -> dict[str, int]:
    added: collections.Counter[str] = collections.Counter()
    for tally in county.tallies:
        if tally.contest == contest:
            added.update(tally.votes)
    return dict(added)
