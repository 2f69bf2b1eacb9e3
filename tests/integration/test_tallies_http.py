"""POST /tallies: one or an array, each answered on its own."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from quart.typing import TestClientProtocol as Client

from quart_app.settings import Settings
from tests.building import a_tally, every_tally, unbalanced
from tests.desk import Desk, Official


@pytest.fixture
async def officer(desk: Desk) -> Official:
    return await desk.official()


async def post(client: Client, desk: Desk, body: Any, by: Official | None) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    headers = by.bearer if by else {}
    response = await client.post(f"{desk.path}/tallies", data=data, headers=headers)
    if response.status_code >= 400:
        assert response.content_type == "application/problem+json"
        assert response.headers["Cache-Control"] == "no-store"
    return response.status_code, json.loads(await response.get_data())


async def test_one_tally_is_answered_by_its_receipt(desk: Desk, client: Client, officer: Official) -> None:
    status, receipt = await post(client, desk, a_tally(ref="mine"), officer)
    assert status == 200
    assert receipt.keys() == {"type", "ref", "seq", "revision", "status", "checks", "leaf_hash"}
    assert (receipt["type"], receipt["ref"], receipt["seq"]) == ("receipt", "mine", 4)


async def test_a_quarantined_tally_is_received_and_says_what_failed(
    desk: Desk, client: Client, officer: Official
) -> None:
    status, receipt = await post(client, desk, unbalanced(), officer)
    assert (status, receipt["status"]) == (200, "quarantined")
    [check] = receipt["checks"]
    assert (check["check"], check["found"], check["expected"]) == ("balance", 81, 80)


async def test_an_array_is_answered_one_by_one_in_order(
    desk: Desk, client: Client, officer: Official
) -> None:
    good, again = a_tally(ref="good"), a_tally(ref="again")
    bad = {**msgspec.to_builtins(a_tally("north-2", ref="bad")), "ballots_cast": -1}
    status, answer = await post(client, desk, [good, bad, "nonsense", again, {"ref": "x"}], officer)
    assert (status, answer["type"]) == (200, "receipts")
    assert [item["type"] for item in answer["items"]] == [
        "receipt",
        "problem",
        "problem",
        "problem",
        "problem",
    ]
    assert [item["ref"] for item in answer["items"]] == ["good", "bad", None, "again", "x"]
    assert [item.get("code") for item in answer["items"]] == [
        None,
        "bad-count",
        "unreadable",
        "revision-conflict",
        "missing-field",
    ]
    assert answer["items"][1]["errors"][0]["field"] == "ballots_cast"


async def test_an_empty_array_is_answered_by_an_empty_one(
    desk: Desk, client: Client, officer: Official
) -> None:
    assert await post(client, desk, [], officer) == (200, {"type": "receipts", "items": []})


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "unreadable"),
        (b"{", 400, "unreadable"),
        (b"[1,", 400, "unreadable"),
        (b"\xff", 400, "unreadable"),
        (b"[\xff]", 400, "unreadable"),
        (b"[" * 100_000, 400, "unreadable"),
        (b'{"votes":' * 100_000, 400, "unreadable"),
        (b"7", 400, "unreadable"),
        (b"{}", 422, "missing-field"),
        (b'{"type":"hello"}', 422, "missing-field"),
    ],
    ids=lambda value: repr(value[:10]) if isinstance(value, bytes) else str(value),
)
async def test_what_cannot_be_read_is_a_problem(
    desk: Desk, client: Client, officer: Official, body: bytes, status: int, code: str
) -> None:
    answered, problem = await post(client, desk, body, officer)
    assert (answered, problem["code"]) == (status, code)


async def test_a_thousand_tallies_may_come_at_once_and_one_more_may_not(
    desk: Desk, client: Client, officer: Official
) -> None:
    tally = msgspec.to_builtins(a_tally(ref="mine"))
    status, answer = await post(client, desk, [tally] * 1000, officer)
    assert status == 200
    assert len({item["seq"] for item in answer["items"]}) == 1
    status, problem = await post(client, desk, [tally] * 1001, officer)
    assert (status, problem["code"]) == (413, "too-large")


async def test_a_body_beyond_the_limit_is_refused(
    desk: Desk, officer: Official, make_app: Callable[..., Any], settings: Settings
) -> None:
    requests = msgspec.structs.replace(settings.requests, max_body=1000)
    app = await make_app(msgspec.structs.replace(settings, requests=requests))
    status, _ = await post(app.test_client(), desk, b" " * 1001, officer)
    assert status == 413


async def test_without_a_good_token_nothing_is_taken(desk: Desk, client: Client) -> None:
    status, problem = await post(client, desk, a_tally(), None)
    assert (status, problem["code"]) == (401, "not-signed-in")
    for header in ("Bearer ts_nonsense", "Basic YTpi", "Bearer"):
        response = await client.post(f"{desk.path}/tallies", headers={"Authorization": header})
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_an_expired_token_is_none(desk: Desk, client: Client, officer: Official) -> None:
    await desk.sql("UPDATE tokens SET expires_at = now() - interval '1 second'")
    status, problem = await post(client, desk, a_tally(), officer)
    assert (status, problem["code"]) == (401, "not-signed-in")


async def test_each_refusal_has_its_status_and_code(desk: Desk, client: Client, officer: Official) -> None:
    north = await desk.official("nora", units=["north"])
    auditor = await desk.official("anna", roles=["auditor"])
    await post(client, desk, a_tally(ref="mine"), officer)
    wanted = [
        (a_tally("south-1"), north, 403, "not-your-precinct"),
        (a_tally("south-1"), auditor, 403, "not-allowed"),
        (a_tally(ref="mine", rejected_ballots=1), officer, 409, "ref-reused"),
        (a_tally(), officer, 409, "revision-conflict"),
        (a_tally("nowhere"), officer, 422, "unknown-precinct"),
        (a_tally(ref="a\x00b"), officer, 422, "bad-character"),
    ]
    for tally, by, status, code in wanted:
        answered, problem = await post(client, desk, tally, by)
        assert (answered, problem["status"], problem["code"]) == (status, status, code)
    await desk.house.elections.move("tiny", "close")
    assert (await post(client, desk, a_tally("south-1"), officer))[1]["code"] == "election-not-open"


async def test_an_unknown_election_is_not_found(desk: Desk, client: Client, officer: Official) -> None:
    desk.path = "/api/v1/elections/nowhere"
    status, problem = await post(client, desk, a_tally(), officer)
    assert (status, problem["code"]) == (404, "unknown-election")


async def test_a_whole_night_by_http_adds_up(desk: Desk, client: Client, officer: Official) -> None:
    status, answer = await post(client, desk, every_tally(), officer)
    assert status == 200
    assert {item["status"] for item in answer["items"]} == {"accepted"}
    assert await desk.votes() == {"ada": 160, "ben": 120, "cy": 20}
