"""What those read who are turned away: a problem for programs, a small page for people, in their language.

All of them are made once, when the application is.
"""

import functools
import html
from typing import Any

import msgspec
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from models.wording import Worded, say
from quart_app.door.cors import OPEN
from quart_app.door.headers import EVERYWHERE, NO_PAGE, STRICT, Pairs, encoded, only_https
from quart_app.errors import PROBLEM_JSON
from quart_app.languages.catalogues import Language, load

CODE = "overloaded"
LONGEST_SECONDS = 20

_FOR_PROGRAMS = ("/api/", "/static/", "/openapi.json")
_HTML = "text/html; charset=utf-8"
_HEADING = say("This is not available just now")
_PAGE = """<!doctype html>
<html lang="{code}" dir="{direction}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{heading} · Tallystream</title></head>
<body><main><h1>{heading}</h1><p>{title}</p></main></body>
</html>
"""


class Refusal:
    """One answer, ready to be sent."""

    __slots__ = ("_body", "_headers")

    def __init__(self, headers: Pairs, body: bytes) -> None:
        self._headers = headers
        self._body = body

    def strict(self) -> "Refusal":
        return Refusal([*self._headers, *encoded(STRICT)], self._body)

    def start(self, protocol: str) -> dict[str, Any]:
        """`protocol` is http or websocket.http."""
        return {"type": f"{protocol}.response.start", "status": 503, "headers": self._headers}

    def body(self, protocol: str, *, more: bool = False) -> dict[str, Any]:
        return {"type": f"{protocol}.response.body", "body": self._body, "more_body": more}


class Refusals:
    """Every refusal that there is: by language, by the seconds to wait, as a page and as a problem."""

    def __init__(self) -> None:
        self._ready = {
            (language.code, seconds, as_page): _made(language, seconds, as_page=as_page)
            for language in load()
            for seconds in range(1, LONGEST_SECONDS + 1)
            for as_page in (False, True)
        }

    def to(self, scope: Any, seconds: int) -> Refusal:
        """The answer to whoever asks so, who may come back after so many seconds."""
        accept = languages = host = ""
        for name, value in scope["headers"]:
            if name == b"accept":
                accept = value.decode("latin-1")
            elif name == b"accept-language":
                languages = value.decode("latin-1")
            elif name == b"host":
                host = value.decode("latin-1")
        as_page = "text/html" in accept and not scope["path"].startswith(_FOR_PROGRAMS)
        refusal = self._ready[liked(languages), seconds, as_page]
        return refusal.strict() if only_https(scope["scheme"], host) else refusal


@functools.lru_cache(maxsize=1024)
def liked(accept_language: str) -> str:
    """The code of our language that a browser likes best; English for everybody else."""
    known = load()
    for tag, quality in parse_accept_header(accept_language, LanguageAccept):
        if quality > 0 and (language := known.get(tag.partition("-")[0].lower())):
            return language.code
    return known.source.code


def _made(language: Language, seconds: int, *, as_page: bool) -> Refusal:
    title = say(
        "More is asked of this server just now than it can carry; try again in %(seconds)s s.",
        seconds=seconds,
    )
    heading, title_said = _said(_HEADING, language), _said(title, language)
    if as_page:
        body = _PAGE.format(
            code=language.code,
            direction=language.direction,
            heading=html.escape(heading),
            title=html.escape(title_said),
        ).encode()
    else:
        problem = {"type": "about:blank", "status": 503, "code": CODE, "title": title_said}
        body = msgspec.json.encode({**problem, "retry_after": seconds})
    headers = {
        "Content-Type": _HTML if as_page else PROBLEM_JSON,
        "Content-Length": str(len(body)),
        "Content-Language": language.code,
        "Cache-Control": "no-store",
        "Retry-After": str(seconds),
        "Vary": "Accept, Accept-Language",
    }
    return Refusal(encoded(headers, EVERYWHERE, NO_PAGE, {} if as_page else OPEN), body)


def _said(text: Worded, language: Language) -> str:
    template = language.texts.gettext(text.template)
    return template % text.parts if text.parts else template
