"""Headers that answers carry, so that browsers do no more with them than they are for."""

from quart import Quart, request, websocket
from quart.typing import ResponseTypes
from quart.wrappers import Request, Websocket

_NEVER_NEEDED = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
)
EVERYWHERE = {"X-Content-Type-Options": "nosniff"}
# Not sent with results, tables, files and redirects: opened as a page, they are one that NO_PAGE lets load
# and run nothing, so that there is no script to ask for a camera or to reach for whoever opened it, and
# nothing that leads elsewhere and would tell where from.
PAGE = {
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _NEVER_NEEDED),
}
# What is no page loads nothing and stands in no frame, should somebody open it as one.
NO_PAGE = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
STRICT = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}

_THIS_MACHINE = ("localhost", "127.0.0.1", "[::1]")

Pairs = list[tuple[bytes, bytes]]


def install_headers(app: Quart) -> None:
    """Call it before anything else is installed: what is asked first after a request comes last."""

    @app.after_request
    async def to_answers(response: ResponseTypes) -> ResponseTypes:
        return _guarded(response, request)

    @app.after_websocket
    async def to_refusals(response: ResponseTypes | None) -> ResponseTypes | None:
        return response and _guarded(response, websocket)


def _guarded(response: ResponseTypes, asked: Request | Websocket) -> ResponseTypes:
    response.headers.update(EVERYWHERE)
    # Whatever a browser shows or runs as a document has said what it may load.
    response.headers.update(PAGE if "Content-Security-Policy" in response.headers else NO_PAGE)
    if only_https(asked.scheme, asked.headers.get("Host", "")):
        response.headers.update(STRICT)
    return response


def only_https(scheme: str, host: str) -> bool:
    """Whether the browser is told to use nothing but HTTPS with this host from now on.

    Never for this machine itself: its browser would refuse the plain port of the same name.
    """
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return scheme in ("https", "wss") and name.lower() not in _THIS_MACHINE


def encoded(*headers: dict[str, str]) -> Pairs:
    """Headers as ASGI wants them, for answers that are made without a Response."""
    return [(name.lower().encode(), value.encode()) for part in headers for name, value in part.items()]
