"""The public log: a page from any position, and every entry as it comes."""

import contextlib
from collections.abc import AsyncGenerator
from typing import Annotated, Any

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_headers, document_response, tag, validate_querystring

from models.errors import FieldError, Invalid
from models.log import MAX_SEQ
from models.wording import say
from quart_app.access import public
from quart_app.answers import LIVE, PRIVATE, bytes_response
from quart_app.auth import is_staff, staff_asking
from quart_app.errors import Problem
from quart_app.live import EVENT_STREAM, event
from quart_app.openapi import also_answers
from quart_app.openapi_examples import LOG_STREAM
from quart_app.sse import alive, stream_response
from quart_app.wiring import services
from services.log import LogPage

api = Blueprint("api_log", __name__, url_prefix="/api/v1/elections/<election>/log")

Seq = Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ, description="The last seq that was seen; 0 for none")]


class LogQuery(msgspec.Struct):
    after: Seq = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000, description="Entries on a page at most")] = 100


class StreamQuery(msgspec.Struct):
    after: Seq = 0


class ResumeHeaders(msgspec.Struct):
    last_event_id: Annotated[int | None, msgspec.Meta(description="The id of the last event seen")] = None


class LogAnswer(msgspec.Struct):
    """Entries in order, each with seq, at, kind, its leaf_hash and what its kind tells.

    `next` leads on, and also works later for what is new.
    """

    entries: list[dict[str, Any]]
    next: str


@api.get("")
@public
@tag(["log"])
@validate_querystring(LogQuery)
@document_response(LogAnswer)
@document_response(Problem, 404)
async def log(election: str, query_args: LogQuery) -> Response:
    """A page of the log behind `after`. While results are withheld, tallies show only their hashes."""
    staff = await is_staff(request)
    found = await services().log.page(election, after=query_args.after, limit=query_args.limit)
    last = found.records[-1].seq if found.records else query_args.after
    following = f"{request.path}?after={last}&limit={query_args.limit}"
    entries = b",".join(record.public(released=found.released or staff) for record in found.records)
    body = b'{"entries":[%b],"next":%b}' % (entries, msgspec.json.encode(following))
    response = bytes_response(body, cache=PRIVATE if staff else LIVE)
    if found.records:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


@api.get("/stream")
@public
@tag(["log"])
@validate_querystring(StreamQuery)
@document_headers(ResumeHeaders)
@also_answers(EVENT_STREAM, LOG_STREAM)
@document_response(Problem, 404)
@document_response(Problem, 503)
async def log_stream(election: str, query_args: StreamQuery) -> Response:
    """Server-sent events `entry`, every entry in order; goes on after `Last-Event-ID` or `after`."""
    staff = await staff_asking(request)
    after = last_event_id() or query_args.after
    house = services()
    await house.log.head(election)
    house.watchers.check()
    chunks = _chunks(house.log.follow(election, after=after), staff is not None)
    return stream_response(alive(chunks, house, staff))


def last_event_id() -> int:
    """Where a browser that comes back has got to; 0 where it does not say. Raises Invalid."""
    text = request.headers.get("Last-Event-ID", "").strip()
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 20) or int(text) > MAX_SEQ:
        raise Invalid(
            (FieldError("Last-Event-ID", say("must be the seq of the last entry seen"), "invalid"),)
        )
    return int(text)


async def _chunks(pages: AsyncGenerator[LogPage], staff: bool) -> AsyncGenerator[bytes]:
    async with contextlib.aclosing(pages):
        async for found in pages:
            released = found.released or staff
            yield b"".join(event("entry", r.seq, r.public(released=released)) for r in found.records)
