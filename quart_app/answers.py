"""JSON out: encoded by msgspec, with the headers that let caches help."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from quart import Response, request

from models.editions import ANY, edition
from models.errors import ConditionNeeded
from quart_app.languages import spoken

JSON = "application/json"
NDJSON = "application/x-ndjson"
# A second is short enough for election night, and lets a proxy answer a crowd with one request.
LIVE = "public, max-age=1, stale-while-revalidate=5"
SETTLED = "public, max-age=10"
PRIVATE = "private, no-store"

_encoder = msgspec.json.Encoder(enc_hook=spoken)
_encode = _encoder.encode


def json_response(value: Any, status: int = 200, *, cache: str = "no-store") -> Response:
    return bytes_response(_encode(value), status, cache=cache)


def bytes_response(body: bytes, status: int = 200, *, cache: str, content_type: str = JSON) -> Response:
    response = Response(body, status, content_type=content_type)
    response.headers["Cache-Control"] = cache
    return response


def etag_of(version: int, variant: str = "") -> str:
    """The tag of a version; `variant` tells apart what one address answers to different readers."""
    return f'"v{version}-{variant}"' if variant else f'"v{version}"'


def matches(etag: str, if_none_match: str) -> bool:
    """RFC 9110, 13.1.2: weak comparison with any of the tags listed."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or tags == ["*"]


def versioned(body: bytes, version: int, *, private: bool, variant: str = "") -> Response:
    """A version of results: 304 for whoever has it already.

    What only staff may see, and what may change within a version, is `private` and never shared.
    """
    etag = etag_of(version, variant)
    if not private and matches(etag, request.headers.get("If-None-Match", "")):
        response = bytes_response(b"", 304, cache=LIVE)
        # RFC 9110, 8.6: the length would be that of what is not sent.
        for header in ("Content-Type", "Content-Length"):
            response.headers.remove(header)
    else:
        response = bytes_response(body, cache=PRIVATE if private else LIVE)
    if not private:
        response.headers["ETag"] = etag
    return response


def editable(value: Any, status: int = 200) -> Response:
    """A resource with its entity tag, which whoever changes it sends back as `If-Match`."""
    response = json_response(value, status, cache=PRIVATE)
    response.headers["ETag"] = f'"{edition(value)}"'
    return response


class Nothing:
    """It is done, and there is nothing to say."""


def nothing() -> Response:
    """204: what was to be removed is gone."""
    response = bytes_response(b"", 204, cache="no-store")
    # RFC 9110, 8.6: no length either.
    for header in ("Content-Type", "Content-Length"):
        response.headers.remove(header)
    return response


def if_match() -> str:
    """The editions of which the request asks for one, separated by commas; ANY for all that there are.

    RFC 9110, 13.1.1, but for weak tags: a proxy that compresses makes ours weak, and they are of the
    content, whatever its encoding. Raises ConditionNeeded.
    """
    given = ",".join(request.headers.getlist("If-Match")).strip()
    if not given:
        raise ConditionNeeded
    if given == ANY:
        return ANY
    return ",".join(tag.strip().removeprefix("W/").strip('"') for tag in given.split(",")).replace(ANY, "")


def page(name: str, items: list[Any], *, limit: int, key: str) -> Response:
    """A keyset page: `next`, and the same in a Link header, lead to the items behind the last one."""
    following = next_page(items, limit, key)
    return linked(json_response({name: items, "next": following}, cache=SETTLED), following)


def lines(items: list[Any], *, limit: int, key: str) -> Response:
    """The same page as lines of JSON; only the Link header leads on."""
    body = _encoder.encode_lines(items)
    return linked(bytes_response(body, cache=SETTLED, content_type=NDJSON), next_page(items, limit, key))


def next_page(items: list[Any], limit: int, key: str) -> str | None:
    """The address of the page behind these items; None where they do not fill theirs."""
    if len(items) < limit:
        return None
    query = {**request.args, "limit": limit, "after": getattr(items[-1], key)}
    return f"{request.path}?{urlencode(query)}"


def linked(response: Response, following: str | None) -> Response:
    """With a Link header that leads on, where something follows (RFC 8288)."""
    if following:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response
