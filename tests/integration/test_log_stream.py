"""The log stream: every entry, in order, once, from wherever a follower left off."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from quart.typing import TestClientProtocol as Client

import services.log
from quart_app.settings import Settings
from tests.building import a_tally
from tests.desk import Desk, until
from tests.streams import Stream


def path(desk: Desk, query: str = "") -> str:
    return f"{desk.path}/log/stream{query}"


def tallies(first: int, last: int) -> list[Any]:
    return [
        a_tally(revision=number, reason="recount" if number > 1 else "") for number in range(first, last + 1)
    ]


async def test_every_entry_comes_in_order_from_the_first(desk: Desk, client: Client) -> None:
    await desk.receipts(*tallies(1, 5))
    async with Stream(client, path(desk)) as stream:
        assert await stream.block() == b"retry: 2000"
        events = await stream.events(8)
    assert [event.id for event in events] == list(range(1, 9))
    assert [event.data["seq"] for event in events] == list(range(1, 9))
    assert {event.name for event in events} == {"entry"}


async def test_an_entry_is_the_same_in_the_stream_and_on_the_page(desk: Desk, client: Client) -> None:
    await desk.receipts(a_tally())
    page = await (await client.get(f"{desk.path}/log")).get_json()
    async with Stream(client, path(desk)) as stream:
        assert [event.data for event in await stream.events(4)] == page["entries"]


@pytest.mark.parametrize(("query", "headers"), [("?after=2", {}), ("", {"Last-Event-ID": "2"})])
async def test_a_follower_goes_on_behind_what_it_has_seen(
    desk: Desk, client: Client, query: str, headers: dict[str, str]
) -> None:
    await desk.receipts(a_tally())
    async with Stream(client, path(desk, query), headers) as stream:
        assert [event.id for event in await stream.events(2)] == [3, 4]


async def test_the_last_event_id_of_a_browser_that_comes_back_wins_over_the_address(
    desk: Desk, client: Client
) -> None:
    await desk.receipts(*tallies(1, 3))
    async with Stream(client, path(desk, "?after=1"), {"Last-Event-ID": "5"}) as stream:
        assert (await stream.event()).id == 6


async def test_a_follower_ahead_of_the_log_gets_nothing_until_the_log_is_there(
    desk: Desk, client: Client
) -> None:
    async with Stream(client, path(desk, "?after=5")) as stream:
        await stream.block()
        await desk.receipts(*tallies(1, 4))
        assert [event.id for event in await stream.events(2)] == [6, 7]


@pytest.mark.parametrize("value", ["x", "-1", "1.5", "٣", "9223372036854775808", "9" * 5000])
async def test_a_last_event_id_that_is_none_is_refused(desk: Desk, client: Client, value: str) -> None:
    headers = {"Last-Event-ID": value.encode().decode("latin-1")}
    response = await client.get(path(desk), headers=headers)
    assert response.status_code == 422
    assert (await response.get_json(force=True))["errors"][0]["field"] == "Last-Event-ID"


async def test_a_follower_that_is_cut_again_and_again_sees_every_entry_once(
    desk: Desk, client: Client
) -> None:
    by = await desk.official()

    async def sender() -> None:
        for first in range(1, 120, 4):
            await desk.receipts(*tallies(first, first + 3), by=by)

    sending = asyncio.create_task(sender())
    seen: list[int | None] = []
    while len(seen) < 123:
        headers = {"Last-Event-ID": str(seen[-1])} if seen else {}
        async with Stream(client, path(desk), headers) as stream:
            seen += [event.id for event in await stream.events(min(7, 123 - len(seen)))]
    await sending
    assert seen == list(range(1, 124))


async def test_followers_far_behind_the_tail_and_at_its_end_see_the_same(
    desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.log, "TAIL_ENTRIES", 8)
    monkeypatch.setattr(services.log, "PAGE", 5)
    await desk.receipts(*tallies(1, 30))
    async with (
        Stream(client, path(desk)) as behind,
        Stream(client, path(desk, "?after=33")) as ahead,
    ):
        assert (await behind.event()).id == 1
        for first in range(31, 71, 10):
            await desk.receipts(*tallies(first, first + 9))
            assert [event.id for event in await ahead.events(10)] == list(range(first + 3, first + 13))
        assert [event.id for event in await behind.events(72)] == list(range(2, 74))


async def test_two_followers_and_a_third_that_comes_later_all_see_everything(
    desk: Desk, client: Client
) -> None:
    async with Stream(client, path(desk)) as first, Stream(client, path(desk)) as second:
        await desk.receipts(*tallies(1, 3))
        events = await first.events(6)
        async with Stream(client, path(desk)) as third:
            await desk.receipts(*tallies(4, 5))
            assert (await third.events(8))[:6] == events
        assert await second.events(8) == events + await first.events(2)


async def test_a_quiet_log_shows_that_it_is_alive(
    desk: Desk, make_app: Callable[..., Any], settings: Settings
) -> None:
    live = msgspec.structs.replace(settings.live, heartbeat=0.05)
    app = await make_app(msgspec.structs.replace(settings, live=live))
    async with Stream(app.test_client(), path(desk, "?after=3")) as stream:
        assert [await stream.block() for _ in range(3)] == [b"retry: 2000", b": heartbeat", b": heartbeat"]
        [receipt] = await desk.receipts(a_tally())
        assert (await stream.event()).id == receipt.seq


async def test_a_follower_that_leaves_is_let_go(desk: Desk, client: Client) -> None:
    async with Stream(client, path(desk)) as stream:
        await stream.events(3)
        assert desk.house.watchers.count == 1

    async def gone() -> bool:
        return desk.house.watchers.count == 0 and not desk.house.log._tails

    await until(gone)
