"""Until results are released, nobody learns a figure of votes: by no door, and not by what an answer is like.

Every address and every stream of the application is tried, also those that are added later: whoever adds
one for the public names it in tests/doors.py.
"""

import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from models.rights import Role
from quart_app.access import every_rule
from quart_app.auth import COOKIE
from quart_app.wiring import Services
from tests.desk import Desk, Official, until
from tests.doors import (
    DOORS,
    SOCKETS,
    STREAMS,
    Answer,
    Secrets,
    addresses,
    counted,
    doors_of,
    other_doors,
    plain,
    read,
    rules,
    secrets,
)
from tests.sessions import cookie
from tests.sockets import client_of, closing, said
from tests.streams import Stream

Headers = dict[str, str]


@pytest.fixture
def client(app: Quart) -> Client:
    """Somebody who keeps no cookie: no request tells of the one before."""
    return visitor_of(app)


def visitor_of(app: Quart) -> Client:
    made = client_of(app)
    made.cookie_jar = None
    return cast(Client, made)


@pytest.fixture
async def night(house: Services) -> Desk:
    """An election with a night behind it, withheld."""
    return await counted(house, "night-1", figures=1)


@pytest.fixture
async def auditor(night: Desk) -> Official:
    return await night.official("anna", roles=[Role.AUDITOR], units=())


@pytest.fixture
async def hidden(client: Client, night: Desk, auditor: Official) -> Secrets:
    """What nobody may see of it."""
    found = await secrets(client, night, auditor)
    assert len(found.numbers) > 100 and len(found.parts) > 10
    return found


async def strangers(app: Quart, desk: Desk) -> dict[str, Headers]:
    """The headers of whoever has no right to see what is withheld."""
    otto = await desk.official(f"otto-{desk.election}", roles=[Role.OFFICER], units=["south-2"])
    rita = await desk.official(f"rita-{desk.election}", roles=[Role.REGISTRAR], units=())
    return {
        "nobody": {},
        "nobody, in gzip and Arabic": {"Accept-Encoding": "gzip", "Accept-Language": "ar"},
        "a cookie that is nobody's": {"Cookie": f"{COOKIE}=nonsense; a=b", "Accept-Language": "es"},
        "an officer of elsewhere, with a token": otto.bearer,
        "a registrar who has signed in": {**await cookie(app, desk, rita.identity), "Accept-Language": "fr"},
    }


# ---- no door is forgotten ----


def test_every_address_that_the_public_may_read_is_tried_here(app: Quart) -> None:
    assert rules(app, public=True) == DOORS.keys() | STREAMS


def test_every_websocket_is_tried_here(app: Quart) -> None:
    assert {rule.rule for rule, _ in every_rule(app) if rule.websocket} == SOCKETS


async def test_every_door_opens(app: Quart, client: Client, night: Desk) -> None:
    """What answers with an error would hide nothing and show nothing."""
    shut = [
        f"{address}: {answer.status}"
        for address in [*doors_of(night.election), *other_doors(app)]
        if (answer := await read(client, address)).status not in (200, 303)
    ]
    assert shut == [
        f"{night.path}/candidates/PRE-1: 404",
        f"{night.path}/contests/council/selections/ada: 404",
    ]


async def test_whatever_is_not_for_the_public_is_shut(app: Quart, client: Client, night: Desk) -> None:
    """Who is not signed in is sent away from it, in words for programs and to the form for people."""
    opened = []
    for rule in sorted(rules(app, public=False)):
        for address in addresses(rule, night.election, app):
            for cookies in ({}, {"Cookie": f"{COOKIE}=nonsense"}):
                answer = await read(client, address, **cookies)
                sent_on = answer.status == 303 and answer.headers["location"].startswith(
                    ("/login", "/confirm")
                )
                if not (answer.status == 401 or sent_on):
                    opened.append(f"{address}: {answer.status}")
    assert opened == []


# ---- before, while and after ----


async def test_no_door_shows_a_figure_before_the_release(
    app: Quart, client: Client, night: Desk, hidden: Secrets
) -> None:
    leaks = []
    for who, headers in (await strangers(app, night)).items():
        for address in doors_of(night.election) + (other_doors(app) if not headers else []):
            answer = await read(client, address, **headers)
            if found := hidden.leaks(answer.body) + hidden.leaks(str(answer.headers)):
                leaks.append(f"{address} to {who}: {found}")
    assert leaks == []


@pytest.mark.parametrize("certified", [False, True])
async def test_what_is_withheld_is_the_same_whatever_was_counted(
    app: Quart, client: Client, house: Services, certified: bool
) -> None:
    """Bodies, pictures by their pixels, tags and lengths: of two nights they differ in their names alone."""
    night = await counted(house, "night-1", figures=1, certified=certified)
    other = await counted(house, "night-2", figures=2, certified=certified)
    differing = []
    for address, twin in zip(doors_of(night.election), doors_of(other.election), strict=True):
        for language in ("en", "ar"):
            one = await read(client, address, Accept_Language=language)
            two = await read(client, twin, Accept_Language=language)
            same = (one.status, one.version, one.cache) == (two.status, two.version, two.cache)
            if not same or _told(one, night) != _told(two, other):
                differing.append(address)
    assert differing == []


def _told(answer: Answer, desk: Desk) -> bytes | str:
    return answer.body if answer.is_picture else plain(answer.body, desk.election)


async def test_what_was_certified_is_shown_to_nobody_once_it_is_withheld(
    app: Quart, client: Client, house: Services
) -> None:
    desk = await counted(house, "night-3", figures=3, certified=True)
    found = await secrets(client, desk, await desk.official("anna", roles=[Role.AUDITOR], units=()))
    await house.elections.move(desk.election, "release")
    shown = {address: await read(client, address) for address in doors_of(desk.election)}
    assert found.leaks(shown[f"{desk.path}/log"].body)
    assert '"kind":"certificate"' in plain(shown[f"{desk.path}/log"].body)
    await house.elections.move(desk.election, "withhold", "an error in the list")
    await _assert_shut(client, {a: await read(client, a) for a in shown}, shown, found)


async def test_the_public_is_told_how_many_have_reported(client: Client, night: Desk) -> None:
    answer = await read(client, f"{night.path}/results")
    found = {contest["contest"]: contest for contest in json.loads(answer.body)["contests"]}
    assert [found[code]["units_reported"] for code in ("president", "council", "measure")] == [2, 3, 0]


async def test_a_release_opens_the_doors_and_withholding_shuts_them_again(
    app: Quart, client: Client, night: Desk, hidden: Secrets
) -> None:
    before = {address: await read(client, address) for address in doors_of(night.election)}
    await night.house.elections.move(night.election, "release")
    shown = {address: await read(client, address, **_known(before[address])) for address in before}
    assert sum(bool(hidden.leaks(answer.body)) for answer in shown.values()) > 60
    for address, answer in shown.items():
        told = plain(before[address].body) != plain(answer.body)
        assert (answer.status == 304) <= (not told or not answer.body), address
        full = await read(client, address)
        if answer.status == 304:
            assert _same(full, before[address]), f"{address} was answered as unchanged"
    await night.house.elections.move(night.election, "withhold", "an error in the list")
    await _assert_shut(client, {a: await read(client, a) for a in before}, shown, hidden)


def _known(answer: Answer) -> Headers:
    return {"If-None-Match": answer.tag} if answer.tag else {}


def _same(one: Answer, two: Answer) -> bool:
    return (one.body == two.body) if one.is_picture else plain(one.body) == plain(two.body)


async def _assert_shut(
    client: Client, now: dict[str, Answer], shown: dict[str, Answer], hidden: Secrets
) -> None:
    """However somebody asks for what was shown: with its tag, for a part of it, for its headers alone."""
    for address, answer in now.items():
        if not hidden.leaks(shown[address].body):
            continue
        tag = shown[address].tag
        asked: list[Headers] = [
            {},
            {"Range": "bytes=0-"},
            {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
        ]
        if tag:
            weak = f"W/{tag.removeprefix('W/')}"
            asked += [{"If-None-Match": tag}, {"If-None-Match": f'"v1", {weak}'}]
            asked += [
                {"Range": "bytes=0-", "If-Range": tag},
                {"If-None-Match": tag, "Accept-Encoding": "gzip"},
            ]
            assert answer.tag != tag, f"{address} has the tag of what it showed"
        for headers in asked:
            again = await read(client, address, **headers)
            assert (again.status, hidden.leaks(again.body)) == (answer.status, []), (address, headers)
            assert "last-modified" not in again.headers, address
        head = await read(client, address, "HEAD")
        assert (head.status, head.tag, hidden.leaks(head.body)) == (answer.status, answer.tag, []), address


async def test_staff_see_it_and_no_cache_keeps_what_they_see(
    app: Quart, client: Client, night: Desk, auditor: Official, hidden: Secrets
) -> None:
    saw = 0
    for headers in (auditor.bearer, await cookie(app, night, auditor.identity)):
        for rule in sorted(rules(app, public=True) - STREAMS) + sorted(rules(app, public=False) - STREAMS):
            for address in addresses(rule, night.election, app):
                if address.endswith("/stream"):
                    continue
                answer = await read(client, address, **headers)
                if hidden.leaks(answer.body):
                    saw += 1
                    assert answer.cache == "private, no-store" and not answer.tag, address
                    assert "gzip" not in answer.headers.get("content-encoding", ""), address
    assert saw > 40


# ---- streams and WebSockets ----


async def test_no_stream_tells_a_figure_before_the_release(
    app: Quart, client: Client, night: Desk, hidden: Secrets
) -> None:
    head = await night.house.log.head(night.election)
    for headers in (await strangers(app, night)).values():
        for query in ("", "?contest=president"):
            async with Stream(client, f"{night.path}/results/stream{query}", headers) as results:
                await results.events(1 if query else 3, "results")
                assert hidden.leaks(results.raw) == []
        for known in ({}, {"Last-Event-ID": "2"}):
            async with Stream(client, f"{night.path}/log/stream", headers | known) as log:
                await log.events(head - 2, "entry")
                assert hidden.leaks(log.raw) == []


async def test_streams_of_two_nights_are_the_same_whatever_was_counted(
    client: Client, house: Services, night: Desk
) -> None:
    raw = []
    head = await house.log.head(night.election)
    for desk in (night, await counted(house, "night-2", figures=2)):
        async with (
            Stream(client, f"{desk.path}/results/stream") as results,
            Stream(client, f"{desk.path}/log/stream") as log,
        ):
            await results.events(3, "results")
            await log.events(head, "entry")
            raw.append((plain(results.raw, desk.election), plain(log.raw, desk.election)))
    assert raw[0] == raw[1]


async def test_no_websocket_tells_a_figure_before_the_release(
    app: Quart, client: Client, night: Desk, hidden: Secrets
) -> None:
    for who, headers in (await strangers(app, night)).items():
        frames = []
        async with client.websocket(f"{night.path}/results/ws", headers=headers) as ws:
            await ws.send('{"type": "subscribe"}')
            frames += [await said(ws) for _ in range(3)]
            for unit in (None, "north", "north-1"):
                message = {"type": "count", "contest": "president", "selection": "ada", "unit": unit}
                await ws.send(json.dumps(message))
                frames.append(await said(ws))
        async with client.websocket(f"{night.path}/tallies/ws", headers=headers) as ws:
            if "officer" not in who:
                await ws.send('{"type": "hello", "token": "ts_nonsense"}')
            frames.append(await said(ws))
            assert frames[-1]["type"] == "welcome" if "officer" in who else await closing(ws) == 1008
        assert hidden.leaks(json.dumps(frames)) == [], who


async def test_whoever_watches_sees_the_figures_come_and_go(
    client: Client, night: Desk, hidden: Secrets
) -> None:
    async with (
        Stream(client, f"{night.path}/results/stream?contest=president") as stream,
        client.websocket(f"{night.path}/results/ws") as ws,
    ):
        await ws.send('{"type": "subscribe", "contests": ["president"]}')
        for shown, change in ((False, "release"), (True, "withhold"), (False, None)):
            for told in ((await stream.event("results")).data, await said(ws)):
                assert bool(hidden.leaks(json.dumps(told))) is shown
            if change is not None:
                await night.house.elections.move(night.election, change, "it is time")


# ---- two processes ----


async def test_a_second_process_shuts_its_doors_as_well(
    client: Client,
    night: Desk,
    hidden: Secrets,
    make_app: Callable[[], Any],
) -> None:
    second = await make_app()
    beside = visitor_of(second)
    await night.house.elections.move(night.election, "release")
    await _hears(beside, night, released=True)
    shown = {address: await read(beside, address) for address in doors_of(night.election)}
    assert sum(bool(hidden.leaks(answer.body)) for answer in shown.values()) > 60
    await night.house.elections.move(night.election, "withhold", "an error in the list")
    await _hears(beside, night, released=False)
    here = {address: await read(client, address) for address in shown}
    there = {address: await read(beside, address) for address in shown}
    for address, answer in there.items():
        assert (answer.status, answer.tag) == (here[address].status, here[address].tag), address
        assert _same(answer, here[address]), address
    await _assert_shut(beside, there, shown, hidden)


async def _hears(client: Client, desk: Desk, *, released: bool) -> None:
    async def heard() -> bool:
        found = json.loads((await read(client, f"{desk.path}/results")).body)
        return bool(found["released"]) is released

    await until(heard)
