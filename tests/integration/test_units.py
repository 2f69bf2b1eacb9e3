"""Reporting units of a draft: placed, moved and removed, and what is expected at them."""

from typing import Any

import pytest

from tests.building import a_tally
from tests.invariants import assert_rules_hold
from tests.office import Office, audited, places, unit


async def test_units_come_as_csv_with_parents_in_earlier_rows(empty_draft: Office) -> None:
    rows = ["code,name,kind,parent,voters_registered", "all,All,country,,", "west,West,district,all,"]
    rows += [f"p-{number},Precinct {number},precinct,west,{number}" for number in range(2500)]
    answer = await empty_draft.add("/units", "\n".join(rows))
    assert (answer.body["added"], answer.body["refused"]) == (2502, 0)
    last = (await empty_draft.get("/units/p-2499")).body
    assert last == unit("p-2499", parent="west", voters_registered=2499, name="Precinct 2499")


async def test_units_sent_again_are_unchanged_and_others_of_the_same_code_are_refused(
    empty_draft: Office,
) -> None:
    units = [unit("all", "country"), unit("one", parent="all")]
    await empty_draft.add("/units", units)
    again = await empty_draft.add("/units", [*units, unit("one", parent="all", voters_registered=3)])
    assert [item["status"] for item in again.body["items"]] == ["unchanged", "unchanged", "refused"]
    assert again.body["items"][2]["errors"][0]["code"] == "already-exists"
    assert len(await audited(empty_draft.desk, "units-added")) == 1


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        (unit("x", parent="nowhere"), "parent", "unknown-unit"),
        (unit("x", parent="x"), "parent", "unknown-unit"),
        (unit("x", parent="north-1"), "parent", "below-precinct"),
        (unit("x", "district"), "parent", "second-root"),
        (unit("x", parent="north", voters_registered=-1), "voters_registered", "invalid"),
        (unit("x", parent="north", voters_registered=2**31), "voters_registered", "invalid"),
        (unit("X", parent="north"), "code", "invalid"),
        (unit("x\n", parent="north", name="X"), "code", "invalid"),
        (unit("x", parent="north", colour="red"), "colour", "unknown-field"),
        ({"code": "x", "kind": "precinct"}, "name", "missing"),
    ],
)
async def test_a_unit_that_has_no_place_is_refused_and_costs_no_other(
    draft: Office, row: dict[str, Any], field: str, code: str
) -> None:
    rows = [unit("first", parent="north"), row, unit("last", parent="south")]
    items = (await draft.add("/units", rows)).body["items"]
    assert [item["status"] for item in items] == ["added", "refused", "added"]
    assert [(e["field"], e["code"]) for e in items[1]["errors"]] == [(field, code)]


async def test_the_first_unit_is_no_precinct_and_what_lies_below_a_refused_one_is_refused(
    empty_draft: Office,
) -> None:
    rows = [unit("p"), unit("below", parent="p"), unit("all", "country")]
    items = (await empty_draft.add("/units", rows)).body["items"]
    assert [item["status"] for item in items] == ["refused", "refused", "added"]
    assert items[0]["errors"][0]["code"] == "root-is-precinct"


@pytest.mark.parametrize(
    ("code", "changes", "faults"),
    [
        ("north", {"parent": "north-1"}, {"parent": "below-itself"}),
        ("north", {"parent": "north"}, {"parent": "below-itself"}),
        ("north", {"parent": None}, {"parent": "second-root"}),
        ("north", {"kind": "precinct"}, {"kind": "below-precinct"}),
        ("north", {"parent": "nowhere"}, {"parent": "unknown-unit"}),
        ("country", {"parent": "north"}, {"parent": "below-itself"}),
        ("country", {"kind": "precinct"}, {"kind": "below-precinct"}),
        ("north-1", {"parent": "north-2"}, {"parent": "below-precinct"}),
    ],
)
async def test_a_unit_does_not_move_where_it_cannot_lie(
    draft: Office, code: str, changes: dict[str, Any], faults: dict[str, str]
) -> None:
    before = await draft.get(f"/units/{code}")
    answer = await draft.put(f"/units/{code}", **changes)
    assert answer.status == 422 and faults.items() <= answer.faults.items()
    assert await draft.get(f"/units/{code}") == before


async def test_a_district_that_moves_takes_its_precincts_and_what_is_expected_with_it(
    draft: Office,
) -> None:
    await draft.add("/units", [unit("east", "region", parent="country")])
    await draft.put("/units/south", parent="east")
    found = await places(draft.desk)
    assert ("measure", "east", 2, 270) in found and ("president", "east", 2, 270) in found
    await draft.put("/units/south", parent="north")
    found = await places(draft.desk)
    assert ("president", "north", 4, 570) in found
    assert not any(place == "east" for _, place, _, _ in found)


async def test_a_precinct_that_is_removed_leaves_the_contests_lists(draft: Office) -> None:
    assert (await draft.remove("/units/south-1")).status == 204
    found = await places(draft.desk)
    assert ("president", "country", 3, 420) in found and ("measure", "south", 1, 120) in found
    assert (await draft.get("/contests/measure")).body["precincts"] == ["south-2"]
    last = await draft.remove("/units/south-2")
    assert last.status == 409 and "measure" in last.body["title"]
    assert (await draft.put("/units/south-2", kind="yard")).status == 409
    assert (await draft.move("open")).status == 200
    await draft.desk.receipts(a_tally("south-2", "measure"))
    await assert_rules_hold(draft.desk)


async def test_a_unit_stays_while_something_hangs_on_it(draft: Office) -> None:
    assert "2 units, 1 contest" in (await draft.remove("/units/south")).body["title"]
    await draft.desk.official("olga", units=["north-1"])
    assert "1 officer" in (await draft.remove("/units/north-1")).body["title"]
    await draft.desk.sql(
        """
        INSERT INTO voters (election_id, unit_id, number_hash, name_hash, personal, digest, registered_at,
                            changed_at, removal_reason)
        SELECT election_id, id, '', '', '', '', now(), now(), '' FROM reporting_units WHERE code = 'north-2'
        """
    )
    refused = await draft.remove("/units/north-2")
    assert (refused.status, refused.code) == (409, "conflict")
    assert "1 voter" in refused.body["title"]
    assert (await draft.put("/units/north-2", kind="yard")).faults == {"kind": "holds-voters"}
    assert (await draft.put("/units/north-2", name="Second")).status == 200
