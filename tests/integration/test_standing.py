"""What is taken away at one server is gone at all others at once, also for those who are connected."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from quart import Quart

from models.rights import OPERATOR
from quart_app.settings import Settings
from quart_app.wiring import Services
from tests.browser import PASSWORD, Browser, edit_member, signed_in
from tests.building import a_tally, tiny_election
from tests.desk import DEADLINE, Desk, Official, define, soon, until
from tests.integration.conftest import house_of
from tests.outages import Proxy
from tests.sessions import cookie
from tests.sockets import client_of, closing, said
from tests.streams import Stream, Viewer

SECRET = 1_234_567_891
AT_ONCE = DEADLINE
"""Seconds that a failing test waits; the sweep that would end a connection anyway comes after an hour."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Whatever ends a connection here, it is not the sweep."""
    rarely = msgspec.structs.replace(settings.sessions, sweep=3600)
    return msgspec.structs.replace(settings, sessions=rarely)


@pytest.fixture
async def other(make_app: Callable[..., Any], app: Quart) -> Quart:
    """A second application on the same database and Redis, that hears the first."""
    made: Quart = await make_app()

    async def hears() -> bool:
        return house_of(made).broker.connected and house_of(app).broker.connected

    await until(hears)
    return made


async def olga_of(desk: Desk) -> Official:
    return await desk.official("olga", roles=["officer", "auditor"], units=["north-1", "south"])


async def revoked(house: Services, olga: Official) -> None:
    await house.credentials.revoke_token_of("olga", olga.identity.credential.id, OPERATOR)


async def role_taken(house: Services, olga: Official) -> None:
    await edit_member(house, "olga", roles=["auditor"])


async def precinct_taken(house: Services, olga: Official) -> None:
    await edit_member(house, "olga", precincts=["tiny/north-1"])


async def disabled(house: Services, olga: Official) -> None:
    await edit_member(house, "olga", disabled=True)


TAKEN = [revoked, role_taken, precinct_taken, disabled]
Taking = Callable[[Services, Official], Awaitable[None]]


@pytest.mark.parametrize("taken", TAKEN)
async def test_what_is_taken_away_here_is_refused_there_at_once(
    desk: Desk, other: Quart, taken: Taking
) -> None:
    olga = await olga_of(desk)
    program = Browser(other, **olga.bearer)
    there = msgspec.to_builtins(a_tally("south-1"))
    before = await program.post("/elections/tiny/tallies", there)
    assert before.status == 200
    await taken(desk.house, olga)
    after = await program.post("/elections/tiny/tallies", {**there, "ref": "after"})
    expected = {revoked: 401, disabled: 401, role_taken: 403, precinct_taken: 403}[taken]  # type: ignore[index]
    assert after.status == expected
    assert len(await desk.sql("SELECT 1 FROM tallies")) == 1


@pytest.mark.parametrize("taken", TAKEN)
async def test_what_is_taken_away_here_closes_the_officers_connection_there(
    desk: Desk, other: Quart, taken: Taking
) -> None:
    olga = await olga_of(desk)
    async with client_of(other).websocket(f"{desk.path}/tallies/ws", headers=olga.bearer) as ws:
        assert (await said(ws))["type"] == "welcome"
        await taken(desk.house, olga)
        assert await closing(ws) == 1008


async def test_what_is_taken_away_here_closes_the_connection_here(app: Quart, desk: Desk) -> None:
    olga = await olga_of(desk)
    async with client_of(app).websocket(f"{desk.path}/tallies/ws", headers=olga.bearer) as ws:
        await said(ws)
        await precinct_taken(desk.house, olga)
        assert await closing(ws) == 1008


async def test_signing_out_here_closes_the_connections_of_that_session_there_and_no_others(
    app: Quart, desk: Desk, other: Quart
) -> None:
    olga = await olga_of(desk)
    mine, elsewhere = [await cookie(app, desk, olga.identity) for _ in range(2)]
    place = f"{desk.path}/tallies/ws"
    async with (
        client_of(other).websocket(place, headers=mine) as closed,
        client_of(other).websocket(place, headers=elsewhere) as open_still,
        client_of(other).websocket(place, headers=olga.bearer) as program,
    ):
        for ws in (closed, open_still, program):
            assert (await said(ws))["type"] == "welcome"
        assert (await Browser(app, **mine).delete("/sessions")).status == 204
        assert await closing(closed) == 1008
        for ws in (open_still, program):
            await ws.send("nonsense")
            assert (await said(ws))["code"] == "unreadable"


async def test_a_session_that_is_replaced_here_ends_what_was_open_with_it_there(
    app: Quart, desk: Desk, other: Quart
) -> None:
    browser = await signed_in(app, "otto", "officer")
    headers = {"Cookie": f"__Host-tallystream={browser.cookie}"}
    async with client_of(other).websocket(f"{desk.path}/tallies/ws", headers=headers) as ws:
        assert (await said(ws))["type"] == "welcome"
        assert (await browser.sign_in("otto")).status == 201
        assert await closing(ws) == 1008


async def test_a_new_password_ends_what_was_open_with_other_sessions(
    app: Quart, desk: Desk, other: Quart
) -> None:
    browser = await signed_in(app, "otto", "officer")
    elsewhere = Browser(app)
    await elsewhere.sign_in("otto")
    headers = {"Cookie": f"__Host-tallystream={elsewhere.cookie}"}
    async with client_of(other).websocket(f"{desk.path}/tallies/ws", headers=headers) as ws:
        await said(ws)
        change = {"old_password": PASSWORD, "new_password": f"{PASSWORD} again"}
        assert (await browser.put("/password", change)).status == 204
        assert await closing(ws) == 1008


async def test_somebody_elses_rights_close_nothing(desk: Desk, other: Quart) -> None:
    olga = await olga_of(desk)
    await desk.official("otto", units=["south"])
    async with client_of(other).websocket(f"{desk.path}/tallies/ws", headers=olga.bearer) as ws:
        await said(ws)
        await edit_member(desk.house, "otto", disabled=True)
        await asyncio.sleep(0.3)
        await ws.send("nonsense")
        assert (await said(ws))["code"] == "unreadable"


# ---- when hints are lost ----


@pytest.fixture
async def sweeping(make_app: Callable[..., Any], settings: Settings) -> Callable[..., Any]:
    """Makes an application that looks at everybody again after a fraction of a second."""

    async def make(**urls: str) -> Quart:
        sessions = msgspec.structs.replace(settings.sessions, sweep=0.3)
        made: Quart = await make_app(msgspec.structs.replace(settings, sessions=sessions, **urls))
        return made

    return make


async def test_without_redis_a_connection_is_closed_by_the_next_sweep(
    desk: Desk, settings: Settings, sweeping: Callable[..., Any]
) -> None:
    olga = await olga_of(desk)
    async with Proxy(settings.redis_url or "") as redis:
        alone = await sweeping(redis_url=redis.url)
        await redis.cut()
        async with client_of(alone).websocket(f"{desk.path}/tallies/ws", headers=olga.bearer) as ws:
            assert (await said(ws))["type"] == "welcome"
            await precinct_taken(desk.house, olga)
            assert await closing(ws) == 1008


async def test_a_token_that_expires_closes_its_connection(desk: Desk, sweeping: Callable[..., Any]) -> None:
    olga = await olga_of(desk)
    async with client_of(await sweeping()).websocket(f"{desk.path}/tallies/ws", headers=olga.bearer) as ws:
        await said(ws)
        await desk.sql("UPDATE tokens SET expires_at = now() + interval '0.2 seconds'")
        assert await closing(ws) == 1008


async def test_hints_about_others_do_not_put_the_sweep_off(desk: Desk, sweeping: Callable[..., Any]) -> None:
    olga, otto = await olga_of(desk), await desk.official("otto")
    made = await sweeping()
    place = f"{desk.path}/tallies/ws"
    async with (
        client_of(made).websocket(place, headers=olga.bearer) as ws,
        client_of(made).websocket(place, headers=otto.bearer) as others,
    ):
        await said(ws)
        await said(others)
        await desk.sql(f"DELETE FROM tokens WHERE member_id = {olga.identity.member_id}")
        async with asyncio.timeout(AT_ONCE):
            while not ws.closed_with.done():
                house_of(made).standing.hear_rights(frozenset({otto.identity.member_id}))
                await asyncio.sleep(0.05)
        assert not others.closed_with.done()


async def test_while_the_database_is_away_nobody_is_closed_and_then_it_is_looked_at_again(
    desk: Desk, settings: Settings, make_app: Callable[..., Any]
) -> None:
    olga = await olga_of(desk)
    async with Proxy(settings.database_url or "") as database:
        made = await make_app(msgspec.structs.replace(settings, database_url=database.url))
        async with client_of(made).websocket(f"{desk.path}/tallies/ws", headers=olga.bearer) as ws:
            await said(ws)
            await database.cut()
            await precinct_taken(desk.house, olga)
            house_of(made).standing.hear_rights(frozenset({olga.identity.member_id}))
            await asyncio.sleep(0.3)
            assert not ws.closed_with.done()
            await database.mend()
            assert await closing(ws) == 1008


async def test_rights_that_change_between_reading_them_and_listening_are_noticed(
    desk: Desk, app: Quart
) -> None:
    olga = await olga_of(desk)
    with desk.house.standing.watch(olga.identity) as as_they_are:
        await asyncio.sleep(0.2)
        assert not as_they_are.is_set()
    await precinct_taken(desk.house, olga)
    with desk.house.standing.watch(olga.identity) as as_they_were:
        await soon(as_they_were.wait())


async def test_a_change_that_comes_while_it_is_looked_is_looked_at_once_more(desk: Desk) -> None:
    olga = await olga_of(desk)
    standing = desk.house.standing
    with standing.watch(olga.identity) as lost:
        for number in range(20):
            standing.hear_rights(frozenset({olga.identity.member_id}))
            await asyncio.sleep(0.001 * number)
        await precinct_taken(desk.house, olga)
        async with asyncio.timeout(AT_ONCE):
            await lost.wait()


async def test_a_request_whose_client_leaves_still_tells_of_what_it_changed(desk: Desk) -> None:
    olga = await olga_of(desk)
    with desk.house.standing.watch(olga.identity) as lost:
        # Ever later, until it has changed something: on a busy machine that takes its time.
        for number in range(100):
            leaving = asyncio.create_task(precinct_taken(desk.house, olga))
            await asyncio.sleep(0.001 * 1.1**number)
            leaving.cancel()
            await asyncio.wait({leaving})
            if (await desk.house.officials.get("olga")).precincts == ["tiny/north-1"]:
                break
        async with asyncio.timeout(AT_ONCE):
            await lost.wait()


# ---- streams of those who see what others do not ----


@pytest.fixture
async def withheld(house: Services) -> Desk:
    """A tiny election whose results are not released, with one tally that is easily found."""
    registered = dict.fromkeys(("north-1", "north-2", "south-1", "south-2"), 2_000_000_000)
    desk = await define(house, tiny_election(registered=registered), released=False)
    await desk.receipts(counting(SECRET), by=await desk.official("otto"))
    return desk


def counting(votes: int, precinct: str = "north-1") -> Any:
    zeros = {"overvotes": 0, "undervotes": 0, "write_ins": 0}
    return a_tally(precinct, votes={"ada": votes, "ben": 0, "cy": 0}, ballots_cast=votes, **zeros)


STREAMS = ["results/stream?contest=president", "log/stream"]


@pytest.mark.parametrize("path", STREAMS)
@pytest.mark.parametrize("taken", [revoked, role_taken, disabled])
async def test_a_stream_that_staff_opened_ends_with_their_rights(
    withheld: Desk, other: Quart, path: str, taken: Taking
) -> None:
    olga = await withheld.official("olga", roles=["officer", "reviewer"])
    async with Stream(client_of(other), f"{withheld.path}/{path}", olga.bearer) as stream:
        while str(SECRET).encode() not in stream.raw:
            await stream.block()
        if taken is role_taken:
            await edit_member(withheld.house, "olga", roles=["officer"])
        else:
            await taken(withheld.house, olga)
        async with asyncio.timeout(AT_ONCE):
            await at_its_end(stream)
        seen = stream.raw
        await withheld.receipts(counting(SECRET + 1, "south-1"), by=await withheld.official("otto"))
        assert stream.raw == seen
    assert (house_of(other).watchers.count, len(house_of(other).standing._watched)) == (0, 0)


async def at_its_end(stream: Stream) -> None:
    """Waits until the server has ended a stream."""
    await asyncio.wait({stream._connection._task})


@pytest.mark.parametrize("path", STREAMS)
async def test_a_stream_of_the_public_goes_on_whatever_happens_to_members(
    withheld: Desk, app: Quart, path: str
) -> None:
    olga = await withheld.official("olga", roles=["officer"])
    async with (
        Stream(client_of(app), f"{withheld.path}/{path}") as public,
        Stream(client_of(app), f"{withheld.path}/{path}", olga.bearer) as officer,
    ):
        name, number = ("entry", 3) if path.startswith("log") else ("results", 1)
        for stream in (public, officer):
            await stream.events(number, name)
        assert not withheld.house.standing._watched
        await edit_member(withheld.house, "olga", disabled=True)
        await withheld.house.elections.move("tiny", "close")
        for stream in (public, officer):
            await stream.event(name)
            assert str(SECRET).encode() not in stream.raw


async def test_a_viewer_that_takes_nothing_is_let_go_as_well(withheld: Desk, other: Quart) -> None:
    olga = await withheld.official("olga", roles=["reviewer"])
    async with Viewer(other, f"{withheld.path}/results/stream", olga.bearer) as viewer:
        async with asyncio.timeout(AT_ONCE):
            while not viewer.events:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        viewer.taking.clear()
        await withheld.receipts(counting(SECRET + 1, "south-1"), by=await withheld.official("otto"))
        await asyncio.sleep(0.5)
        await revoked(withheld.house, olga)
        _, late = await asyncio.wait({viewer.task}, timeout=AT_ONCE)
        assert not late
