"""A flood from a real load on a real server: officers are served through it, and it ends where it ends."""

import asyncio
import contextlib
import datetime
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from models.fictional import fictional_election
from quart_app.wiring import Services
from tests.e2e.officers import ANY_CERTIFICATE, Officer, share, whole_log
from tests.e2e.running import Server, until

REQUESTS = 40
FLOOD = 60
# What a request that is worked on, and a connection with its buffers, take at most; and the caches that
# fill once, however much comes.
REQUEST_KB, CONNECTION_KB, CACHES_KB = 512, 192, 48_000


class Flood:
    """Clients that ask again and again without a pause, whatever they are answered."""

    def __init__(self, server: Server, addresses: list[str]) -> None:
        self._server = server
        self._addresses = addresses
        self.answers: Counter[int] = Counter()
        self.refusals: set[str] = set()

    @contextlib.asynccontextmanager
    async def of(self, clients: int) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._ask(number)) for number in range(clients)]
        try:
            yield
            assert not any(task.done() for task in tasks), "a client of the flood was cut off"
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, number: int) -> None:
        reader, writer = await asyncio.open_connection("localhost", self._server.port)
        address = self._addresses[number % len(self._addresses)]
        try:
            while True:
                writer.write(f"GET {address} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                status, headers = await answer(reader)
                self.answers[status] += 1
                if status == 503:
                    self.refusals.add(headers["content-type"])
                    assert int(headers["retry-after"]) > 1
        finally:
            writer.close()


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Status and headers of an answer that is read to its end."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    headers = {
        name.lower(): value for name, value in re.findall(r"^([^:\r\n]+): (.*?)\r$", head, re.MULTILINE)
    }
    if "content-length" in headers:
        await reader.readexactly(int(headers["content-length"]))
    else:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    return int(head.split(" ", 2)[1]), headers


async def everything_is_served(server: Server, addresses: list[str]) -> None:
    """Sooner or later, by itself, and then always."""
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
        async with asyncio.timeout(30):
            while (await client.get(addresses[0])).status_code == 503:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert {(await client.get(address)).status_code for address in addresses * 3} == {200}


def kilobytes(server: Server, name: str) -> int:
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+)", status, re.MULTILINE)[1])  # type: ignore[index]


@pytest.fixture
def small(make_server: Callable[..., Server]) -> Server:
    """A server that works on few requests at a time, as if it were a slow one."""
    made = make_server(environ={"TALLYSTREAM_OVERLOAD_REQUESTS": str(REQUESTS)})
    made.start()
    return made


async def test_officers_are_served_through_a_flood_of_readers_and_afterwards_everybody_is(
    small: Server, desk: Services
) -> None:
    fictional = fictional_election(precincts=12)
    code = fictional.definition.code
    await desk.elections.define(fictional.definition, opened=True, released=True)
    token = await desk.officials.root_officer_token(code, datetime.timedelta(hours=1))
    addresses = [f"/elections/{code}", f"/api/v1/elections/{code}/log", f"/api/v1/elections/{code}/units"]
    await everything_is_served(small, addresses)
    before = kilobytes(small, "VmRSS")
    officers = [Officer(small.url, code, token, tallies) for tallies in share(fictional.tallies, 6)]
    flood = Flood(small, addresses)
    async with flood.of(FLOOD), httpx.AsyncClient(base_url=small.url, timeout=30) as client:
        await until(lambda: flood.answers[503] > 100, 60)
        await asyncio.gather(*(officer.work() for officer in officers))
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get(f"/api/v1/elections/{code}/results")).status_code == 200
    await everything_is_served(small, addresses)
    assert flood.answers.keys() == {200, 503} and flood.answers[200] > 0
    assert flood.refusals == {"application/problem+json"}

    receipts = {ref: given for officer in officers for ref, given in officer.receipts.items()}
    assert receipts.keys() == {tally.ref for tally in fictional.tallies}
    assert not [problem for officer in officers for problem in officer.problems]
    logged = {e["seq"]: e["leaf_hash"] for e in await whole_log(small.url, code) if e["kind"] == "tally"}
    assert logged == {r["seq"]: r["leaf_hash"] for given in receipts.values() for r in given}

    connections = FLOOD + len(officers) + 1
    bound = before + REQUESTS * REQUEST_KB + connections * CONNECTION_KB + CACHES_KB
    assert kilobytes(small, "VmHWM") < bound


async def test_a_crowd_that_comes_in_one_moment_gets_its_pages_with_all_their_files(
    server: Server, desk: Services
) -> None:
    fictional = fictional_election(precincts=12)
    await desk.elections.define(fictional.definition, opened=True, released=True)

    async def visit() -> Counter[int]:
        async with httpx.AsyncClient(
            base_url=server.tls_url, verify=ANY_CERTIFICATE, http2=True, timeout=30
        ) as browser:
            page = await browser.get(f"/elections/{fictional.definition.code}")
            files = set(re.findall(r'"(/static/[^"]+)"', page.text))
            assert page.status_code == 503 or len(files) > 4
            answers = await asyncio.gather(*(browser.get(file) for file in files))
            return Counter(answer.status_code for answer in [page, *answers])

    seen = sum(await asyncio.gather(*(visit() for _ in range(50))), Counter[int]())
    assert seen.keys() == {200} and seen[200] > 250


async def test_who_sends_much_and_is_refused_can_read_why_and_send_again(
    make_server: Callable[..., Server], desk: Services
) -> None:
    server = make_server(environ={"TALLYSTREAM_OVERLOAD_REQUESTS": "2"})
    server.start()
    head = "POST /api/v1/elections HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    slow_reader, slow = await asyncio.open_connection("localhost", server.port)
    slow.write(f"{head.replace('/elections', '/sessions')}Content-Length: 2\r\n\r\n{{".encode())
    reader, writer = await asyncio.open_connection("localhost", server.port)

    async def sent(body: bytes) -> int:
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        return (await answer(reader))[0]

    async with asyncio.timeout(30), httpx.AsyncClient(base_url=server.url) as client:
        # The slow one may not have been read yet. Who brings no body loses nothing by an early answer.
        while (status := (await client.post("/api/v1/elections")).status_code) != 503:
            assert status == 401
    assert await sent(b" " * 1_000_000) == 503
    slow.write(b"}")
    assert (await answer(slow_reader))[0] == 422
    assert await sent(b"{}") == 401
    writer.close()
    slow.close()
