"""The public log for people: the newest entries first."""

from typing import Annotated, Any

import msgspec
from quart import Blueprint, Response
from quart_schema import hide, validate_querystring

from quart_app.access import public
from quart_app.api.log import MAX_SEQ
from quart_app.pages.rendering import FRESH, page
from quart_app.wiring import services

pages = Blueprint("log", __name__, url_prefix="/elections/<election>/log")

ENTRIES = 50


class LogQuery(msgspec.Struct):
    """Only entries older than `before`; without it the newest."""

    before: Annotated[int, msgspec.Meta(ge=1, le=MAX_SEQ)] | None = None


@pages.get("")
@public
@hide
@validate_querystring(LogQuery)
async def log(election: str, query_args: LogQuery) -> Response:
    state = await services().elections.get(election)
    head = await services().log.head(election)
    newest = min(head, (query_args.before or head + 1) - 1)
    after = max(0, newest - ENTRIES)
    # Seqs have no gaps, so a page is a stretch of numbers.
    found = await services().log.page(election, after=after, limit=newest - after)
    entries: list[dict[str, Any]] = [
        msgspec.json.decode(record.public(released=found.released)) for record in reversed(found.records)
    ]
    for entry, record in zip(entries, reversed(found.records), strict=True):
        entry["at"] = record.at
    return await page(
        "log/log.html",
        cache=FRESH,
        election=state,
        entries=entries,
        head=head,
        newest=newest,
        older=after + 1 if after else None,
        newer=newest + ENTRIES + 1 if newest < head else None,
    )
