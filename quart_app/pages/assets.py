"""Style sheets, modules and icons: small files held in memory, at an address that changes with them.

The fingerprint stands in the path, so modules import each other by relative addresses and a new
version never mixes with an old one. So does the language of modules: `messages.js`, which they import,
is made out of that language's catalogue.
"""

import hashlib
from pathlib import Path
from typing import cast

from quart import Blueprint, Response, abort, current_app
from quart_schema import hide

from quart_app.access import public
from quart_app.languages import Languages, language, languages

FOLDER = Path(__file__).resolve().parent.parent / "static"

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
# What the modules of each language import their texts from.
MESSAGES = "messages.js"

pages = Blueprint("assets", __name__, url_prefix="/static")


class Assets:
    """The files of a folder as they were when the application was made, and each language's messages."""

    def __init__(self, known: Languages, folder: Path = FOLDER) -> None:
        self._files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
        self._messages = {spoken.code: spoken.script() for spoken in known}
        digest = hashlib.sha256()
        for name, content in [*self._files.items(), *self._messages.items()]:
            digest.update(f"{name} {len(content)}\n".encode() + content)
        self.fingerprint = digest.hexdigest()[:12]

    def address(self, name: str) -> str:
        """Where a file is; a module in the language of whoever is asking."""
        place = f"{self.fingerprint}/{language().code}" if name.endswith(".js") else self.fingerprint
        return f"/static/{place}/{name}"

    def get(self, name: str, code: str = "") -> bytes | None:
        """A file, or the messages of the language `code`."""
        return self._messages.get(code) if name == MESSAGES else self._files.get(name)


def assets() -> Assets:
    """Those of this application."""
    return cast(Assets, current_app.extensions["tallystream.assets"])


@pages.get("/<fingerprint>/<name>")
@public
@hide
async def asset(fingerprint: str, name: str) -> Response:
    """One file. Under an older fingerprint the present file is sent, and nobody keeps it."""
    return _file(fingerprint, name)


@pages.get("/<fingerprint>/<code>/<name>")
@public
@hide
async def module(fingerprint: str, code: str, name: str) -> Response:
    """One module among those of a language."""
    if languages().get(code) is None or not name.endswith(".js"):
        abort(404)
    return _file(fingerprint, name, code)


def _file(fingerprint: str, name: str, code: str = "") -> Response:
    files = assets()
    content = files.get(name, code)
    if content is None:
        abort(404)
    response = Response(content, content_type=_TYPES[Path(name).suffix])
    current = fingerprint == files.fingerprint
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if current else "no-cache"
    return response
