"""The desk for complaints: who sees to which, notes, decisions, files, and the table."""

import asyncio
import csv
import datetime
import io
from typing import Any

import pytest
from quart.typing import TestClientProtocol as Client

from models.complaints import DESK_READERS
from models.rights import Role
from tests.browser import edit_member
from tests.complaining import PDF, WORDS, Staff, file, picture, send
from tests.desk import Desk

OUTCOME, REASON = "The ramp was blocked and is free now.", "Photograph 1 shows it; the judge agrees."


@pytest.fixture
async def rosa(client: Client, desk: Desk) -> Staff:
    return await Staff.of(client, desk, "rosa")


@pytest.fixture
async def remi(client: Client, desk: Desk) -> Staff:
    return await Staff.of(client, desk, "remi")


@pytest.fixture
async def ada(client: Client, desk: Desk) -> Staff:
    return await Staff.of(client, desk, "ada", Role.ADMINISTRATOR)


def steps(case: Any) -> list[tuple[str | None, str, str]]:
    return [(step["by"], step["action"], step["to"]) for step in case["history"]]


# ---- from filing to the outcome ----


async def test_a_complaint_goes_its_way_and_every_step_is_kept(
    client: Client, desk: Desk, rosa: Staff, remi: Staff
) -> None:
    await file(desk, unit="north-1", name="Wilma Voter", email="w@example.org")
    case = await rosa.see(1)
    assert (case["text"], case["name"], case["email"], case["status"]) == (
        *(WORDS, "Wilma Voter", "w@example.org", "filed"),
    )
    case = await rosa.move(1, "review")
    assert (rosa.status, case["status"], case["assignee"]) == (200, "under_review", "rosa")
    day = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=2)).date().isoformat()
    case = await rosa.settle(1, "remi", day)
    assert (case["assignee"], case["due_on"]) == ("remi", day)
    await remi.ask("POST", "/desk/1/notes", {"text": "The judge was called."})
    assert remi.status == 201
    case = await remi.move(1, "uphold", outcome=OUTCOME, reason=REASON)
    assert (remi.status, case["status"], case["outcome"]) == (200, "upheld", OUTCOME)
    assert steps(case) == [
        (None, "filed", ""),
        ("rosa", "under_review", ""),
        ("rosa", "assigned", "rosa"),
        ("rosa", "assigned", "remi"),
        ("rosa", "due", day),
        ("remi", "noted", ""),
        ("remi", "upheld", ""),
    ]
    assert [step["text"] for step in case["history"] if step["text"]] == ["The judge was called.", REASON]
    told = await (await client.get(f"{desk.path}/complaints/1")).get_json()
    assert (told["status"], told["outcome"]) == ("upheld", OUTCOME)
    assert REASON not in str(told) and "remi" not in str(told)


async def test_the_audit_trail_says_who_did_what_and_nothing_that_is_private(desk: Desk, rosa: Staff) -> None:
    await file(desk, name="Wilma Voter")
    await rosa.see(1)
    await rosa.move(1, "review")
    await rosa.settle(1, None, None)
    await rosa.ask("POST", "/desk/1/notes", {"text": "Wilma was called."})
    await rosa.move(1, "dismiss", outcome=OUTCOME, reason=REASON)
    trail = [entry for entry in await desk.house.audit.before(election="tiny") if "complaint" in entry.action]
    assert [(entry.action, entry.username, entry.subject) for entry in reversed(trail)] == [
        ("complaint-filed", "", "1"),
        ("complaint-under-review", "rosa", "1"),
        ("complaint-assigned", "rosa", "1"),
        ("complaint-noted", "rosa", "1"),
        ("complaint-dismissed", "rosa", "1"),
    ]
    assert (trail[0].changes, trail[0].reason) == ({"status": ["under_review", "dismissed"]}, OUTCOME)
    assert not any(private in str(trail) for private in ("Wilma", WORDS, REASON))


async def test_a_decision_says_why_to_everybody_and_to_colleagues(desk: Desk, rosa: Staff) -> None:
    await file(desk)
    await rosa.see(1)
    problem = await rosa.move(1, "review", outcome=OUTCOME)
    assert (rosa.status, [error["field"] for error in problem["errors"]]) == (422, ["outcome"])
    case = await rosa.move(1, "review", outcome=" ", reason="\n")
    assert (rosa.status, case["outcome"]) == (200, "")
    for said in ({}, {"outcome": " \n"}, {"outcome": "", "reason": ""}):
        problem = await rosa.move(1, "uphold", **said)
        assert [error["field"] for error in problem["errors"]] == ["outcome", "reason"]
    problem = await rosa.move(1, "uphold", outcome="x" * 2001, reason="a\x00b")
    assert sorted(error["field"] for error in problem["errors"]) == ["outcome", "reason"]
    assert (await desk.house.complaints.get("tiny", 1)).status == "under_review"


async def test_moves_that_are_not_allowed_are_refused(desk: Desk, rosa: Staff) -> None:
    await file(desk)
    await rosa.see(1)
    problem = await rosa.move(1, "uphold", outcome=OUTCOME, reason=REASON)
    assert (rosa.status, problem["code"]) == (409, "illegal-transition")
    await rosa.decide(1)
    for change, said in (("review", {}), ("dismiss", {"outcome": OUTCOME, "reason": REASON})):
        problem = await rosa.move(1, change, **said)
        assert (rosa.status, problem["code"]) == (409, "illegal-transition")
    assert (await rosa.settle(1, None, None))["code"] == "complaint-closed"


# ---- two at once ----


async def test_of_two_who_decide_at_once_one_is_refused(desk: Desk, rosa: Staff, remi: Staff) -> None:
    for number in range(1, 9):
        await file(desk)
        await rosa.see(number)
        await rosa.move(number, "review")
        await remi.see(number)
        first, second = await asyncio.gather(
            rosa.move(number, "uphold", outcome="It was so.", reason=REASON),
            remi.move(number, "dismiss", outcome="It was not so.", reason=REASON),
        )
        assert sorted([rosa.status, remi.status]) == [200, 409]
        case = await rosa.see(number)
        decided = first if rosa.status == 200 and case["status"] == "upheld" else second
        assert case["outcome"] == decided["outcome"]
        assert [action for _, action, _ in steps(case) if action in ("upheld", "dismissed")] == [
            case["status"]
        ]


async def test_whoever_has_not_seen_what_a_colleague_changed_reads_it_first(
    desk: Desk, rosa: Staff, remi: Staff
) -> None:
    await file(desk)
    await rosa.see(1)
    await rosa.move(1, "review")
    await remi.see(1)
    await rosa.ask("POST", "/desk/1/notes", {"text": "Wait: the judge calls back."})
    problem = await remi.move(1, "dismiss", outcome=OUTCOME, reason=REASON)
    assert (remi.status, problem["code"]) == (412, "stale")
    assert (await remi.settle(1, "remi", None))["code"] == "stale"
    await remi.see(1)
    await remi.move(1, "dismiss", outcome=OUTCOME, reason=REASON)
    assert remi.status == 200


async def test_a_change_says_what_it_was_held_against(desk: Desk, rosa: Staff) -> None:
    await file(desk)
    body = {"assignee": None, "due_on": None}
    assert (await rosa.ask("PUT", "/desk/1", body))["code"] == "condition-needed"
    assert (await rosa.ask("POST", "/desk/1/moves", {"change": "review"}))["code"] == "condition-needed"


# ---- who sees to it, and until when ----


async def test_only_who_works_at_the_desk_is_assigned_a_complaint(
    client: Client, desk: Desk, rosa: Staff, remi: Staff
) -> None:
    await file(desk)
    await desk.official("olga")
    await Staff.of(client, desk, "aud", Role.AUDITOR)
    await edit_member(desk.house, "remi", disabled=True)
    await rosa.see(1)
    for username in ("olga", "aud", "remi", "nobody"):
        problem = await rosa.settle(1, username, None)
        assert (rosa.status, problem["errors"][0]["field"]) == (422, "assignee")
    problem = await rosa.settle(1, "Not A Name", None)
    assert (rosa.status, problem["errors"][0]["field"]) == (422, "assignee")


async def test_a_day_is_one_and_not_before_the_complaint(desk: Desk, rosa: Staff) -> None:
    await file(desk)
    await rosa.see(1)
    for day in ("2020-01-01", "soon", "2026-02-30"):
        problem = await rosa.settle(1, None, day)
        assert (rosa.status, problem["errors"][0]["field"]) == (422, "due_on")


# ---- the list ----


async def test_the_list_shows_what_is_asked_for(desk: Desk, rosa: Staff) -> None:
    for changes in (
        {"unit": "north-1"},
        {"unit": "north", "category": "counting"},
        {"unit": "south-1"},
        {"category": "other"},
        {},
    ):
        await file(desk, **changes)
    await rosa.decide(5)
    await rosa.see(1)
    await rosa.move(1, "review")
    await desk.sql("UPDATE complaints SET due_on = '2020-01-01' WHERE number IN (1, 5)")

    async def numbers(query: str) -> list[int]:
        page = await rosa.ask("GET", f"/desk?{query}")
        assert rosa.status == 200 and rosa.headers["Cache-Control"] == "private, no-store"
        return [one["number"] for one in page["complaints"]]

    assert await numbers("") == [1, 2, 3, 4, 5]
    assert await numbers("status=open") == [1, 2, 3, 4]
    assert await numbers("status=upheld") == [5]
    assert await numbers("category=counting") == [2]
    assert await numbers("unit=north") == [1, 2]
    assert await numbers("unit=country") == [1, 2, 3]
    assert await numbers("assignee=rosa") == [1, 5]
    assert await numbers("assignee=-&status=open") == [2, 3, 4]
    assert await numbers("overdue=true") == [1]
    assert await numbers("after=2&limit=2") == [3, 4]
    page = await rosa.ask("GET", "/desk?limit=2&status=open")
    assert "after=2" in page["next"] and "status=open" in page["next"]
    assert page["complaints"][0]["beginning"] == WORDS


@pytest.mark.parametrize(
    "query",
    ["unit=nowhere", "status=lost", "category=x", "overdue=perhaps", "limit=0", "after=-1", "unit=%00"],
)
async def test_a_search_that_cannot_be_made_is_refused(desk: Desk, rosa: Staff, query: str) -> None:
    for path in ("/desk", ".csv"):
        await rosa.ask("GET", f"{path}?{query}")
        assert rosa.status == 422


async def test_a_long_text_is_listed_by_its_beginning(desk: Desk, rosa: Staff) -> None:
    await file(desk, text="word " * 900)
    (listed,) = (await rosa.ask("GET", "/desk"))["complaints"]
    assert len(listed["beginning"]) == 160 and listed["beginning"].endswith("…")


# ---- files ----


async def test_files_are_downloads_that_run_nothing_and_stand_in_the_audit_trail(
    client: Client, desk: Desk, rosa: Staff
) -> None:
    await send(client, desk, picture("JPEG"), PDF, names="../../etc/photo.html")
    case = await rosa.see(1)
    assert [(one["position"], one["media"]) for one in case["files"]] == [
        (1, "image/jpeg"),
        (2, "application/pdf"),
    ]
    for position, ending in ((1, "jpg"), (2, "pdf")):
        response = await client.get(
            f"{desk.path}/complaints/desk/1/attachments/{position}", headers=rosa.official.bearer
        )
        content = await response.get_data(as_text=False)
        assert len(content) == case["files"][position - 1]["size"]
        assert response.headers["Content-Disposition"] == (
            f'attachment; filename="complaint-1-{position}.{ending}"'
        )
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert response.headers["Cache-Control"] == "private, no-store"
    assert content == PDF
    newest = (await desk.house.audit.before(election="tiny"))[0]
    assert (newest.action, newest.username, newest.subject, newest.changes) == (
        *("complaint-attachment-read", "rosa", "1", {"attachment": [None, 2]}),
    )


@pytest.mark.parametrize("position", ["0", "2", "9" * 30])
async def test_a_file_that_is_not_there_is_not_found(
    client: Client, desk: Desk, rosa: Staff, position: str
) -> None:
    await send(client, desk, PDF)
    assert (await rosa.ask("GET", f"/desk/1/attachments/{position}"))["code"] == "unknown-attachment"


# ---- who may ----

DOORS = (
    ("GET", "/desk"),
    ("GET", "/desk/1"),
    ("GET", "/desk/1/attachments/1"),
    ("GET", "/stream"),
    ("GET", ".csv"),
    ("PUT", "/desk/1"),
    ("POST", "/desk/1/notes"),
    ("POST", "/desk/1/moves"),
)


async def test_officers_and_the_public_stay_outside_and_auditors_only_read(
    client: Client, desk: Desk
) -> None:
    await file(desk)
    strangers = set(Role) - set(DESK_READERS)
    outside = [await Staff.of(client, desk, str(role), role) for role in sorted(strangers)]
    auditor = await Staff.of(client, desk, "auditor", Role.AUDITOR)
    for method, path in DOORS:
        response = await client.open(f"{desk.path}/complaints{path}", method=method)
        assert response.status_code == 401
        assert WORDS not in await response.get_data(as_text=True)
        for staff in outside:
            problem = await staff.ask(method, path)
            assert (staff.status, WORDS in str(problem)) == (403, False)
        if path != "/stream":
            await auditor.ask(method, path, None if method == "GET" else {})
            assert (auditor.status == 403) == (method != "GET")


async def test_no_answer_for_staff_stands_at_an_address_of_the_public(
    client: Client, desk: Desk, rosa: Staff
) -> None:
    """The same address answers the same to everybody, so that a cache between them tells nothing."""
    await file(desk, name="Wilma")
    for path in ("", "/1"):
        public = await (await client.get(f"{desk.path}/complaints{path}")).get_json()
        assert await rosa.ask("GET", path) == public


# ---- the table ----


async def test_the_table_has_every_complaint_and_no_formula(desk: Desk, rosa: Staff) -> None:
    await file(desk, text='=HYPERLINK("https://example.org")', unit="north-1", name="Wilma Voter")
    await file(desk, category="counting", text="Two lines,\nand a comma")
    await rosa.decide(2)
    response = await rosa._client.get(f"{desk.path}/complaints.csv", headers=rosa.official.bearer)
    assert response.headers["Cache-Control"] == "private, no-store"
    assert 'filename="tiny-complaints.csv"' in response.headers["Content-Disposition"]
    text = (await response.get_data(as_text=False)).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert [row["text"] for row in rows] == ['\'=HYPERLINK("https://example.org")', "Two lines,\nand a comma"]
    assert [(row["number"], row["status"], row["is_test"]) for row in rows] == [
        *(("1", "filed", "false"), ("2", "upheld", "false")),
    ]
    assert rows[1]["outcome"] == "It was so." and "Wilma" not in text
    assert (await desk.house.audit.before(election="tiny"))[0].action == "complaints-exported"


async def test_the_table_goes_on_behind_its_first_page(
    desk: Desk, rosa: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.complaint_desk.PAGE", 3)
    for _ in range(7):
        await file(desk)
    response = await rosa._client.get(f"{desk.path}/complaints.csv?limit=1", headers=rosa.official.bearer)
    text = (await response.get_data(as_text=False)).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["number"] for row in rows] == list("1234567")


# ---- beside a tally ----


async def test_reviewers_see_the_complaints_about_a_precinct(desk: Desk, rosa: Staff) -> None:
    await file(desk, unit="north-1", contest="president", category="counting")
    await file(desk, unit="south-1")
    await file(desk, unit="north-1")
    await rosa.decide(1, "dismiss")
    found = await desk.house.complaints.about_unit("tiny", "north-1")
    assert [(one.number, one.category, one.contest, one.status) for one in found] == [
        (3, "access", None, "filed"),
        (1, "counting", "president", "dismissed"),
    ]
    assert await desk.house.complaints.about_unit("tiny", "north-2") == []


# ---- what can never be changed ----


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM complaints",
        "DELETE FROM complaint_steps",
        "DELETE FROM complaint_attachments",
        "UPDATE complaint_steps SET at = now()",
        "UPDATE complaint_steps SET target = 'somebody'",
        "UPDATE complaint_attachments SET size = 1",
    ],
)
async def test_history_and_files_can_be_neither_changed_nor_taken_away(
    client: Client, desk: Desk, change: str
) -> None:
    await send(client, desk, PDF)
    with pytest.raises(Exception, match="append-only"):
        await desk.sql(change)
