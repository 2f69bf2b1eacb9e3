"""Two real servers over one Redis: what was shown while results were released is shown to nobody after it."""

import asyncio
from collections.abc import Callable

import httpx

from models.rights import Role
from quart_app.wiring import Services
from tests.doors import Secrets, counted, doors_of, secrets_in
from tests.e2e.officers import ANY_CERTIFICATE
from tests.e2e.running import Server


async def test_two_servers_shut_all_doors_again(make_server: Callable[..., Server], desk: Services) -> None:
    servers = [make_server(), make_server()]
    for server in servers:
        server.start()
    night = await counted(desk, "night", figures=1)
    auditor = await night.official("anna", roles=[Role.AUDITOR], units=())
    addresses = doors_of("night")
    async with visitor(servers[0]) as client:
        asking = {**auditor.bearer, "Accept": "application/json"}
        staff = [await client.get(a, headers=asking) for a in addresses if "/api/" in a]
    hidden = secrets_in([answer.content for answer in staff])
    assert len(hidden.numbers) > 100
    for server in servers:
        await desk.elections.move("night", "release")
        await heard(server, hidden, shown=True)
        async with visitor(server) as client:
            shown = await leaks(client, addresses, hidden)
            assert len(shown) > 60
            await desk.elections.move("night", "withhold", "an error in the list")
            await heard(server, hidden, shown=False)
            assert await leaks(client, addresses, hidden) == {}
            await assert_shut(client, shown, hidden)


async def assert_shut(client: httpx.AsyncClient, shown: dict[str, str], hidden: Secrets) -> None:
    """To whoever has kept an answer, or a part of one, and asks whether it still holds."""
    for address, tag in shown.items():
        for headers in known(tag):
            for method in ("GET", "HEAD"):
                answer = await client.request(method, address, headers=headers)
                assert answer.status_code == 200, (method, address, headers)
                assert hidden.leaks(answer.content) == [], (method, address, headers)
                assert method == "GET" or answer.content == b""


RESULTS = "/api/v1/elections/night/results"


def visitor(server: Server) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=server.tls_url, verify=ANY_CERTIFICATE, http2=True)


def known(tag: str) -> list[dict[str, str]]:
    if not tag:
        return [{"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}]
    return [{"If-None-Match": tag}, {"Range": "bytes=0-99", "If-Range": tag}]


async def leaks(client: httpx.AsyncClient, addresses: list[str], hidden: Secrets) -> dict[str, str]:
    """The addresses that show what is hidden, with their tags."""
    answers = await asyncio.gather(*(client.get(address) for address in addresses))
    assert {answer.status_code for answer in answers} <= {200, 404}
    found = zip(addresses, answers, strict=True)
    return {a: answer.headers.get("etag", "") for a, answer in found if hidden.leaks(answer.content)}


async def heard(server: Server, hidden: Secrets, *, shown: bool) -> None:
    """Waits until the server has heard of it."""
    async with visitor(server) as client, asyncio.timeout(20):
        while bool(hidden.leaks((await client.get(RESULTS)).content)) is not shown:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
