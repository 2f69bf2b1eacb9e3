"""No password, token or hash comes back, is logged, or stands where somebody can read it."""

import base64
import hashlib
import logging
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest
from quart import Quart
from sqlalchemy.exc import DBAPIError

from quart_app.auth import COOKIE
from quart_app.keys import fresh_key
from quart_app.settings import Settings
from tests.browser import ANOTHER, PASSWORD, Browser, signed_in
from tests.desk import Desk
from tests.outages import Proxy

GUESS = "a guess that was wrong"
WEAK = "ada ada ada ada"
THIRD = "nine grey ladders hum"


def secret_of(app: Quart, browser: Browser) -> str:
    """What the session's cookie carries."""
    found: str = app.extensions["QUART_AUTH"][0].load_token(browser.cookie, app)
    return found


def with_hashes(secrets: Iterable[str]) -> list[str]:
    """Each secret, and its SHA-256 in the ways in which one might be written."""
    found = []
    for secret in secrets:
        digest = hashlib.sha256(secret.encode()).digest()
        found += [secret, digest.hex(), base64.b64encode(digest).decode(), repr(digest)[2:-1]]
    return found


async def test_a_day_in_the_life_of_members_shows_no_secret(
    app: Quart, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ada = await signed_in(app, "ada", "administrator", "auditor")
    otto = Browser(app)
    cookies = [ada.cookie, secret_of(app, ada)]
    await ada.sign_in("ada", GUESS)
    await ada.sign_in("nobody", GUESS)
    await ada.post("/sessions", {"username": "ada", "password": GUESS, "pasword": GUESS})
    await ada.post("/sessions", {"username": "ada", "password": [GUESS]})
    await ada.post("/sessions/confirmation", {"password": GUESS})
    await ada.put("/password", {"old_password": GUESS, "new_password": ANOTHER})
    await ada.put("/password", {"old_password": PASSWORD, "new_password": WEAK})
    await ada.put("/password", {"old_password": PASSWORD, "new_password": GUESS * 20})
    assert (await ada.put("/password", {"old_password": PASSWORD, "new_password": ANOTHER})).status == 204
    made = (await ada.post("/tokens", {"name": "a program", "scopes": ["auditor"], "days": 1})).body
    await ada.post("/members", {"username": "otto", "name": "Otto", "roles": ["officer"]})
    reset = (await ada.post("/members/otto/password-reset")).body
    await otto.post("/password-resets/redemption", {"token": reset["token"], "new_password": WEAK[:5]})
    await otto.post("/password-resets/redemption", {"token": f"{reset['token']}x", "new_password": THIRD})
    redeemed = {"token": reset["token"], "new_password": THIRD}
    assert (await otto.post("/password-resets/redemption", redeemed)).status == 200
    assert (await otto.post("/password-resets/redemption", redeemed)).status == 422
    assert (await otto.sign_in("otto", THIRD)).status == 201
    cookies += [otto.cookie, secret_of(app, otto)]
    program = Browser(app, Authorization=f"Bearer {made['token']}")
    for path in (
        "/me",
        "/audit",
        "/audit?limit=x",
        "/members",
        "/sessions",
        "/tokens",
        "/elections/tiny/log",
    ):
        await program.get(path)
        await otto.get(path, Authorization=f"Bearer {made['token']}x")
    for path in ("/me", "/sessions", "/tokens", "/members/otto", "/members/otto/tokens", "/audit"):
        await ada.get(path)
    await ada.delete(f"/tokens/{made['id']}")
    await program.get("/me")
    await otto.delete("/sessions")

    logins = await desk.sql("SELECT password_hash FROM logins WHERE password_hash IS NOT NULL")
    passwords = [PASSWORD, ANOTHER, THIRD, GUESS, WEAK]
    hashes = [row.password_hash for row in logins]
    assert len(hashes) == 2
    forbidden = with_hashes([*passwords, *cookies]) + hashes
    shown_once = with_hashes([made["token"], reset["token"]])
    answers = [text for browser in (ada, otto, program) for text in browser.heard]
    rows = str(await desk.sql("SELECT a::text FROM audit_entries a UNION ALL SELECT entry FROM log_entries"))
    for secret in forbidden:
        assert not any(secret in text for text in answers), secret
    for secret in forbidden + shown_once:
        assert secret not in caplog.text, secret
        assert secret not in rows, secret
    for secret in shown_once:
        where = [text.split()[1] for text in answers if secret in text]
        assert where in ([], ["/tokens"], ["/members/otto/password-reset"]), where
    assert sum(made["token"] in text for text in answers) == 1
    assert sum(reset["token"] in text for text in answers) == 1


async def test_the_tables_hold_nothing_that_lets_somebody_in(app: Quart, desk: Desk) -> None:
    ada = await signed_in(app, "ada", "administrator")
    made = (await ada.post("/tokens", {"name": "a program", "scopes": ["administrator"], "days": 1})).body
    reset = (await ada.post("/members/ada/password-reset")).body
    tables = ("sessions", "tokens", "password_resets", "logins", "sign_in_tries", "audit_entries")
    held = "".join([str(await desk.sql(f"SELECT t::text FROM {table} t")) for table in tables])
    assert held.count("ada") >= 2
    for secret in (PASSWORD, made["token"], reset["token"], secret_of(app, ada), ada.cookie):
        for written in (secret, secret[3:], secret.encode().hex()):
            assert written not in held


async def test_an_outage_while_somebody_signs_in_logs_nothing_of_it(
    settings: Settings, desk: Desk, make_app: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await desk.house.officials.add("ada", ["administrator"], [], password=PASSWORD)
    async with Proxy(settings.database_url or "") as cable:
        far = await make_app(msgspec.structs.replace(settings, database_url=cable.url))
        ada = Browser(far)
        assert (await ada.sign_in("ada")).status == 201
        await cable.cut()
        for answer in (await ada.sign_in("ada"), await ada.get("/me")):
            assert (answer.status, answer.code) == (503, "database-unavailable")
        secrets = with_hashes([PASSWORD, ada.cookie, secret_of(far, ada)])
        assert not any(secret in text for secret in secrets for text in [*ada.heard, caplog.text])
        await cable.mend()


async def test_an_error_of_the_database_does_not_tell_what_was_sent_to_it(desk: Desk) -> None:
    with pytest.raises(DBAPIError) as error:
        async with desk.house.database.transaction() as repos:
            await repos.people.rehash("no number", PASSWORD, PASSWORD)  # type: ignore[arg-type]
    assert PASSWORD not in str(error.value)


async def test_a_cookie_of_another_server_is_good_for_nothing(
    app: Quart, desk: Desk, settings: Settings, make_app: Callable[..., Any]
) -> None:
    """Its key is another: even a secret that is known cannot be wrapped anew."""
    ada = await signed_in(app, "ada", "administrator")
    foreign = await make_app(msgspec.structs.replace(settings, secrets={"cookie_key": fresh_key()}))
    wrapped = foreign.extensions["QUART_AUTH"][0].dump_token(secret_of(app, ada), foreign)
    assert (await Browser(app, Cookie=f"{COOKIE}={wrapped}").get("/me")).status == 401
    assert (await Browser(app, Cookie=f"{COOKIE}={ada.cookie}").get("/me")).status == 200
