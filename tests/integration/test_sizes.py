"""Requests that are too large or too odd: each is answered by a problem that says so, none by a failure."""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from quart_app.door.sizes import MAX_FIELDS, MAX_QUERY
from quart_app.settings import Settings
from tests.desk import Desk
from tests.sockets import client_of

HTML = {"Accept": "text/html"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
LIMIT = 2000


@pytest.fixture
async def small(make_app: Callable[..., Any], settings: Settings, desk: Desk) -> Client:
    """Asks an application that takes bodies of 2,000 bytes."""
    requests = msgspec.structs.replace(settings.requests, max_body=LIMIT)
    client: Client = client_of(await make_app(msgspec.structs.replace(settings, requests=requests)))
    return client


@pytest.mark.parametrize("path", ["/api/v1/sessions", "/api/v1/elections/tiny/filings"])
async def test_a_body_that_is_too_large_is_a_problem(small: Client, path: str) -> None:
    response = await small.post(path, data=b'"' + b"x" * LIMIT + b'"', headers=JSON)
    problem = await response.get_json()
    assert (response.status_code, problem["status"]) == (413, 413)
    assert response.content_type == "application/problem+json"


async def test_a_body_whose_size_is_not_said_is_counted(small: Client) -> None:
    async with small.request("/api/v1/sessions", method="POST", headers=JSON) as connection:
        for _ in range(LIMIT // 500 + 1):
            await connection.send(b"x" * 500)
        await connection.send_complete()
        await connection.receive()
        assert connection.status_code == 413


async def test_a_form_that_is_too_large_is_a_page_that_says_so(small: Client) -> None:
    body = urlencode({"username": "x" * LIMIT})
    response = await small.post("/login", data=body, headers={**FORM, **HTML})
    assert response.status_code == 413
    assert response.content_type.startswith("text/html")


@pytest.mark.parametrize("kind", ["plain", "multipart"])
async def test_a_form_with_too_many_fields_is_refused(client: Client, kind: str) -> None:
    def sent(fields: int) -> tuple[str, dict[str, str]]:
        if kind == "plain":
            return "&".join(["a=1"] * fields), FORM
        part = '--end\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        return part * fields + "--end--\r\n", {"Content-Type": "multipart/form-data; boundary=end"}

    for fields, status in ((MAX_FIELDS, 400), (MAX_FIELDS + 1, 413)):
        body, headers = sent(fields)
        response = await client.post("/login", data=body, headers={**headers, **HTML})
        # 400: it could be read, and has no token.
        assert response.status_code == status


@pytest.mark.parametrize("path", ["/api/v1/elections", "/api/v1/elections/tiny/results", "/", "/nothing"])
async def test_a_query_that_is_too_long_is_a_problem(client: Client, desk: Desk, path: str) -> None:
    fits = await client.get(f"{path}?{'x' * MAX_QUERY}")
    longer = await client.get(f"{path}?{'x' * (MAX_QUERY + 1)}")
    problem = await longer.get_json()
    assert fits.status_code in (200, 404)
    assert (longer.status_code, problem["status"], problem["code"]) == (414, 414, "too-long")
    page = await client.get(f"/?{'x' * (MAX_QUERY + 1)}", headers=HTML)
    assert (page.status_code, page.content_type) == (414, "text/html; charset=utf-8")


BODIES = (
    (b"", {}),
    (b"{}", {"Content-Type": "\xff/\xfe"}),
    (b"\xff\xfe{}", JSON),
    (b"{}", {"Content-Type": "application/json; charset=nonsense"}),
    (b"[" * 100_000, JSON),
    (b'{"a": ' * 20_000, JSON),
    (b"1" * 10_000, JSON),
    (b'{"username": "\\ud800", "password": "\\u0000"}', JSON),
    (b'{"username": "a", "password": 1e999}', JSON),
    (b"\xff=%&%zz=%ff", FORM),
    (b"--", {"Content-Type": "multipart/form-data"}),
    (b"--", {"Content-Type": "multipart/form-data; boundary=\xff"}),
    (b"--a\r\n\r\n--", {"Content-Type": "multipart/form-data; boundary=a"}),
    (
        b"--a\r\nContent-Disposition: \xff\r\n\r\nx\r\n--a--",
        {"Content-Type": "multipart/form-data; boundary=a"},
    ),
)


@pytest.mark.parametrize(
    "path", ["/login", "/reset", "/api/v1/sessions", "/api/v1/password-resets/redemption"]
)
async def test_a_body_that_cannot_be_read_is_never_a_failure(client: Client, path: str) -> None:
    for body, headers in BODIES:
        response = await client.post(path, data=body, headers=headers)
        assert 400 <= response.status_code < 500, (body, headers)
        assert response.content_type == "application/problem+json"


HEADERS = (
    {"Host": "a b"},
    {"Host": ""},
    {"Host": "\xff"},
    {"Cookie": "\xff; ==; __Host-tallystream=\xff.\xfe; __Host-tallystream-form=a.b.c"},
    {"Authorization": "Bearer \xff"},
    {"Authorization": "\xff"},
    {"Accept": "\xff;;;q=x, text/html;q=nan"},
    {"If-None-Match": "\xff"},
    {"Origin": "http://["},
    {"Access-Control-Request-Method": "\xff"},
    {"X-Forwarded-For": "\xff, ,"},
    {"Range": "bytes=x"},
    {"Content-Length": "x"},
)


@pytest.mark.parametrize("headers", HEADERS, ids=[next(iter(h)) + str(n) for n, h in enumerate(HEADERS)])
async def test_odd_headers_are_never_a_failure(client: Client, desk: Desk, headers: dict[str, str]) -> None:
    for path in (
        "/",
        "/login",
        "/elections/tiny",
        f"{desk.path}/results",
        "/api/v1/sessions",
        "/health/ready",
    ):
        for method in ("GET", "OPTIONS"):
            response = await client.open(path, method=method, headers=headers)
            assert response.status_code in (200, 303, 401), (path, method)


@pytest.mark.parametrize(
    "target", ["?", "*", "nothing", "http://[", "http://", "http://localhost/health/live"]
)
async def test_a_target_that_is_no_path_is_never_a_failure(app: Quart, desk: Desk, target: str) -> None:
    status = await ask(app, target)
    assert status == (200 if target.startswith("http://l") or target in ("?", "http://") else 404)


async def ask(app: Quart, target: str) -> int:
    """Asks as a server does that passes on whatever came."""
    sent: list[Any] = []
    path, _, query = target.partition("?")

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
    }
    await app(scope, receive, send)
    return int(sent[0]["status"])
