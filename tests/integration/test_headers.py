"""Headers of every kind of answer, and what the templates must not hold for the pages' policy to work."""

import asyncio
import re
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from models.rights import Role
from quart_app import create_app
from quart_app.door.headers import only_https
from quart_app.settings import ROOT, load_settings
from tests.desk import Desk
from tests.sessions import cookie
from tests.streams import Stream

HTML = {"Accept": "text/html,*/*;q=0.8"}
NOTHING_LOADS = "default-src 'none'; frame-ancestors 'none'"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PLACES = {
    "election": "tiny",
    "contest": "president",
    "unit": "north-1",
    "fingerprint": "0",
    "name": "board.js",
}

# Of what is no page: a drawing has its own colours, by their hash, and a worker fetches from here.
OF_FILES = {
    "race.svg": r"default-src 'none'; style-src 'sha256-[\w+/]+='; frame-ancestors 'none'",
    "worker.js": r"default-src 'none'; connect-src 'self'",
}

NOT_FOR_PEOPLE = ("/api/", "/health/", "/openapi.json", "/static/")

# One answer of each kind: what answers it, and with what status.
NO_PAGES = (
    ("/api/v1/elections", 200),
    ("/api/v1/elections/tiny/results", 200),
    ("/api/v1/elections/tiny/contests/president/results", 200),
    ("/api/v1/elections/tiny/results?unusual", 200),
    ("/api/v1/elections/none", 404),
    ("/api/v1/nothing", 404),
    ("/api/v1/elections?limit=0", 422),
    ("/api/v1/elections/", 404),
    ("/health/live", 200),
    ("/openapi.json", 200),
    ("/static/0/style.css", 200),
    ("/static/0/none.css", 404),
)


def addresses_of_pages() -> list[str]:
    """Every page that can be asked for."""
    rules = create_app(load_settings({})).url_map.iter_rules()
    pages = [
        rule.rule
        for rule in rules
        if "GET" in (rule.methods or ())
        and not rule.rule.startswith(("/api/", "/health/", "/openapi", "/static/"))
    ]
    return [re.sub(r"<(?:\w+:)?(\w+)>", lambda m: PLACES.get(m[1], "1"), page) for page in sorted(pages)]


def assert_guarded(headers: Any) -> None:
    """What loads nothing needs no more; whatever else can be opened as a page says what it is for."""
    assert headers["X-Content-Type-Options"] == "nosniff"
    (policy,) = headers.getlist("Content-Security-Policy")
    assert "unsafe" not in policy
    if policy == NOTHING_LOADS:
        assert not {"Referrer-Policy", "Cross-Origin-Opener-Policy", "Permissions-Policy"} & set(
            headers.keys()
        )
        return
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    for feature in ("camera", "microphone", "geolocation", "payment", "usb"):
        assert f"{feature}=()" in headers["Permissions-Policy"]


@pytest.mark.parametrize(("address", "status"), NO_PAGES)
async def test_what_is_no_page_loads_nothing(client: Client, desk: Desk, address: str, status: int) -> None:
    # The second comes from the front door.
    for _ in range(2):
        response = await client.get(address)
        assert response.status_code == status
        assert_guarded(response.headers)
        assert response.headers["Content-Security-Policy"] == NOTHING_LOADS


async def test_not_modified_and_head_carry_them_too(client: Client, desk: Desk) -> None:
    first = await client.get(f"{desk.path}/results")
    again = await client.get(f"{desk.path}/results", headers={"If-None-Match": first.headers["ETag"]})
    head = await client.head(f"{desk.path}/results/stream")
    assert (again.status_code, head.status_code) == (304, 200)
    assert_guarded(again.headers)
    assert_guarded(head.headers)


@pytest.mark.parametrize("stream", ["results", "log"])
async def test_streams_carry_them(client: Client, desk: Desk, stream: str) -> None:
    async with Stream(client, f"{desk.path}/{stream}/stream") as viewer:
        await viewer.event()
        assert_guarded(viewer.headers)
        assert viewer.headers["Content-Security-Policy"] == NOTHING_LOADS


@pytest.fixture
async def everything(app: Quart, desk: Desk) -> dict[str, str]:
    """The headers of a browser in which somebody who may do everything has signed in."""
    ann = await desk.official("ann", roles=list(Role))
    return {**HTML, **(await cookie(app, desk, ann.identity))}


@pytest.mark.parametrize("address", addresses_of_pages())
async def test_a_page_runs_only_scripts_with_its_nonce(
    client: Client, everything: dict[str, str], address: str
) -> None:
    response = await client.get(address, headers=everything)
    assert_guarded(response.headers)
    if 300 <= response.status_code < 400:
        return
    policy = response.headers["Content-Security-Policy"]
    if not response.content_type.startswith("text/html"):
        assert re.fullmatch(OF_FILES.get(address.rpartition("/")[2], re.escape(NOTHING_LOADS)), policy)
        return
    page = await response.get_data(as_text=True)
    (nonce,) = re.findall("script-src 'nonce-([^']{22})';", policy)
    for rule in ("default-src 'none'", "form-action 'self'", "base-uri 'none'", "connect-src 'self'"):
        assert rule in policy
    assert "require-trusted-types-for 'script'" in policy
    assert all(f'nonce="{nonce}"' in script for script in re.findall(r"<script[^>]*>", page))
    assert_nothing_inline(page)


def assert_nothing_inline(page: str) -> None:
    assert not re.search(r"<style|<script(?![^>]*\ssrc=)|javascript:", page, re.IGNORECASE)
    assert not re.search(r"<[^>]*\s(style|on\w+)\s*=", page, re.IGNORECASE)


@pytest.mark.parametrize("template", TEMPLATES, ids=[str(t.relative_to(ROOT)) for t in TEMPLATES])
def test_a_template_holds_no_script_no_style_and_no_handler(template: Any) -> None:
    text = template.read_text()
    assert_nothing_inline(text)
    for script in re.findall(r"<script[^>]*>", text):
        assert 'nonce="{{ nonce }}"' in script
    assert not re.search(r"\|\s*safe\b|autoescape\s+false", text), "markup from data must stay text"


async def test_every_page_has_a_nonce_of_its_own(client: Client, desk: Desk) -> None:
    policies = {(await client.get("/", headers=HTML)).headers["Content-Security-Policy"] for _ in range(20)}
    assert len(policies) == 20


async def test_a_failure_carries_them(app: Quart, client: Client, desk: Desk, monkeypatch: Any) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(desk.house.elections, "all", fail)
    for address, headers in (("/api/v1/elections", {}), ("/", HTML)):
        response = await client.get(address, headers=headers)
        assert response.status_code == 500
        assert_guarded(response.headers)


async def test_a_refused_websocket_carries_them(app: Quart) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "asgi": {"spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "wss",
        "path": "/nothing",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"vote.example.org")],
        "client": ("203.0.113.1", 1),
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }
    await app(scope, receive, send)
    headers = dict(sent[0]["headers"])
    assert sent[0]["status"] == 404
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"strict-transport-security"] == b"max-age=31536000; includeSubDomains"


@pytest.mark.parametrize(
    ("scheme", "host", "told"),
    [
        ("https", "vote.example.org", True),
        ("https", "vote.example.org:8443", True),
        ("https", "[2001:db8::1]:8443", True),
        ("http", "vote.example.org", False),
        ("https", "localhost", False),
        ("https", "LOCALHOST:8443", False),
        ("https", "127.0.0.1:8443", False),
        ("https", "[::1]", False),
        ("https", "[::1]:8443", False),
        ("https", "localhost.example.org", True),
    ],
)
async def test_https_is_asked_for_only_where_the_plain_port_is_not_of_the_same_machine(
    scheme: str, host: str, told: bool, client: Any, desk: Desk
) -> None:
    assert only_https(scheme, host) is told
    for address in ("/health/live", f"{desk.path}/results", f"{desk.path}/results", "/"):
        response = await client.get(address, headers={"Host": host}, scheme=scheme)
        assert ("Strict-Transport-Security" in response.headers) is told, address


async def test_a_host_that_can_be_none_is_refused_in_words(client: Client, desk: Desk) -> None:
    for address in ("/", "/elections/tiny", f"{desk.path}/results.csv"):
        response = await client.get(address, headers={"Host": "x" * 300})
        assert (response.status_code, response.content_type) == (400, "application/problem+json")
        assert (await response.get_json(force=True))["code"] == "bad-host"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
