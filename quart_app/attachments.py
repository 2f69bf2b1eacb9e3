"""Files that come with a form, and how they are handed out again: as downloads and never as pages.

A route that takes them says so with `takes_files(MAX_FORM)` (`quart_app/door/sizes.py`): its form may then be
larger than others, also where the form's token is read before the view is reached.
"""

import os

from quart import Response, request

from models.complaints import MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS, Media
from models.errors import FieldError, Invalid
from models.wording import say
from quart_app.answers import PRIVATE, bytes_response
from services.attachments import FIELD, Attachment, check_sizes

MAX_FORM = MAX_ATTACHMENTS * MAX_ATTACHMENT_BYTES + 256 * 1024
"""Bytes of a form with all of its attachments: what `takes_files` lets in of one."""

# Should a browser open one all the same, it runs nothing, sends nothing and is of no site (CSP 3, sandbox).
SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"

_ENDINGS: dict[Media, str] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "application/pdf": "pdf",
}


async def attachments_sent() -> list[bytes]:
    """The files of the form's field `attachments`, one of which browsers send where none was chosen.

    Their names and types are not looked at. Raises Invalid and TooLarge before one is read into memory.
    """
    files = await request.files
    if strangers := files.keys() - {FIELD}:
        message = say("is not a field for files here; there is %(known)s", known=FIELD)
        raise Invalid(tuple(FieldError(name[:100], message, "unknown-field") for name in sorted(strangers)))
    chosen = []
    for file in files.getlist(FIELD):
        size = file.stream.seek(0, os.SEEK_END)
        file.stream.seek(0)
        if file.filename or size:
            chosen.append((file, size))
    check_sizes([size for _, size in chosen])
    return [file.read() for file, _ in chosen]


def download(attachment: Attachment, name: str) -> Response:
    """A file `name.pdf` and so on, to be saved; `name` is made of codes and numbers."""
    response = bytes_response(attachment.content, cache=PRIVATE, content_type=attachment.media)
    ending = _ENDINGS[attachment.media]
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
