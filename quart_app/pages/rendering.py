"""A page as a response: what is in the template, and a policy that lets nothing foreign in."""

import secrets
from typing import Any

from quart import Response, render_template

from quart_app.languages import language

# Only scripts that carry the nonce run, and what they import; nothing is inline, nothing comes from another
# host. 'self' covers the WebSocket and the event stream too.
POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors {framed}; require-trusted-types-for 'script'"
)

# A proxy may answer a crowd for a second; a browser asks again whenever somebody does.
FRESH = "public, max-age=0, s-maxage=1"


async def page(
    template: str, status: int = 200, *, cache: str, framed: str = "'none'", **context: Any
) -> Response:
    """The template as a response; `framed` says whose pages may show it in a frame, as CSP writes it."""
    # Whoever gets a proxy's copy within its second shares its nonce with others, which is right: header and
    # page are one copy, and who wants markup in it had to know the nonce before that page was written.
    nonce = secrets.token_urlsafe(16)
    is_public = cache.startswith("public")
    body = await render_template(template, nonce=nonce, is_public=is_public, **context)
    response = Response(body, status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY.format(nonce=nonce, framed=framed)
    response.headers["Cache-Control"] = cache
    return in_language(response)


def in_language(response: Response) -> Response:
    """Says which language the answer is in, so that no cache gives it to those who read another."""
    response.headers["Content-Language"] = language().code
    # The cookie remembers a choice of language; a session changes nothing in pages that may be kept.
    response.vary.update(("Accept-Language", "Cookie"))
    return response
