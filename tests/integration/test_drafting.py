"""An election from nothing, through the API: what it is, how it goes on, and who is told."""

from typing import Any

import msgspec
import pytest

from quart_app.wiring import Services
from tests.building import a_tally, tiny_election
from tests.desk import define
from tests.invariants import assert_rules_hold
from tests.office import ELECTIONS, MADE, Office, audited, places, unit, zeros

replace = msgspec.structs.replace


# ---- from nothing to results ----


async def test_an_election_is_built_opened_and_counted(draft: Office) -> None:
    opened = await draft.move("open")
    assert (opened.status, opened.body["status"]) == (200, "open")
    await draft.desk.receipts(a_tally(), a_tally("south-1", "measure"))
    assert (await draft.move("release")).body["released"] is True
    results = (await draft.get("/results")).body
    president = next(c for c in results["contests"] if c["contest"] == "president")
    assert (president["units_reported"], president["units_expected"]) == (1, 4)
    assert {s["code"]: s["votes"] for s in president["selections"]} == {"ada": 40, "ben": 30, "cy": 5}
    assert (await draft.get("/contests/measure/results?unit=south")).body["units_reported"] == 1
    await assert_rules_hold(draft.desk)


async def test_one_that_was_built_is_the_same_as_one_that_was_defined_at_once(draft: Office) -> None:
    await draft.move("open")
    defined = await define(draft.desk.house, tiny_election())
    assert await places(draft.desk) == await places(defined)
    assert await zeros(draft.desk) == await zeros(defined) != set()
    for part in ("contests", "units", "parties"):
        read = getattr(draft.desk.house.elections, part)
        assert await read("made") == await read("tiny")


async def test_a_contest_without_a_list_stands_in_every_precinct_of_its_district(draft: Office) -> None:
    await draft.put("/contests/measure", precincts=None)
    await draft.put("/contests/president", precincts=None)
    assert (await draft.get("/contests/measure")).body["precincts"] is None
    await draft.add("/units", [unit("south-3", parent="south", voters_registered=7)])
    await draft.move("open")
    found = await places(draft.desk)
    assert ("measure", "south", 3, 277) in found and ("measure", "country", 3, 277) in found
    assert ("president", "country", 5, 577) in found and ("president", "north", 2, 300) in found
    # A list is a list: the new precinct is not in it.
    assert ("council", "country", 4, 570) in found and ("council", "south-3", 1, 7) not in found
    assert (await draft.get("/contests/measure")).body["precincts"] == ["south-1", "south-2", "south-3"]


async def test_an_imported_draft_keeps_its_lists_when_it_is_opened(office: Office) -> None:
    tiny = tiny_election("made")
    definition = replace(tiny, contests=(replace(tiny.contests[0], precincts=("north-1",)),))
    await office.desk.house.elections.define(definition)
    before = await places(office.desk)
    assert (await office.move("open")).status == 200
    assert await places(office.desk) == before


async def test_a_unit_of_unknown_voters_makes_the_sums_above_it_unknown(draft: Office) -> None:
    await draft.put("/units/south-1", voters_registered=None)
    found = await places(draft.desk)
    assert ("president", "country", 4, None) in found and ("president", "north", 2, 300) in found


# ---- a draft before the public ----


async def test_an_empty_draft_has_sensible_answers_everywhere(empty_draft: Office) -> None:
    assert (await empty_draft.get()).body["status"] == "draft"
    assert (await empty_draft.get("/results")).body["contests"] == []
    for part in ("contests", "units", "parties"):
        assert (await empty_draft.get(f"/{part}")).body[part] == []
    for missing in ("/contests/x", "/contests/x/results", "/units/x", "/parties/x"):
        assert (await empty_draft.get(missing)).status == 404
    page = await empty_draft.client.get("/elections/made", headers={"Accept": "text/html"})
    text = await page.get_data(as_text=True)
    assert page.status_code == 200 and "Not begun" in text and 'data-status="draft"' in text
    assert 'max="0"' not in text
    entries = (await empty_draft.get("/log")).body["entries"]
    assert [(e["change"], e["status"]) for e in entries] == [("created", "draft")]


async def test_what_a_draft_shows_follows_every_change(draft: Office) -> None:
    assert len((await draft.get("/results")).body["contests"]) == 3
    await draft.put("/contests/president", name="Head of State")
    await draft.add("/contests/president/selections", {"code": "dan", "name": "Dan"})
    await draft.add("/contests", {"code": "mayor", "name": "Mayor", "district": "north"})
    for ask in (draft.get, lambda path: draft.ask("GET", path, headers={})):
        answer = await ask("/results")
        assert answer.body["contests"][0]["name"] == "Head of State"
        assert [len(c["selections"]) for c in answer.body["contests"]] == [4, 3, 2, 0]
        assert {c["status"] for c in answer.body["contests"]} == {"pre-election"}
        # What may change with its version staying the same has no tag by which it could be thought known.
        assert answer.etag == ""
    assert (await draft.get("/contests/mayor/results")).body["units_expected"] == 0
    assert (await draft.client.get("/elections/made")).status_code == 200


async def test_an_officer_of_a_draft_is_told_that_it_is_not_open_however_it_changed(draft: Office) -> None:
    [first] = await draft.desk.send(a_tally())
    assert getattr(first, "code", "") == "election-not-open"
    await draft.add("/contests/president/selections", {"code": "dan", "name": "Dan"})
    [again] = await draft.desk.send(a_tally(votes={"ada": 40, "ben": 30, "cy": 5, "dan": 0}))
    assert getattr(again, "code", "") == "election-not-open"
    await draft.move("open")
    await draft.desk.receipts(a_tally(votes={"ada": 40, "ben": 30, "cy": 5, "dan": 0}))


# ---- the election itself ----


async def test_a_draft_is_edited_and_the_log_says_so(empty_draft: Office) -> None:
    before = await empty_draft.get()
    answer = await empty_draft.put("", name="A better name", is_test=True, ballot_seed="17 4 31")
    assert (answer.status, answer.body) == (
        200,
        {**before.body, "name": "A better name", "is_test": True, "ballot_seed": "17 4 31"},
    )
    assert answer.etag == (await empty_draft.get()).etag != before.etag
    entry = (await empty_draft.get("/log")).body["entries"][-1]
    assert (entry["change"], entry["ballot_seed"], entry["is_test"]) == ("edited", "17 4 31", True)
    assert entry["reason"] == "ballot_seed, is_test, name"
    page = await empty_draft.client.get("/elections/made/log", headers={"Accept": "text/html"})
    assert "<bdi>17 4 31</bdi></code>" in await page.get_data(as_text=True)
    assert (await empty_draft.get("/results")).body["name"] == "A better name"


async def test_an_edit_that_changes_nothing_leaves_no_trace(empty_draft: Office) -> None:
    before = await empty_draft.get()
    assert (await empty_draft.put("")).etag == before.etag
    assert await empty_draft.desk.house.log.head("made") == 1
    assert await audited(empty_draft.desk, "election-changed") == []


async def test_only_entries_that_set_the_seed_have_it(draft: Office) -> None:
    await draft.put("", name="Another")
    await draft.move("open")
    entries = (await draft.get("/log")).body["entries"]
    assert [entry["change"] for entry in entries] == ["created", "edited", "opened"]
    assert all("ballot_seed" not in entry for entry in entries)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"timezone": "Europe"}, "timezone"),
        ({"date": "2026-02-30"}, "date"),
        ({"name": "  "}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"code": "Made"}, "code"),
        ({"code": "made\n"}, "code"),
        ({"code": "a--b"}, "code"),
        ({"code": ""}, "code"),
        ({"ballot_seed": "x"}, "ballot_seed"),
    ],
)
async def test_an_election_that_cannot_be_one_is_refused_by_name(
    office: Office, changes: dict[str, Any], field: str
) -> None:
    answer = await office.add(ELECTIONS, {**MADE, **changes})
    assert (answer.status, list(answer.faults)) == (422, [field])
    assert await office.desk.house.elections.all() == []


@pytest.mark.parametrize("seed", ["", " 17", "17\n", "häh", "s" * 201])
async def test_a_seed_is_what_everybody_can_write_again(empty_draft: Office, seed: str) -> None:
    answer = await empty_draft.put("", ballot_seed=seed)
    assert (answer.status, list(answer.faults)) == (422, ["ballot_seed"])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (ELECTIONS, MADE),
        ("/parties", {"code": "RED", "name": "Red again", "colour": "#ff0000"}),
        ("/contests", {"code": "president", "name": "President", "district": "country"}),
        ("/contests/president/selections", {"code": "ada", "name": "Ada"}),
    ],
)
async def test_a_code_is_given_once(draft: Office, path: str, body: Any) -> None:
    answer = await draft.add(path, body)
    assert (answer.status, answer.code) == (409, "already-exists")


# ---- who did what ----


async def test_the_audit_trail_tells_who_changed_what_from_what(draft: Office) -> None:
    [defined] = await audited(draft.desk, "election-defined")
    assert (defined.username, defined.subject) == ("ada", "made")
    assert defined.changes["status"] == [None, "draft"]
    [units] = await audited(draft.desk, "units-added")
    assert units.changes["north-1"][0] is None and units.changes["north-1"][1]["voters_registered"] == 100
    assert len(await audited(draft.desk, "contest-added")) == 3
    await draft.put("/units/north-1", voters_registered=90)
    await draft.put("/contests/president/selections/ada", name="Ada A.")
    await draft.remove("/contests/measure/selections/no")
    await draft.put("", timezone="Europe/Rome")
    await draft.move("open", "the day has come")
    for action, subject, changes, reason in (
        ("unit-changed", "north-1", {"voters_registered": [100, 90]}, ""),
        ("selection-changed", "president/ada", {"name": ["Ada", "Ada A."]}, ""),
        (
            "selection-removed",
            "measure/no",
            {"code": ["no", None], "name": ["No", None]},
            "",
        ),
        ("election-changed", "made", {"timezone": ["UTC", "Europe/Rome"]}, ""),
        ("election-moved", "made", {"status": ["draft", "open"]}, "the day has come"),
    ):
        [entry] = await audited(draft.desk, action)
        assert (entry.username, entry.subject, entry.changes, entry.reason) == (
            "ada",
            subject,
            changes,
            reason,
        )


async def test_commands_are_audited_as_the_operators(house: Services) -> None:
    desk = await define(house, tiny_election())
    [defined] = await audited(desk, "election-defined")
    assert defined.username == "operator"
    assert [entry.changes for entry in await audited(desk, "election-moved")] == [
        {"status": ["draft", "open"]},
        {"results_released": [False, True]},
    ]
