"""Bearer tokens over HTTP: made by somebody who is there, shown once, and no more able than they need be."""

from typing import Any

import pytest
from quart import Quart

from quart_app.wiring import Services
from services.credentials import MAX_TOKEN_DAYS
from tests.browser import Browser, edit_member, signed_in
from tests.desk import Desk
from tests.sessions import LONG_AGO, cookie

ORDER = {"name": "a program", "scopes": ["officer"], "days": 30}


@pytest.fixture
async def olga(app: Quart, desk: Desk) -> Browser:
    return await signed_in(app, "olga", "officer", "auditor")


async def program(app: Quart, olga: Browser, **changes: Any) -> Browser:
    """A program with a new token of Olga's."""
    answer = await olga.post("/tokens", {**ORDER, **changes})
    assert answer.status == 201, answer
    return Browser(app, Authorization=f"Bearer {answer.body['token']}")


async def test_a_token_is_shown_once_and_kept_as_its_hash(desk: Desk, olga: Browser) -> None:
    made = await olga.post("/tokens", ORDER)
    assert made.status == 201
    assert made.body.keys() == {"id", "token", "name", "scopes", "expires_at"}
    assert made.headers["Cache-Control"] == "private, no-store"
    assert len(made.body["token"]) > 40
    [listed] = (await olga.get("/tokens")).body["tokens"]
    assert listed.keys() == {"id", "name", "scopes", "created_at", "expires_at", "last_used_at"}
    assert made.body["token"] not in "".join(olga.heard[-1:])
    [row] = await desk.sql("SELECT t::text AS everything FROM tokens t")
    assert made.body["token"][3:] not in row.everything


async def test_a_token_acts_in_its_scopes_alone(app: Quart, olga: Browser) -> None:
    officer = await program(app, olga)
    assert (await officer.get("/me")).body["roles"] == ["officer"]
    assert (await officer.get("/audit")).status == 403
    auditor = await program(app, olga, scopes=["auditor", "auditor"])
    assert (await auditor.get("/me")).body["roles"] == ["auditor"]
    assert (await auditor.get("/audit")).status == 200


async def test_a_token_loses_what_its_member_loses(app: Quart, house: Services, olga: Browser) -> None:
    both = await program(app, olga, scopes=["auditor", "officer"])
    await edit_member(house, "olga", roles=["officer", "administrator"])
    assert (await both.get("/me")).body["roles"] == ["officer"]
    assert (await both.get("/audit")).status == 403


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"scopes": ["administrator"]}, "scopes"),
    ({"scopes": ["officer", "king"]}, "scopes"),
    ({"scopes": []}, "scopes"),
    ({"scopes": "officer"}, "scopes"),
    ({"days": 0}, "days"),
    ({"days": -1}, "days"),
    ({"days": MAX_TOKEN_DAYS + 1}, "days"),
    ({"days": 10**30}, "days"),
    ({"days": "30"}, "days"),
    ({"days": 1.5}, "days"),
    ({"name": ""}, "name"),
    ({"name": "x" * 201}, "name"),
    ({"name": "a\x00b"}, "name"),
    ({"token": "ts_mine"}, "token"),
]


async def test_what_no_token_can_be_made_of_is_refused_with_the_field_named(
    desk: Desk, olga: Browser
) -> None:
    for change, field in WRONG:
        answer = await olga.post("/tokens", {**ORDER, **change})
        assert (answer.status, answer.body["errors"][0]["field"]) == (422, field), change
    assert await desk.sql("SELECT 1 FROM tokens") == []


async def test_making_one_needs_somebody_who_gave_the_password_just_now(
    app: Quart, desk: Desk, olga: Browser
) -> None:
    officer = await desk.official("otto")
    stale = Browser(app, **await cookie(app, desk, officer.identity, confirmed=LONG_AGO))
    for browser in (Browser(app, **officer.bearer), await program(app, olga), stale):
        answer = await browser.post("/tokens", ORDER)
        assert (answer.status, answer.code) == (403, "fresh-sign-in-needed")
    assert (await Browser(app).post("/tokens", ORDER)).status == 401


async def test_a_revoked_token_is_good_for_nothing(app: Quart, olga: Browser) -> None:
    kept, gone = await program(app, olga), await program(app, olga, name="another")
    newest = (await olga.get("/tokens")).body["tokens"][0]
    assert newest["name"] == "another"
    assert (await olga.delete(f"/tokens/{newest['id']}")).status == 204
    assert [(await browser.get("/me")).status for browser in (kept, gone)] == [200, 401]
    assert (await olga.delete(f"/tokens/{newest['id']}")).status == 404


async def test_nobody_revokes_a_token_of_somebody_else(app: Quart, desk: Desk, olga: Browser) -> None:
    officer = await desk.official("otto")
    [token] = await desk.house.credentials.tokens(officer.identity)
    for number in (token.id, 0, 2**63 - 1, 2**63, 10**40):
        assert (await olga.delete(f"/tokens/{number}")).status == 404
    assert (await Browser(app, **officer.bearer).get("/me")).status == 200


async def test_a_token_that_has_expired_is_401_and_not_listed(app: Quart, desk: Desk, olga: Browser) -> None:
    expired = await program(app, olga)
    await desk.sql("UPDATE tokens SET expires_at = now() - interval '1 second'")
    for path in ("/me", "/elections/tiny/results"):
        assert (await expired.get(path)).status == 401
    assert (await olga.get("/tokens")).body["tokens"] == []
    await program(app, olga)
    assert len(await desk.sql("SELECT 1 FROM tokens")) == 1


async def test_when_a_token_was_last_used_is_noted_once_a_minute(
    app: Quart, desk: Desk, olga: Browser
) -> None:
    async def used() -> Any:
        return (await desk.sql("SELECT last_used_at FROM tokens"))[0].last_used_at

    user = await program(app, olga)
    assert await used() is None
    await user.get("/me")
    first = await used()
    assert first is not None
    await user.get("/me")
    assert await used() == first
    await desk.sql("UPDATE tokens SET last_used_at = now() - interval '2 minutes'")
    await user.get("/me")
    assert await used() > first


async def test_nobody_who_is_disabled_gets_a_token(house: Services, olga: Browser, app: Quart) -> None:
    await edit_member(house, "olga", disabled=True)
    with pytest.raises(Exception, match="disabled"):
        await house.credentials.issue_token("olga", LONG_AGO)
