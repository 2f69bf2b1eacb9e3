"""What pages of other sites may do: read what is public; more only from sites that the settings name."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from quart_app.access import every_rule
from quart_app.auth import SAFE
from quart_app.door.cors import FOR_PROGRAMS
from quart_app.settings import Settings
from tests.building import a_tally
from tests.desk import Desk, Official
from tests.integration.test_access import address
from tests.sessions import cookie
from tests.sockets import client_of, said
from tests.streams import Stream

NAMED = "https://desk.example.org"
FOREIGN = "https://elsewhere.example"
ALLOW = "Access-Control-Allow-Origin"


@pytest.fixture
async def named(make_app: Callable[..., Any], settings: Settings, desk: Desk) -> Client:
    """Asks an application whose settings name one site."""
    requests = msgspec.structs.replace(settings.requests, origins=[NAMED])
    client: Client = client_of(await make_app(msgspec.structs.replace(settings, requests=requests)))
    return client


async def preflight(client: Client, path: str, method: str, origin: str = FOREIGN, asks: str = "") -> Any:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    if asks:
        headers["Access-Control-Request-Headers"] = asks
    return (await client.options(path, headers=headers)).headers


READS = (
    "/api/v1/elections",
    "/api/v1/elections/tiny",
    "/api/v1/elections/tiny/results",
    "/api/v1/elections/tiny/contests/president/results",
    "/api/v1/elections/tiny/log",
    "/health/live",
    "/openapi.json",
    "/embed.js",
    "/embed/fr.json",
)


@pytest.mark.parametrize("path", READS)
async def test_what_is_public_is_read_from_anywhere_and_the_same_copy_does_for_all(
    client: Client, desk: Desk, path: str
) -> None:
    await client.get(path)
    for origin in ({}, {"Origin": FOREIGN}, {"Origin": "null"}):
        for method in ("GET", "HEAD"):
            response = await client.open(path, method=method, headers=origin)
            assert response.status_code == 200
            assert response.headers.getlist(ALLOW) == ["*"]
            assert "Origin" not in response.headers.get("Vary", "")
            assert "Access-Control-Allow-Credentials" not in response.headers
            exposed = response.headers["Access-Control-Expose-Headers"]
            assert {"ETag", "Link", "Retry-After"} <= set(exposed.split(", "))


async def test_problems_and_unchanged_results_can_be_read_too(client: Client, desk: Desk) -> None:
    missing = await client.get("/api/v1/elections/none", headers={"Origin": FOREIGN})
    etag = (await client.get(f"{desk.path}/results")).headers["ETag"]
    same = await client.get(f"{desk.path}/results", headers={"If-None-Match": etag})
    assert (missing.status_code, missing.headers[ALLOW]) == (404, "*")
    assert (same.status_code, same.headers[ALLOW]) == (304, "*")


@pytest.mark.parametrize("stream", ["results", "log"])
async def test_streams_are_read_from_anywhere(client: Client, desk: Desk, stream: str) -> None:
    async with Stream(client, f"{desk.path}/{stream}/stream", {"Origin": FOREIGN}) as viewer:
        await viewer.event()
        assert viewer.headers.getlist(ALLOW) == ["*"]


async def test_pages_and_their_files_are_not_for_other_sites(client: Client, desk: Desk) -> None:
    for path in ("/", "/elections/tiny", "/login", "/static/0/board.js"):
        response = await client.get(path, headers={"Origin": FOREIGN, "Accept": "text/html"})
        assert ALLOW not in response.headers


async def test_an_answer_that_is_somebodys_own_is_for_no_other_site(
    app: Quart, client: Client, desk: Desk
) -> None:
    auditor = await desk.official("anna", roles=["auditor"])
    for own in (auditor.bearer, await cookie(app, desk, auditor.identity)):
        for path in (f"{desk.path}/results", f"{desk.path}/log", "/api/v1/sessions"):
            response = await client.get(path, headers={**own, "Origin": FOREIGN})
            assert response.status_code == 200
            assert ALLOW not in response.headers


async def test_no_route_but_public_reads_is_open_to_all(app: Quart, client: Client, desk: Desk) -> None:
    for rule, access in every_rule(app):
        if rule.websocket or rule.rule.endswith("/stream"):
            continue
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            found = await preflight(client, address(rule.rule), method)
            program = rule.rule.startswith(FOR_PROGRAMS)
            opened = access.public and method in SAFE and program
            assert found.get(ALLOW) == ("*" if opened else None), (method, rule.rule)
            assert "Authorization" not in found.get("Access-Control-Allow-Headers", "")


async def test_another_sites_page_cannot_even_ask_to_change_something(client: Client, desk: Desk) -> None:
    for asks in ("authorization", "content-type", "if-match"):
        found = await preflight(client, f"{desk.path}/tallies", "POST", asks=asks)
        assert not [name for name in dict(found) if name.lower().startswith("access-control")]


async def test_a_site_that_is_named_may_use_the_whole_api_with_a_token(named: Client, desk: Desk) -> None:
    officer = await desk.official("nora")
    found = await preflight(named, f"{desk.path}/tallies", "POST", NAMED, "authorization, content-type")
    assert found[ALLOW] == NAMED
    assert found["Vary"] == "Origin"
    assert {"Authorization", "Content-Type", "If-Match"} <= set(
        found["Access-Control-Allow-Headers"].split(", ")
    )
    assert "POST" in found["Access-Control-Allow-Methods"]
    assert "Access-Control-Allow-Credentials" not in found
    sent = await send(named, desk, officer, NAMED)
    assert (sent.status_code, sent.headers[ALLOW], sent.headers["Vary"]) == (200, NAMED, "Origin")
    own = await named.get("/api/v1/sessions", headers={**officer.bearer, "Origin": NAMED})
    assert (own.status_code, own.headers[ALLOW]) == (200, NAMED)


async def send(client: Client, desk: Desk, officer: Official, origin: str) -> Any:
    headers = {**officer.bearer, "Origin": origin, "Content-Type": "application/json"}
    return await client.post(f"{desk.path}/tallies", data=msgspec.json.encode(a_tally()), headers=headers)


@pytest.mark.parametrize(
    "origin", [FOREIGN, "null", "", f"{NAMED}.elsewhere.example", "http://desk.example.org", f"{NAMED}:8443"]
)
async def test_other_sites_stay_out_where_one_is_named(named: Client, desk: Desk, origin: str) -> None:
    officer = await desk.official("nora")
    assert ALLOW not in await preflight(named, f"{desk.path}/tallies", "POST", origin)
    assert ALLOW not in (await send(named, desk, officer, origin)).headers
    # What is public stays public for them, with the same bytes as for everybody.
    public = await named.get(f"{desk.path}/results", headers={"Origin": origin})
    assert public.headers[ALLOW] == "*"


async def test_a_named_site_reads_the_shared_copy_of_what_is_public(named: Client, desk: Desk) -> None:
    for _ in range(2):
        response = await named.get(f"{desk.path}/results", headers={"Origin": NAMED})
        assert response.headers[ALLOW] == "*"
        assert "Origin" not in response.headers.get("Vary", "")


@pytest.mark.parametrize("origin", [{}, {"Origin": FOREIGN}, {"Origin": "null"}])
async def test_results_are_watched_from_anywhere_over_a_websocket_too(
    client: Client, desk: Desk, origin: dict[str, str]
) -> None:
    async with client.websocket(f"{desk.path}/results/ws", headers=origin) as ws:
        await ws.send('{"type": "subscribe", "contests": ["president"]}')
        assert (await said(ws))["type"] == "results"
