"""The server's door as the network sees it: requests that cannot be read, proxies, and what is logged."""

import asyncio
import socket
import ssl
from collections.abc import Callable

import h2.config
import h2.connection
import h2.events
import httpx
import msgspec
import pytest
import websockets

from quart_app.wiring import Services
from tests.building import tiny_election
from tests.e2e.officers import ANY_CERTIFICATE
from tests.e2e.running import Server, until

SECONDS = 5
HOST = b" HTTP/1.1\r\nHost: localhost\r\n"
SOCKET = HOST + b"Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

ODD = (
    (b"NONSENSE\r\n\r\n", 400),
    (b"\x16\x03\x01\x00\x00\r\n\r\n", 400),
    (b"GET /\xff" + HOST + b"\r\n", 400),
    (b"GET /%ff%fe" + HOST + b"\r\n", 404),
    (b"GET ?" + HOST + b"\r\n", 200),
    (b"GET http://[" + HOST + b"\r\n", 404),
    (b"GET * HTTP/1.1\r\nHost: [::1\r\n\r\n", 404),
    (b"OPTIONS *" + HOST + b"\r\n", 404),
    (b"CONNECT localhost:80" + HOST + b"\r\n", 404),
    (b"TRACE /" + HOST + b"\r\n", 405),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.0\r\n\r\n", 200),
    (b"POST /login" + HOST + b"Content-Length: x\r\n\r\n", 400),
    (b"POST /login" + HOST + b"Content-Length: -1\r\n\r\n", 400),
    (b"GET /static/0/..%2f..%2fasgi.py" + HOST + b"\r\n", 404),
    (b"GET /" + HOST + b"X: " + b"x" * 100_000 + b"\r\n\r\n", 431),
    (b"GET /?" + b"x" * 4097 + HOST + b"\r\n", 414),
    (b"GET /nothing/ws" + SOCKET + KEY + b"\r\n", 404),
    (b"GET /api/v1/elections/tiny/results/ws" + SOCKET + b"\r\n", 400),
    # Hypercorn cannot read this one; the connection ends.
    (b"GET /nothing/ws" + SOCKET + KEY + b"Sec-WebSocket-Protocol: \xff\r\n\r\n", None),
)

ODD_H2 = (
    {b":path": b"/\xff"},
    {b":path": b"?"},
    {b":path": b"http://["},
    {b":path": b""},
    {b":method": b"\xff"},
    {b":authority": b"\xff"},
    {b":method": b"CONNECT", b":path": None, b":scheme": None},
    {b":method": b"CONNECT", b":protocol": b"websocket", b":path": b"/\xff"},
    {b"x": b"x" * 100_000},
)


def answer(server: Server, request: bytes) -> int | None:
    """The status of the answer, None where the connection ends without one."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS) as plain:
        plain.sendall(request)
        head = plain.recv(65_536)
    return int(head.split(b" ")[1]) if head else None


async def test_whatever_comes_over_http1_is_answered_or_ends_its_connection_without_a_traceback(
    server: Server,
) -> None:
    for request, status in ODD:
        assert await asyncio.to_thread(answer, server, request) == status, request[:60]
    await until(lambda: server.log.read_text().count("cannot be read") == 1)
    assert "Traceback" not in server.log.read_text()


def converse(server: Server, changed: dict[bytes, bytes | None]) -> None:
    """Sends one request over HTTP/2 and reads until the server has said all."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    usual = {b":method": b"GET", b":scheme": b"https", b":authority": b"localhost", b":path": b"/"}
    headers = [(name, value) for name, value in {**usual, **changed}.items() if value is not None]
    config = h2.config.H2Configuration(validate_outbound_headers=False, header_encoding=None)
    connection = h2.connection.H2Connection(config)
    connection.initiate_connection()
    with (
        socket.create_connection(("127.0.0.1", server.tls_port), timeout=SECONDS) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        connection.send_headers(1, sorted(headers, key=lambda h: not h[0].startswith(b":")), end_stream=True)
        secure.sendall(connection.data_to_send())
        while data := secure.recv(65_536):
            events = connection.receive_data(data)
            if any(isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)) for event in events):
                return


async def test_whatever_comes_over_http2_ends_without_a_traceback(server: Server) -> None:
    for changed in ODD_H2:
        await asyncio.to_thread(converse, server, changed)
    assert "Traceback" not in server.log.read_text()
    async with httpx.AsyncClient(http2=True, verify=ANY_CERTIFICATE) as client:
        assert (await client.get(f"{server.tls_url}/health/live")).status_code == 200


# ---- proxies ----

FORWARDED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "vote.example",
}


async def test_a_trusted_proxy_is_believed_about_the_client_and_nobody_else_is(
    make_server: Callable[..., Server], desk: Services
) -> None:
    await desk.elections.define(tiny_election(), opened=True, released=True)
    await desk.officials.add("olga", ["administrator"], [], None, password="words that open a door")
    alone, behind = make_server(), make_server(environ={"TALLYSTREAM_REQUESTS_PROXIES": "1"})
    for server, believed in ((alone, False), (behind, True)):
        await asyncio.to_thread(server.start)
        async with httpx.AsyncClient(base_url=server.url, headers=FORWARDED) as client:
            for path in ("/health/live", "/elections/tiny", *["/api/v1/elections/tiny/results"] * 2):
                strict = "strict-transport-security" in (await client.get(path)).headers
                assert strict is believed, path
            body = {"username": "olga", "password": "words that open a door"}
            begun = await client.post("/api/v1/sessions", json=body)
            cookie = {"Cookie": begun.headers["set-cookie"].partition(";")[0]}
            sessions = (await client.get("/api/v1/sessions", headers=cookie)).json()["sessions"]
            address = next(session["address"] for session in sessions if session["id"] == begun.json()["id"])
            assert address == ("203.0.113.9" if believed else "127.0.0.1")
        address = f"{server.url.replace('http', 'ws', 1)}/api/v1/elections/tiny/results/ws"
        async with websockets.connect(address, additional_headers=FORWARDED) as viewer:
            await viewer.send('{"type": "subscribe", "contests": ["council"]}')
            assert msgspec.json.decode(await viewer.recv())["contest"] == "council"


# ---- logs ----

SECRETS = ("wrong words of olga", "ts_a-token-that-is-wrong", "tr_a-reset-that-is-wrong", "hidden-in-a-query")


async def test_nothing_secret_is_logged(server: Server, desk: Services) -> None:
    await desk.elections.define(tiny_election(), opened=True, released=True)
    password, token, reset, query = SECRETS
    async with httpx.AsyncClient(base_url=server.url) as client:
        asked = [
            client.post("/api/v1/sessions", json={"username": "olga", "password": password}),
            client.post("/login", data={"username": "olga", "password": password}),
            client.post(
                "/api/v1/password-resets/redemption", json={"token": reset, "new_password": password}
            ),
            client.get("/api/v1/elections/tiny/results", headers={"Authorization": f"Bearer {token}"}),
            client.post("/api/v1/elections/tiny/tallies", headers={"Authorization": f"Bearer {token}"}),
            client.get("/", headers={"Cookie": f"__Host-tallystream={token}"}),
            client.get(f"/api/v1/elections?limit=x&token={query}"),
        ]
        statuses = [(await request).status_code for request in asked]
    assert statuses == [401, 400, 422, 401, 401, 200, 422]
    address = f"{server.url.replace('http', 'ws', 1)}/api/v1/elections/tiny/tallies/ws"
    async with websockets.connect(address) as officer:
        await officer.send(msgspec.json.encode({"type": "hello", "token": token}).decode())
        with pytest.raises(websockets.ConnectionClosed):
            while True:
                await officer.recv()
    await asyncio.to_thread(server.stop)
    log = server.log.read_text()
    assert not [secret for secret in SECRETS if secret in log], log
