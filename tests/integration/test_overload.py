"""More than a process can carry: what it turns away, what it takes all the same, and what comes after."""

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from quart import Quart
from quart.testing.connections import WebsocketResponseError

from quart_app.settings import OverloadSettings, Settings
from quart_app.wiring import Services
from services.pressure import Kind
from services.signals import shed
from tests.building import a_tally, every_tally, tiny_election
from tests.desk import Desk, Official, define, soon, until
from tests.integration.conftest import house_of
from tests.integration.test_intake import head_held
from tests.sockets import client_of, said

Made = Callable[[Settings], Any]


def with_limits(settings: Settings, **limits: Any) -> Settings:
    changed = {**msgspec.structs.asdict(settings.overload), **limits}
    return msgspec.structs.replace(settings, overload=OverloadSettings(**changed))


@contextlib.contextmanager
def counting(house: Services) -> Any:
    """What this house sheds, by kind."""
    counted: Counter[str] = Counter()

    def count(_sender: object, kind: str) -> None:
        counted[kind] += 1

    with shed.connected_to(count, house.overload):
        yield counted


@contextlib.asynccontextmanager
async def blocked(seconds: float) -> AsyncIterator[None]:
    """Something takes so many seconds of each turn of the event loop."""

    async def work() -> None:
        while True:
            time.sleep(seconds)  # noqa: ASYNC251
            await asyncio.sleep(0)

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()


async def statuses(app: Quart, address: str, number: int) -> Counter[int]:
    """Asks so often at the same time, as somebody unknown."""
    client = client_of(app)
    answers = await asyncio.gather(*(client.get(address) for _ in range(number)))
    return Counter(answer.status_code for answer in answers)


async def send(app: Quart, desk: Desk, by: Official, tally: Any) -> Any:
    body = msgspec.json.encode(tally)
    return await client_of(app).post(f"{desk.path}/tallies", data=body, headers=by.bearer)


# ---- a process that is late ----


async def test_while_it_is_late_readers_are_refused_and_officers_get_their_receipts(
    make_app: Made, settings: Settings
) -> None:
    app = await make_app(with_limits(settings, late=0.02))
    house = house_of(app)
    desk = await define(house, tiny_election())
    officer = await desk.official()
    async with client_of(app).websocket(f"{desk.path}/tallies/ws", headers=officer.bearer) as ws:
        assert (await said(ws))["type"] == "welcome"
        with counting(house) as counted:
            async with blocked(0.06):
                await until(lambda: _at(house, 1.0))
                # One at a time is read all the same; of many at the same time hardly anybody.
                read = await statuses(app, "/api/v1/elections", 20)
                assert read[503] >= 15 and read[200] + read[503] == 20
                assert await statuses(app, f"{desk.path}/results/stream", 3) == {503: 3}
                assert await statuses(app, f"{desk.path}/results", 3) == {200: 3}
                assert await statuses(app, "/health/live", 3) == {200: 3}
                sent = await send(app, desk, officer, a_tally("north-1"))
                assert (sent.status_code, (await sent.get_json())["type"]) == (200, "receipt")
                await ws.send(msgspec.json.encode(a_tally("north-2")).decode())
                assert (await said(ws))["type"] == "receipt"
        assert counted["read"] == read[503] and counted["stream"] == 3
        assert counted.keys() == {"read", "stream"}
    await until(lambda: _at(house, 0.0))
    assert await statuses(app, "/api/v1/elections", 20) == {200: 20}


async def _at(house: Services, level: float) -> bool:
    return house.overload.pressure.level(Kind.STREAM) == level


async def test_one_long_step_refuses_nobody(make_app: Made, settings: Settings) -> None:
    app = await make_app(with_limits(settings, late=0.5))
    time.sleep(1.0)  # noqa: ASYNC251
    assert await statuses(app, "/api/v1/elections", 20) == {200: 20}
    assert house_of(app).overload.pressure.level() == 0


async def test_under_pressure_viewers_get_their_events_more_seldom(house: Services) -> None:
    assert house.overload.slowed(0.25) == 0.25
    for _ in range(100):
        house.overload.pressure.look(1e9, 1.0)
    assert house.overload.slowed(0.25) == 2.0


# ---- more under way than there is room for ----


@pytest.fixture
async def small(make_app: Made, settings: Settings) -> Quart:
    """A process in which four requests may be under way, one of them the public's, and two officers."""
    made: Quart = await make_app(with_limits(settings, requests=4, officers=2))
    await define(house_of(made), tiny_election())
    return made


@contextlib.asynccontextmanager
async def slow_request(app: Quart, address: str, method: str = "POST", **headers: str) -> AsyncIterator[None]:
    """Somebody whose body does not come to its end."""
    overload = house_of(app).overload
    before = overload.under_way
    async with client_of(app).request(address, method=method, headers=headers) as connection:
        await connection.send(b"{")

        async def begun() -> bool:
            return overload.under_way > before

        await until(begun)
        yield
        await connection.disconnect()


async def test_what_has_no_room_is_refused_by_what_it_is_for(small: Quart) -> None:
    desk = Desk(house_of(small), "tiny")
    officer = await desk.official()
    with counting(desk.house) as counted:
        async with slow_request(small, f"{desk.path}/tallies", **officer.bearer):
            read = await client_of(small).get("/elections/tiny", headers={"Accept": "text/html"})
            assert (read.status_code, read.content_type) == (503, "text/html; charset=utf-8")
            listed = await client_of(small).get("/api/v1/elections")
            assert (listed.status_code, listed.content_type) == (503, "application/problem+json")
            assert 5 <= int(listed.headers["Retry-After"]) < 15
            assert json.loads(await listed.get_data())["code"] == "overloaded"
            for address in (f"{desk.path}/results", "/health/live", "/login"):
                assert (await client_of(small).get(address)).status_code == 200, address
            assert (await client_of(small).get("/api/v1/me", headers=officer.bearer)).status_code == 200
            assert (await send(small, desk, officer, a_tally())).status_code == 200
        assert counted == {"read": 2}
    assert (await client_of(small).get("/elections/tiny")).status_code == 200


async def test_at_the_end_of_the_room_only_tallies_are_taken_and_then_nothing(small: Quart) -> None:
    desk = Desk(house_of(small), "tiny")
    officer = await desk.official()
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(slow_request(small, f"{desk.path}/tallies", **officer.bearer))
        assert (await client_of(small).get("/api/v1/me", headers=officer.bearer)).status_code == 503
        await stack.enter_async_context(slow_request(small, f"{desk.path}/tallies", **officer.bearer))
        assert (await client_of(small).get("/login")).status_code == 503
        sent = await send(small, desk, officer, a_tally())
        assert sent.status_code == 200
        await stack.enter_async_context(slow_request(small, f"{desk.path}/tallies", **officer.bearer))
        refused = await send(small, desk, officer, a_tally("north-2"))
        assert (refused.status_code, (await refused.get_json())["code"]) == (503, "overloaded")
        assert 2 <= int(refused.headers["Retry-After"]) < 6
        assert (await client_of(small).get("/health/live")).status_code == 200
    assert (await send(small, desk, officer, a_tally("north-2"))).status_code == 200


async def test_an_officer_too_many_is_refused_before_the_socket_opens(small: Quart) -> None:
    desk = Desk(house_of(small), "tiny")
    officer = await desk.official()
    address = f"{desk.path}/tallies/ws"
    async with client_of(small).websocket(address, headers=officer.bearer) as first:
        assert (await said(first))["type"] == "welcome"
        async with client_of(small).websocket(address, headers=officer.bearer) as second:
            assert (await said(second))["type"] == "welcome"
            with pytest.raises(WebsocketResponseError) as turned_away:
                async with client_of(small).websocket(address, headers=officer.bearer) as third:
                    await said(third)
            response = turned_away.value.response
            assert response.status_code == 503 and "Retry-After" in response.headers
            assert (await response.get_json())["code"] == "overloaded"

    async def left() -> bool:
        return house_of(small).overload.officers == 0

    await until(left)
    async with client_of(small).websocket(address, headers=officer.bearer) as again:
        assert (await said(again))["type"] == "welcome"


# ---- officers among themselves ----


async def test_a_tally_that_finds_no_room_is_refused_in_time_and_can_be_sent_again(
    make_app: Made, settings: Settings
) -> None:
    full = msgspec.structs.replace(settings.intake, capacity=1, batch_size=1)
    app = await make_app(msgspec.structs.replace(settings, intake=full))
    desk = await define(house_of(app), tiny_election())
    officer = await desk.official()
    tallies = every_tally()[:3]
    async with head_held(desk):
        taken = asyncio.create_task(send(app, desk, officer, tallies[0]))
        waiting = asyncio.create_task(send(app, desk, officer, tallies[1]))

        async def full_up() -> bool:
            return desk.house.intake.waiting == 1

        await until(full_up)
        refused = await soon(send(app, desk, officer, tallies[2]))
        assert (refused.status_code, (await refused.get_json())["code"]) == (503, "overloaded")
        assert refused.headers["Retry-After"] == "3"
    assert {(await soon(task)).status_code for task in (taken, waiting)} == {200}
    assert (await send(app, desk, officer, tallies[2])).status_code == 200
    [row] = await desk.sql("SELECT count(*) AS number FROM tallies")
    assert row.number == 3


async def test_one_who_sends_hundreds_at_a_time_without_pause_does_not_keep_others_waiting_for_ever(
    make_app: Made, settings: Settings
) -> None:
    narrow = msgspec.structs.replace(settings.intake, capacity=500, batch_size=100)
    app = await make_app(msgspec.structs.replace(settings, intake=narrow))
    desk = await define(house_of(app), tiny_election())
    greedy, *modest = [await desk.official(name) for name in ("greta", "mia", "max", "mo")]
    frame = msgspec.json.encode({"type": "tallies", "items": [a_tally("south-1")] * 250}).decode()
    answered = 0

    async def flood(ws: Any) -> None:
        nonlocal answered
        for _ in range(10_000):
            await ws.send(frame)
            if (await said(ws))["type"] == "receipts":
                answered += 1

    async def work(officer: Official, precinct: str) -> None:
        async with client_of(app).websocket(f"{desk.path}/tallies/ws", headers=officer.bearer) as ws:
            await said(ws)
            for contest in ("president", "council"):
                await ws.send(msgspec.json.encode(a_tally(precinct, contest)).decode())
                assert (await soon(ws.receive())).startswith('{"type":"receipt"')

    async with contextlib.AsyncExitStack() as stack:
        floods = []
        for _ in range(6):
            socket = client_of(app).websocket(f"{desk.path}/tallies/ws", headers=greedy.bearer)
            ws = await stack.enter_async_context(socket)
            await said(ws)
            floods.append(asyncio.create_task(flood(ws)))

        async def flooded() -> bool:
            return answered >= 6

        await until(flooded)
        before = answered
        places = zip(modest, ("north-1", "north-2", "south-2"), strict=True)
        await asyncio.gather(*(work(officer, precinct) for officer, precinct in places))
        assert answered > before and not any(task.done() for task in floods)
        for task in floods:
            task.cancel()
        await asyncio.gather(*floods, return_exceptions=True)
