"""Many rows in one request: read as they come, answered row by row once all of them were."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import IO, Any, Literal, cast

import msgspec
from quart import Request, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from models.errors import NotSignedIn, TooLarge
from models.wording import Figure, say
from quart_app.answers import JSON, NDJSON
from quart_app.auth import identity
from quart_app.door.incoming import PacedBody
from quart_app.languages import spoken
from quart_app.wiring import services
from services.bulk import ADDED, REFUSED, UNCHANGED, Raw, RowResult
from services.bulk_rows import read_rows

# A client gets this long to take an answer that may have a hundred megabytes.
SENDING_SECONDS = 600

_BLOCK = 65_536
# Other types, as of files that a command sends, say nothing.
_SAYS: dict[str, Literal["JSON", "CSV"]] = {"application/json": "JSON", "text/csv": "CSV"}


class BulkAnswer(msgspec.Struct, frozen=True):
    """How many rows were added, were there already, and were refused; and each of them, in order."""

    added: int
    unchanged: int
    refused: int
    items: list[RowResult]


def rows_of(carrier: Request) -> AsyncIterator[list[Raw]]:
    """The rows of a body, JSON or CSV, in chunks; at most `max_bulk` bytes. Raises Unreadable, TooLarge."""
    said = _SAYS.get(carrier.mimetype)
    return read_rows(_pieces(carrier, services().settings.requests.max_bulk), said=said)


async def _pieces(carrier: Request, limit: int) -> AsyncIterator[bytes]:
    """Raises NotSignedIn once whoever sends has lost the rights with which they began."""
    body = cast(PacedBody, carrier.body)
    body.limit = limit
    try:
        with services().standing.watch(await identity(carrier)) as lost:
            async for piece in body:
                if lost.is_set():
                    raise NotSignedIn(
                        say("Your rights have changed meanwhile. What came before may be stored.")
                    )
                yield piece
    except RequestEntityTooLarge:
        raise TooLarge(
            say("This is more than %(most)s bytes; send it in several parts.", most=Figure(limit))
        ) from None


async def bulk_response(results: AsyncIterator[list[RowResult]]) -> Response:
    """The results as JSON, or one a line for whoever accepts NDJSON.

    They wait in a temporary file: many clients read nothing before they have sent everything.
    """
    spool = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        counts = await _spooled(results, spool)
    except BaseException:
        spool.close()
        raise
    if request.accept_mimetypes.best_match([JSON, NDJSON], JSON) == NDJSON:
        media, around = NDJSON, (b"", b"\n", b"\n" if spool.tell() else b"")
    else:
        media, around = JSON, (msgspec.json.encode(counts)[:-1] + b',"items":[', b",", b"]}")
    head, _, tail = around
    size = len(head) + spool.tell() + len(tail)
    response = Response(_content(spool, *around), content_type=media)
    response.content_length = size
    response.headers["Cache-Control"] = "no-store"
    response.timeout = SENDING_SECONDS
    return response


async def _spooled(results: AsyncIterator[list[RowResult]], spool: IO[bytes]) -> dict[str, int]:
    """Writes the results with a line break between them, and nowhere else; returns how many of each."""
    counts = dict.fromkeys((ADDED, UNCHANGED, REFUSED), 0)
    encode = msgspec.json.Encoder(enc_hook=spoken).encode
    async with aclosing(cast(Any, results)) as closing:
        async for chunk in closing:
            for result in chunk:
                counts[result.status] += 1
            if spool.tell() and chunk:
                spool.write(b"\n")
            spool.write(b"\n".join(map(encode, chunk)))
    return counts


async def _content(spool: IO[bytes], head: bytes, between: bytes, tail: bytes) -> AsyncIterator[bytes]:
    """`between`, which replaces the line breaks, is one byte as they are."""
    with spool:
        spool.seek(0)
        yield head
        while block := spool.read(_BLOCK):
            yield block.replace(b"\n", between)
        yield tail
