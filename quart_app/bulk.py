"""Many rows in one request: read as they come, answered row by row once all of them were."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import IO, Any, cast

import msgspec
from quart import Request, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from models.errors import TooLarge
from quart_app.answers import JSON, NDJSON
from quart_app.incoming import PacedBody
from quart_app.wiring import services
from services.bulk import ADDED, REFUSED, UNCHANGED, Raw, RowResult
from services.bulk_rows import read_rows

# A client gets this long to take an answer that may have a hundred megabytes.
SENDING_SECONDS = 600

_BLOCK = 65_536


class BulkAnswer(msgspec.Struct, frozen=True):
    """How many rows were added, were there already, and were refused; and each of them, in order."""

    added: int
    unchanged: int
    refused: int
    items: list[RowResult]


def rows_of(carrier: Request) -> AsyncIterator[list[Raw]]:
    """The rows of a body, JSON or CSV, in chunks; at most `max_bulk` bytes. Raises Unreadable, TooLarge."""
    return read_rows(_pieces(carrier, services().settings.requests.max_bulk))


async def _pieces(carrier: Request, limit: int) -> AsyncIterator[bytes]:
    body = cast(PacedBody, carrier.body)
    body.limit = limit
    try:
        async for piece in body:
            yield piece
    except RequestEntityTooLarge:
        raise TooLarge(f"This is more than {limit:,} bytes; send it in several parts.") from None


async def bulk_response(results: AsyncIterator[list[RowResult]]) -> Response:
    """The results as JSON, or one a line for whoever accepts NDJSON.

    They wait in a temporary file: many clients read nothing before they have sent everything.
    """
    spool = tempfile.TemporaryFile()  # noqa: SIM115
    counts = dict.fromkeys((ADDED, UNCHANGED, REFUSED), 0)
    encode = msgspec.json.Encoder().encode_lines
    try:
        async with aclosing(cast(Any, results)) as closing:
            async for chunk in closing:
                for result in chunk:
                    counts[result.status] += 1
                spool.write(encode(chunk))
    except BaseException:
        spool.close()
        raise
    as_lines = request.accept_mimetypes.best_match([JSON, NDJSON], JSON) == NDJSON
    content = _lines(spool) if as_lines else _document(spool, counts)
    response = Response(content, content_type=NDJSON if as_lines else JSON)
    response.headers["Cache-Control"] = "no-store"
    response.timeout = SENDING_SECONDS
    return response


async def _lines(spool: IO[bytes]) -> AsyncIterator[bytes]:
    with spool:
        spool.seek(0)
        while block := spool.read(_BLOCK):
            yield block


async def _document(spool: IO[bytes], counts: dict[str, int]) -> AsyncIterator[bytes]:
    with spool:
        size = spool.tell()
        spool.seek(0)
        yield msgspec.json.encode(counts)[:-1] + b',"items":['
        while block := spool.read(_BLOCK):
            # No line break stands within JSON as it is encoded here; the last one has no comma behind it.
            text = block.removesuffix(b"\n") if spool.tell() == size else block
            yield text.replace(b"\n", b",\n")
        yield b"]}"
