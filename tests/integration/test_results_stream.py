"""The results stream: state and not deltas, newest only, and nobody waits for the slowest."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from quart_app.settings import Settings
from tests.building import a_tally
from tests.desk import Desk, soon, until
from tests.integration.conftest import house_of
from tests.streams import Stream, Viewer


@pytest.fixture
def make_live(make_app: Callable[..., Any], settings: Settings) -> Callable[..., Any]:
    """Makes an application with other settings of [live]."""

    async def make(**changes: Any) -> Quart:
        live = msgspec.structs.replace(settings.live, **changes)
        made: Quart = await make_app(msgspec.structs.replace(settings, live=live))
        return made

    return make


def path(desk: Desk, query: str = "") -> str:
    return f"{desk.path}/results/stream{query}"


def corrections(number: int, **changes: Any) -> list[Any]:
    """A first tally and as many corrections after it, each of other figures."""
    return [
        a_tally(
            revision=revision,
            reason="recount" if revision > 1 else "",
            votes={"ada": 40 - revision, "ben": 30 + revision, "cy": 5},
            **changes,
        )
        for revision in range(1, number + 2)
    ]


async def test_a_stream_begins_with_retry_and_every_contest_as_it_stands(desk: Desk, client: Client) -> None:
    async with Stream(client, path(desk)) as stream:
        assert await stream.block() == b"retry: 2000"
        events = await stream.events(3, "results")
        assert stream.status == 200
        assert stream.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert stream.headers["Cache-Control"] == "no-store"
        assert stream.headers["X-Accel-Buffering"] == "no"
        assert "Content-Length" not in stream.headers
    assert [event.data["contest"] for event in events] == ["president", "council", "measure"]
    assert all(event.id == event.data["version"] == 3 for event in events)


async def test_an_event_holds_the_whole_results_json(desk: Desk, client: Client) -> None:
    async with Stream(client, path(desk, "?contest=president")) as stream:
        await stream.event("results")
        [receipt] = await desk.receipts(a_tally())
        event = await stream.event("results")
    response = await client.get(f"{desk.path}/contests/president/results")
    assert event.data == await response.get_json()
    assert event.id == receipt.seq


async def test_only_what_changed_is_sent_and_only_to_those_who_asked_for_it(
    desk: Desk, client: Client
) -> None:
    async with (
        Stream(client, path(desk)) as every,
        Stream(client, path(desk, "?contest=council")) as council,
    ):
        await every.events(3, "results")
        await council.event("results")
        await desk.receipts(a_tally(contest="president"))
        assert (await every.event("results")).data["contest"] == "president"
        await desk.receipts(a_tally(contest="council"))
        assert (await every.event("results")).data["contest"] == "council"
        assert (await council.event("results")).data["contest"] == "council"
        assert b"president" not in council.raw


async def test_a_change_of_the_election_itself_is_sent_for_every_contest(desk: Desk, client: Client) -> None:
    async with Stream(client, path(desk)) as stream:
        await stream.events(3, "results")
        await desk.house.elections.move("tiny", "close")
        events = await stream.events(3, "results")
    assert {event.id for event in events} == {4}


async def test_many_quick_changes_give_few_events_and_the_last_is_the_newest(
    desk: Desk, client: Client
) -> None:
    async with Stream(client, path(desk, "?contest=president")) as stream:
        await stream.event("results")
        *_, receipt = await desk.receipts(*corrections(30))
        events = [await stream.event("results")]
        while events[-1].id != receipt.seq:
            events.append(await stream.event("results"))
    assert len(events) < 20
    assert [event.id for event in events] == sorted({event.id for event in events})
    assert events[-1].data["selections"][0]["votes"] == 61


async def test_a_quiet_stream_shows_that_it_is_alive_and_how_old_its_figures_are(
    desk: Desk, make_live: Callable[..., Any]
) -> None:
    app = await make_live(heartbeat=0.06)
    async with Stream(app.test_client(), path(desk, "?contest=president")) as stream:
        await stream.event("results")
        beats = await stream.events(3, "heartbeat")
    assert b": heartbeat\n" in stream.raw
    assert all(beat.id == beat.data["version"] == 3 for beat in beats)
    assert all(beat.data["lag"] >= 0 for beat in beats)
    assert all(beat.data["broker"] for beat in beats)


async def test_one_viewer_too_many_gets_a_503_that_says_when_to_come_back(
    desk: Desk, make_live: Callable[..., Any]
) -> None:
    app = await make_live(max_watchers=2)
    client = app.test_client()
    async with Stream(client, path(desk)) as first, Stream(client, f"{desk.path}/log/stream") as second:
        await first.event("results")
        await second.event("entry")
        for stream in ("results/stream", "log/stream"):
            response = await client.get(f"{desk.path}/{stream}")
            assert (response.status_code, response.headers["Retry-After"]) == (503, "10")
            assert (await response.get_json(force=True))["code"] == "too-many-watchers"
    house = house_of(app)

    async def left() -> bool:
        return house.watchers.count == 0

    await until(left)
    async with Stream(client, path(desk)) as third:
        assert (await third.event("results")).id == 3


async def test_a_stopping_server_ends_its_streams_properly(desk: Desk, app: Quart) -> None:
    async with Viewer(app, path(desk)) as viewer:

        async def begun() -> bool:
            return len(viewer.events) == 3

        await until(begun)
        await desk.house.drain()
        await soon(asyncio.wait({viewer.task}))
        assert viewer.task.exception() is None
        assert viewer.sends[-1] == b""
    response = await app.test_client().get(path(desk))
    assert response.status_code == 503


async def test_a_viewer_that_takes_nothing_delays_nobody_and_holds_one_send_only(
    desk: Desk, app: Quart, client: Client
) -> None:
    async with Viewer(app, path(desk)) as slow, Stream(client, path(desk, "?contest=president")) as quick:

        async def begun() -> bool:
            return len(slow.events) == 3

        await until(begun)
        await quick.event("results")
        slow.taking.clear()
        for tally in corrections(6):
            [receipt] = await desk.receipts(tally)
            while (await quick.event("results")).id != receipt.seq:
                pass
        assert len(slow.events) == 3
        slow.taking.set()

        async def caught_up() -> bool:
            return slow.events[-1].id == receipt.seq

        await until(caught_up)
        # What was under way when it stopped taking, and then the newest: nothing in between was kept.
        assert len([event for event in slow.events[3:] if event.name == "results"]) == 2


async def test_a_viewer_that_takes_nothing_for_too_long_is_dropped(
    desk: Desk, make_live: Callable[..., Any]
) -> None:
    app = await make_live(stuck=0.05, heartbeat=0.06)
    house = house_of(app)
    async with Viewer(app, path(desk)) as viewer:

        async def begun() -> bool:
            return len(viewer.events) >= 3

        await until(begun)
        viewer.taking.clear()
        await soon(asyncio.wait({viewer.task}))
        assert house.watchers.count == 0


async def test_a_viewer_that_takes_nothing_from_the_start_is_dropped_too(
    desk: Desk, make_live: Callable[..., Any]
) -> None:
    app = await make_live(stuck=0.05, heartbeat=0.06)
    async with Viewer(app, path(desk)) as viewer:
        viewer.taking.clear()
        await soon(asyncio.wait({viewer.task}))
        assert viewer.sends == []


async def test_a_send_that_fails_ends_its_viewer_and_nobody_else(
    desk: Desk, app: Quart, client: Client
) -> None:
    class Broken(Viewer):
        async def _send(self, message: Any) -> None:
            if message["type"] == "http.response.body" and self.sends:
                raise ConnectionResetError
            await super()._send(message)

    async with Broken(app, path(desk)) as broken, Stream(client, path(desk, "?contest=president")) as other:
        await other.event("results")

        async def begun() -> bool:
            return bool(broken.sends)

        await until(begun)
        [receipt] = await desk.receipts(a_tally())
        assert (await other.event("results")).id == receipt.seq
        await soon(asyncio.wait({broken.task}))


async def test_a_crowd_of_viewers_all_end_with_the_newest(desk: Desk, app: Quart) -> None:
    """More than the event loop serves in one turn, with one in seven of them slow."""
    viewers = [Viewer(app, path(desk, "")) for _ in range(600)]
    for viewer in viewers:
        await viewer.__aenter__()

    async def begun() -> bool:
        return all(len(viewer.events) >= 3 for viewer in viewers)

    await until(begun)
    for viewer in viewers[::7]:
        viewer.taking.clear()
    for tally in corrections(4):
        [receipt] = await desk.receipts(tally)
    for viewer in viewers[::7]:
        viewer.taking.set()

    async def all_there() -> bool:
        return all(viewer.events[-1].id == receipt.seq for viewer in viewers)

    await until(all_there)
    for viewer in viewers:
        await viewer.__aexit__()
        assert viewer.events[-1].data["selections"][0]["votes"] == 35
        versions = [event.id for event in viewer.events if event.name == "results"]
        assert versions == sorted(versions, key=lambda version: version or 0)
