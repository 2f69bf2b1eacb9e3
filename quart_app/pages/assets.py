"""Style sheet, modules and icon: small files held in memory, at an address that changes with them.

The fingerprint stands in the path, so modules import each other by relative addresses and a new
version never mixes with an old one.
"""

import hashlib
from pathlib import Path
from typing import cast

from quart import Blueprint, Response, abort, current_app
from quart_schema import hide

from quart_app.access import public

FOLDER = Path(__file__).resolve().parent.parent / "static"

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

pages = Blueprint("assets", __name__, url_prefix="/static")


class Assets:
    """The files of a folder as they were when the application was made."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
        digest = hashlib.sha256()
        for name, content in self._files.items():
            digest.update(f"{name} {len(content)}\n".encode() + content)
        self.fingerprint = digest.hexdigest()[:12]

    def address(self, name: str) -> str:
        return f"/static/{self.fingerprint}/{name}"

    def get(self, name: str) -> bytes | None:
        return self._files.get(name)


@pages.get("/<fingerprint>/<name>")
@public
@hide
async def asset(fingerprint: str, name: str) -> Response:
    """One file. Under an older fingerprint the present file is sent, and nobody keeps it."""
    files = cast(Assets, current_app.extensions["tallystream.assets"])
    content = files.get(name)
    if content is None:
        abort(404)
    response = Response(content, content_type=_TYPES[Path(name).suffix])
    current = fingerprint == files.fingerprint
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if current else "no-cache"
    return response
