"""Files of many rows that people send with a form: read as the API reads them, the outcome on a page.

With JavaScript `static/upload.js` sends the file to the API itself, which may then have a gigabyte.
"""

from collections.abc import AsyncIterator, Callable
from typing import IO

import msgspec
from quart import Response
from quart_wtf import FileField, FileRequired

from models.errors import DomainError
from models.rights import Actor
from models.wording import say
from quart_app.auth import actor
from quart_app.pages.forms import PageForm
from quart_app.pages.private import form_page
from quart_app.wiring import services
from services.bulk import ADDED, REFUSED, UNCHANGED, Raw, RowResult
from services.bulk_rows import read_rows

SHOWN = 200
"""Refused rows that a page shows; `static/upload.js` shows as many."""

_PIECE = 65_536


class UploadForm(PageForm):
    file = FileField(
        say("File"),
        [FileRequired(say("Choose a file."))],
        description=say("CSV in UTF-8 with a header line, or a JSON array of objects."),
    )


class Outcome(msgspec.Struct):
    """How many rows went which way, and the first of those that were refused."""

    added: int = 0
    unchanged: int = 0
    refused: int = 0
    rows: list[RowResult] = []


Take = Callable[[AsyncIterator[list[Raw]], Actor], AsyncIterator[list[RowResult]]]
"""A use case that takes rows in, and answers each."""


async def upload_page(template: str, election: str, take: Take) -> Response:
    """A form for a file, and what became of its rows once it was sent."""
    state = await services().elections.get(election)
    form = await UploadForm.create_form()
    outcome = None
    if await form.validate_on_submit():
        outcome = await _outcome_of(form, take(read_rows(_pieces(form.file.data)), await actor()))
    return await form_page(template, form, election=state, outcome=outcome)


async def _outcome_of(form: UploadForm, results: AsyncIterator[list[RowResult]]) -> Outcome | None:
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
