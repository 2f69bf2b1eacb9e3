"""Files of many rows that people send with a form: read as the API reads them, the outcome on a page.

With JavaScript `static/upload.js` sends the file to the API itself, which may then have a gigabyte.
"""

from collections.abc import AsyncIterator
from typing import IO

import msgspec
from quart_wtf import FileField, FileRequired

from models.errors import DomainError
from quart_app.pages.forms import PageForm
from services.bulk import ADDED, REFUSED, UNCHANGED, Raw, RowResult
from services.bulk_rows import read_rows

SHOWN = 200
"""Refused rows that a page shows; `static/upload.js` shows as many."""

_PIECE = 65_536


class UploadForm(PageForm):
    file = FileField(
        "File",
        [FileRequired("Choose a file.")],
        description="CSV in UTF-8 with a header line, or a JSON array of objects.",
    )


class Outcome(msgspec.Struct):
    """How many rows went which way, and the first of those that were refused."""

    added: int = 0
    unchanged: int = 0
    refused: int = 0
    rows: list[RowResult] = []


def rows_in(form: UploadForm) -> AsyncIterator[list[Raw]]:
    """The rows of the file that came with the form. Raises Unreadable when they are read."""
    return read_rows(_pieces(form.file.data))


async def outcome_of(form: UploadForm, results: AsyncIterator[list[RowResult]]) -> Outcome | None:
    """What became of the rows; None where the whole file is refused, as the form then says."""
    counts = {ADDED: 0, UNCHANGED: 0, REFUSED: 0}
    rows: list[RowResult] = []
    try:
        async for chunk in results:
            for result in chunk:
                counts[result.status] += 1
                if result.status == REFUSED and len(rows) < SHOWN:
                    rows.append(result)
    except DomainError as error:
        form.refuse(error)
        return None
    return Outcome(counts[ADDED], counts[UNCHANGED], counts[REFUSED], rows)


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece
