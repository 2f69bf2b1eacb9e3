"""An answer in the parts that a server takes: made once for a version, and handed to whoever asks for it."""

from hypercorn.typing import HTTPResponseStartEvent

from quart_app.answers import JSON, LIVE, matches
from quart_app.door.compression import weak
from quart_app.door.cors import OPEN
from quart_app.door.headers import EVERYWHERE, NO_PAGE, STRICT, Pairs, encoded
from quart_app.viewer import body


def start(status: int, headers: Pairs) -> HTTPResponseStartEvent:
    """The beginning of an answer; one may be sent any number of times."""
    return {"type": "http.response.start", "status": status, "headers": headers, "trailers": False}


class Ready:
    """Public results in one coding, `""` for none: as they are, and for whoever has this version already."""

    __slots__ = ("_etag", "_tags", "body", "start", "unchanged")

    def __init__(self, content: bytes, etag: str, coding: str, *, strict: bool) -> None:
        """`strict` is whether browsers are told to use nothing but HTTPS with this host."""
        self._etag = etag
        self._tags = (etag.encode(), weak(etag).encode())
        always = [*(_STRICT if strict else _HEADERS), (b"etag", self._tags[bool(coding)])]
        whole = [*always, _CONTENT_TYPE, (b"content-length", b"%d" % len(content))]
        self.start = start(200, [*whole, (b"content-encoding", coding.encode())] if coding else whole)
        self.body = body(content, more=False)
        self.unchanged = start(304, always)

    def is_known(self, if_none_match: bytes | None) -> bool:
        """Whether whoever asks has this version, in whatever coding."""
        if not if_none_match:
            return False
        return if_none_match in self._tags or matches(self._etag, if_none_match.decode("latin-1"))


_HEADERS = encoded({"Cache-Control": LIVE, "Vary": "Accept-Encoding"}, EVERYWHERE, NO_PAGE, OPEN)
_STRICT = [*_HEADERS, *encoded(STRICT)]
_CONTENT_TYPE = (b"content-type", JSON.encode())
