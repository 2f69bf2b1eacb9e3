"""What pages of other sites may do here: read what is public, and more only where settings name the site.

Quart-CORS is not used. It has one rule for all routes where reads and changes need two; it sends its headers
only to those who name an origin, so that a proxy would keep a copy of the results for each site; and it
refuses WebSockets that name none, as those of officers' programs do.
"""

from collections.abc import Collection

from quart import Quart, Response, g, request
from werkzeug.exceptions import HTTPException

from quart_app.access import access_of
from quart_app.auth import SAFE

OPEN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Location, Retry-After",
}

# Pages are for people who come here, whatever they show; the script for other sites' pages is for those.
FOR_PROGRAMS = ("/api/", "/health/", "/openapi.json", "/embed.js", "/embed/")
# Answers to preflights. A browser need not ask again for ten minutes.
_READER = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-None-Match, Last-Event-ID",
    "Access-Control-Max-Age": "600",
}
_NAMED = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match, If-None-Match, Last-Event-ID",
    "Access-Control-Max-Age": "600",
}


def install_cors(app: Quart, origins: Collection[str]) -> None:
    """`origins` are the sites, such as `https://desk.example.org`, whose pages may use the whole API.

    Their pages send a token: credentials, which are cookies, are allowed to no other site.
    """
    named = frozenset(origins) - {""}

    @app.after_request
    async def allow(response: Response) -> Response:
        if request.path.startswith(FOR_PROGRAMS):
            asked = request.headers.get("Access-Control-Request-Method")
            preflight = asked if request.method == "OPTIONS" else None
            open_to_all = _reads_in_public(app, preflight or request.method) and not _is_private(response)
            origin = request.headers.get("Origin", "")
            if open_to_all and not (preflight and origin in named):
                response.headers.update(OPEN | (_READER if preflight else {}))
            elif origin in named:
                response.headers.update(OPEN | (_NAMED if preflight else {}))
                response.headers["Access-Control-Allow-Origin"] = origin
                response.vary.add("Origin")
        return response


def _reads_in_public(app: Quart, method: str) -> bool:
    """Whether this method, at the address asked for, is a read that everybody may make."""
    try:
        endpoint, _ = app.create_url_adapter(request).match(method=method)  # type: ignore[union-attr]
    except HTTPException:
        return False
    return method in SAFE and access_of(app.view_functions[endpoint]).public


def _is_private(response: Response) -> bool:
    """Whether the answer is for whoever has signed in, or for one reader alone."""
    return getattr(g, "identity", None) is not None or "private" in response.headers.get("Cache-Control", "")
