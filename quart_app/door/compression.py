"""What everybody may have goes out in the smallest of zstd, br and gzip that whoever asks takes.

Answers for one reader alone are never compressed: beside a secret, the length of text that somebody
else has put there tells of it (BREACH). Nor are live streams, of which each event has to leave at once.
"""

import asyncio
import functools
from collections.abc import AsyncIterator

from quart import Quart, Response, request
from quart.wrappers.response import IterableBody, ResponseBody

from services.packing import CODINGS, GZIP, pack, pack_thoroughly, packer

# Shorter ones fit into a packet either way.
SHORTEST = 1000

_TYPES = ("text/", "application/json", "application/x-ndjson", "application/manifest+json", "image/svg+xml")


def install_compression(app: Quart) -> None:
    """Call it before whatever else changes answers: what is asked first after a request comes last."""

    @app.after_request
    async def compress(response: Response) -> Response:
        if _is_for_everybody(response):
            response.vary.add("Accept-Encoding")
            if coding := chosen(request.headers.get("Accept-Encoding", "")):
                await _compress(response, coding)
        return response


def _is_for_everybody(response: Response) -> bool:
    if "Content-Encoding" in response.headers or not response.headers.get("Cache-Control", "").startswith(
        "public"
    ):
        return False
    return response.status_code == 304 or (response.content_type or "").startswith(_TYPES)


async def _compress(response: Response, coding: str) -> None:
    if response.status_code == 304:
        _weaken(response)
    elif response.content_length is None:
        response.response = IterableBody(_packed(response.response, coding))
        _mark(response, coding)
    elif response.content_length >= SHORTEST:
        body = await response.get_data(as_text=False)
        if "immutable" in response.headers["Cache-Control"]:
            # In a thread, which the compressors let run: while a file is made small, results go on.
            response.set_data(await asyncio.to_thread(_kept, coding, body))
        else:
            response.set_data(pack(coding, body))
        _mark(response, coding)


def _mark(response: Response, coding: str) -> None:
    response.headers["Content-Encoding"] = coding
    _weaken(response)


def _weaken(response: Response) -> None:
    """The tag of the same content in other bytes (RFC 9110, 8.8.1); whoever sends it back is understood."""
    etag = response.headers.get("ETag", "")
    if etag.startswith('"'):
        response.headers["ETag"] = weak(etag)


def weak(etag: str) -> str:
    return f"W/{etag}"


# Files of which there are few, and which stay as long as the process.
_kept = functools.lru_cache(maxsize=1024)(pack_thoroughly)


async def _packed(body: ResponseBody, coding: str) -> AsyncIterator[bytes]:
    """A body that comes in pieces; what is there of it can be read at once."""
    packing = packer(coding)
    async with body as pieces:
        async for piece in pieces:
            yield packing.pack(piece)
    yield packing.end()


@functools.lru_cache(maxsize=256)
def chosen(accept_encoding: str) -> str:
    """The coding with the greatest weight (RFC 9110, 12.5.3), of several the first of CODINGS; "" for none.

    A star alone stands for gzip, which everybody who says so can read. Whoever gives `identity` more
    weight than any coding gets the bytes as they are.
    """
    weights = dict(_weight(coding) for coding in accept_encoding.lower().split(","))
    weights.setdefault(GZIP, weights.get("x-gzip", weights.get("*", 0.0)))
    best = max(CODINGS, key=lambda coding: weights.get(coding, 0.0))
    weight = weights.get(best, 0.0)
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else ""


def _weight(coding: str) -> tuple[str, float]:
    name, _, parameter = coding.partition(";")
    key, _, value = parameter.strip().partition("=")
    if key.strip() != "q":
        return name.strip(), 1.0
    try:
        return name.strip(), float(value)
    except ValueError:
        return name.strip(), 0.0
