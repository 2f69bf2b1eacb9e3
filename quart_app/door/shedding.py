"""Turns away what a process cannot carry, before anything is done for it, and in the order that matters.

It stands in front of everything, so that a refusal costs hardly more than reading the request did. What a
request is for is read off its address, its method and whether it brings a credential; whether that is worth
anything is found out only by those who are let in. Liveness and metrics are always answered.
"""

import asyncio
import contextlib
import random
from collections.abc import Callable, Coroutine
from typing import Any

from quart_app.auth import COOKIE
from quart_app.door.refusals import Refusals
from quart_app.sockets import TRY_AGAIN
from quart_app.wiring import Services
from services.overload import Overload
from services.pressure import LINE, Kind

App = Callable[[Any, Any, Any], Coroutine[Any, Any, None]]

# So many seconds later somebody may come back, drawn by lot: those who were refused together do not come
# back together.
LATER = {kind: range(5, 15) for kind in Kind} | {kind: range(2, 6) for kind in (Kind.SIGN_IN, Kind.TALLY)}

# What is read of the body of a request that was refused, so that its sender, who may still send, gets to
# read the refusal; and for how long.
REST_PIECES = 32
REST_SECONDS = 2.0

_SAFE = ("GET", "HEAD", "OPTIONS")
_ALWAYS = ("/health/", "/metrics")
_READY, _STREAM = "/results", "/stream"
_SIGN_IN = ("/login", "/confirm", "/api/v1/sessions", "/api/v1/sessions/confirmation")
_TALLIES, _TALLIES_SOCKET, _ENTRY = "/tallies", "/tallies/ws", "/tally"
_FILES = "/static/"
_SESSION = f"{COOKIE}=".encode()


class Shedding:
    def __init__(self, app: App, house: Callable[[], Services | None]) -> None:
        """`house` gives the services, which there are only while the application serves."""
        self._app = app
        self._house = house
        self._refusals = Refusals()

    def __call__(self, scope: Any, receive: Any, send: Any) -> Coroutine[Any, Any, None]:
        house = self._house()
        if house is None or scope["type"] == "lifespan":
            return self._app(scope, receive, send)
        overload = house.overload
        if scope["type"] == "websocket":
            return self._socket(overload, scope, receive, send)
        path: str = scope["path"]
        if path.endswith(_STREAM) or (path.endswith(_READY) and not scope["query_string"]):
            # The hottest GET comes by here: while nothing is refused, not even its headers are looked at.
            if overload.at_ease or overload.takes(kind := kind_of(scope)):
                return self._app(scope, receive, send)
            return self._refuse(kind, scope, receive, send)
        if path.startswith(_ALWAYS):
            return self._app(scope, receive, send)
        return self._request(overload, scope, receive, send)

    async def _request(self, overload: Overload, scope: Any, receive: Any, send: Any) -> None:
        kind = kind_of(scope)
        if not overload.at_ease and not overload.takes(kind):
            await self._refuse(kind, scope, receive, send)
            return
        if kind in LINE:
            await self._in_turn(overload, scope, receive, send)
            return
        with overload.working():
            await self._app(scope, receive, send)

    async def _in_turn(self, overload: Overload, scope: Any, receive: Any, send: Any) -> None:
        """The turn ends as soon as there is an answer: who takes it slowly keeps nobody waiting."""
        turn = await overload.turn()

        async def answering(event: Any) -> None:
            turn.close()
            await send(event)

        with turn, overload.working():
            await self._app(scope, receive, answering)

    async def _socket(self, overload: Overload, scope: Any, receive: Any, send: Any) -> None:
        if not scope["path"].endswith(_TALLIES_SOCKET):
            kind = Kind.STAFF if has_credential(scope) else Kind.STREAM
            if overload.takes(kind):
                await self._app(scope, receive, send)
            else:
                await self._refuse_socket(kind, scope, send)
        elif overload.takes_officer():
            with overload.listening():
                await self._app(scope, receive, send)
        else:
            await self._refuse_socket(Kind.TALLY, scope, send)

    async def _refuse(self, kind: Kind, scope: Any, receive: Any, send: Any) -> None:
        refusal = self._refusals.to(scope, random.choice(LATER[kind]))
        await send(refusal.start("http"))
        if scope["method"] in _SAFE:
            await send(refusal.body("http"))
            return
        await send(refusal.body("http", more=True))
        await _read_rest(receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _refuse_socket(self, kind: Kind, scope: Any, send: Any) -> None:
        if "websocket.http.response" not in scope["extensions"]:
            await send({"type": "websocket.close", "code": TRY_AGAIN})
            return
        refusal = self._refusals.to(scope, random.choice(LATER[kind]))
        await send(refusal.start("websocket.http"))
        await send(refusal.body("websocket.http"))


async def _read_rest(receive: Any) -> None:
    """What its sender has on the way still, as far as it is little and comes soon."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(REST_SECONDS):
            for _ in range(REST_PIECES):
                if not (await receive()).get("more_body", False):
                    return


def kind_of(scope: Any) -> Kind:
    """What an HTTP request is for."""
    path, method = scope["path"], scope["method"]
    if path in _SIGN_IN and method in ("GET", "POST"):
        return Kind.SIGN_IN
    if not has_credential(scope):
        return _of_the_public(path, method, scope["query_string"])
    if method == "POST" and (path.endswith(_TALLIES) or _is_entry(path)):
        return Kind.TALLY
    return Kind.SIGN_IN if _is_entry(path) else Kind.STAFF


def _of_the_public(path: str, method: str, query: bytes) -> Kind:
    if method == "OPTIONS" and path.endswith(_TALLIES):
        # A browser asks so, without credentials, before a page of another site may send a tally.
        return Kind.TALLY
    if method not in _SAFE:
        return Kind.STAFF
    if path.endswith(_STREAM):
        return Kind.STREAM
    if path.startswith(_FILES):
        return Kind.FILE
    return Kind.RESULTS if path.endswith(_READY) and not query else Kind.READ


def _is_entry(path: str) -> bool:
    """Whether it is one of the officer's pages: /elections/<election>/tally/…"""
    parts = path.split("/", 4)
    return len(parts) > 3 and parts[1] == "elections" and "/" + parts[3] == _ENTRY


def has_credential(scope: Any) -> bool:
    """Whether a token or a session comes with it, good or not."""
    return any(
        name == b"authorization" or (name == b"cookie" and _SESSION in value)
        for name, value in scope["headers"]
    )
