"""Members over HTTP: added, changed, disabled; and that nobody learns of them who should not."""

import asyncio
from typing import Any

import pytest
from quart import Quart

from models.rights import OPERATOR
from quart_app.wiring import Services
from tests.browser import PASSWORD, Answer, Browser, edit_member, signed_in
from tests.desk import Desk

ADDRESS, MOBILE = "otto.private@example.org", "+49 30 5550117"
OTTO: dict[str, Any] = {
    "username": "otto",
    "name": "Otto Officer",
    "roles": ["officer", "auditor"],
    "precincts": ["tiny/north-1", "tiny/south"],
    "email": ADDRESS,
    "mobile": MOBILE,
    "disabled": False,
}
EDIT = {name: value for name, value in OTTO.items() if name != "username"}


@pytest.fixture
async def ada(app: Quart, desk: Desk) -> Browser:
    """An administrator's browser."""
    return await signed_in(app, "ada", "administrator")


@pytest.fixture
async def otto(ada: Browser) -> Answer:
    """Otto, added."""
    answer = await ada.post("/members", OTTO)
    assert answer.status == 201, answer
    return answer


async def edit(ada: Browser, read: Answer, username: str = "otto", **changes: Any) -> Answer:
    return await ada.put(f"/members/{username}", {**EDIT, **changes}, If_Match=read.headers["ETag"])


# ---- who one is ----


async def test_one_learns_who_one_is_and_by_what(app: Quart, desk: Desk, ada: Browser) -> None:
    assert (await ada.get("/me")).body == {
        "username": "ada",
        "name": "ada",
        "roles": ["administrator"],
        "precincts": [],
        "credential": "session",
        "fresh": True,
    }
    officer = await desk.official("olga", roles=["officer", "auditor"], units=["north-1", "south"])
    found = await Browser(app, **officer.bearer).get("/me")
    assert found.body == {
        "username": "olga",
        "name": "olga",
        "roles": ["auditor", "officer"],
        "precincts": ["tiny/north-1", "tiny/south"],
        "credential": "token",
        "fresh": False,
    }
    assert found.headers["Cache-Control"] == "private, no-store"
    assert (await Browser(app).get("/me")).status == 401


# ---- adding ----


async def test_a_member_is_added_and_can_be_read(ada: Browser, otto: Answer) -> None:
    assert otto.headers["Location"] == "/api/v1/members/otto"
    assert otto.body.pop("member_since")
    expected = {**OTTO, "roles": ["auditor", "officer"], "has_password": False}
    assert otto.body == expected
    read = await ada.get("/members/otto")
    assert read.body.items() >= expected.items()
    assert read.headers["ETag"] == otto.headers["ETag"]
    assert read.headers["Cache-Control"] == "private, no-store"


async def test_a_new_member_gets_in_by_a_one_time_token(app: Quart, ada: Browser, otto: Answer) -> None:
    assert (await Browser(app).sign_in("otto", "")).status == 401
    reset = await ada.post("/members/otto/password-reset")
    assert reset.status == 201
    assert reset.body["token"].startswith("tr_")
    body = {"token": reset.body["token"], "new_password": PASSWORD}
    assert (await Browser(app).post("/password-resets/redemption", body)).status == 200
    browser = Browser(app)
    assert (await browser.sign_in("otto")).body["roles"] == ["auditor", "officer"]
    assert (await ada.get("/members/otto")).body["has_password"] is True


WRONG: list[tuple[dict[str, Any], str, int]] = [
    ({"username": "Otto"}, "username", 422),
    ({"username": "otto\n"}, "username", 422),
    ({"username": ""}, "username", 422),
    ({"username": "o" * 65}, "username", 422),
    ({"name": ""}, "name", 422),
    ({"name": " \t"}, "name", 422),
    ({"name": "a\x00b"}, "name", 422),
    ({"name": "x" * 201}, "name", 422),
    ({"roles": ["king"]}, "roles", 422),
    ({"roles": "officer"}, "roles", 422),
    ({"roles": ["officer"] * 7}, "roles", 422),
    ({"precincts": ["tiny/nowhere"]}, "precincts[0]", 422),
    ({"precincts": ["tiny/north-1", "nowhere/north-1"]}, "precincts[1]", 422),
    ({"precincts": ["north-1"]}, "precincts[0]", 422),
    ({"precincts": ["tiny/north-1/x"]}, "precincts[0]", 422),
    ({"email": "no address"}, "email", 422),
    ({"email": "a@b@c"}, "email", 422),
    ({"mobile": "call me"}, "mobile", 422),
    ({"disabled": "yes"}, "disabled", 422),
    ({"password": PASSWORD}, "password", 422),
]


async def test_what_cannot_be_a_member_is_refused_with_the_field_named(desk: Desk, ada: Browser) -> None:
    for change, field, status in WRONG:
        answer = await ada.post("/members", {**OTTO, **change})
        assert (answer.status, [fault["field"] for fault in answer.body["errors"]]) == (status, [field]), (
            change
        )
        assert ADDRESS not in str(answer.body)
    assert [row.username for row in await desk.sql("SELECT username FROM logins")] == ["ada"]


async def test_a_username_is_given_once_even_to_two_at_once(desk: Desk, ada: Browser) -> None:
    body = {**OTTO, "email": ""}
    answers = await asyncio.gather(*(ada.post("/members", body) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    assert {answer.code for answer in answers if answer.status == 409} == {"already-exists"}
    assert len(await desk.sql("SELECT 1 FROM members")) == 2


async def test_an_address_belongs_to_one_member_even_of_two_at_once(desk: Desk, ada: Browser) -> None:
    bodies = [{**OTTO, "username": f"otto-{number}", "email": ADDRESS.upper()} for number in range(4)]
    answers = await asyncio.gather(*(ada.post("/members", body) for body in bodies))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    refused = next(answer for answer in answers if answer.status == 409)
    assert (refused.code, refused.body["errors"][0]["field"]) == ("email-taken", "email")
    assert len(await desk.sql("SELECT 1 FROM members")) == 2


# ---- changing ----


async def test_a_member_is_changed_as_a_whole(ada: Browser, otto: Answer) -> None:
    changes = {"name": "Otto Auditor", "roles": ["auditor"], "precincts": [], "email": "", "mobile": ""}
    changed = await edit(ada, otto, **changes)
    assert changed.status == 200
    assert changed.body.items() >= changes.items()
    assert changed.headers["ETag"] != otto.headers["ETag"]
    assert (await ada.get("/members/otto")).body == changed.body


async def test_a_change_says_which_state_it_changes(ada: Browser, otto: Answer) -> None:
    assert (await ada.put("/members/otto", EDIT)).status == 428
    assert (await ada.put("/members/otto", EDIT, If_Match='"0123456789abcdef"')).code == "stale"
    await edit(ada, otto, name="Otto the Second")
    assert (await edit(ada, otto, name="Otto the Third")).code == "stale"
    assert (await ada.get("/members/otto")).body["name"] == "Otto the Second"


async def test_of_two_who_change_a_member_at_once_one_is_told(ada: Browser, otto: Answer) -> None:
    answers = await asyncio.gather(*(edit(ada, otto, name=f"Otto {number}") for number in range(3)))
    assert sorted(answer.status for answer in answers) == [200, 412, 412]


async def test_a_refused_change_leaves_everything(ada: Browser, otto: Answer) -> None:
    for change, _, status in WRONG:
        if "username" not in change:
            assert (await edit(ada, otto, **change)).status == status, change
    assert (await ada.get("/members/otto")).headers["ETag"] == otto.headers["ETag"]


async def test_a_disabled_member_has_no_session_token_or_one_time_token_any_more(
    app: Quart, house: Services, ada: Browser
) -> None:
    olga = await signed_in(app, "olga", "officer")
    token = (await olga.post("/tokens", {"name": "a program", "scopes": ["officer"], "days": 1})).body[
        "token"
    ]
    program = Browser(app, Authorization=f"Bearer {token}")
    reset = await house.officials.reset("olga", OPERATOR)
    read = await ada.get("/members/olga")
    body = {name: read.body[name] for name in EDIT} | {"disabled": True}
    assert (await ada.put("/members/olga", body, If_Match=read.headers["ETag"])).body["disabled"] is True
    assert [(await browser.get("/me")).status for browser in (olga, program)] == [401, 401]
    await edit_member(house, "olga", disabled=False)
    assert [(await browser.get("/me")).status for browser in (olga, program)] == [401, 401]
    redemption = {"token": reset.token, "new_password": PASSWORD}
    assert (await Browser(app).post("/password-resets/redemption", redemption)).status == 422
    assert (await Browser(app).sign_in("olga")).status == 201


async def test_since_when_somebody_is_disabled_is_not_moved_by_a_later_change(
    house: Services, desk: Desk, ada: Browser, otto: Answer
) -> None:
    await edit_member(house, "otto", disabled=True)
    before = await desk.sql("SELECT disabled_at FROM members WHERE disabled_at IS NOT NULL")
    await edit_member(house, "otto", name="Otto Elsewhere")
    assert await desk.sql("SELECT disabled_at FROM members WHERE disabled_at IS NOT NULL") == before


async def test_the_last_administrator_stays_one(ada: Browser) -> None:
    read = await ada.get("/members/ada")
    body = {**EDIT, "name": "Ada", "precincts": [], "email": "", "roles": ["administrator"]}
    for change in ({"roles": ["auditor"]}, {"disabled": True}):
        answer = await ada.put("/members/ada", {**body, **change}, If_Match=read.headers["ETag"])
        assert (answer.status, answer.code) == (409, "conflict")
    assert (await ada.get("/me")).body["roles"] == ["administrator"]


async def test_of_two_administrators_who_put_each_other_out_at_once_one_stays(
    app: Quart, desk: Desk, ada: Browser
) -> None:
    eve = await signed_in(app, "eve", "administrator")
    body = {**EDIT, "precincts": [], "email": "", "roles": ["auditor"]}

    async def puts_out(browser: Browser, other: str) -> int:
        return (await browser.put(f"/members/{other}", body, If_Match="*")).status

    answers = await asyncio.gather(puts_out(ada, "eve"), puts_out(eve, "ada"))
    assert 200 in answers
    assert sorted(answers)[1] in (403, 409)
    left = await desk.sql("SELECT 1 FROM members WHERE 'administrator' = ANY(roles)")
    assert len(left) == 1


async def test_an_administrator_who_is_one_no_longer_is_refused_at_once(
    app: Quart, house: Services, ada: Browser
) -> None:
    eve = await signed_in(app, "eve", "administrator")
    assert (await eve.get("/members")).status == 200
    await edit_member(house, "eve", roles=["auditor"])
    answer = await eve.get("/members")
    assert (answer.status, answer.code) == (403, "not-allowed")
    assert (await eve.get("/audit")).status == 200


# ---- lists ----


async def test_members_come_by_username_in_pages(house: Services, ada: Browser) -> None:
    for name in ("eve", "olga", "otto-1", "otto.2", "otto_3"):
        await house.officials.add(name, ["officer"], [])
    seen: list[str] = []
    address: str | None = "/members?limit=2"
    while address:
        answer = await ada.get(address)
        assert answer.headers["Cache-Control"] == "private, no-store"
        seen += [member["username"] for member in answer.body["members"]]
        following = answer.body["next"]
        assert (following or "") in answer.headers.get("Link", "")
        address = following.removeprefix("/api/v1") if following else None
    rows = await Desk(house, "").sql("SELECT username FROM logins ORDER BY username")
    assert seen == [row.username for row in rows]
    for query in ("limit=0", "limit=1001", "limit=x", "after=%00", f"after={'x' * 65}"):
        assert (await ada.get(f"/members?{query}")).status == 422, query


async def test_unknown_members_are_404(ada: Browser) -> None:
    paths = [f"/members/{name}" for name in ("nobody", "NOBODY", "%00", "x" * 300, "ol%2Fga", "..")]
    paths += ["/members/nobody/sessions", "/members/nobody/tokens"]
    for path in paths:
        assert (await ada.get(path)).status == 404, path
    assert (await ada.put("/members/nobody", EDIT, If_Match="*")).code == "unknown-member"
    assert (await ada.post("/members/nobody/password-reset")).code == "unknown-member"
    assert (await ada.delete("/members/nobody/tokens/1")).code == "unknown-member"


# ---- another member's sessions and tokens ----


async def test_an_administrator_sees_and_ends_another_members_sessions_and_tokens(
    app: Quart, ada: Browser
) -> None:
    olga = await signed_in(app, "olga", "officer")
    made = (await olga.post("/tokens", {"name": "a program", "scopes": ["officer"], "days": 1})).body
    program = Browser(app, Authorization=f"Bearer {made['token']}")
    [session] = (await ada.get("/members/olga/sessions")).body["sessions"]
    [token] = (await ada.get("/members/olga/tokens")).body["tokens"]
    assert (session["current"], token["name"]) == (False, "a program")
    for path in (f"/members/ada/sessions/{session['id']}", f"/members/ada/tokens/{token['id']}"):
        assert (await ada.delete(path)).status == 404, path
    for number in (0, 2**63, 10**40):
        assert (await ada.delete(f"/members/olga/sessions/{number}")).status == 404
        assert (await ada.delete(f"/members/olga/tokens/{number}")).status == 404
    assert [(await browser.get("/me")).status for browser in (olga, program)] == [200, 200]
    assert (await ada.delete(f"/members/olga/sessions/{session['id']}")).status == 204
    assert (await ada.delete(f"/members/olga/tokens/{token['id']}")).status == 204
    assert [(await browser.get("/me")).status for browser in (olga, program)] == [401, 401]


# ---- what is private ----


async def test_how_members_are_reached_is_sealed_in_the_database_and_in_no_trail(
    desk: Desk, ada: Browser, otto: Answer
) -> None:
    await edit(ada, otto, email="other.private@example.org", mobile="+49 30 5550118")
    tables = "members", "logins", "audit_entries", "log_entries"
    held = "".join([str(await desk.sql(f"SELECT t::text FROM {table} t")) for table in tables])
    for private in ("private@example.org", "otto.private", "5550117", "5550118"):
        assert private not in held
        assert private.encode().hex() not in held
    [entry] = await desk.sql("SELECT changes FROM audit_entries WHERE action = 'member-changed'")
    assert entry.changes == {
        "email": ["(not shown)", "(not shown)"],
        "mobile": ["(not shown)", "(not shown)"],
    }


async def test_nobody_but_an_administrator_learns_of_members(app: Quart, desk: Desk, otto: Answer) -> None:
    everybody = [Browser(app)]
    for role in ("registrar", "officer", "reviewer", "auditor", "voter"):
        member = await desk.official(f"a-{role}", roles=[role], units=[])
        everybody.append(Browser(app, **member.bearer))
    for browser in everybody:
        for path in ("/members", "/members/otto", "/members/nobody", "/members/otto/tokens"):
            answer = await browser.get(path)
            assert answer.status in (401, 403)
            assert "otto" not in str(answer.body)
