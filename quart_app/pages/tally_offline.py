"""What lets the entry open without a network: a page that names nobody, and the worker that keeps it."""

import msgspec
from quart import Blueprint, Response, abort
from quart_schema import hide

from quart_app.access import public
from quart_app.languages import language
from quart_app.languages.in_templates import to
from quart_app.pages.assets import assets
from quart_app.pages.rendering import page
from quart_app.wiring import services

pages = Blueprint("tally_offline", __name__, url_prefix="/elections/<election>/tally")

WORKER = "worker.js"


@pages.get("/shell.html")
@public
@hide
async def shell(election: str) -> Response:
    """The page that a browser shows of the entry while the server cannot be reached."""
    state = await services().elections.get(election)
    return await page("tally/shell.html", cache="no-cache", election=state)


@pages.get("/worker.js")
@public
@hide
async def worker(election: str) -> Response:
    """The service worker. Its bytes change with any file that it keeps, so that browsers take the new one."""
    state = await services().elections.get(election)
    here = f"/elections/{state.code}/tally"
    files = assets()
    content = files.get(WORKER)
    if content is None:
        abort(404)
    told = {
        "scope": here,
        "shell": to(f"{here}/shell.html", lang=language().code),
        "version": f"{files.fingerprint} {language().code}",
    }
    body = b"const KEEPS = " + msgspec.json.encode(told) + b";\n" + content
    response = Response(body, content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    # A worker has the policy of its own script: this one fetches from here, and does nothing else.
    response.headers["Content-Security-Policy"] = "default-src 'none'; connect-src 'self'"
    # The address of the list has no slash behind it; without this only what is below one could be kept.
    response.headers["Service-Worker-Allowed"] = here
    return response


@pages.get("/manifest.webmanifest")
@public
@hide
async def manifest(election: str) -> Response:
    """What an installed entry is called and where it starts."""
    state = await services().elections.get(election)
    here = f"/elections/{state.code}/tally"
    files = assets()
    icons = [
        {"src": files.address("icon.svg"), "sizes": "any", "type": "image/svg+xml"},
        *(
            {
                "src": files.address(f"entry-{size}.png"),
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": "any maskable",
            }
            for size in (192, 512)
        ),
    ]
    told = {
        "name": state.name,
        "short_name": "Tallystream",
        "id": here,
        "start_url": to(here),
        "scope": here,
        "display": "standalone",
        "lang": language().code,
        "dir": language().direction,
        "background_color": "#f4f6f8",
        "theme_color": "#0b5cad",
        "icons": icons,
    }
    response = Response(msgspec.json.encode(told), content_type="application/manifest+json")
    response.headers["Cache-Control"] = "no-cache"
    return response
