"""Live results over WebSocket: subscribe, unsubscribe, count, and whatever else a client may send."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from quart.typing import TestClientProtocol as Client

from quart_app.settings import Settings
from tests.building import a_tally
from tests.desk import Desk, soon
from tests.sockets import client_of, closing


async def said(ws: Any) -> Any:
    return json.loads(await soon(ws.receive()))


async def tell(ws: Any, **message: Any) -> None:
    await ws.send(json.dumps(message))


def at(desk: Desk) -> str:
    return f"{desk.path}/results/ws"


async def test_a_subscription_gives_the_contest_as_it_stands_and_then_as_it_changes(
    desk: Desk, client: Client
) -> None:
    async with client.websocket(at(desk)) as ws:
        await tell(ws, type="subscribe", contests=["president"])
        first = await said(ws)
        assert (first["type"], first["contest"], first["version"]) == ("results", "president", 3)
        [receipt] = await desk.receipts(a_tally())
        second = await said(ws)
        assert (second["version"], second["ballots_cast"]) == (receipt.seq, 80)
        second.pop("type")
        response = await client.get(f"{desk.path}/contests/president/results")
        assert await response.get_json() == second


async def test_a_subscription_that_names_no_contest_is_for_all(desk: Desk, client: Client) -> None:
    async with client.websocket(at(desk)) as ws:
        await tell(ws, type="subscribe")
        assert [(await said(ws))["contest"] for _ in range(3)] == ["president", "council", "measure"]


async def test_contests_not_subscribed_to_are_not_sent(desk: Desk, client: Client) -> None:
    async with client.websocket(at(desk)) as ws:
        await tell(ws, type="subscribe", contests=["council"])
        await said(ws)
        await desk.receipts(a_tally(contest="president"), a_tally(contest="council"))
        assert (await said(ws))["contest"] == "council"


async def test_a_contest_added_later_comes_at_once(desk: Desk, client: Client) -> None:
    async with client.websocket(at(desk)) as ws:
        for contest in ("council", "president", "measure"):
            await tell(ws, type="subscribe", contests=[contest])
            assert (await said(ws))["contest"] == contest


async def test_subscriptions_on_each_others_heels_are_all_answered(desk: Desk, client: Client) -> None:
    for _ in range(10):
        async with client.websocket(at(desk)) as ws:
            for contest in ("council", "president", "measure"):
                await tell(ws, type="subscribe", contests=[contest])
            assert {(await said(ws))["contest"] for _ in range(3)} == {"council", "president", "measure"}


async def test_after_unsubscribing_nothing_comes(desk: Desk, client: Client) -> None:
    async with client.websocket(at(desk)) as ws:
        await tell(ws, type="subscribe", contests=["president", "council"])
        await said(ws), await said(ws)
        await tell(ws, type="unsubscribe", contests=["president"])
        # The answer to a later question tells that the earlier message was taken.
        await tell(ws, type="count", contest="council", selection="dora")
        assert (await said(ws))["type"] == "count"
        await desk.receipts(a_tally(contest="president"), a_tally(contest="council"))
        assert (await said(ws))["contest"] == "council"
        await tell(ws, type="unsubscribe")
        await tell(ws, type="count", contest="council", selection="dora")
        assert (await said(ws))["type"] == "count"


@pytest.mark.parametrize(("unit", "votes"), [(None, 80), ("country", 80), ("north", 40), ("north-2", 0)])
async def test_a_count_tells_the_votes_of_a_selection_in_a_unit(
    desk: Desk, client: Client, unit: str | None, votes: int
) -> None:
    _, receipt = await desk.receipts(a_tally("north-1"), a_tally("south-1"))
    async with client.websocket(at(desk)) as ws:
        question = {"contest": "president", "selection": "ada"} | ({"unit": unit} if unit else {})
        await tell(ws, type="count", **question)
        answer = await said(ws)
    version = answer.pop("version")
    assert answer == {
        "type": "count",
        "contest": "president",
        "selection": "ada",
        "unit": unit,
        "votes": votes,
    }
    assert 3 <= version <= receipt.seq


BAD_FRAMES: list[tuple[Any, int, str]] = [
    ("nonsense", 400, "unreadable"),
    ("", 400, "unreadable"),
    ("[" * 100_000, 422, "invalid"),
    ('{"type": "count", "contest":' + "[" * 100_000, 422, "invalid"),
    ('{"contest":' + "[" * 100_000, 400, "unreadable"),
    (b"\x00\xff", 400, "unreadable"),
    ("[]", 422, "invalid"),
    ("5", 422, "invalid"),
    ("{}", 422, "invalid"),
    ('{"type": "publish"}', 422, "invalid"),
    ('{"type": "subscribe", "contests": "president"}', 422, "invalid"),
    ('{"type": "subscribe", "contests": [5]}', 422, "invalid"),
    ('{"type": "subscribe", "extra": 1}', 422, "invalid"),
    ('{"type": "subscribe", "contests": ["mayor"]}', 404, "unknown-contest"),
    ('{"type": "unsubscribe", "contests": ["mayor"]}', 404, "unknown-contest"),
    ('{"type": "subscribe", "contests": ["\\u0000"]}', 404, "unknown-contest"),
    ('{"type": "count", "contest": "president"}', 422, "invalid"),
    ('{"type": "count", "contest": "mayor", "selection": "x"}', 404, "unknown-contest"),
    ('{"type": "count", "contest": "president", "selection": "dora"}', 422, "unknown-selection"),
    (
        '{"type": "count", "contest": "president", "selection": "ada", "unit": "nowhere"}',
        404,
        "unknown-unit",
    ),
    ('{"type": "count", "contest": "measure", "selection": "yes", "unit": "north"}', 404, "unknown-unit"),
    ('{"type": "count", "contest": "president", "selection": "ada", "unit": "\\u0000"}', 400, "unreadable"),
]


@pytest.mark.parametrize(
    ("frame", "status", "code"), BAD_FRAMES, ids=[f"{f[2]}-{f[0][:60]!r}" for f in BAD_FRAMES]
)
async def test_rubbish_gets_its_problem_and_the_connection_goes_on(
    desk: Desk, client: Client, frame: Any, status: int, code: str
) -> None:
    async with client.websocket(at(desk)) as ws:
        await ws.send(frame)
        problem = await said(ws)
        assert (problem["type"], problem["status"], problem["code"]) == ("problem", status, code)
        await tell(ws, type="subscribe", contests=["president"])
        assert (await said(ws))["type"] == "results"


async def test_a_subscription_that_names_an_unknown_contest_subscribes_to_none(
    desk: Desk, client: Client
) -> None:
    async with client.websocket(at(desk)) as ws:
        await tell(ws, type="subscribe", contests=["president", "mayor"])
        assert (await said(ws))["code"] == "unknown-contest"
        await tell(ws, type="subscribe", contests=["council"])
        assert (await said(ws))["contest"] == "council"


async def turned_away(ws: Any) -> tuple[str, int]:
    problem = await said(ws)
    return problem["code"], await closing(ws)


async def test_an_unknown_election_is_told_and_closed(desk: Desk, client: Client) -> None:
    async with client.websocket("/api/v1/elections/nowhere/results/ws") as ws:
        assert await turned_away(ws) == ("unknown-election", 1008)


async def test_one_viewer_too_many_is_told_to_try_again(
    desk: Desk, make_app: Callable[..., Any], settings: Settings
) -> None:
    live = msgspec.structs.replace(settings.live, max_watchers=1)
    client = client_of(await make_app(msgspec.structs.replace(settings, live=live)))
    async with client.websocket(at(desk)) as first:
        await tell(first, type="subscribe", contests=["president"])
        await said(first)
        async with client.websocket(at(desk)) as second:
            assert await turned_away(second) == ("too-many-watchers", 1013)
    async with client.websocket(at(desk)) as third:
        await tell(third, type="subscribe", contests=["president"])
        assert (await said(third))["type"] == "results"


async def test_a_fault_of_ours_closes_the_connection_as_such_and_shows_nothing(
    desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the secret is 4711")

    monkeypatch.setattr(desk.house.results, "in_unit", broken)
    async with client.websocket(at(desk)) as ws:
        await tell(ws, type="count", contest="president", selection="ada", unit="north")
        assert await closing(ws) == 1011
    assert "4711" in caplog.text
