"""Parties, contests and selections of a draft, and their order on the ballot."""

import datetime
from typing import Any

import msgspec
import pytest

from models.ballot_order import BallotOrder, Listed, ordered
from models.definitions import SelectionDefinition
from tests.building import a_tally, tiny_election
from tests.invariants import assert_rules_hold
from tests.office import Office, places, sendable, shown, unit, zeros

replace = msgspec.structs.replace


# ---- parties, contests, selections ----


async def test_a_party_is_changed_and_stays_while_somebody_stands_for_it(draft: Office) -> None:
    assert (await draft.put("/parties/RED", colour="#aa0000")).body["colour"] == "#aa0000"
    assert (await draft.remove("/parties/RED")).status == 409
    await draft.put("/contests/president/selections/ben", party=None)
    assert (await draft.remove("/parties/RED")).status == 204
    assert (await draft.get("/parties/RED")).code == "unknown-party"


@pytest.mark.parametrize("colour", ["red", "#FF0000", "#ff00001", "#ff000\n"])
async def test_a_colour_is_written_in_one_way(empty_draft: Office, colour: str) -> None:
    answer = await empty_draft.add("/parties", {"code": "X", "name": "X", "colour": colour})
    assert (answer.status, list(answer.faults)) == (422, ["colour"])


async def test_what_a_contest_names_and_is_not_there_is_named_at_once(draft: Office) -> None:
    contest = {
        "name": "Mayor",
        "district": "north",
        "precincts": ["north-1", "south-1", "north-1"],
        "selections": [
            {"code": "a", "name": "A", "party": "GREEN"},
            {"code": "a", "name": "B", "party": "RED"},
        ],
    }
    for answer in (
        await draft.add("/contests", {"code": "mayor", **contest}),
        await draft.ask("PUT", "/contests/measure", contest, edition="*"),
    ):
        assert answer.status == 422
        assert [(e["field"], e["code"]) for e in answer.body["errors"]] == [
            ("precincts", "outside-district"),
            ("precincts", "named-twice"),
            ("selections", "named-twice"),
            ("selections", "unknown-party"),
        ]
    assert (await draft.add("/contests", {"code": "m", "name": "M", "district": "x"})).faults == {
        "district": "unknown-unit"
    }
    assert (await draft.get("/contests/mayor")).status == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"vote_variation": "guess"},
        {"votes_allowed": 0},
        {"number_elected": 0},
        {"ballot_order": "random"},
        {"precincts": []},
    ],
)
async def test_a_contest_keeps_to_the_words_and_bounds_there_are(
    draft: Office, changes: dict[str, Any]
) -> None:
    answer = await draft.add("/contests", {"code": "x", "name": "X", "district": "north", **changes})
    assert (answer.status, list(answer.faults)) == (422, list(changes))


async def test_a_contests_selections_are_replaced_or_left_as_they_are(draft: Office) -> None:
    found = await draft.get("/contests/president")
    without = {name: value for name, value in sendable(found.body).items() if name != "selections"}
    left = await draft.ask("PUT", "/contests/president", {**without, "name": "Chair"}, edition=found.etag)
    assert (left.body["name"], left.body["selections"]) == ("Chair", found.body["selections"])
    selections = [
        {"code": "dan", "name": "Dan", "party": None},
        {"code": "ada", "name": "Ada A.", "party": "RED"},
    ]
    replaced = await draft.put("/contests/president", selections=selections)
    assert replaced.body["selections"] == selections
    assert (await draft.get("/contests/president")).etag == replaced.etag


async def test_what_candidates_stand_in_and_behind_stays(draft: Office) -> None:
    await draft.desk.sql(
        """
        INSERT INTO candidates (election_id, contest_id, selection_id, code, first_name, last_name, digest,
                                filed_at, status, reason)
        SELECT c.election_id, c.id, s.id, 'C-1', 'Ada', 'Adams', '', now(), 'qualified', ''
        FROM contests c JOIN selections s ON s.contest_id = c.id WHERE s.code = 'ada'
        """
    )
    for refused in (
        await draft.remove("/contests/president"),
        await draft.remove("/contests/president/selections/ada"),
        await draft.put("/contests/president", selections=[]),
        await draft.put("/contests/president", is_measure=True),
    ):
        assert (refused.status, refused.code) == (409, "conflict")
    assert (await draft.remove("/contests/president/selections/ben")).status == 204


async def test_a_contest_is_removed_with_what_belongs_to_it(draft: Office) -> None:
    assert (await draft.remove("/contests/measure")).status == 204
    assert {contest for contest, *_ in await places(draft.desk)} == {"president", "council"}
    assert (await draft.move("open")).status == 200
    assert len((await draft.get("/results")).body["contests"]) == 2


async def test_drafts_from_before_totals_began_with_the_opening_are_edited_and_opened(draft: Office) -> None:
    """They have totals of nothing already."""
    async with draft.desk.house.database.transaction() as repos:
        election = await repos.elections.get("made")
        await repos.opening.begin_totals(election.id, datetime.datetime.now(datetime.UTC))
    assert (await draft.put("/units/south", parent="north")).status == 200
    assert (await draft.remove("/units/north-1")).status == 204
    assert (await draft.remove("/contests/council")).status == 204
    assert (await draft.remove("/contests/president/selections/cy")).status == 204
    assert (await draft.put("/contests/measure", precincts=["south-2"])).status == 200
    assert (await draft.move("open")).status == 200
    await draft.desk.receipts(a_tally("south-2", "measure"))
    await assert_rules_hold(draft.desk)


async def test_contests_without_lists_are_settled_all_together(office: Office) -> None:
    tiny = tiny_election("made")
    await office.desk.house.elections.define(replace(tiny, contests=()))
    await office.add("/units", [unit(f"p-{n}", parent="north", voters_registered=5) for n in range(100)])
    for number in range(20):
        selections = [{"code": "a", "name": "A"}, {"code": "b", "name": "B"}]
        district = "north" if number % 2 else "country"
        contest = {"code": f"c-{number}", "name": "C", "district": district, "selections": selections}
        assert (await office.add("/contests", contest)).status == 201
    assert (await office.move("open")).status == 200
    found = await places(office.desk)
    assert ("c-19", "country", 102, 800) in found and ("c-18", "country", 104, 1070) in found
    assert len(await zeros(office.desk)) == 10 * 2 * (2 + 3)


# ---- the order of the ballot ----


async def test_an_alphabetical_ballot_is_in_order_after_every_change(draft: Office) -> None:
    await draft.put("/contests/president", ballot_order="alphabetical")
    await draft.add("/contests/president/selections", {"code": "zoe", "name": "abel"})
    assert await shown(draft) == ["zoe", "ada", "ben", "cy"]
    await draft.put("/contests/president/selections/zoe", name="Bea")
    assert await shown(draft) == ["ada", "zoe", "ben", "cy"]


async def test_a_given_ballot_stays_as_it_was_given(draft: Office) -> None:
    await draft.add("/contests/president/selections", {"code": "abe", "name": "Abe"})
    await draft.move("open")
    assert await shown(draft) == ["ada", "ben", "cy", "abe"]


async def test_anyone_can_draw_the_lot_again(draft: Office) -> None:
    await draft.put("/contests/president", ballot_order="lot")
    assert await shown(draft) == ["ada", "ben", "cy"]
    for seed in ("first", "second", "a third one"):
        await draft.put("", ballot_seed=seed)
        listed = [Listed(code, code) for code in ("ada", "ben", "cy")]
        assert await shown(draft) == ordered(listed, BallotOrder.LOT, seed)
    await draft.move("open")
    assert (await draft.get()).body["ballot_seed"] == "a third one"
    assert await shown(draft) == ordered(listed, BallotOrder.LOT, "a third one")


async def test_a_definition_that_is_opened_at_once_is_in_order_too(office: Office) -> None:
    tiny = tiny_election("made")
    names = (SelectionDefinition(code="z", name="Zoe"), SelectionDefinition(code="b", name="Bea"))
    contest = replace(tiny.contests[0], selections=names, ballot_order=BallotOrder.ALPHABETICAL)
    await office.desk.house.elections.define(replace(tiny, contests=(contest,)), opened=True)
    assert await shown(office) == ["b", "z"]
