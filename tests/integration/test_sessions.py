"""Signing in and out, sessions, passwords: over HTTP, as browsers and programs with a cookie do it."""

import asyncio
import datetime
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from models.rights import OPERATOR
from quart_app.auth import COOKIE
from quart_app.wiring import Services
from tests.browser import ANOTHER, PASSWORD, Browser, edit_member, signed_in
from tests.desk import Desk
from tests.sessions import LONG_AGO, cookie
from tests.sockets import closing, said

HERE = "https://localhost"


@pytest.fixture
async def olga(app: Quart) -> Browser:
    """Olga's browser, just signed in."""
    return await signed_in(app, "olga", "officer", "auditor")


async def who(browser: Browser) -> int:
    """200 for somebody who has signed in, 401 for the public."""
    return (await browser.get("/me")).status


# ---- signing in ----


async def test_signing_in_sets_a_cookie_that_scripts_cannot_read_nor_other_sites_send(
    app: Quart, house: Services
) -> None:
    await house.officials.add("olga", ["officer"], [], password=PASSWORD)
    browser = Browser(app)
    answer = await browser.sign_in("olga")
    assert answer.status == 201
    assert answer.body.keys() == {"id", "username", "roles", "expires_at"}
    assert (answer.body["username"], answer.body["roles"]) == ("olga", ["officer"])
    set_cookie = answer.headers["Set-Cookie"]
    assert set_cookie.startswith(f"{COOKIE}=")
    about = {part for part in set_cookie.split("; ")[1:] if not part.startswith("Expires=")}
    assert about == {"Max-Age=43200", "Secure", "HttpOnly", "Path=/", "SameSite=Lax"}
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert await who(browser) == 200


async def test_a_name_is_taken_with_spaces_and_capitals(app: Quart, house: Services) -> None:
    await house.officials.add("olga", ["officer"], [], password=PASSWORD)
    assert (await Browser(app).sign_in("  Olga ")).status == 201


async def test_whoever_does_not_get_in_is_told_the_same(app: Quart, house: Services) -> None:
    await house.officials.add("olga", ["officer"], [], password=PASSWORD)
    await house.officials.add("tokens-only", ["officer"], [])
    await house.officials.add("gone", ["officer"], [], password=PASSWORD)
    await edit_member(house, "gone", disabled=True)
    cases = [("olga", ANOTHER), ("olga", ""), ("nobody", PASSWORD), ("tokens-only", ""), ("gone", PASSWORD)]
    cases += [(name, PASSWORD) for name in ("", "ol\x00ga", "olga\n", "ольга", "o" * 100, "' OR 1=1 --", "🗳")]
    answers = [await Browser(app).sign_in(*case) for case in cases]
    assert [answer.status for answer in answers] == [401] * 5 + [401, 401, 201] + [401] * 4
    told = {str(answer.body) for answer in answers if answer.status == 401}
    assert len(told) == 1
    assert "wrong-password" in told.pop()
    assert not any("Set-Cookie" in answer.headers for answer in answers if answer.status == 401)


NO_SIGN_IN: list[tuple[Any, int]] = [
    (None, 415),
    ([], 400),
    ("text", 400),
    ({}, 422),
    ({"username": "olga"}, 422),
    ({"username": "olga", "password": None}, 422),
    ({"username": ["olga"], "password": PASSWORD}, 422),
    ({"username": "olga", "password": PASSWORD, "remember": True}, 422),
    ({"username": "olga", "password": "x" * 257}, 422),
    ({"username": "o" * 101, "password": PASSWORD}, 422),
]


async def test_what_is_no_sign_in_is_refused(app: Quart) -> None:
    for body, status in NO_SIGN_IN:
        assert (await Browser(app).post("/sessions", body)).status == status, body


async def test_signing_in_again_replaces_the_session_that_asks_and_no_other(
    app: Quart, olga: Browser
) -> None:
    elsewhere = Browser(app)
    await elsewhere.sign_in("olga")
    before = olga.cookie
    assert (await olga.sign_in("olga")).status == 201
    assert olga.cookie != before
    assert await who(Browser(app, Cookie=f"{COOKIE}={before}")) == 401
    assert (await who(olga), await who(elsewhere)) == (200, 200)


async def test_somebody_else_who_signs_in_at_the_same_browser_ends_the_session_there(
    app: Quart, house: Services, olga: Browser
) -> None:
    await house.officials.add("otto", ["officer"], [], password=PASSWORD)
    before = olga.cookie
    await olga.sign_in("otto")
    assert (await olga.get("/me")).body["username"] == "otto"
    assert await who(Browser(app, Cookie=f"{COOKIE}={before}")) == 401


async def test_a_failed_sign_in_leaves_the_session_as_it_was(olga: Browser) -> None:
    assert (await olga.sign_in("olga", ANOTHER)).status == 401
    assert await who(olga) == 200


async def test_who_signed_in_from_where_is_in_the_audit_trail(house: Services, olga: Browser) -> None:
    [entry] = [entry for entry in await house.audit.before() if entry.action == "signed-in"]
    assert (entry.username, entry.subject, entry.channel) == ("olga", "olga", "api")
    assert entry.address


# ---- signing out, and sessions ----


async def test_signing_out_ends_the_session_on_the_server_and_removes_the_cookie(
    app: Quart, olga: Browser
) -> None:
    kept = olga.cookie
    answer = await olga.delete("/sessions")
    assert (answer.status, answer.body) == (204, None)
    assert f"{COOKIE}=;" in answer.headers["Set-Cookie"]
    assert {"Secure", "Path=/", "Max-Age=0"} <= set(answer.headers["Set-Cookie"].split("; "))
    assert olga.cookie == ""
    assert await who(Browser(app, Cookie=f"{COOKIE}={kept}")) == 401
    assert (await olga.delete("/sessions")).status == 401


async def test_a_token_has_no_session_to_end_to_confirm_or_to_change_the_password_with(
    app: Quart, desk: Desk
) -> None:
    officer = await desk.official()
    program = Browser(app, **officer.bearer)
    passwords = {"old_password": PASSWORD, "new_password": ANOTHER}
    for answer in (
        await program.delete("/sessions"),
        await program.post("/sessions/confirmation", {"password": PASSWORD}),
        await program.put("/password", passwords),
    ):
        assert (answer.status, answer.code) == (403, "session-needed")
    assert await who(program) == 200


async def test_one_sees_ones_sessions_and_ends_one_of_them(app: Quart, olga: Browser) -> None:
    elsewhere = Browser(app, **{"User-Agent": "Firefox/140.0 " + "x" * 300})
    await elsewhere.sign_in("olga")
    found = (await olga.get("/sessions")).body["sessions"]
    assert [session["current"] for session in found] == [False, True]
    assert found[0]["agent"].startswith("Firefox/140.0")
    assert len(found[0]["agent"]) == 200
    assert found[0].keys() == {
        "id",
        "created_at",
        "last_used_at",
        "expires_at",
        "address",
        "agent",
        "current",
    }
    assert (await olga.delete(f"/sessions/{found[0]['id']}")).status == 204
    assert (await who(olga), await who(elsewhere)) == (200, 401)
    assert len((await olga.get("/sessions")).body["sessions"]) == 1


async def test_nobody_ends_a_session_of_somebody_else(app: Quart, olga: Browser) -> None:
    otto = await signed_in(app, "otto", "administrator")
    [session] = (await otto.get("/sessions")).body["sessions"]
    for number in (session["id"], 0, 2**63 - 1, 2**63, 10**40):
        assert (await olga.delete(f"/sessions/{number}")).status == 404
    assert await who(otto) == 200


async def test_a_session_that_has_expired_counts_for_nothing(desk: Desk, olga: Browser) -> None:
    await desk.sql("UPDATE sessions SET expires_at = now() - interval '1 second'")
    assert (await olga.get("/elections/tiny/results")).status == 200
    for method, path in (("GET", "/me"), ("GET", "/sessions"), ("DELETE", "/sessions")):
        answer = await olga.ask(method, path)
        assert (answer.status, answer.code) == (401, "not-signed-in")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert (await olga.sign_in("olga")).status == 201
    assert len(await desk.sql("SELECT 1 FROM sessions")) == 1


async def test_when_a_session_was_last_used_is_noted_once_a_minute(desk: Desk, olga: Browser) -> None:
    async def used() -> Any:
        return (await desk.sql("SELECT last_used_at FROM sessions"))[0].last_used_at

    before = await used()
    await who(olga)
    assert await used() == before
    await desk.sql("UPDATE sessions SET last_used_at = now() - interval '2 minutes'")
    await who(olga)
    assert await used() > before


# ---- what else may stand where a cookie or token should ----


def spoilt(cookie: str) -> list[str]:
    payload, stamp, signature = cookie.split(".")
    other = ("A" if signature[0] != "A" else "B") + signature[1:]
    return [
        "",
        "x",
        ".",
        "..",
        payload,
        f"{payload}.{stamp}",
        f"{payload}.{stamp}.",
        f"{payload}.{stamp}.{other}",
        f"{payload}x.{stamp}.{signature}",
        f"{payload}.{stamp}x.{signature}",
        f"{cookie}x",
        f".{cookie}",
        cookie[:-5],
        "é" * 20,
        "\x00",
        "%00",
        "x" * 10_000,
        f"{'x' * 10_000}.{stamp}.{signature}",
        '"' + cookie,
    ]


async def test_a_cookie_that_was_tampered_with_counts_for_nothing(
    app: Quart, desk: Desk, olga: Browser
) -> None:
    for value in spoilt(olga.cookie):
        other = Browser(app, Cookie=f"{COOKIE}={value}")
        assert (await other.get("/elections/tiny/results")).status == 200, value
        assert await who(other) == 401, value
    assert await who(olga) == 200


async def test_the_secret_in_the_cookie_is_no_token_and_a_token_is_no_cookie(
    app: Quart, desk: Desk, olga: Browser
) -> None:
    officer = await desk.official("otto")
    signer = app.extensions["QUART_AUTH"][0]
    secret = signer.load_token(olga.cookie, app)
    assert secret.startswith("ss_")
    for token in (secret, olga.cookie):
        assert await who(Browser(app, Authorization=f"Bearer {token}")) == 401
    for value in (secret, officer.token, signer.dump_token(officer.token, app)):
        assert await who(Browser(app, Cookie=f"{COOKIE}={value}")) == 401


NO_GOOD_TOKEN = [
    "",
    " ",
    "Bearer",
    "Bearer ",
    "bearer\t",
    "Basic {token}",
    "Token {token}",
    "{token}",
    "Bearer{token}",
    "Bearer {token}x",
    "Bearer x{token}",
    "Bearer {token} {token}",
    "Bearer {token}\x00",
    "Bearer \x00",
    "Bearer é",
    "Bearer ts_" + "x" * 10_000,
    "Digest " + "x" * 10_000,
]


async def test_whatever_is_no_good_token_is_401(app: Quart, desk: Desk, olga: Browser) -> None:
    officer = await desk.official("otto")
    for header in NO_GOOD_TOKEN:
        text = header.format(token=officer.token)
        for browser in (Browser(app), olga):
            for path in ("/me", "/elections/tiny/results"):
                answer = await browser.get(path, Authorization=text)
                assert (answer.status, answer.code) == (401, "not-signed-in"), header
                assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_the_scheme_is_known_however_it_is_written_and_spaces_do_not_matter(
    app: Quart, desk: Desk
) -> None:
    officer = await desk.official("otto")
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert await who(Browser(app, Authorization=f"{scheme}   {officer.token}  ")) == 200


async def test_a_token_goes_before_a_cookie(desk: Desk, olga: Browser) -> None:
    officer = await desk.official("otto")
    found = (await olga.get("/me", **officer.bearer)).body
    assert (found["username"], found["credential"]) == ("otto", "token")


# ---- pages of other sites ----


FOREIGN = [
    "https://evil.example",
    "https://localhost.evil.example",
    "https://evil.example/localhost",
    "https://localhost:444",
    "http://localhost",
    "https://user@localhost",
    "//localhost",
    "localhost",
    "null",
    "",
    "https://",
    "https://[",
    "https://localhost https://evil.example",
    "é",
]


async def test_a_page_of_another_site_changes_nothing_with_a_session(olga: Browser) -> None:
    passwords = {"old_password": PASSWORD, "new_password": ANOTHER}
    for origin in FOREIGN:
        for answer in (
            await olga.delete("/sessions", Origin=origin),
            await olga.put("/password", passwords, Origin=origin),
            await olga.post("/sessions", {"username": "olga", "password": PASSWORD}, Origin=origin),
        ):
            assert (answer.status, answer.code) == (403, "foreign-origin"), origin
            assert "Set-Cookie" not in answer.headers
    assert await who(olga) == 200


async def test_a_page_of_another_site_signs_nobody_in(app: Quart, house: Services) -> None:
    await house.officials.add("olga", ["officer"], [], password=PASSWORD)
    browser = Browser(app, Origin="https://evil.example")
    assert (await browser.sign_in("olga")).code == "foreign-origin"


async def test_our_own_pages_and_programs_that_name_no_page_change_things(olga: Browser) -> None:
    body = {"password": PASSWORD}
    assert (await olga.post("/sessions/confirmation", body, Origin=HERE)).status == 204
    assert (await olga.post("/sessions/confirmation", body)).status == 204


async def test_with_a_token_it_does_not_matter_whose_page_sends(app: Quart, desk: Desk) -> None:
    officer = await desk.official("otto")
    [token] = await desk.house.credentials.tokens(officer.identity)
    browser = Browser(app, Origin="https://evil.example", **officer.bearer)
    assert (await browser.delete(f"/tokens/{token.id}")).status == 204


async def test_a_page_of_another_site_opens_no_websocket_with_a_session(
    app: Quart, client: Client, desk: Desk
) -> None:
    officer = await desk.official("otto")
    session = await cookie(app, desk, officer.identity)
    for place in ("tallies/ws", "results/ws"):
        for origin in ("https://evil.example", "null"):
            async with client.websocket(f"{desk.path}/{place}", headers={**session, "Origin": origin}) as ws:
                assert (await said(ws))["code"] == "foreign-origin"
                assert await closing(ws) == 1008
    headers = {**session, "Origin": "http://localhost"}
    async with client.websocket(f"{desk.path}/tallies/ws", headers=headers) as ws:
        assert (await said(ws))["type"] == "welcome"


# ---- the password given again ----


async def test_the_password_given_again_makes_the_session_fresh(
    app: Quart, desk: Desk, olga: Browser
) -> None:
    await desk.sql("UPDATE sessions SET confirmed_at = now() - interval '1 hour'")
    assert (await olga.get("/me")).body["fresh"] is False
    answer = await olga.post("/sessions/confirmation", {"password": ANOTHER})
    assert (answer.status, answer.code) == (401, "wrong-password")
    assert (await olga.get("/me")).body["fresh"] is False
    assert (await olga.post("/sessions/confirmation", {"password": PASSWORD})).status == 204
    assert (await olga.get("/me")).body["fresh"] is True


async def test_only_the_session_that_asks_becomes_fresh(app: Quart, desk: Desk, olga: Browser) -> None:
    other = await desk.official("otto")
    stale = Browser(app, **await cookie(app, desk, other.identity, confirmed=LONG_AGO))
    await olga.post("/sessions/confirmation", {"password": PASSWORD})
    assert (await stale.get("/me")).body["fresh"] is False


# ---- passwords ----


async def test_a_changed_password_ends_the_other_sessions_and_leaves_tokens(
    app: Quart, house: Services, olga: Browser
) -> None:
    elsewhere = Browser(app)
    await elsewhere.sign_in("olga")
    token = (await house.credentials.issue_token("olga", datetime.timedelta(hours=1))).token
    change = {"old_password": PASSWORD, "new_password": ANOTHER}
    assert (await olga.put("/password", change)).status == 204
    assert (await who(olga), await who(elsewhere)) == (200, 401)
    assert await who(Browser(app, Authorization=f"Bearer {token}")) == 200
    assert (await Browser(app).sign_in("olga")).status == 401
    assert (await Browser(app).sign_in("olga", ANOTHER)).status == 201


async def test_a_password_that_cannot_be_changed_stays(app: Quart, olga: Browser) -> None:
    for old, new, status, code in (
        (ANOTHER, ANOTHER, 401, "wrong-password"),
        (PASSWORD, "short", 422, "weak-password"),
        (PASSWORD, "x" * 257, 422, "invalid"),
        (PASSWORD, "password1234", 422, "weak-password"),
        (PASSWORD, "this is olga speaking", 422, "weak-password"),
    ):
        answer = await olga.put("/password", {"old_password": old, "new_password": new})
        assert (answer.status, answer.code) == (status, code), new
    assert (await Browser(app).sign_in("olga")).status == 201


async def redeem(app: Quart, token: str, password: str = ANOTHER) -> Any:
    return await Browser(app).post("/password-resets/redemption", {"token": token, "new_password": password})


async def test_a_one_time_token_sets_a_password_once_and_ends_all_sessions(
    app: Quart, house: Services, olga: Browser
) -> None:
    reset = await house.officials.reset("olga", OPERATOR)
    assert await who(olga) == 200
    answer = await redeem(app, reset.token)
    assert (answer.status, answer.body) == (200, {"username": "olga"})
    assert await who(olga) == 401
    assert (await Browser(app).sign_in("olga", ANOTHER)).status == 201
    again = await redeem(app, reset.token, PASSWORD)
    assert (again.status, again.code) == (422, "unknown-reset")


async def test_of_two_who_use_a_one_time_token_at_once_one_is_refused(
    app: Quart, house: Services, olga: Browser
) -> None:
    reset = await house.officials.reset("olga", OPERATOR)
    answers = await asyncio.gather(
        redeem(app, reset.token, ANOTHER), redeem(app, reset.token, PASSWORD + "!")
    )
    assert sorted(answer.status for answer in answers) == [200, 422]


async def test_a_refused_password_leaves_the_one_time_token_good(
    app: Quart, house: Services, olga: Browser
) -> None:
    reset = await house.officials.reset("olga", OPERATOR)
    refused = await redeem(app, reset.token, "olga olga olga")
    assert (refused.code, refused.body["errors"][0]["field"]) == ("weak-password", "new_password")
    assert (await redeem(app, reset.token)).status == 200


async def test_only_the_newest_one_time_token_is_good_and_not_for_ever(
    app: Quart, desk: Desk, olga: Browser
) -> None:
    first = await desk.house.officials.reset("olga", OPERATOR)
    second = await desk.house.officials.reset("olga", OPERATOR)
    await desk.sql("UPDATE password_resets SET expires_at = now() - interval '1 second'")
    for token in (first.token, second.token, "", "tr_", "\x00", "x" * 200):
        assert (await redeem(app, token)).code == "unknown-reset"
    assert (await Browser(app).sign_in("olga")).status == 201
