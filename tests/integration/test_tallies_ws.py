"""The officers' WebSocket: INTERFACES.md, frame by frame, with everything that may come instead."""

import asyncio
import json
from typing import Any

import msgspec
import pytest
from quart.typing import TestClientProtocol as Client

from tests.building import a_tally, every_tally, unbalanced
from tests.desk import Desk, Official, soon
from tests.sockets import closing


@pytest.fixture
async def officer(desk: Desk) -> Official:
    return await desk.official()


async def said(ws: Any) -> Any:
    return json.loads(await soon(ws.receive()))


async def tell(ws: Any, message: Any) -> None:
    text = message if isinstance(message, str) else msgspec.json.encode(message).decode()
    await ws.send(text)


def at(desk: Desk) -> str:
    return f"{desk.path}/tallies/ws"


async def test_a_token_in_the_header_is_welcomed_with_the_officers_precincts(
    desk: Desk, client: Client
) -> None:
    officer = await desk.official(units=["north", "south-2"])
    async with client.websocket(at(desk), headers=officer.bearer) as ws:
        assert await said(ws) == {
            "type": "welcome",
            "election": "tiny",
            "is_test": False,
            "username": "olga",
            "precincts": ["north-1", "north-2", "south-2"],
            "version": 3,
        }


async def test_a_token_in_the_first_frame_is_welcomed_too(
    desk: Desk, client: Client, officer: Official
) -> None:
    async with client.websocket(at(desk)) as ws:
        await tell(ws, {"type": "hello", "token": officer.token})
        assert (await said(ws))["type"] == "welcome"
        await tell(ws, a_tally(ref="mine"))
        assert (await said(ws))["ref"] == "mine"


@pytest.mark.parametrize("header", ["Bearer ts_nonsense", "Basic YTpi", "Bearer"])
async def test_a_bad_token_in_the_header_is_told_and_closed(desk: Desk, client: Client, header: str) -> None:
    async with client.websocket(at(desk), headers={"Authorization": header}) as ws:
        problem = await said(ws)
        assert (problem["type"], problem["status"], problem["code"]) == ("problem", 401, "not-signed-in")
        assert await closing(ws) == 1008


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ('{"type": "hello", "token": "ts_nonsense"}', "not-signed-in"),
        ('{"type": "hello"}', "invalid"),
        ('{"type": "hello", "token": 5}', "invalid"),
        ('{"type": "tally"}', "missing-field"),
        ('{"type": "tallies", "items": []}', "not-signed-in"),
        ("nonsense", "unreadable"),
        ("[]", "unreadable"),
        ("[" * 100_000, "unreadable"),
        (b"\x00\x01", "unreadable"),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, str | bytes) else None,
)
async def test_whoever_does_not_say_hello_first_is_told_and_closed(
    desk: Desk, client: Client, frame: Any, code: str
) -> None:
    async with client.websocket(at(desk)) as ws:
        await ws.send(frame)
        assert (await said(ws))["code"] == code
        assert await closing(ws) == 1008


async def test_a_tally_before_hello_is_not_taken(desk: Desk, client: Client) -> None:
    async with client.websocket(at(desk)) as ws:
        await tell(ws, a_tally())
        assert (await said(ws))["code"] == "not-signed-in"
        assert await closing(ws) == 1008
    assert await desk.sql("SELECT 1 FROM tallies") == []


async def test_an_unknown_election_is_told_and_closed(desk: Desk, client: Client, officer: Official) -> None:
    async with client.websocket("/api/v1/elections/nowhere/tallies/ws", headers=officer.bearer) as ws:
        problem = await said(ws)
        assert (problem["status"], problem["code"]) == (404, "unknown-election")
        assert await closing(ws) == 1008


async def test_a_tally_gets_a_receipt_with_everything_that_it_promises(
    desk: Desk, client: Client, officer: Official
) -> None:
    async with client.websocket(at(desk), headers=officer.bearer) as ws:
        await said(ws)
        await tell(ws, a_tally(ref="mine"))
        receipt = await said(ws)
    [entry] = await desk.sql("SELECT encode(leaf_hash, 'hex') AS hash FROM log_entries WHERE seq = 4")
    assert receipt == {
        "type": "receipt",
        "ref": "mine",
        "seq": 4,
        "revision": 1,
        "status": "accepted",
        "checks": [],
        "leaf_hash": entry.hash,
    }


def bad(**changes: Any) -> str:
    return json.dumps({**msgspec.to_builtins(a_tally(ref="mine")), **changes})


BAD_FRAMES: list[tuple[Any, int, str, str | None]] = [
    ("", 400, "unreadable", None),
    ("nonsense", 400, "unreadable", None),
    ('{"type": "tally"', 400, "unreadable", None),
    ("[]", 400, "unreadable", None),
    ('[{"type": "tally"}]', 400, "unreadable", None),
    ("7", 400, "unreadable", None),
    ("null", 400, "unreadable", None),
    ("[" * 100_000, 400, "unreadable", None),
    ('{"type":' * 100_000, 400, "unreadable", None),
    ('{"x":' + "[" * 100_000, 400, "unreadable", None),
    (b"\x00", 400, "unreadable", None),
    ('{"type": "vote", "ref": "r"}', 422, "unknown-type", "r"),
    ('{"type": 5}', 422, "unknown-type", None),
    ('{"ref": "r"}', 422, "unknown-type", "r"),
    ('{"type": "hello", "token": "x"}', 422, "unexpected-type", None),
    ('{"type": "tallies"}', 422, "invalid", None),
    ('{"type": "tallies", "items": {}}', 422, "invalid", None),
    ('{"type": "tallies", "items": [], "more": 1}', 422, "invalid", None),
    (bad(ballots_cast=-1), 422, "bad-count", "mine"),
    (bad(ballots_cast=1.5), 422, "bad-count", "mine"),
    (bad(ballots_cast=10**40), 422, "bad-count", "mine"),
    (bad(ballots_cast=0).replace(": 0,", ": 1e999,", 1), 422, "bad-count", None),
    (bad(votes={"ada": True, "ben": 0, "cy": 0}), 422, "bad-count", "mine"),
    (bad(extra=1), 422, "unknown-field", "mine"),
    (bad(votes={"ada": 1, "ben": 1, "dora": 1}), 422, "unknown-selection", "mine"),
    (bad(votes={"ada": 1}), 422, "missing-selection", "mine"),
    (bad(precinct="nowhere"), 422, "unknown-precinct", "mine"),
    (bad(contest="measure"), 422, "contest-not-on-ballot", "mine"),
    (bad(revision=2), 422, "missing-reason", "mine"),
    (bad(revision=2, reason="why"), 409, "revision-conflict", "mine"),
    (bad(ref="a\x00b"), 422, "bad-character", "a\x00b"),
]


@pytest.mark.parametrize(
    ("frame", "status", "code", "ref"), BAD_FRAMES, ids=[f"{f[2]}-{f[0][:20]!r}" for f in BAD_FRAMES]
)
async def test_a_bad_frame_gets_its_problem_and_the_connection_goes_on(
    desk: Desk, client: Client, officer: Official, frame: Any, status: int, code: str, ref: str | None
) -> None:
    async with client.websocket(at(desk), headers=officer.bearer) as ws:
        await said(ws)
        await ws.send(frame)
        problem = await said(ws)
        assert problem["type"] == "problem"
        assert (problem["status"], problem["code"], problem["ref"]) == (status, code, ref)
        assert problem["title"]
        await tell(ws, a_tally("south-1", ref="after"))
        assert (await said(ws))["ref"] == "after"


async def test_an_empty_binary_frame_is_a_binary_frame(desk: Desk, client: Client, officer: Official) -> None:
    """As Hypercorn hands it on: with bytes that are empty and no text."""
    async with client.websocket(at(desk), headers=officer.bearer) as ws:
        await said(ws)
        await ws._send_queue.put({"type": "websocket.receive", "bytes": b"", "text": None})  # type: ignore[attr-defined]
        assert (await said(ws))["code"] == "unreadable"
        await tell(ws, a_tally(ref="after"))
        assert (await said(ws))["ref"] == "after"


async def test_many_tallies_in_one_frame_are_answered_by_one_frame_in_order(
    desk: Desk, client: Client, officer: Official
) -> None:
    good = [msgspec.to_builtins(tally) for tally in every_tally()]
    items = [good[0], {"ref": "half"}, good[1], 5, good[0], msgspec.to_builtins(unbalanced("south-1"))]
    async with client.websocket(at(desk), headers=officer.bearer) as ws:
        await said(ws)
        await tell(ws, {"type": "tallies", "items": items})
        answer = await said(ws)
    assert answer["type"] == "receipts"
    kinds = [(item["type"], item.get("status"), item.get("code")) for item in answer["items"]]
    assert kinds == [
        ("receipt", "accepted", None),
        ("problem", 422, "missing-field"),
        ("receipt", "accepted", None),
        ("problem", 400, "unreadable"),
        ("receipt", "accepted", None),
        ("receipt", "quarantined", None),
    ]
    assert answer["items"][0] == answer["items"][4]
    assert answer["items"][1]["ref"] == "half"


async def test_five_hundred_tallies_fit_into_a_frame_and_one_more_does_not(
    desk: Desk, client: Client, officer: Official
) -> None:
    tally = msgspec.to_builtins(a_tally())
    async with client.websocket(at(desk), headers=officer.bearer) as ws:
        await said(ws)
        await tell(ws, {"type": "tallies", "items": [tally] * 500})
        assert len((await said(ws))["items"]) == 500
        await tell(ws, {"type": "tallies", "items": [tally] * 501})
        problem = await said(ws)
        assert (problem["status"], problem["code"]) == (413, "too-large")


async def test_no_tallies_in_a_frame_are_answered_by_none(
    desk: Desk, client: Client, officer: Official
) -> None:
    async with client.websocket(at(desk), headers=officer.bearer) as ws:
        await said(ws)
        await tell(ws, {"type": "tallies", "items": []})
        assert await said(ws) == {"type": "receipts", "items": []}


async def test_a_thousand_frames_at_once_are_all_answered(
    desk: Desk, client: Client, officer: Official
) -> None:
    async with client.websocket(at(desk), headers=officer.bearer) as ws:
        await said(ws)
        for number in range(1000):
            frame = a_tally(ref=f"r{number}") if number % 3 == 0 else "nonsense"
            await tell(ws, frame)
        answers = [await said(ws) for _ in range(1000)]
    receipts = [answer for answer in answers if answer["type"] == "receipt"]
    conflicts = [answer for answer in answers if answer.get("code") == "revision-conflict"]
    assert len(receipts) == 1
    assert len(conflicts) == 333
    refs = [answer["ref"] for answer in receipts + conflicts]
    assert sorted(refs) == sorted(f"r{number}" for number in range(0, 1000, 3))


async def test_a_client_that_vanishes_before_its_receipt_disturbs_nobody_and_loses_nothing(
    desk: Desk, client: Client, officer: Official
) -> None:
    tally = a_tally(ref="mine")
    async with client.websocket(at(desk), headers=officer.bearer) as ws:
        await said(ws)
        await tell(ws, tally)
    async with client.websocket(at(desk), headers=officer.bearer) as ws:
        await said(ws)
        await tell(ws, tally)
        receipt = await said(ws)
    assert (receipt["type"], receipt["seq"]) == ("receipt", 4)


async def test_somebody_who_is_no_officer_is_told_once_and_let_go(desk: Desk, client: Client) -> None:
    auditor = await desk.official("anna", roles=["auditor"])
    async with client.websocket(at(desk), headers=auditor.bearer) as ws:
        problem = await said(ws)
        assert (problem["type"], problem["status"], problem["code"]) == ("problem", 403, "not-allowed")
        assert await closing(ws) == 1008
    assert await desk.sql("SELECT 1 FROM tallies") == []


async def test_a_closed_election_is_told_and_the_connection_goes_on(
    desk: Desk, client: Client, officer: Official
) -> None:
    async with client.websocket(at(desk), headers=officer.bearer) as ws:
        await said(ws)
        await desk.house.elections.move("tiny", "close")
        await tell(ws, a_tally(ref="late"))
        problem = await said(ws)
        assert (problem["status"], problem["code"], problem["ref"]) == (409, "election-not-open", "late")


async def test_a_server_that_stops_answers_what_it_has_read_and_says_come_back(
    desk: Desk, client: Client, officer: Official
) -> None:
    async with client.websocket(at(desk), headers=officer.bearer) as ws:
        await said(ws)
        await tell(ws, a_tally(ref="mine"))
        assert (await said(ws))["ref"] == "mine"
        await desk.house.drain()
        assert await closing(ws) == 1012


async def test_officers_who_send_rubbish_do_not_disturb_the_others(
    desk: Desk, client: Client, officer: Official
) -> None:
    async def rubbish() -> None:
        async with client.websocket(at(desk), headers=officer.bearer) as ws:
            await said(ws)
            for frame in ("", "[" * 50_000, b"\x01", '{"type": 1}', bad(ballots_cast=-5)) * 4:
                await ws.send(frame)
                assert (await said(ws))["type"] == "problem"

    async def work(tallies: Any) -> list[str]:
        async with client.websocket(at(desk), headers=officer.bearer) as ws:
            await said(ws)
            answers = []
            for tally in tallies:
                await tell(ws, tally)
                answers.append((await said(ws))["type"])
            return answers

    tallies = every_tally()
    _, _, first, second = await asyncio.gather(rubbish(), rubbish(), work(tallies[::2]), work(tallies[1::2]))
    assert set(first + second) == {"receipt"}
