"""Complaints as they come: the open ones first, then each change, also of other processes; for staff only."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import redis.asyncio as redis
from quart import Quart
from quart.typing import TestClientProtocol as Client

from models.rights import Role
from quart_app.settings import Settings
from services import complaint_following
from services.broker import COMPLAINT_CHANNEL
from tests.browser import edit_member
from tests.building import tiny_election
from tests.complaining import WORDS, Staff, file
from tests.desk import Desk, define, until
from tests.integration.conftest import house_of
from tests.outages import Proxy
from tests.sockets import client_of
from tests.streams import Stream

AT_ONCE = 2.0


@pytest.fixture
async def rosa(client: Client, desk: Desk) -> Staff:
    return await Staff.of(client, desk, "rosa")


@pytest.fixture
async def other(make_app: Callable[..., Any], app: Quart) -> Quart:
    """A second application on the same database and Redis, that hears the first."""
    made: Quart = await make_app()

    async def hears() -> bool:
        return house_of(made).broker.connected and house_of(app).broker.connected

    await until(hears)
    return made


def follow(desk: Desk, client: Client, staff: Staff, query: str = "", **headers: str) -> Stream:
    return Stream(client, f"{desk.path}/complaints/stream{query}", {**staff.official.bearer, **headers})


async def test_the_open_ones_come_first_and_then_each_that_is_new_or_changes(
    client: Client, desk: Desk, rosa: Staff
) -> None:
    for _ in range(3):
        await file(desk)
    await rosa.decide(2)
    async with follow(desk, client, rosa) as stream:
        first = await stream.events(2, "complaint")
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert [event.data["number"] for event in first] == [1, 3]
        await file(desk, unit="north-1")
        new = await stream.event("complaint")
        assert (new.data["number"], new.data["unit"], new.data["beginning"]) == (4, "north-1", WORDS)
        await rosa.see(1)
        await rosa.move(1, "review")
        changed = await stream.event("complaint")
        assert (changed.data["number"], changed.data["status"]) == (1, "under_review")
        assert changed.id == changed.data["change"] and changed.id > (new.id or 0)


async def test_an_event_is_the_complaint_as_the_list_shows_it_and_says_of_a_test_that_it_is_one(
    client: Client, house: Any
) -> None:
    desk = await define(house, tiny_election(is_test=True))
    rosa = await Staff.of(client, desk, "rosa")
    await file(desk, name="Wilma Voter", email="w@example.org")
    (listed,) = (await rosa.ask("GET", "/desk"))["complaints"]
    async with follow(desk, client, rosa) as stream:
        event = await stream.event("complaint")
        assert event.data == listed and event.data["is_test"] is True
        assert b"Wilma" not in stream.raw


@pytest.mark.parametrize("way", ["header", "query"])
async def test_whoever_comes_back_is_told_what_has_changed_meanwhile(
    client: Client, desk: Desk, rosa: Staff, way: str
) -> None:
    await file(desk)
    async with follow(desk, client, rosa) as stream:
        seen = await stream.event("complaint")
    await rosa.decide(1)
    await file(desk)
    last = {"Last-Event-ID": str(seen.id)} if way == "header" else {}
    query = "" if way == "header" else f"?after={seen.id}"
    async with follow(desk, client, rosa, query, **last) as stream:
        events = await stream.events(2, "complaint")
    assert [(event.data["number"], event.data["status"]) for event in events] == [
        (1, "upheld"),
        (2, "filed"),
    ]


@pytest.mark.parametrize("last", ["nonsense", "-1", "9" * 30])
async def test_a_place_that_is_none_is_refused(client: Client, desk: Desk, rosa: Staff, last: str) -> None:
    response = await client.get(
        f"{desk.path}/complaints/stream", headers={**rosa.official.bearer, "Last-Event-ID": last}
    )
    assert response.status_code == 422
    assert (await client.get(f"{desk.path}/complaints/stream?after={last}")).status_code == 401
    assert (await rosa.ask("GET", f"/stream?after={last}")) and rosa.status == 422


async def test_of_very_many_open_ones_the_newest_come_first_of_all(
    client: Client, desk: Desk, rosa: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(complaint_following, "FIRST", 3)
    monkeypatch.setattr(complaint_following, "PAGE", 2)
    for _ in range(6):
        await file(desk)
    async with follow(desk, client, rosa) as stream:
        assert [event.data["number"] for event in await stream.events(3)] == [4, 5, 6]
        await asyncio.gather(*(file(desk) for _ in range(5)))
        assert [event.data["number"] for event in await stream.events(5)] == [7, 8, 9, 10, 11]


async def test_another_process_hears_of_a_complaint_over_redis(
    desk: Desk, client: Client, other: Quart, rosa: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within less time than it would need to find out by itself."""
    monkeypatch.setattr("services.keeping.SILENCE_SECONDS", 600)
    async with follow(desk, client_of(other), rosa) as there, follow(desk, client, rosa) as here:
        for stream in (there, here):
            await stream.block()
        for number in (1, 2):
            await file(desk)
            async with asyncio.timeout(AT_ONCE):
                for stream in (there, here):
                    assert (await stream.event("complaint")).data["number"] == number
        await rosa.see(1)
        await rosa.move(1, "review")
        async with asyncio.timeout(AT_ONCE):
            assert (await there.event("complaint")).data["status"] == "under_review"


async def test_what_goes_over_redis_is_a_hint_without_a_word_of_the_complaint(
    desk: Desk, settings: Settings, app: Quart
) -> None:
    await until(lambda: _connected(app))
    listener = redis.from_url(settings.redis_url or "")
    async with listener, listener.pubsub() as channel:
        await channel.subscribe(COMPLAINT_CHANNEL)
        while (await channel.get_message(timeout=5))["type"] != "subscribe":
            pass
        await file(desk, name="Wilma Voter")
        message = await channel.get_message(timeout=5)
    assert COMPLAINT_CHANNEL == "complaint_channel"
    assert msgspec.json.decode(message["data"])["elections"] == ["tiny"]
    assert b"Wilma" not in message["data"] and WORDS.encode() not in message["data"]


async def _connected(app: Quart) -> bool:
    return house_of(app).broker.connected


@pytest.mark.parametrize("nonsense", [b"", b"\xff", b"[]", b'{"origin":1}', b'{"elections":["tiny"]}'])
async def test_nonsense_on_the_channel_harms_nobody(
    desk: Desk, settings: Settings, client: Client, rosa: Staff, app: Quart, nonsense: bytes
) -> None:
    await until(lambda: _connected(app))
    async with redis.from_url(settings.redis_url or "") as speaker, follow(desk, client, rosa) as stream:
        await stream.block()
        await speaker.publish(COMPLAINT_CHANNEL, nonsense)
        await file(desk)
        assert (await stream.event("complaint")).data["number"] == 1


async def test_without_redis_a_process_finds_out_by_itself(
    desk: Desk, rosa: Staff, settings: Settings, make_app: Callable[..., Any]
) -> None:
    async with Proxy(settings.redis_url or "") as radio:
        alone = await make_app(msgspec.structs.replace(settings, redis_url=radio.url))
        await radio.cut()
        async with follow(desk, client_of(alone), rosa) as stream:
            await stream.block()
            await file(desk)
            assert (await stream.event("complaint")).data["number"] == 1


async def test_a_quiet_stream_shows_that_it_is_alive(
    desk: Desk, rosa: Staff, make_app: Callable[..., Any], settings: Settings
) -> None:
    live = msgspec.structs.replace(settings.live, heartbeat=0.05)
    quiet = await make_app(msgspec.structs.replace(settings, live=live))
    async with follow(desk, client_of(quiet), rosa) as stream:
        assert [await stream.block() for _ in range(3)] == [b"retry: 2000", b": heartbeat", b": heartbeat"]


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.AUDITOR])
async def test_the_stream_ends_with_the_right_to_it(
    desk: Desk, other: Quart, client: Client, role: Role
) -> None:
    staff = await Staff.of(client, desk, "rosa", role)
    await file(desk)
    async with follow(desk, client_of(other), staff) as stream:
        await stream.event("complaint")
        await edit_member(desk.house, "rosa", roles=["registrar"])
        async with asyncio.timeout(AT_ONCE):
            await asyncio.wait({stream._connection._task})
        seen = stream.raw
        await file(desk, text="what nobody of them may see")
        assert stream.raw == seen
    assert house_of(other).watchers.count == 0


async def test_whoever_leaves_is_let_go(client: Client, desk: Desk, rosa: Staff) -> None:
    await file(desk)
    async with follow(desk, client, rosa) as stream:
        await stream.event("complaint")
        assert desk.house.complaint_following._watches

    async def gone() -> bool:
        return not desk.house.complaint_following._watches and desk.house.watchers.count == 0

    await until(gone)
