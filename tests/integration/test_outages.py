"""Engines that go away and come back: nothing is lost, nobody is left without an answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from quart import Quart

import services.intake
from models.batch import Receipt
from models.errors import DatabaseAway
from quart_app import create_app
from quart_app.settings import Settings
from repositories.database import LETS_OTHERS_ON, Database
from tests.building import a_tally, every_tally, tiny_election
from tests.desk import Desk, define, refusal, soon, until
from tests.integration.conftest import house_of
from tests.invariants import assert_rules_hold
from tests.outages import Proxy
from tests.streams import Stream


@pytest.fixture
async def cable(settings: Settings) -> AsyncIterator[Proxy]:
    """The cable to PostgreSQL."""
    async with Proxy(settings.database_url or "") as proxy:
        yield proxy


@pytest.fixture
async def radio(settings: Settings) -> AsyncIterator[Proxy]:
    """The cable to Redis."""
    async with Proxy(settings.redis_url or "") as proxy:
        yield proxy


@pytest.fixture
async def far(desk: Desk, cable: Proxy, make_app: Callable[..., Any], settings: Settings) -> Desk:
    """A second desk, whose database hangs on the cable."""
    app = await make_app(settings.with_engines(cable.url, settings.redis_url or ""))
    return Desk(house_of(app), desk.election)


async def broker_says(app: Quart, status: str) -> None:
    async def said() -> bool:
        response = await app.test_client().get("/health/ready")
        return bool((await response.get_json())["status"] == status)

    await until(said)


async def test_senders_wait_while_the_database_is_away_and_get_their_receipts_when_it_is_back(
    desk: Desk, far: Desk, cable: Proxy
) -> None:
    by = await desk.official()
    [first] = await far.receipts(a_tally("north-1"), by=by)
    await cable.cut()
    waiting = asyncio.create_task(far.send(*every_tally()[1:], by=by))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not waiting.done()
    await cable.mend()
    answers = await soon(waiting)
    assert all(isinstance(answer, Receipt) for answer in answers)
    assert first.seq == 4
    await assert_rules_hold(desk)


async def test_connections_that_broke_in_the_middle_lose_nothing(desk: Desk, far: Desk, cable: Proxy) -> None:
    by = await desk.official()
    tallies = every_tally()
    await far.receipts(tallies[0], by=by)
    sending = [asyncio.create_task(far.send(tally, by=by)) for tally in tallies]
    for _ in range(6):
        # A little later each time, so that the cut meets a batch in another place.
        await asyncio.sleep(0.01)
        cable.reset()
    answers = [answer for given in await soon(asyncio.gather(*sending)) for answer in given]
    assert all(isinstance(answer, Receipt) for answer in answers)
    assert len({answer.seq for answer in answers if isinstance(answer, Receipt)}) == len(tallies)
    await assert_rules_hold(desk)


async def test_a_database_that_ends_all_connections_is_used_again(desk: Desk) -> None:
    by = await desk.official()
    await desk.receipts(a_tally("north-1"), by=by)
    await desk.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'tallystream' AND pid <> pg_backend_pid()"
    )
    [receipt] = await soon(desk.receipts(a_tally("north-2"), by=by))
    assert receipt.status == "accepted"
    assert await desk.votes() == {"ada": 80, "ben": 60, "cy": 10}


async def test_who_was_told_that_the_database_is_away_gets_one_receipt_by_sending_again(
    desk: Desk, far: Desk, cable: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.intake, "PATIENCE_SECONDS", 0.0)
    by, tally = await desk.official(), a_tally(ref="mine")
    await far.house.intake.book(far.election)
    await cable.cut()
    [answer] = await soon(far.send(tally, by=by))
    assert isinstance(answer, DatabaseAway)
    await cable.mend()

    async def taken() -> bool:
        return isinstance((await far.send(tally, by=by))[0], Receipt)

    await until(taken)
    assert await far.send(tally, by=by) == await desk.send(tally, by=by)
    await assert_rules_hold(desk)


async def test_reads_say_503_and_when_to_come_back_while_the_database_is_away(
    desk: Desk, cable: Proxy, make_app: Callable[..., Any], settings: Settings
) -> None:
    app = await make_app(settings.with_engines(cable.url, settings.redis_url or ""))
    client = app.test_client()
    known = await client.get(f"{desk.path}/results")
    await cable.cut()
    away = await client.get(f"{desk.path}/units")
    assert (away.status_code, away.headers["Retry-After"]) == (503, "2")
    assert (await away.get_json(force=True))["code"] == "database-unavailable"
    # Results that are known are shown all the same.
    again = await client.get(f"{desk.path}/results")
    assert (again.status_code, await again.get_data()) == (200, await known.get_data())
    ready = await client.get("/health/ready")
    assert (ready.status_code, (await ready.get_json())["status"]) == (503, "unavailable")
    assert (await client.get("/health/live")).status_code == 200
    await cable.mend()
    await broker_says(app, "ok")
    assert (await client.get(f"{desk.path}/units")).status_code == 200


async def test_a_viewer_sees_what_came_while_its_server_had_no_database(
    desk: Desk, cable: Proxy, make_app: Callable[..., Any], settings: Settings
) -> None:
    app = await make_app(settings.with_engines(cable.url, settings.redis_url or ""))
    async with Stream(app.test_client(), f"{desk.path}/results/stream?contest=president") as stream:
        await stream.event("results")
        await cable.cut()
        [receipt] = await desk.receipts(a_tally())
        await cable.mend()
        event = await stream.event("results")
        assert (event.id, event.data["units_reported"]) == (receipt.seq, 1)


async def test_without_redis_tallies_are_taken_and_viewers_of_the_same_process_see_them(
    desk: Desk, radio: Proxy, make_app: Callable[..., Any], settings: Settings
) -> None:
    app = await make_app(settings.with_engines(settings.database_url or "", radio.url))
    await broker_says(app, "ok")
    near = Desk(house_of(app), desk.election)
    await radio.cut()
    await broker_says(app, "degraded")
    response = await app.test_client().get("/health/ready")
    assert response.status_code == 200
    assert await response.get_json() == {"status": "degraded", "database": "ok", "broker": "away"}
    async with Stream(app.test_client(), f"{desk.path}/results/stream?contest=president") as stream:
        await stream.event("results")
        [receipt] = await near.receipts(a_tally())
        assert (await stream.event("results")).id == receipt.seq
    await radio.mend()
    await broker_says(app, "ok")


async def test_an_announcement_that_was_lost_is_made_up_for_within_the_silence(
    desk: Desk, make_app: Callable[..., Any], settings: Settings
) -> None:
    deaf = await make_app(settings.with_engines(settings.database_url or "", "redis://127.0.0.1:1"))
    client = deaf.test_client()
    async with (
        Stream(client, f"{desk.path}/results/stream?contest=president") as results,
        Stream(client, f"{desk.path}/log/stream?after=3") as log,
    ):
        await results.event("results")
        [receipt] = await desk.receipts(a_tally())
        assert (await results.event("results")).id == receipt.seq
        assert (await log.event("entry")).id == receipt.seq


async def test_a_tally_to_one_server_is_seen_by_viewers_of_the_other(
    desk: Desk, make_app: Callable[..., Any], settings: Settings
) -> None:
    other = await make_app(settings)
    await broker_says(other, "ok")
    client = other.test_client()
    async with (
        Stream(client, f"{desk.path}/results/stream?contest=president") as results,
        Stream(client, f"{desk.path}/log/stream?after=3") as log,
        client.websocket(f"{desk.path}/results/ws") as ws,
    ):
        await ws.send('{"type": "subscribe", "contests": ["president"]}')
        assert (await results.event("results")).data["units_reported"] == 0
        assert '"units_reported":0' in str(await soon(ws.receive()))
        [receipt] = await desk.receipts(a_tally())
        event = await results.event("results")
        assert (event.id, event.data["units_reported"]) == (receipt.seq, 1)
        assert (await log.event("entry")).data["leaf_hash"] == receipt.leaf_hash
        assert '"units_reported":1' in str(await soon(ws.receive()))


async def test_two_servers_that_take_tallies_at_once_keep_one_log_and_true_totals(
    desk: Desk, make_app: Callable[..., Any], settings: Settings
) -> None:
    other = house_of(await make_app(settings))
    by = await desk.official()
    tallies = every_tally()
    sending = [
        desk.send(tally, by=by, house=(desk.house, other)[(number + twice) % 2])
        for number, tally in enumerate(tallies)
        for twice in (0, 1)
    ]
    answers = [answer for [answer] in await soon(asyncio.gather(*sending))]
    assert all(isinstance(answer, Receipt) for answer in answers)
    assert len({answer.seq for answer in answers if isinstance(answer, Receipt)}) == len(tallies)
    await assert_rules_hold(desk)


async def test_a_server_that_vanishes_with_the_head_of_the_log_holds_up_the_others_for_seconds_only(
    desk: Desk, settings: Settings
) -> None:
    book = await desk.house.intake.book(desk.election)
    vanished = Database(settings.database_url or "", pool_size=1, settings=LETS_OTHERS_ON)
    with pytest.raises(DatabaseAway):
        async with vanished.transaction() as repos:
            await repos.log.lock_head(book.election_id)
            # Nothing comes from it any more. What it had not committed is not there.
            [receipt] = await soon(desk.receipts(a_tally()))
            await repos.log.lock_head(book.election_id)
    assert receipt.seq == 4
    await vanished.dispose()
    await assert_rules_hold(desk)


async def test_an_election_opened_on_one_server_takes_tallies_on_the_other(
    house: Any, make_app: Callable[..., Any], settings: Settings
) -> None:
    other = house_of(await make_app(settings))
    await house.elections.define(tiny_election())
    desk = Desk(house, "tiny")
    by = await desk.official()
    assert refusal((await desk.send(a_tally(), by=by, house=other))[0]) == "election-not-open"
    await house.elections.move("tiny", "open")
    assert isinstance((await desk.send(a_tally(), by=by, house=other))[0], Receipt)


async def test_a_server_can_be_stopped_at_every_moment_of_its_start(settings: Settings) -> None:
    for turns in range(0, 60, 3):
        app = create_app(settings)
        await app.startup()
        for _ in range(turns):
            await asyncio.sleep(0)
        await soon(app.shutdown())


async def test_a_server_stops_while_both_engines_are_away(
    settings: Settings, cable: Proxy, radio: Proxy
) -> None:
    app = create_app(settings.with_engines(cable.url, radio.url))
    await app.startup()
    desk = await define(house_of(app), tiny_election())
    by = await desk.official()
    await desk.receipts(a_tally("north-1"), by=by)
    await cable.cut()
    await radio.cut()
    waiting = await desk.house.intake.enqueue("tiny", by.identity, "ws", [a_tally("north-2")])
    await soon(app.shutdown())
    assert refusal(waiting.result()[0]) == "database-unavailable"
