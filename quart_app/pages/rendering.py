"""A page as a response: what is in the template, and headers that let nothing foreign in."""

from typing import Any

from quart import Response, render_template

# No inline script, no style attribute, nothing from another host. 'self' covers the WebSocket too.
POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'"
)

# A proxy may answer a crowd for a second; a browser asks again whenever somebody does.
FRESH = "public, max-age=0, s-maxage=1"

_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


async def page(template: str, status: int = 200, *, cache: str, **context: Any) -> Response:
    response = Response(await render_template(template, **context), status, content_type="text/html")
    response.headers.update(_HEADERS)
    response.headers["Cache-Control"] = cache
    return response
