"""For observers' programs: reporting by unit and by hour, and integrity statistics of a contest."""

from collections import Counter
from typing import Annotated

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_response, tag, validate_querystring

from models.integrity import Integrity
from models.integrity.counts import PrecinctCount
from models.reporting import Hour, Progress
from quart_app.access import public
from quart_app.answers import linked, next_page, versioned
from quart_app.api.elections import PageQuery
from quart_app.auth import is_staff
from quart_app.errors import Problem
from quart_app.openapi import also_answers
from quart_app.openapi_examples_observing import INTEGRITY_CSV, PROGRESS_CSV
from quart_app.spreadsheets import MEDIA, Row, named, table
from quart_app.wiring import services

api = Blueprint("api_observing", __name__, url_prefix="/api/v1/elections/<election>")

_HOUR = Hour.__struct_fields__
PROGRESS = ("election", "unit", "contest", *_HOUR, "units_expected", "is_test", "version")
INTEGRITY = (
    *("election", "contest", "precinct", "precinct_name", "voters_registered", "ballots_cast", "write_ins"),
    *("votes", "turnout", "share", "alike", "is_test", "version"),
)


class ProgressQuery(PageQuery):
    unit: Annotated[str, msgspec.Meta(max_length=200, description="Only at and below this unit")] = ""


class UnitOnlyQuery(msgspec.Struct):
    unit: Annotated[str, msgspec.Meta(max_length=200, description="Only at and below this unit")] = ""


class ProgressPage(Progress, frozen=True, kw_only=True):
    """How far reporting has come, by hour, and a page of what lies right below."""

    next: str | None


@api.get("/progress")
@public
@tag(["results"])
@validate_querystring(ProgressQuery)
@document_response(ProgressPage)
@document_response(Problem, 404)
async def progress(election: str, query_args: ProgressQuery) -> Response:
    """How far reporting has come by unit, a page at a time, and by hour. Carries an `ETag`.

    An hour has the precincts that first sent their tally in it. While results are withheld there are no
    ballots and no turnout, only who has reported.
    """
    staff = await is_staff(request)
    found = await services().observing.progress(election, query_args.unit, staff=staff)
    units = [unit for unit in found.units if unit.code > query_args.after][: query_args.limit]
    behind = next_page(units, query_args.limit, "code")
    answer = ProgressPage(**{**msgspec.structs.asdict(found), "units": units}, next=behind)
    body = msgspec.json.encode(answer)
    return linked(versioned(body, found.version, private=staff or await _is_draft(election)), behind)


@api.get("/progress.csv")
@public
@tag(["results"])
@validate_querystring(UnitOnlyQuery)
@also_answers(MEDIA, PROGRESS_CSV)
@document_response(Problem, 404)
async def progress_csv(election: str, query_args: UnitOnlyQuery) -> Response:
    """How reporting went as CSV, a row for each hour; `units/UNIT/place.csv` has a row for each unit."""
    staff = await is_staff(request)
    found = await services().observing.progress(election, query_args.unit, staff=staff)
    unit = found.unit.code if found.unit else ""
    rows = (
        (
            *(election, unit, found.contest, *msgspec.structs.astuple(hour)),
            *(found.units_expected, found.is_test, found.version),
        )
        for hour in found.hours
    )
    answer = versioned(table(PROGRESS, rows), found.version, private=staff or await _is_draft(election))
    return named(answer, f"{election}-{unit}-progress")


@api.get("/contests/<contest>/integrity")
@public
@tag(["results"])
@document_response(Integrity)
@document_response(Problem, 404)
async def integrity(election: str, contest: str) -> Response:
    """Last digits, turnout against share, and identical votes of a contest. Carries an `ETag`.

    Signs of where to look, never a proof: each type says what it can and cannot show. All are null while
    results are withheld, and what would need more precincts than have reported is null too.
    """
    staff = await is_staff(request)
    found = await services().observing.integrity(election, contest, staff=staff)
    private = staff or await _is_draft(election)
    return versioned(msgspec.json.encode(found), found.version, private=private)


@api.get("/contests/<contest>/integrity.csv")
@public
@tag(["results"])
@also_answers(MEDIA, INTEGRITY_CSV)
@document_response(Problem, 404)
async def integrity_csv(election: str, contest: str) -> Response:
    """What the statistics are made of as CSV, a row for each precinct; no row while results are withheld.

    `share` is that of the contest's leading selection; `alike` says how many precincts have the same votes,
    this one included.
    """
    staff = await is_staff(request)
    house = services().observing
    found = await house.integrity(election, contest, staff=staff)
    counts = await house.counts(election, contest, staff=staff)
    body = table(INTEGRITY, _precincts(found, counts))
    private = staff or await _is_draft(election)
    return named(versioned(body, found.version, private=private), f"{election}-{contest}-integrity")


def _precincts(found: Integrity, counts: list[PrecinctCount]) -> list[Row]:
    alike = Counter((count.votes, count.write_ins) for count in counts)
    told = found.turnout_and_share
    place = found.selections.index(told.selection) if told and told.selection else None
    return [
        (
            *(found.election, found.contest, count.precinct, count.name, count.voters_registered),
            *(count.ballots_cast, count.write_ins),
            " ".join(f"{code}={votes}" for code, votes in zip(found.selections, count.votes, strict=True)),
            _rounded(count.turnout),
            _rounded(count.share(place)) if place is not None else None,
            *(alike[count.votes, count.write_ins], found.is_test, found.version),
        )
        for count in counts
    ]


def _rounded(part: float | None) -> float | None:
    return None if part is None else round(part, 4)


async def _is_draft(election: str) -> bool:
    return (await services().results.current(election)).is_draft
