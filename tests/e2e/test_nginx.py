"""deploy/nginx.conf in front of a real server: one request a version, nothing private, streams at once."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from quart_app.wiring import Services
from tests.building import a_tally, every_tally, tiny_election
from tests.e2e.officers import ANY_CERTIFICATE, Officer, Viewer, current
from tests.e2e.proxied import Proxy, behind_one_proxy, needs_nginx
from tests.e2e.running import Server, until

RESULTS = "/api/v1/elections/tiny/results"
OF_A_CONTEST = "/api/v1/elections/tiny/contests/president/results"
BOARD = "/elections/tiny"
READERS = 200


@pytest.fixture
def proxy(
    make_server: Callable[..., Server], tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Proxy]:
    """nginx before a server that trusts it."""
    needs_nginx(request.node.name)
    server = make_server(environ=behind_one_proxy(tmp_path))
    server.start()
    made = Proxy(server, tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.end()


@pytest.fixture
async def token(desk: Services, proxy: Proxy) -> str:
    """The tiny election, open and released, with one tally; a token of an officer for all its precincts."""
    await desk.elections.define(tiny_election(), opened=True, released=True)
    token = await desk.officials.root_officer_token("tiny", datetime.timedelta(hours=1))
    await record(proxy, token, a_tally())
    return token


@pytest.fixture
async def client(proxy: Proxy) -> AsyncIterator[httpx.AsyncClient]:
    async with reader(proxy) as made:
        yield made


def reader(proxy: Proxy) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=proxy.url, http2=True, verify=ANY_CERTIFICATE, timeout=60)


async def record(proxy: Proxy, token: str, *tallies: object) -> None:
    """An officer brings tallies over a WebSocket through nginx, and has a receipt of each."""
    officer = Officer(proxy.url, "tiny", token, list(tallies))
    await asyncio.wait_for(officer.work(), 60)
    assert len(officer.receipts) == len(tallies) and officer.problems == []


def newest(answer: httpx.Response) -> int:
    assert answer.status_code == 200, answer.text
    return int(answer.json()["version"])


async def burst(client: httpx.AsyncClient, path: str) -> list[httpx.Response]:
    return await asyncio.gather(*(client.get(path) for _ in range(READERS)))


async def read_until(client: httpx.AsyncClient, wanted: Callable[[httpx.Response], bool]) -> None:
    """Reads the results until they are as wanted, no more often than one address may."""
    async with asyncio.timeout(60):
        while True:
            answer = await client.get(RESULTS)
            assert answer.status_code == 200, answer.text
            if wanted(answer):
                return
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("path", [RESULTS, OF_A_CONTEST])
async def test_a_burst_of_readers_is_one_request_to_the_server(
    proxy: Proxy, client: httpx.AsyncClient, token: str, path: str
) -> None:
    answers = await burst(client, path)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    # Whoever asks more than a second later may cause a question if there is anything newer: a 304.
    await until(lambda: proxy.asked(path, 200) == 1)


async def test_a_page_is_made_far_more_seldom_than_it_is_read(
    proxy: Proxy, client: httpx.AsyncClient, token: str
) -> None:
    answers = await burst(client, BOARD)
    assert {answer.status_code for answer in answers} == {200}
    assert proxy.asked(BOARD) < READERS / 5


async def test_after_a_change_a_burst_is_one_request_and_everybody_sees_the_new_version(
    proxy: Proxy, client: httpx.AsyncClient, token: str
) -> None:
    before = newest(await client.get(RESULTS))
    await record(proxy, token, a_tally("north-2"))
    assert {newest(answer) for answer in await burst(client, RESULTS)} <= {before, before + 1}
    await read_until(client, lambda answer: newest(answer) == before + 1)
    assert {newest(answer) for answer in await burst(client, RESULTS)} == {before + 1}
    # Each version came through once; other requests asked, a second later, if there was a newer one.
    await until(lambda: proxy.asked(RESULTS, 200) == 2)


async def test_readers_who_take_other_codings_share_a_copy_of_each(
    proxy: Proxy, client: httpx.AsyncClient, token: str
) -> None:
    taken = {
        "gzip, deflate, br, zstd": "zstd",
        "gzip, deflate, br": "br",
        "br;q=1.0, gzip;q=0.8, *;q=0.1": "br",
        "gzip;q=1.0, br;q=0": "gzip",
        "gzip": "gzip",
        "deflate, gzip": "gzip",
        "identity": None,
        "": None,
    }
    bodies = set()
    for accepted, coding in taken.items():
        answer = await client.get(RESULTS, headers={"Accept-Encoding": accepted})
        assert answer.headers.get("Content-Encoding") == coding, accepted
        bodies.add(answer.content)
    assert len(bodies) == 1
    await until(lambda: proxy.asked(RESULTS, 200) == 4)


async def test_who_has_the_version_already_gets_a_304(client: httpx.AsyncClient, token: str) -> None:
    first = await client.get(RESULTS)
    again = await client.get(RESULTS, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await client.get(RESULTS, headers={"If-None-Match": '"v0"'})
    assert newest(other) == newest(first)


async def test_figures_that_are_withheld_are_soon_nobodys_any_more(
    proxy: Proxy, client: httpx.AsyncClient, token: str, desk: Services
) -> None:
    shown = (await client.get(RESULTS)).json()
    await desk.elections.move("tiny", "withhold")

    await read_until(client, lambda answer: answer.json() != shown)
    # And what was released stays gone, whichever copy a reader is given.
    answers = await burst(client, RESULTS)
    assert all(answer.json() != shown for answer in answers)


async def test_an_event_is_on_the_stream_at_once(proxy: Proxy, client: httpx.AsyncClient, token: str) -> None:
    viewer = Viewer(client, proxy.url, "tiny")
    watching = asyncio.create_task(viewer.watch())
    await until(lambda: len(viewer.contests) == 3)
    for tally in every_tally()[3:6]:
        before = viewer.events
        await record(proxy, token, tally)
        await until(lambda before=before: viewer.events > before)
    assert viewer.connections == 1
    watching.cancel()
    assert viewer.contests == await current(proxy.url, "tiny")


async def test_an_answer_to_somebody_who_has_signed_in_is_never_kept(
    proxy: Proxy, client: httpx.AsyncClient, token: str, desk: Services
) -> None:
    await desk.elections.move("tiny", "withhold")
    await desk.officials.add("ada", ["administrator"], [])
    issued = await desk.credentials.issue_token("ada", datetime.timedelta(hours=1))
    bearer = {"Authorization": f"Bearer {issued.token}"}
    staff = (await client.get(RESULTS, headers=bearer)).json()
    public = (await client.get(RESULTS)).json()
    assert staff != public
    assert (await client.get(RESULTS, headers=bearer)).json() == staff
    assert (await client.get(RESULTS)).json() == public


async def test_what_is_for_the_machines_own_operator_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.get("/metrics")).status_code == 403
    assert (await client.get("/metrics/anything")).status_code == 403


async def test_another_name_than_ours_is_not_answered(proxy: Proxy) -> None:
    async with httpx.AsyncClient(verify=ANY_CERTIFICATE) as client:
        with pytest.raises(httpx.HTTPError):
            await client.get(f"https://127.0.0.1:{proxy.port}/")
        plain = await client.get(f"http://localhost:{proxy.plain_port}/elections/tiny?x=1")
    assert plain.status_code == 308 and plain.headers["Location"] == "https://localhost/elections/tiny?x=1"


async def test_while_the_server_is_away_readers_have_the_last_figures_and_others_a_problem(
    proxy: Proxy, client: httpx.AsyncClient, token: str
) -> None:
    shown = (await client.get(RESULTS)).json()
    proxy.server.kill()
    assert (await client.get(RESULTS)).json() == shown
    away = await client.get("/health/ready")
    assert away.status_code == 503 and away.headers["Retry-After"] == "2"
    assert away.json()["code"] == "unavailable"
