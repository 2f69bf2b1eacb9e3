"""Answers ahead of Quart what the public asks for most: current results, which are ready, and their stream.

Everything else, and everything unusual (a query, a token, a session, an election nobody asked for
yet, a viewer too many), goes on to the views, which give the same answers.
"""

import functools
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
from hypercorn.typing import HTTPResponseStartEvent
from werkzeug.exceptions import BadHost

from models.errors import TooManyWatchers
from quart_app.answers import etag_of
from quart_app.auth import COOKIE
from quart_app.door.compression import chosen
from quart_app.door.cors import OPEN
from quart_app.door.headers import EVERYWHERE, NO_PAGE, STRICT, encoded, only_https
from quart_app.errors import PROBLEM_JSON
from quart_app.live import STREAM_HEADERS
from quart_app.ready import Ready, start
from quart_app.viewer import END, body
from quart_app.wiring import Services
from services.results import Feed, View

PREFIX = "/api/v1/elections/"
RESULTS = "/results"
STREAM = "/results/stream"

App = Callable[[Any, Any, Any], Awaitable[None]]


class FrontDoor:
    def __init__(self, app: App, house: Callable[[], Services | None]) -> None:
        """`house` gives the services while they are there."""
        self._app = app
        self._house = house
        self.answered = 0
        """Answers with results that this process gave here, ahead of Quart."""
        self.unchanged = 0
        """Likewise, those that said that nothing had changed (304)."""
        self.streams = 0
        """Streams that were begun here."""

    # No coroutine of its own: one frame less for each of thousands of streams.
    def __call__(self, scope: Any, receive: Any, send: Any) -> Coroutine[Any, Any, None]:
        if scope["type"] == "http" and scope["method"] == "GET":
            path = scope["path"]
            if path.endswith(RESULTS) and path.startswith(PREFIX):
                return self._read(scope, receive, send)
            if path.endswith(STREAM) and path.startswith(PREFIX):
                return self._watch(scope, receive, send)
        return self._pass_on(scope, receive, send)

    async def _pass_on(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan" and not scope["path"].startswith("/"):
            scope = {**scope, "path": _path_of(scope["path"])}
        try:
            await self._app(scope, receive, send)
        except BadHost:
            # Quart meets it before there is a request that an error handler could answer.
            await _refuse(scope, send)

    # ---- results ----

    async def _read(self, scope: Any, receive: Any, send: Any) -> None:
        asked = _headers(scope)
        feed = None if scope["query_string"] or _may_be_staff(asked) else self._feed(scope["path"], RESULTS)
        ready = await _ready(feed, scope, asked) if feed is not None else None
        if ready is None:
            await self._pass_on(scope, receive, send)
        elif ready.is_known(asked.get(b"if-none-match")):
            self.unchanged += 1
            await send(ready.unchanged)
            await send(END)
        else:
            self.answered += 1
            await send(ready.start)
            await send(ready.body)

    def _feed(self, path: str, tail: str) -> Feed | None:
        """The feed of the election at this address, if somebody asked for it before."""
        house = self._house()
        place = path[len(PREFIX) : -len(tail)]
        return house.results.known(place.partition("/")[0]) if house else None

    # ---- their stream ----

    async def _watch(self, scope: Any, receive: Any, send: Any) -> None:
        house = self._house()
        watched = self._watched(scope)
        if house is None or watched is None or not await _has_room(house, watched.feed):
            await self._pass_on(scope, receive, send)
            return
        broadcaster = house.broadcasters.of(watched.feed, staff=False)
        self.streams += 1
        with house.watchers.streams(staff=False):
            await send(watched.start)
            await broadcaster.watch(send, watched.contest, functools.partial(_has_left, receive))

    def _watched(self, scope: Any) -> "_Watched | None":
        """What the public asks to watch; None where the views have to look at it."""
        asked = _headers(scope)
        feed = None if _may_be_staff(asked) else self._feed(scope["path"], STREAM)
        if feed is None or "/" in scope["path"][len(PREFIX) : -len(STREAM)]:
            return None
        contest = None
        if scope["query_string"]:
            found = _ONE_CONTEST.fullmatch(scope["query_string"])
            if found is None or (contest := found[1].decode()) not in feed.view.contests:
                return None
        return _Watched(feed, contest, _WATCHING_STRICT if _only_https(scope, asked) else _WATCHING)


class _Watched(NamedTuple):
    feed: Feed
    contest: str | None
    start: HTTPResponseStartEvent


async def _has_room(house: Services, feed: Feed) -> bool:
    """Whether one more can be carried; else the view says no, in words."""
    if not feed.fresh:
        await feed.settled()
    try:
        house.watchers.check()
    except TooManyWatchers:
        return False
    return True


async def _has_left(receive: Any) -> bool:
    """Returns when the client has left: it is no longer there."""
    while (await receive())["type"] != "http.disconnect":
        """The end of its request, or a body that nobody asked for."""
    return False


# ---- what was asked ----


def _headers(scope: Any) -> dict[bytes, bytes]:
    pairs = scope["headers"]
    headers: dict[bytes, bytes] = dict(pairs)
    if len(headers) == len(pairs):
        return headers
    # The same name twice: HTTP/2 sends each cookie as a field of its own (RFC 9113, 8.2.3).
    return {name: b", ".join(value for other, value in pairs if other == name) for name in headers}


def _may_be_staff(asked: dict[bytes, bytes]) -> bool:
    """Whether there is a token or a session's cookie; a cookie with a choice of language is nobody's."""
    return b"authorization" in asked or (b"cookie" in asked and _SESSION.search(asked[b"cookie"]) is not None)


def _only_https(scope: Any, asked: dict[bytes, bytes]) -> bool:
    return scope["scheme"] == "https" and only_https("https", asked.get(b"host", b"").decode("latin-1"))


async def _ready(feed: Feed, scope: Any, asked: dict[bytes, bytes]) -> Ready | None:
    """The answer; None where the views have to give it."""
    coding = chosen(asked.get(b"accept-encoding", b"").decode("latin-1"))
    key = (scope["path"], coding, _only_https(scope, asked))
    view = feed.view if feed.fresh else await feed.settled()
    found: Ready | None = view.ready.get(key)
    if found is None and (found := _prepared(view, *key)) is not None:
        view.ready[key] = found
    return found


def _prepared(view: View, path: str, coding: str, strict: bool) -> Ready | None:
    place = path[len(PREFIX) :].split("/")
    if view.is_draft:
        return None
    if len(place) == 2:
        whole, packed, version = view.json(), view.packed, view.version
    elif len(place) == 4 and place[1] == "contests" and place[2] in view.contests:
        contest = view.contests[place[2]]
        whole, packed, version = contest.json, contest.packed, contest.results.version
    else:
        return None
    return Ready(packed(coding) if coding else whole, etag_of(version), coding, strict=strict)


def _path_of(target: str) -> str:
    """The path of a target in absolute form (RFC 9112, 3.2.2); what is none leads nowhere."""
    try:
        return urlsplit(target).path or "/"
    except ValueError:
        return f"/{target}"


async def _refuse(scope: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        return
    headers = [*_REFUSED, (b"content-length", b"%d" % len(_BAD_HOST))]
    await send(start(400, headers))
    await send(body(_BAD_HOST, more=False))


# RFC 6455, 7.4.1: a message, here the first, that cannot be accepted.
POLICY_VIOLATION = 1008
_BAD_HOST = msgspec.json.encode(
    {
        "type": "about:blank",
        "status": 400,
        "code": "bad-host",
        "title": "The Host header of this request is not the name of a host; correct it.",
    }
)
_REFUSED = encoded({"Content-Type": PROBLEM_JSON, "Cache-Control": "no-store"}, EVERYWHERE, NO_PAGE)
_STREAM = encoded(STREAM_HEADERS, EVERYWHERE, NO_PAGE, OPEN)
_WATCHING = start(200, _STREAM)
_WATCHING_STRICT = start(200, [*_STREAM, *encoded(STRICT)])
_ONE_CONTEST = re.compile(rb"contest=([\w.~-]+)")
# The cookie that carries the CSRF token of forms begins alike, and is anybody's.
_SESSION = re.compile(re.escape(COOKIE).encode() + rb"(?!-form)")
