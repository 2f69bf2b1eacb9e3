"""Answers the hottest GET ahead of Quart: the public's current results, bytes that are ready.

Everything else, and everything unusual (a query, a token, a session, an election nobody asked for
yet), goes on to the views, which give the same answers.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec
from werkzeug.exceptions import BadHost

from quart_app.answers import JSON, LIVE, etag_of, matches
from quart_app.door.compression import GZIP, takes_gzip, weak
from quart_app.door.cors import OPEN
from quart_app.door.headers import EVERYWHERE, NO_PAGE, STRICT, Pairs, encoded, only_https
from quart_app.errors import PROBLEM_JSON
from services.results import ResultsService

PREFIX = "/api/v1/elections/"

App = Callable[[Any, Any, Any], Awaitable[None]]


class FrontDoor:
    def __init__(self, app: App, results: Callable[[], ResultsService | None]) -> None:
        self._app = app
        self._results = results
        self.answered = 0
        """Answers with results that this process gave here, ahead of Quart."""
        self.unchanged = 0
        """Likewise, those that said that nothing had changed (304)."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan" and not scope["path"].startswith("/"):
            scope = {**scope, "path": _path_of(scope["path"])}
        if scope["type"] == "http" and scope["path"].endswith("/results") and await self._answer(scope, send):
            return
        try:
            await self._app(scope, receive, send)
        except BadHost:
            # Quart meets it before there is a request that an error handler could answer.
            await _refuse(scope, send)

    async def _answer(self, scope: Any, send: Any) -> bool:
        results = self._results()
        if results is None or scope["method"] != "GET" or scope["query_string"]:
            return False
        place = scope["path"].removeprefix(PREFIX).split("/")
        feed = results.known(place[0])
        if feed is None or feed.view.is_draft:
            return False
        if_none_match = host = accepted = ""
        for name, value in scope["headers"]:
            if name in (b"authorization", b"cookie"):
                return False
            if name == b"if-none-match":
                if_none_match = value.decode("latin-1")
            elif name == b"host":
                host = value.decode("latin-1")
            elif name == b"accept-encoding":
                accepted = value.decode("latin-1")
        in_gzip = bool(accepted) and takes_gzip(accepted)
        view = feed.view if feed.fresh else await feed.settled()
        if len(place) == 2:
            body, version = view.packed if in_gzip else view.json(), view.version
        elif len(place) == 4 and place[1] == "contests" and place[2] in view.contests:
            contest = view.contests[place[2]]
            body, version = contest.packed if in_gzip else contest.json, contest.results.version
        else:
            return False
        common = _STRICT if only_https(scope["scheme"], host) else _HEADERS
        whole = await _send(send, body, etag_of(version), if_none_match, common, in_gzip=in_gzip)
        self.answered += whole
        self.unchanged += not whole
        return True


async def _refuse(scope: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        return
    headers = [*_REFUSED, (b"content-length", b"%d" % len(_BAD_HOST))]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": _BAD_HOST, "more_body": False})


def _path_of(target: str) -> str:
    """The path of a target in absolute form (RFC 9112, 3.2.2); what is none leads nowhere."""
    try:
        return urlsplit(target).path or "/"
    except ValueError:
        return f"/{target}"


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
_HEADERS = encoded({"Cache-Control": LIVE, "Vary": "Accept-Encoding"}, EVERYWHERE, NO_PAGE, OPEN)
_STRICT = [*_HEADERS, *encoded(STRICT)]
_CONTENT_TYPE = (b"content-type", JSON.encode())
_IN_GZIP = (b"content-encoding", GZIP.encode())


async def _send(
    send: Any, body: bytes, etag: str, if_none_match: str, common: Pairs, *, in_gzip: bool
) -> bool:
    """Returns whether the body went with it."""
    headers = [*common, (b"etag", (weak(etag) if in_gzip else etag).encode())]
    if if_none_match and matches(etag, if_none_match):
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return False
    headers += [_CONTENT_TYPE, (b"content-length", b"%d" % len(body))]
    if in_gzip:
        headers.append(_IN_GZIP)
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
    return True
