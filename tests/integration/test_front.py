"""What is answered ahead of Quart is what the views answer: the same status, headers and bytes."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from quart_app.auth import COOKIE
from quart_app.front import FrontDoor
from quart_app.settings import Settings
from tests.building import every_tally
from tests.desk import Desk, soon, until
from tests.integration.conftest import house_of
from tests.sessions import cookie
from tests.streams import Stream, Viewer

RESULTS = "/api/v1/elections/tiny/results"
CONTEST = "/api/v1/elections/tiny/contests/president/results"
STREAM = "/api/v1/elections/tiny/results/stream"

BROWSER = {
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Cookie": "language=ar; __Host-tallystream-form=abc",
    "Accept-Language": "ar",
    "Origin": "https://news.example.org",
}

READS = [
    (path, headers)
    for path in (RESULTS, CONTEST)
    for headers in (
        {},
        {"Accept-Encoding": "gzip"},
        {"Accept-Encoding": "br"},
        {"Accept-Encoding": "zstd"},
        {"Accept-Encoding": "identity"},
        {"Host": "vote.example.org"},
        {"If-None-Match": '"v1"'},
        {"If-None-Match": "*"},
        {"If-None-Match": '"v1", W/"v{version}"'},
        {"If-None-Match": '"v{version}"', "Accept-Encoding": "br"},
        BROWSER,
    )
    # The front door packs also what is so short that the views leave it as it is.
    if path == RESULTS or "Accept-Encoding" not in headers or "If-None-Match" in headers
]

STREAMS = [
    (path, headers)
    for path in (STREAM, f"{STREAM}?contest=president")
    for headers in ({}, {"Host": "vote.example.org"}, BROWSER)
]


class Answer(msgspec.Struct):
    status: int = 0
    headers: list[tuple[bytes, bytes]] = []
    body: bytes = b""


async def asked(app: Any, address: str, headers: dict[str, str], scheme: str = "https") -> Answer:
    """An application asked by hand, up to the first bytes of its body."""
    answer, come = Answer(), asyncio.Event()
    path, _, query = address.partition("?")
    pairs = [(k.lower().encode(), v.encode()) for k, v in {"Host": "localhost", **headers}.items()]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "2",
        "method": "GET",
        "scheme": scheme,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": pairs,
        "extensions": {},
    }
    waiting = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        if waiting:
            return waiting.pop()
        await come.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], sorted(message["headers"])
        else:
            answer.body += message["body"]
            if message["body"] or not message["more_body"]:
                come.set()

    await soon(app(scope, receive, send))
    return answer


def behind(app: Quart) -> Any:
    """The views alone, as if there were no front door."""
    door: Any = app.asgi_app
    while not isinstance(door, FrontDoor):
        door = door._app
    return door._app


@pytest.fixture
async def front(app: Quart, client: Client, desk: Desk) -> FrontDoor:
    """The front door of an application that knows the election."""
    await desk.receipts(*every_tally())
    await client.get(RESULTS)
    door: Any = app.asgi_app
    while not isinstance(door, FrontDoor):
        door = door._app
    return door


@pytest.mark.parametrize(("address", "headers"), READS)
async def test_results_are_answered_alike(
    app: Quart, front: FrontDoor, desk: Desk, address: str, headers: dict[str, str]
) -> None:
    view = (await desk.house.results.feed("tiny")).view
    version = view.version if address == RESULTS else view.contest("president").results.version
    headers = {name: value.replace("{version}", str(version)) for name, value in headers.items()}
    for scheme in ("http", "https"):
        before = front.answered + front.unchanged
        here = await asked(app, address, headers, scheme)
        assert front.answered + front.unchanged == before + 1
        assert here == await asked(behind(app), address, headers, scheme)


@pytest.mark.parametrize(("address", "headers"), STREAMS)
async def test_streams_begin_alike(
    app: Quart, front: FrontDoor, desk: Desk, address: str, headers: dict[str, str]
) -> None:
    for scheme in ("http", "https"):
        here = await asked(app, address, headers, scheme)
        assert here == await asked(behind(app), address, headers, scheme)
        assert here.status == 200 and b"event: results" in here.body


@pytest.mark.parametrize(
    "address",
    [
        f"{STREAM}?contest=nobody",
        f"{STREAM}?contest=",
        f"{STREAM}?contest=president&contest=council",
        f"{STREAM}?x=1",
        "/api/v1/elections/none/results/stream",
        "/api/v1/elections/tiny/contests/president/results/stream",
        "/api/v1/elections/tiny/contests/nobody/results",
        "/api/v1/elections/tiny/contests/results",
        f"{RESULTS}?x=1",
        f"http://localhost{RESULTS}",
    ],
)
async def test_what_is_unusual_is_answered_by_the_views(app: Quart, front: FrontDoor, address: str) -> None:
    before = front.answered
    here = await asked(app, address, {})
    there = await asked(app if "://" in address else behind(app), address, {})
    assert here == there
    assert front.answered == before


async def test_whoever_may_be_staff_is_looked_at_by_the_views(
    app: Quart, front: FrontDoor, desk: Desk
) -> None:
    auditor = await desk.official("anna", roles=["auditor"], units=())
    session = await cookie(app, desk, auditor.identity)
    before = front.answered
    for headers in (
        auditor.bearer,
        session,
        {"Cookie": f"language=ar; {session['Cookie']}"},
        {"Cookie": f"{COOKIE}=nonsense"},
        {"Cookie": f"{COOKIE} =nonsense"},
    ):
        await asked(app, RESULTS, headers)
    assert front.answered == before


async def test_a_cookie_that_http2_sent_in_crumbs_is_read_whole(
    app: Quart, front: FrontDoor, desk: Desk
) -> None:
    answers = []

    async def send(message: Any) -> None:
        answers.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "https",
        "path": RESULTS,
        "query_string": b"",
        "http_version": "2",
        "root_path": "",
        "extensions": {},
        "headers": [(b"host", b"localhost"), (b"cookie", b"language=ar"), (b"cookie", b"seen=1")],
    }
    before = front.answered
    await front(scope, asyncio.Event().wait, send)
    assert front.answered == before + 1
    scope["headers"].insert(1, (b"cookie", COOKIE.encode() + b"=nonsense"))  # type: ignore[attr-defined]
    await front(scope, asyncio.Event().wait, send)
    assert front.answered == before + 1
    assert [a["status"] for a in answers if "status" in a] == [200, 200]


async def test_a_version_in_a_coding_is_made_once(app: Quart, front: FrontDoor, desk: Desk) -> None:
    view = (await desk.house.results.feed("tiny")).view
    await asked(app, RESULTS, BROWSER)
    made = view.packed("zstd")
    assert (await asked(app, RESULTS, BROWSER)).body == made
    assert view.packed("zstd") is made
    assert len(view.ready) <= 2


async def test_whoever_watches_ahead_of_quart_is_counted_and_leaves_nothing(
    app: Quart, front: FrontDoor, desk: Desk
) -> None:
    house = house_of(app)

    async def gone() -> bool:
        return house.watchers.count == 0

    await until(gone)
    async with Viewer(app, STREAM) as viewer:

        async def begun() -> bool:
            return len(viewer.events) == 3

        await until(begun)
        assert house.watchers.public_streams.count == 1
    await until(gone)
    assert viewer.task.exception() is None
    assert viewer.sends[-1] != b""


async def test_a_cancelled_viewer_is_forgotten(app: Quart, front: FrontDoor, desk: Desk) -> None:
    """As the server does with whoever is left when it stops."""
    async with Viewer(app, STREAM) as viewer:

        async def begun() -> bool:
            return len(viewer.events) == 3

        await until(begun)
        viewer.task.cancel()
        await soon(asyncio.wait({viewer.task}))
        assert viewer.task.cancelled()
    assert house_of(app).watchers.count == 0


async def test_figures_that_are_withheld_leave_an_open_stream_at_once(
    client: Client, front: FrontDoor, desk: Desk
) -> None:
    async with Stream(client, f"{STREAM}?contest=president") as stream:
        assert (await stream.event("results")).data["selections"][0]["votes"] is not None
        await desk.house.elections.move("tiny", "withhold", "an error in the list")
        assert (await stream.event("results")).data["selections"][0]["votes"] is None


async def test_nobody_gets_more_than_one_event_of_a_contest_in_each_pause(
    front: FrontDoor, desk: Desk, make_app: Callable[..., Any], settings: Settings
) -> None:
    """With a pause that does not end, all that changes after the first event waits for the next."""
    live = msgspec.structs.replace(settings.live, pause=3600.0)
    app = await make_app(msgspec.structs.replace(settings, live=live))
    feed = await house_of(app).results.feed("tiny")
    async with Viewer(app, f"{STREAM}") as viewer:

        async def told() -> bool:
            return len(viewer.events) == 6

        await desk.house.elections.move("tiny", "withhold", "an error in the list")
        await until(told)
        for change in ("release", "withhold", "release"):
            await desk.house.elections.move("tiny", change, "it is time")
            await soon(feed.newer(feed.view.version))
        assert len(viewer.events) == 6
