"""The audit trail: who changed what, when and from where; nobody changes it; nothing private stands in it."""

from typing import Any

import pytest
from quart import Quart
from sqlalchemy.exc import DBAPIError

from models.editions import edition
from models.errors import Invalid
from models.members import MemberEdit
from models.rights import OPERATOR
from quart_app.wiring import Services
from tests.browser import ANOTHER, PASSWORD, Browser, signed_in
from tests.building import tiny_election
from tests.desk import Desk, define


@pytest.fixture
async def ada(app: Quart, desk: Desk) -> Browser:
    return await signed_in(app, "ada", "administrator")


async def entries(browser: Browser, query: str = "") -> list[dict[str, Any]]:
    answer = await browser.get(f"/audit{query}")
    assert answer.status == 200, answer
    return list(answer.body["entries"])


async def test_every_change_of_a_member_says_who_what_and_from_where(app: Quart, ada: Browser) -> None:
    added = {"username": "otto", "name": "Otto", "roles": ["officer"], "precincts": ["tiny/north-1"]}
    read = await ada.post("/members", added)
    edit = {"name": "Otto", "roles": ["auditor"], "precincts": []}
    await ada.put("/members/otto", edit, If_Match=read.headers["ETag"])
    changed, made = (await entries(ada))[:2]
    assert (changed["action"], made["action"]) == ("member-changed", "member-added")
    assert changed["changes"] == {
        "precincts": [["tiny/north-1"], []],
        "roles": [["officer"], ["auditor"]],
    }
    for entry in (changed, made):
        assert (entry["username"], entry["subject"], entry["channel"]) == ("ada", "otto", "web")
        assert entry["address"]
        assert entry["election"] is None
    assert made["changes"]["roles"] == [None, ["officer"]]


async def test_what_somebody_does_with_credentials_is_told(app: Quart, ada: Browser) -> None:
    made = (await ada.post("/tokens", {"name": "a program", "scopes": ["administrator"], "days": 1})).body
    program = Browser(app, Authorization=f"Bearer {made['token']}")
    await program.delete(f"/tokens/{made['id']}")
    other = Browser(app)
    session = (await other.sign_in("ada")).body["id"]
    await ada.delete(f"/sessions/{session}")
    await ada.put("/password", {"old_password": PASSWORD, "new_password": ANOTHER})
    reset = (await ada.post("/members/ada/password-reset")).body["token"]
    await other.post("/password-resets/redemption", {"token": reset, "new_password": PASSWORD})
    await ada.sign_in("ada")
    await ada.delete("/sessions")
    await ada.sign_in("ada")
    told = [(entry["action"], entry["channel"], entry["username"]) for entry in await entries(ada)]
    expected = [
        ("signed-in", "api", "ada"),
        ("signed-out", "web", "ada"),
        ("signed-in", "api", "ada"),
        ("password-changed", "api", "ada"),
        ("reset-issued", "web", "ada"),
        ("password-changed", "web", "ada"),
        ("session-ended", "web", "ada"),
        ("signed-in", "api", "ada"),
        ("token-revoked", "api", "ada"),
        ("token-issued", "web", "ada"),
        ("signed-in", "api", "ada"),
    ]
    assert told[: len(expected)] == expected


async def test_a_change_that_was_refused_leaves_no_entry(house: Services, ada: Browser) -> None:
    before = await entries(ada)
    await ada.post("/members", {"username": "otto", "name": "Otto", "roles": ["king"]})
    await ada.post("/members", {"username": "ada", "name": "Ada", "roles": []})
    info = await house.officials.get("ada")
    with pytest.raises(Invalid):
        edit = MemberEdit(name="Ada", roles=["administrator"], precincts=["tiny/nowhere"])
        await house.officials.edit("ada", edit, edition(info), OPERATOR)
    assert await entries(ada) == before


async def test_the_newest_come_first_and_next_leads_to_the_older(ada: Browser) -> None:
    for number in range(5):
        await ada.post("/members", {"username": f"otto-{number}", "name": "Otto", "roles": []})
    everything = [entry["id"] for entry in await entries(ada)]
    assert everything == sorted(everything, reverse=True)
    seen: list[int] = []
    address: str | None = "/audit?limit=2"
    while address:
        answer = await ada.get(address)
        seen += [entry["id"] for entry in answer.body["entries"]]
        following = answer.body["next"]
        assert (following or "") in answer.headers.get("Link", "")
        address = following.removeprefix("/api/v1") if following else None
    assert seen == everything
    assert (await ada.get("/audit?before=1")).body == {"entries": [], "next": None}


async def test_the_trail_of_one_election(house: Services, ada: Browser) -> None:
    other = await define(house, tiny_election("other"))
    await house.elections.move("other", "close", "the polls are closed", by=OPERATOR)
    [newest, *_] = await entries(ada, "?election=other")
    assert newest["election"] == other.election
    assert {entry["election"] for entry in await entries(ada, "?election=other&limit=3")} == {"other"}
    assert (await ada.get("/audit?election=nowhere")).code == "unknown-election"
    following = (await ada.get("/audit?election=other&limit=1")).body["next"]
    assert "election=other" in following


async def test_what_cannot_be_asked_is_422(ada: Browser) -> None:
    for query in ("before=0", "before=x", f"before={2**63}", "limit=0", "limit=1001", "election=%00"):
        assert (await ada.get(f"/audit?{query}")).status == 422, query


@pytest.mark.parametrize("role", ["registrar", "officer", "reviewer", "voter"])
async def test_the_trail_is_for_auditors_and_administrators(app: Quart, desk: Desk, role: str) -> None:
    member = await desk.official("olga", roles=[role], units=[])
    assert (await Browser(app, **member.bearer).get("/audit")).status == 403
    auditor = await desk.official("anna", roles=["auditor"], units=[])
    answer = await Browser(app, **auditor.bearer).get("/audit")
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "private, no-store")
    assert (await Browser(app).get("/audit")).status == 401


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET username = 'somebody else'",
        "UPDATE audit_entries SET at = now()",
        "DELETE FROM audit_entries",
        "DELETE FROM audit_entries WHERE id = 1",
    ],
)
async def test_the_database_refuses_to_change_the_trail(desk: Desk, ada: Browser, statement: str) -> None:
    with pytest.raises(DBAPIError, match="audit_entries is append-only"):
        await desk.sql(statement)
    assert await entries(ada)
