"""Opening, closing, releasing, certifying and correcting, and what that settles."""

import asyncio
from typing import Any

import pytest

from services.elections import Change
from tests.building import a_tally
from tests.desk import certify
from tests.desk import move as step_along
from tests.office import Office, Said, places, sendable, shown, unit, zeros
from tests.sessions import LONG_AGO, cookie

# ---- moves ----


@pytest.mark.parametrize(
    ("before", "change", "allowed"),
    [
        ([], "close", "open"),
        ([], "correct", "open"),
        ([], "release", "open"),
        ([], "withhold", "open"),
        (["open"], "open", "close, release"),
        (["open"], "certify", "close, release"),
        (["open", "release"], "release", "close, withhold"),
        (["open", "close"], "correct", "certify, release"),
        (["open", "close", "certify"], "open", "correct, release"),
    ],
)
async def test_a_move_that_is_not_allowed_is_409_and_names_those_that_are(
    draft: Office, before: list[Change], change: str, allowed: str
) -> None:
    for step in before:
        await step_along(draft.desk.house, "made", step)
    head = await draft.desk.house.log.head("made")
    answer = await draft.move(change, "because")
    assert (answer.status, answer.code) == (409, "illegal-transition")
    assert answer.body["title"].endswith(f"allowed: {allowed}.")
    assert await draft.desk.house.log.head("made") == head


async def test_what_was_certified_is_corrected_with_a_reason_and_certified_again(draft: Office) -> None:
    steps: tuple[Change, ...] = ("open", "close", "certify")
    for step in steps:
        await step_along(draft.desk.house, "made", step)
    refused = await draft.move("correct", "  ")
    assert (refused.status, refused.faults) == (422, {"reason": "missing-reason"})
    assert (await draft.move("correct", "two sheets were swapped")).body["status"] == "correction"
    await draft.desk.receipts(a_tally())
    await certify(draft.desk.house, "made", "the others were right")
    changes = [e["change"] for e in (await draft.get("/log?limit=1000")).body["entries"] if "change" in e]
    assert changes == ["created", "opened", "closed", "certified", "correcting", "certified"]


async def test_nobody_certifies_with_a_move(draft: Office) -> None:
    for step in ("open", "close"):
        await draft.move(step)
    answer = await draft.move("certify")
    assert (answer.status, answer.code) == (409, "two-people-needed")
    assert answer.body["title"].endswith("at /elections/made/certification.")
    assert (await draft.get()).body["status"] == "closed"


async def test_a_release_asks_for_the_password_again(draft: Office) -> None:
    await draft.move("open")
    stale = await cookie(draft.app, draft.desk, draft.who.identity, confirmed=LONG_AGO)
    for headers in (stale, draft.who.bearer):
        answer = await draft.ask("POST", "/moves", {"change": "release"}, headers=headers)
        assert (answer.status, answer.code) == (403, "fresh-sign-in-needed")
    assert (await draft.move("release")).status == 200


async def test_a_token_moves_what_is_not_final(draft: Office) -> None:
    for change in ("open", "close"):
        assert (await draft.add("/moves", {"change": change})).status == 200


async def test_opening_names_everything_that_is_missing_at_once(empty_draft: Office) -> None:
    assert set((await empty_draft.move("open")).faults) == {"units", "contests"}
    await empty_draft.add(
        "/units", [unit("all", kind="country"), unit("side", kind="district", parent="all")]
    )
    await empty_draft.add("/contests", {"code": "a", "name": "A", "district": "side", "ballot_order": "lot"})
    answer = await empty_draft.move("open")
    assert (answer.status, answer.body["title"]) == (422, "The election 'made' cannot be opened yet.")
    assert answer.faults == {
        "units": "no-precinct",
        "contests.a.selections": "no-selection",
        "contests.a.precincts": "no-precinct",
        "ballot_seed": "no-seed",
    }
    # Nothing of the try remains.
    assert (await empty_draft.get()).body["status"] == "draft"
    assert await places(empty_draft.desk) == set()


async def test_a_precinct_that_moved_out_of_a_contests_district_is_named_at_the_opening(
    draft: Office,
) -> None:
    await draft.put("/units/south-1", parent="north")
    assert (await draft.move("open")).faults == {"contests.measure.precincts": "outside-district"}


WRITES: list[tuple[str, str, Any]] = [
    ("PUT", "", {"name": "A", "date": "2026-11-03", "timezone": "UTC", "is_test": False}),
    ("POST", "/units", [{"code": "x", "name": "X", "kind": "precinct", "parent": "north"}]),
    ("PUT", "/units/north-1", {"name": "A", "kind": "precinct", "parent": "north"}),
    ("DELETE", "/units/north-1", None),
    ("POST", "/parties", {"code": "X", "name": "X", "colour": "#000000"}),
    ("PUT", "/parties/RED", {"name": "X", "colour": "#000000"}),
    ("DELETE", "/parties/RED", None),
    ("POST", "/contests", {"code": "x", "name": "X", "district": "north"}),
    ("PUT", "/contests/measure", {"name": "X", "district": "north"}),
    ("DELETE", "/contests/measure", None),
    ("POST", "/contests/measure/selections", {"code": "x", "name": "X"}),
    ("PUT", "/contests/measure/selections/yes", {"name": "X"}),
    ("DELETE", "/contests/measure/selections/yes", None),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES, ids=[f"{m} {p}" for m, p, _ in WRITES])
async def test_an_open_election_consists_of_what_it_consists_of(
    draft: Office, method: str, path: str, body: Any
) -> None:
    await draft.move("open")
    answer = await draft.ask(method, path, body, edition="*")
    assert (answer.status, answer.code) == (409, "election-not-draft")


EDITS = [(method, path, body) for method, path, body in WRITES if method != "POST"]


@pytest.mark.parametrize(("method", "path", "body"), EDITS, ids=[f"{m} {p}" for m, p, _ in EDITS])
async def test_an_edit_says_which_state_it_is_of(draft: Office, method: str, path: str, body: Any) -> None:
    unsaid = await draft.ask(method, path, body)
    assert (unsaid.status, unsaid.code) == (428, "condition-needed")
    stale = await draft.ask(method, path, body, edition='"0123456789abcdef"')
    assert (stale.status, stale.code) == (412, "stale")


# ---- several at once ----


async def test_of_two_who_edit_the_same_thing_at_once_one_is_told(draft: Office) -> None:
    other = await Office.of(draft.app, draft.client, draft.desk, "bob")
    for path in ("", "/units/north", "/parties/RED", "/contests/council"):
        found = await draft.get(path)
        body = sendable(found.body)
        answers = await asyncio.gather(
            draft.ask("PUT", path, {**body, "name": "By Ada"}, edition=found.etag),
            other.ask("PUT", path, {**body, "name": "By Bob"}, edition=found.etag),
        )
        assert sorted(answer.status for answer in answers) == [200, 412], path
        [done] = [answer for answer in answers if answer.status == 200]
        assert (await draft.get(path)).body == done.body


async def test_of_many_who_add_at_once_all_are_there_each_at_a_place_of_its_own(draft: Office) -> None:
    other = await Office.of(draft.app, draft.client, draft.desk, "bob")
    adding = [
        office.add("/contests/president/selections", {"code": f"{name}-{number}", "name": name})
        for number in range(10)
        for name, office in (("ada", draft), ("bob", other))
    ]
    contests = [
        office.add("/contests", {"code": f"{name}-{number}", "name": name, "district": "north"})
        for number in range(5)
        for name, office in (("ada", draft), ("bob", other))
    ]
    assert {answer.status for answer in await asyncio.gather(*adding, *contests)} == {201}
    query = "SELECT s.position FROM selections s JOIN contests c ON c.id = contest_id WHERE c.code = :code"
    rows = await draft.desk.sql(query, code="president")
    assert sorted(row.position for row in rows) == list(range(1, 24))
    rows = await draft.desk.sql("SELECT position FROM contests")
    assert sorted(row.position for row in rows) == list(range(1, 14))


async def test_what_comes_while_the_election_opens_is_in_it_or_is_refused(draft: Office) -> None:
    other = await Office.of(draft.app, draft.client, draft.desk, "bob")

    async def open_soon() -> int:
        await asyncio.sleep(0.03)
        return (await other.move("open")).status

    async def add(number: int) -> Said:
        body = {"code": f"s-{number}", "name": "S"}
        # On a machine that is much too busy no connection is made in time, and nothing was done.
        while (answer := await draft.add("/contests/president/selections", body)).status == 503:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        return answer

    opened, *answers = await asyncio.gather(open_soon(), *(add(number) for number in range(20)))
    assert opened == 200
    assert {answer.status for answer in answers} <= {201, 409}  # type: ignore[attr-defined]
    added = {answer.body["code"] for answer in answers if answer.status == 201}  # type: ignore[attr-defined]
    assert {"ada", "ben", "cy"} | added == set(await shown(draft))
    counted = {
        s for contest, s, place in await zeros(draft.desk) if contest == "president" and place == "country"
    }
    assert counted == set(await shown(draft))
