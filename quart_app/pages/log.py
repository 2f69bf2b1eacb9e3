"""The public log for people: the newest entries first."""

from typing import Annotated, Any

import msgspec
from quart import Blueprint, Response
from quart_schema import hide, validate_querystring

from models.check_settings import CHECKS
from models.checks import FailedCheck
from models.log import MAX_SEQ, LogRecord
from models.results import ContestCount
from models.wording import say
from quart_app.access import public
from quart_app.pages import log_words
from quart_app.pages.rendering import FRESH, page
from quart_app.pages.words import check_words
from quart_app.wiring import services

pages = Blueprint("log", __name__, url_prefix="/elections/<election>/log")

ENTRIES = 50

# Contests of a certificate that the page shows; all of them are in the entry's JSON.
CERTIFIED = 20


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
    contests = (await services().results.current(election)).contests
    return await page(
        "log/log.html",
        cache=FRESH,
        election=state,
        entries=[_told(record, found.released) for record in reversed(found.records)],
        contests={code: contest.count.name for code, contest in contests.items()},
        selections={code: _names(contest.count) for code, contest in contests.items()},
        released=found.released,
        certified=CERTIFIED,
        words=log_words,
        kinds=CHECKS,
        head=head,
        ways=_ways(f"/elections/{election}/log", newest, head),
    )


def _told(record: LogRecord, released: bool) -> dict[str, Any]:
    """What the public may read of an entry, with its checks in words."""
    entry: dict[str, Any] = msgspec.json.decode(record.public(released=released))
    # In an entry of the election itself they are those that it makes.
    failed = entry.get("checks", []) if record.kind == "tally" else []
    checks = msgspec.convert(failed, list[FailedCheck])
    return {**entry, "at": record.at, "failed": [check_words(check) for check in checks]}


def _names(contest: ContestCount) -> dict[str, str]:
    """What the contest's selections are called, by code."""
    return {selection.code: selection.name for selection in contest.selections}


def _ways(here: str, newest: int, head: int) -> list[tuple[str, str, str]]:
    """To the entries before and after those down from `newest`."""
    newer, older = newest + ENTRIES + 1, newest - ENTRIES + 1
    ways: list[tuple[str, str, str]] = []
    if newest < head:
        ways.append((f"{here}?before={newer}" if newer <= head else here, say("Newer entries"), "prev"))
    if older > 1:
        ways.append((f"{here}?before={older}", say("Older entries"), "next"))
    return ways
