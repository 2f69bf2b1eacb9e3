"""Setting an election's checks, double entry and recount threshold, and previewing the checks."""

import asyncio
import json
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from models.check_settings import CheckName, CheckSetting, CheckSettings
from models.errors import UnknownElection
from tests.building import a_tally, every_tally
from tests.desk import Desk, certify
from tests.office import Office, audited

SETTINGS = "/canvass-settings"


@pytest.fixture
async def admin(app: Quart, client: Client, desk: Desk) -> Office:
    return await Office.of(app, client, desk)


async def put(admin: Office, **changes: Any) -> Any:
    found = await admin.get(SETTINGS)
    return await admin.ask("PUT", SETTINGS, {**found.body, **changes}, edition=found.etag)


async def test_what_is_set_holds_for_the_next_tally_and_stands_in_the_log(admin: Office, desk: Desk) -> None:
    unequal = a_tally("north-1", undervotes=4)
    assert [receipt.status for receipt in await desk.receipts(unequal)] == ["quarantined"]
    checks = {"balance": {"on": True, "tolerance": 1}, "duplicate-vector": {"on": False, "tolerance": 50}}
    answer = await put(admin, checks=checks, recount_threshold=25)
    assert answer.status == 200
    assert answer.body["checks"]["balance"] == {"on": True, "tolerance": 1}
    assert [r.status for r in await desk.receipts(a_tally("north-2", undervotes=4))] == ["accepted"]
    rows = await desk.sql("SELECT entry FROM log_entries WHERE entry::jsonb->>'change' = 'canvass-set'")
    [entry] = [json.loads(row.entry) for row in rows]
    assert (entry["checks"]["balance"]["tolerance"], entry["recount_threshold"]) == (1, 25)
    [audit] = await audited(desk, "canvass-set")
    assert audit.username == "ada" and set(audit.changes) == {"checks", "recount_threshold"}


async def test_of_two_who_set_at_once_one_is_told(admin: Office) -> None:
    found = await admin.get(SETTINGS)
    answers = await asyncio.gather(
        *(
            admin.ask("PUT", SETTINGS, {**found.body, "recount_threshold": share}, edition=found.etag)
            for share in (10, 20)
        )
    )
    assert sorted(answer.status for answer in answers) == [200, 412]


async def test_what_is_the_same_already_is_no_change(admin: Office, desk: Desk) -> None:
    head = await desk.house.log.head("tiny")
    assert (await put(admin)).status == 200
    assert await desk.house.log.head("tiny") == head


@pytest.mark.parametrize(
    ("tolerance", "code"),
    [("some", "invalid"), (1.5, "invalid"), (-1, "bad-tolerance"), (10**9, "bad-tolerance")],
)
async def test_a_tolerance_that_is_no_number_of_its_bounds_is_named_by_its_field(
    admin: Office, tolerance: Any, code: str
) -> None:
    checks = {"turnout": {"on": True, "tolerance": tolerance}}
    for answer in (
        await put(admin, checks=checks),
        await admin.add(f"{SETTINGS}/preview", {"checks": checks}),
    ):
        assert (answer.status, answer.faults) == (422, {"checks.turnout.tolerance": code})


async def test_how_often_a_tally_is_entered_is_settled_by_the_first(admin: Office, desk: Desk) -> None:
    assert (await put(admin, double_entry=True)).status == 200
    assert (await put(admin, double_entry=False)).status == 200
    await desk.receipts(a_tally())
    answer = await put(admin, double_entry=True)
    assert (answer.status, answer.code, answer.faults) == (
        409,
        "tallies-sent",
        {"double_entry": "tallies-sent"},
    )
    assert (await put(admin, recount_threshold=0)).status == 200


async def test_what_is_certified_keeps_its_settings(admin: Office, desk: Desk) -> None:
    await desk.house.elections.move("tiny", "close")
    await certify(desk.house)
    answer = await put(admin, recount_threshold=0)
    assert (answer.status, answer.code) == (409, "election-certified")


async def test_a_preview_says_how_many_of_how_many_and_changes_nothing(admin: Office, desk: Desk) -> None:
    await desk.receipts(*every_tally())
    head = await desk.house.log.head("tiny")
    answer = await admin.add(
        f"{SETTINGS}/preview", {"checks": {"duplicate-vector": {"on": True, "tolerance": 50}}}
    )
    assert (answer.status, answer.body["held"], answer.body["of"]) == (200, 10, 10)
    held = {check["check"]: check["held"] for check in answer.body["checks"]}
    assert held == {name: 10 if name == CheckName.DUPLICATE_VECTOR else 0 for name in CheckName}
    assert await desk.house.log.head("tiny") == head


async def test_a_preview_counts_what_is_counted_now(desk: Desk) -> None:
    settings = CheckSettings(duplicate_vector=CheckSetting(on=False, tolerance=50))
    house = desk.house.canvass_settings
    assert (await house.preview("tiny", settings)).of == 0
    await desk.receipts(a_tally(), a_tally("north-2", undervotes=4))
    await desk.receipts(a_tally(revision=2, reason="again"))
    assert (await house.preview("tiny", settings)).of == 1
    with pytest.raises(UnknownElection):
        await house.preview("nowhere", settings)


async def test_the_public_reads_no_settings_and_an_officer_sets_none(desk: Desk, admin: Office) -> None:
    assert (await admin.ask("GET", SETTINGS, headers={"Accept": "*/*"})).status == 401
    olga = await desk.official("olga")
    assert (await admin.ask("PUT", SETTINGS, {}, headers=olga.bearer)).status == 403
