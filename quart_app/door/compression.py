"""What everybody may have goes out in gzip to whoever takes it.

Answers for one reader alone are never compressed: beside a secret, the length of text that somebody
else has put there tells of it (BREACH). Nor are live streams, of which each event has to leave at once.
"""

import functools
import gzip
import zlib
from collections.abc import AsyncIterator

from quart import Quart, Response, request
from quart.wrappers.response import IterableBody, ResponseBody

GZIP = "gzip"
# Shorter ones fit into a packet either way.
SHORTEST = 1000
# What is written anew for each reader, and what is compressed once and kept.
QUICK, THOROUGH = 5, 9

_GZIP_FRAME = 16 + zlib.MAX_WBITS
_TYPES = ("text/", "application/json", "application/x-ndjson", "application/manifest+json", "image/svg+xml")


def install_compression(app: Quart) -> None:
    """Call it before whatever else changes answers: what is asked first after a request comes last."""

    @app.after_request
    async def compress(response: Response) -> Response:
        if _is_for_everybody(response):
            response.vary.add("Accept-Encoding")
            if takes_gzip(request.headers.get("Accept-Encoding", "")):
                await _compress(response)
        return response


def _is_for_everybody(response: Response) -> bool:
    if "Content-Encoding" in response.headers or not response.headers.get("Cache-Control", "").startswith(
        "public"
    ):
        return False
    return response.status_code == 304 or (response.content_type or "").startswith(_TYPES)


async def _compress(response: Response) -> None:
    if response.status_code == 304:
        _weaken(response)
    elif response.content_length is None:
        response.response = IterableBody(_packed(response.response))
        _mark(response)
    elif response.content_length >= SHORTEST:
        body = await response.get_data(as_text=False)
        response.set_data(_kept(body) if "immutable" in response.headers["Cache-Control"] else packed(body))
        _mark(response)


def _mark(response: Response) -> None:
    response.headers["Content-Encoding"] = GZIP
    _weaken(response)


def _weaken(response: Response) -> None:
    """The tag of the same content in other bytes (RFC 9110, 8.8.1); whoever sends it back is understood."""
    etag = response.headers.get("ETag", "")
    if etag.startswith('"'):
        response.headers["ETag"] = weak(etag)


def weak(etag: str) -> str:
    return f"W/{etag}"


def packed(body: bytes, level: int = QUICK) -> bytes:
    """The same bytes for the same body, whenever they are made."""
    return gzip.compress(body, level, mtime=0)


@functools.lru_cache(maxsize=256)
def _kept(body: bytes) -> bytes:
    """Files of which there are few, and which stay as long as the process."""
    return packed(body, THOROUGH)


async def _packed(body: ResponseBody) -> AsyncIterator[bytes]:
    """A body that comes in pieces; what is there of it can be read at once."""
    packing = zlib.compressobj(QUICK, zlib.DEFLATED, _GZIP_FRAME)
    async with body as pieces:
        async for piece in pieces:
            yield packing.compress(piece) + packing.flush(zlib.Z_SYNC_FLUSH)
    yield packing.flush()


@functools.lru_cache(maxsize=256)
def takes_gzip(accept_encoding: str) -> bool:
    """RFC 9110, 12.5.3: named with a weight above 0, or covered by a star that has one."""
    weights = dict(_weight(coding) for coding in accept_encoding.lower().split(","))
    return weights.get(GZIP, weights.get("x-gzip", weights.get("*", 0.0))) > 0


def _weight(coding: str) -> tuple[str, float]:
    name, _, parameter = coding.partition(";")
    key, _, value = parameter.strip().partition("=")
    if key.strip() != "q":
        return name.strip(), 1.0
    try:
        return name.strip(), float(value)
    except ValueError:
        return name.strip(), 0.0
