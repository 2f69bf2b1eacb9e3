"""How large a request may be, beside its body (`max_body`) and its headers (Hypercorn's settings).

And how slow, before whoever sends it is looked at once more.
"""

import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

from quart import Quart, Request, request, websocket
from quart.formparser import FormDataParser
from quart.wrappers.request import Body

from models.errors import TooLarge, TooLong
from models.wording import Figure, say
from quart_app.access import still_admitted
from quart_app.door.incoming import PacedBody

MAX_QUERY = 4096
"""Bytes behind the `?` of an address."""
MAX_FIELDS = 1000
"""Fields of a form, however it is encoded."""
SLOW_SECONDS = 1.0
"""Rights that ended within so short a time before may still do what was asked for."""
FILES_SECONDS = 300
"""In which a form with files has to come: a telephone with one bar has 25 MB sent by then."""

_FILES = "_tallystream_files"

T = TypeVar("T", bound=Callable[..., Any])


def takes_files(most: int) -> Callable[[T], T]:
    """The route takes multipart forms of so many bytes, whatever `max_body` says.

    Files in them go to disk as they come, and are in memory only once somebody reads them.
    """

    def mark(view: T) -> T:
        setattr(view, _FILES, most)
        return view

    return mark


def install_sizes(app: Quart, max_body: int) -> None:
    app.request_class = _Request
    app.config["MAX_CONTENT_LENGTH"] = max_body
    app.config["MAX_FORM_PARTS"] = MAX_FIELDS

    @app.before_request
    async def measure() -> None:
        _check(request.query_string)
        view = app.view_functions.get(request.endpoint or "")
        if (most := getattr(view, _FILES, None)) and request.mimetype == "multipart/form-data":
            cast(PacedBody, request.body).limit = most
            request.body_timeout = FILES_SECONDS

    @app.before_websocket
    async def measure_websocket() -> None:
        _check(websocket.query_string)


def _check(query: bytes) -> None:
    if len(query) > MAX_QUERY:
        raise TooLong(
            say(
                "What stands behind the ? of this address is longer than %(most)s bytes.",
                most=Figure(MAX_QUERY),
            )
        )


class _Forms(FormDataParser):
    """Quart counts the parts of a multipart form, and not the fields of a plain one."""

    async def parse(self, body: Body, mimetype: str, *rest: Any) -> Any:
        if "urlencoded" in mimetype and (await body).count(b"&") >= MAX_FIELDS:
            raise TooLarge(say("A form has at most %(most)s fields.", most=Figure(MAX_FIELDS)))
        return await super().parse(body, mimetype, *rest)


class _Request(Request):
    """Whoever sends slowly is asked again who they are before anything is done with it."""

    form_data_parser_class = _Forms

    async def get_data(self, *args: Any, **named: Any) -> Any:
        return await _watched(super().get_data(*args, **named))

    async def _load_form_data(self) -> None:
        await _watched(super()._load_form_data())


async def _watched(reading: Coroutine[Any, Any, Any]) -> Any:
    begun = time.monotonic()
    body = await reading
    if time.monotonic() - begun > SLOW_SECONDS:
        await still_admitted()
    return body
