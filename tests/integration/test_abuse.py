"""What people try who want more than they may, or who want it to break."""

import asyncio
import datetime
import json
import logging
import secrets
import time
from typing import Any

import pytest
from quart import Quart
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models.errors import Invalid
from models.members import MemberEdit
from models.rights import OPERATOR
from quart_app.door.sizes import SLOW_SECONDS
from tests.browser import Browser, edit_member, signed_in
from tests.desk import Desk, until
from tests.integration.test_bulk_http import Sender, count, voters
from tests.office import Office
from tests.visitor import Visitor

FILE = "/elections/made/file"
MADE = "/admin/elections/made"
MARIA: dict[str, Any] = {"contest": "president", "first_name": "Maria", "last_name": "Moreno"}
BLUE = {"name": "Blue", "colour": "#0000ff"}
HUGE = "9" * 400


# ---- forms take no more than the API ----


@pytest.mark.parametrize(
    ("field", "written"),
    [
        ("first_name", "Maria\nMoreno"),
        ("last_name", "Moreno\r\nSet-Cookie: a=b"),
        ("first_name", "\x1b[31mMaria"),
        ("last_name", "Moreno \u202e"),
        ("last_name", "Mo\x00reno"),
        ("first_name", "x" * 100),
    ],
)
async def test_a_form_takes_no_name_that_the_api_would_refuse(
    visitor: Visitor, draft: Office, field: str, written: str
) -> None:
    await visitor.get(FILE)
    await visitor.post(FILE, **MARIA | {field: written})
    assert visitor.status == 422
    sent = await draft.ask("POST", "/filings", MARIA | {field: written})
    assert sent.status == 422 and field in sent.faults
    assert (await draft.get("/candidates")).body["candidates"] == []


async def test_a_seed_is_one_line_that_everybody_can_write(visitor: Visitor, draft: Office) -> None:
    await visitor.sign_in()
    facts: dict[str, Any] = {"name": "Made", "date": "2026-11-03", "timezone": "UTC"}
    for seed in ("two\nlines", "\u202egnirts", "a\x00"):
        await visitor.get(f"{MADE}/edit")
        await visitor.post(f"{MADE}/edit", **facts, edition=visitor.hidden("edition"), ballot_seed=seed)
        assert visitor.status == 422
    assert (await draft.get()).body["ballot_seed"] is None


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (
            f"{MADE}/new-unit",
            {"code": "u", "name": "U", "kind": "district", "parent": "country", "voters_registered": HUGE},
        ),
        (f"{MADE}/find-voters", {"last_name": "x", "after": HUGE}),
        ("/account/tokens/new", {"name": "x", "scopes": ["officer"], "days": HUGE}),
    ],
)
async def test_a_number_of_hundreds_of_digits_is_refused(
    visitor: Visitor, draft: Office, path: str, form: dict[str, Any]
) -> None:
    await visitor.sign_in()
    await visitor.get(path)
    await visitor.post(path, **form)
    assert visitor.status == 422


# ---- uploads ----


async def test_a_header_line_of_a_hundred_thousand_columns_costs_nothing(draft: Office) -> None:
    header = ",".join(f"{number:x}" for number in range(100_000))
    begun = time.monotonic()
    said = await draft.ask("POST", "/voters", f"{header}\n1\n")
    assert (said.status, said.code) == (400, "unreadable")
    assert time.monotonic() - begun < 5


async def test_of_a_row_of_a_million_bytes_the_first_faults_are_named(draft: Office) -> None:
    row = {f"a{number}": 1 for number in range(80_000)}
    for path, body in (("/voters", [row]), ("/filings", row)):
        said = await draft.ask("POST", path, body)
        faults = said.body["items"][0]["errors"] if path == "/voters" else said.body["errors"]
        assert 1 < len(faults) <= 100


@pytest.mark.parametrize(
    "value", [b"9" * 5000, b"1e999", b"[" * 200_000 + b"]" * 200_000, b'"\\ud800"', b'"\\u0000"', b"NaN"]
)
async def test_values_that_hardly_anything_can_hold_break_nothing(draft: Office, value: bytes) -> None:
    for path, field in (("units", "code"), ("candidates", "code"), ("voters", "voter_id")):
        answer = await draft.client.post(
            f"{draft.desk.path}/{path}",
            data=b'[{"%b":%b}]' % (field.encode(), value),
            headers=draft.who.bearer,
        )
        assert answer.status_code in (200, 400), (path, await answer.get_data())
        if answer.status_code == 200:
            assert (await answer.get_json())["refused"] == 1


async def test_who_loses_the_role_while_rows_come_brings_no_more_of_them(app: Quart, desk: Desk) -> None:
    rita = await desk.official("rita", roles=["registrar"], units=[])
    body = voters(20_000)
    sender = Slow(app, desk, rita, body)
    await until(lambda: has(desk, 1000))
    await edit_member(desk.house, "rita", roles=["auditor"])
    await asyncio.sleep(1)
    sender.goes_on.set()
    problem = await sender.finished()
    assert (sender.status, problem["code"]) == (401, "not-signed-in")
    assert await count(desk) < 15_000


@pytest.mark.parametrize("lost", [{"roles": ["auditor"]}, {"disabled": True}])
async def test_who_loses_the_role_while_a_body_comes_changes_nothing_by_it(
    app: Quart, desk: Desk, lost: dict[str, Any]
) -> None:
    ada = await desk.official("ada", roles=["administrator"], units=[])
    await desk.official("zoe", roles=["administrator"], units=[])
    election = {"code": "late", "name": "Late", "date": "2026-11-03"}
    body = json.dumps(election).encode() + b" " * 40_000
    path = "/api/v1/elections"
    sender = Slow(app, desk, ada, body, path=path, **{"Content-Type": "application/json"})
    await until(sender.has_sent_half)
    await edit_member(desk.house, "ada", **lost)
    await asyncio.sleep(SLOW_SECONDS)
    sender.goes_on.set()
    await sender.finished()
    assert sender.status == (401 if "disabled" in lost else 403)
    assert [election.code for election in await desk.house.elections.all()] == ["tiny"]
    slow_and_good = Slow(
        app, desk, await desk.official("zoe"), body, path=path, **{"Content-Type": "application/json"}
    )
    await asyncio.sleep(1.1 * SLOW_SECONDS)
    slow_and_good.goes_on.set()
    await slow_and_good.finished()
    assert slow_and_good.status == 201


class Slow(Sender):
    """Rests after half of its body."""

    def __init__(
        self, app: Quart, desk: Desk, who: Any, body: bytes, *, path: str = "", **headers: str
    ) -> None:
        self.goes_on = asyncio.Event()
        self._half = len(body) // 2
        super().__init__(app, desk, who, body, **headers)
        if path:
            self._scope |= {"path": path, "raw_path": path.encode()}

    async def has_sent_half(self) -> bool:
        return self.sent >= self._half

    async def _receive(self) -> Any:
        if self.sent >= self._half:
            await self.goes_on.wait()
        return await super()._receive()


async def has(desk: Desk, number: int) -> bool:
    return await count(desk) >= number


# ---- If-Match ----


async def test_if_match_is_read_as_http_says(draft: Office) -> None:
    etag = (await draft.get("/parties/BLU")).etag

    async def put(given: str) -> int:
        return (await draft.ask("PUT", "/parties/BLU", BLUE, edition=given)).status

    for given in ("*", etag, f"W/{etag}", f'"other", {etag}'):
        assert await put(given) == 200, given
    for given in ('"*"', '*, "other"', '"other"', '""', ",", '"', etag[:5], "*" * 3000):
        assert await put(given) == 412, given
    assert await put(" ") == 428


# ---- tokens ----


async def test_a_token_that_was_stolen_puts_nobody_out(app: Quart, desk: Desk) -> None:
    olga = await signed_in(app, "olga", "officer", "administrator")
    other, stolen = [
        (await olga.post("/tokens", {"name": name, "scopes": ["officer"]})).body for name in ("one", "two")
    ]
    thief = Browser(app, Authorization=f"Bearer {stolen['token']}")
    session = (await olga.get("/sessions")).body["sessions"][0]["id"]
    assert (await thief.delete(f"/sessions/{session}")).code == "session-needed"
    assert (await thief.delete(f"/tokens/{other['id']}")).status == 404
    assert (await olga.get("/me")).status == 200
    assert len((await olga.get("/tokens")).body["tokens"]) == 2
    assert (await thief.delete(f"/tokens/{stolen['id']}")).status == 204
    assert (await thief.get("/me")).status == 401


# ---- the trail ----


async def test_an_account_for_replays_is_in_the_trail(desk: Desk) -> None:
    for _ in range(2):
        await desk.house.officials.root_officer_token("tiny", datetime.timedelta(hours=1))
    actions = [(entry.action, entry.subject) for entry in await desk.house.audit.before()]
    issued = ("token-issued", "replay-tiny: made by a command")
    assert actions[:3] == [issued, issued, ("member-added", "replay-tiny")]


async def test_nobody_is_called_as_the_trail_calls_the_operator(office: Office) -> None:
    with pytest.raises(Invalid, match="audit trail"):
        await office.desk.house.officials.create("operator", MemberEdit(name="O", roles=[]), OPERATOR)
    with pytest.raises(Invalid, match="audit trail"):
        await office.desk.house.officials.add("operator", ["auditor"], [])


# ---- what is logged ----


async def test_a_row_that_the_database_refuses_is_in_no_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    await desk.official("olga")
    secret = secrets.token_hex(8)
    refused = "UPDATE logins SET password_hash = :hash, username = 'NO NAME'"
    try:
        async with desk.house.database.transaction() as repos:
            await repos.people._session.execute(text(refused), {"hash": secret})
    except DBAPIError as error:
        logging.getLogger().error("failed", exc_info=error)
    assert "ck_logins_username" in caplog.text
    assert secret not in caplog.text
