"""What others put on their own pages: the script, the frame, and a page with the lines to copy."""

import functools
import hashlib
import io

from babel.messages.extract import extract
from markupsafe import escape
from quart import Blueprint, Response, request
from quart_schema import hide

from models.results import ContestResults
from quart_app.access import public
from quart_app.answers import JSON, bytes_response, matches
from quart_app.languages import Language, language, languages
from quart_app.pages.assets import assets
from quart_app.pages.looks import looks
from quart_app.pages.meta import site
from quart_app.pages.rendering import FRESH, page
from quart_app.wiring import services

pages = Blueprint("share", __name__)

SCRIPT = "embed.js"
JAVASCRIPT = "text/javascript; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
# Five minutes after an update everybody has the new script; a broken network is no reason to have none.
KEPT = "public, max-age=300, stale-while-revalidate=86400, stale-if-error=604800"

# Pixels of a frame, and of each choice in it as long as there are few.
FRAME, FRAME_LINE, FRAME_LINES = 250, 52, 8

ROBOTS = """User-agent: *
Disallow: /api/
Disallow: /account
Disallow: /admin
Disallow: /audit
Disallow: /confirm
Disallow: /drafts
Disallow: /health/
Disallow: /language/
Disallow: /login
Disallow: /members
Disallow: /reset
"""


@pages.get("/embed.js")
@public
@hide
async def script() -> Response:
    """The custom element, at an address that stays."""
    files = assets()
    return _for_all_sites(files.get(SCRIPT) or b"", JAVASCRIPT)


@pages.get("/embed/<code>.json")
@public
@hide
async def texts(code: str) -> Response:
    """What the custom element says in a language; in English where nobody here speaks it."""
    files = assets()
    known = languages().get(code) or languages().source
    return _for_all_sites(_catalogue(files.get(SCRIPT) or b"", known), JSON)


def _for_all_sites(body: bytes, content_type: str) -> Response:
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    if matches(etag, request.headers.get("If-None-Match", "")):
        response = bytes_response(b"", 304, cache=KEPT)
        del response.headers["Content-Type"]
    else:
        response = bytes_response(body, cache=KEPT, content_type=content_type)
    response.headers["ETag"] = etag
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@functools.lru_cache(maxsize=32)
def _catalogue(content: bytes, known: Language) -> bytes:
    """Of a language's texts those that the script says: the others would only be a burden."""
    found = extract("javascript", io.BytesIO(content), keywords={"t": None})
    said = {message for _line, message, _comments, _context in found if isinstance(message, str)}
    return known.catalogue({text: known.browser[text] for text in sorted(said & known.browser.keys())})


@pages.get("/elections/<election>/contests/<contest>/embed")
@public
@hide
async def frame(election: str, contest: str) -> Response:
    """One contest for a frame on anybody's page: live with scripts, and a table without."""
    view = await services().results.current(election)
    results = view.contest(contest).results
    response = await page(
        "share/embed.html",
        cache=FRESH,
        framed="*",
        election=view.election,
        results=results,
        parties=looks(view.parties),
    )
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@pages.get("/elections/<election>/contests/<contest>/share")
@public
@hide
async def share(election: str, contest: str) -> Response:
    """What to copy, with a look at what comes of it."""
    view = await services().results.current(election)
    results = view.contest(contest).results
    host = site()
    return await page(
        "share/share.html",
        cache=FRESH,
        election=view.election,
        results=results,
        host=host,
        script_lines=_script_lines(host, results),
        frame_line=_frame_line(host, results),
    )


def _script_lines(host: str, results: ContestResults) -> str:
    """The markup for a page of one's own, in the language of whoever copies it."""
    election, code = f"{host}/elections/{results.election}", language().code
    spoken = "" if code == languages().source.code else f' lang="{code}"'
    return (
        f'<script async src="{host}/embed.js"></script>\n'
        f'<tallystream-contest election="{election}" contest="{results.contest}"{spoken}>'
        f'<a href="{election}/contests/{results.contest}">{escape(results.name)}</a></tallystream-contest>'
    )


def _frame_line(host: str, results: ContestResults) -> str:
    code = language().code
    spoken = "" if code == languages().source.code else f"?lang={code}"
    height = FRAME + FRAME_LINE * min(len(results.selections), FRAME_LINES)
    return (
        f'<iframe src="{host}/elections/{results.election}/contests/{results.contest}/embed{spoken}" '
        f'title="{escape(results.name)}" width="100%" height="{height}" loading="lazy" '
        'style="border:0"></iframe>'
    )


@pages.get("/robots.txt")
@public
@hide
async def robots() -> Response:
    """Search engines are welcome to whatever is for people and public."""
    return bytes_response(ROBOTS.encode(), cache="public, max-age=3600", content_type=TEXT)
