"""Places for programs: a unit with what lies around it, what a precinct has sent, and how a map stands."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_response, tag, validate_querystring

from models.progress import ContestMap, MapUnit, Place, UnitTallies
from quart_app.access import public
from quart_app.answers import LIVE, PRIVATE, json_response, linked, next_page
from quart_app.api.elections import PageQuery
from quart_app.auth import is_staff
from quart_app.errors import Problem
from quart_app.openapi import also_answers
from quart_app.openapi_examples_places import MAP_CSV, PLACE_CSV, TALLIES_CSV
from quart_app.spreadsheets import MEDIA, Row, csv_response
from quart_app.wiring import services
from services.places import Level

api = Blueprint("api_places", __name__, url_prefix="/api/v1/elections/<election>")

_BELOW = (
    *("units_reported", "units_expected", "tallies_counted", "tallies_expected", "held"),
    *("ballots_cast", "turnout"),
)
_COUNTS = ("ballots_cast", "overvotes", "undervotes", "write_ins", "rejected_ballots")
_ON_MAP = MapUnit.__struct_fields__[1:]
# More than any unit has right below it.
_ALL = 100_000


class PlacePage(Place, frozen=True, kw_only=True):
    """A unit, what it lies in, and a page of what lies right below it."""

    next: str | None


class MapQuery(msgspec.Struct):
    unit: Annotated[str, msgspec.Meta(max_length=200, description="Only below this unit")] = ""
    level: Annotated[Level, msgspec.Meta(description="Right below it, or all precincts")] = "below"


@api.get("/units/<unit>/place")
@public
@tag(["results"])
@validate_querystring(PageQuery)
@document_response(PlacePage)
@document_response(Problem, 404)
async def place(election: str, unit: str, query_args: PageQuery) -> Response:
    """A unit, what it lies in, and how far counting is in each unit right below it, a page at a time."""
    staff = await is_staff(request)
    limit = query_args.limit
    found = await services().places.place(election, unit, after=query_args.after, limit=limit, staff=staff)
    behind = next_page(found.children, limit, "code")
    answer = PlacePage(**msgspec.structs.asdict(found), next=behind)
    return linked(json_response(answer, cache=PRIVATE if staff else LIVE), behind)


@api.get("/units/<unit>/place.csv")
@public
@tag(["results"])
@also_answers(MEDIA, PLACE_CSV)
@document_response(Problem, 404)
async def place_csv(election: str, unit: str) -> Response:
    """How far counting is in each unit right below one, as CSV."""
    staff = await is_staff(request)
    found = await services().places.place(election, unit, limit=_ALL, staff=staff)
    rows = (
        (election, unit, child.code, child.name, child.kind, *_figures(child, _BELOW), found.contest)
        for child in found.children
    )
    header = ("election", "above", "unit", "name", "kind", *_BELOW, "contest")
    return csv_response(f"{election}-{unit}-below", header, rows, cache=PRIVATE if staff else LIVE)


@api.get("/units/<unit>/tallies")
@public
@tag(["results"])
@document_response(UnitTallies)
@document_response(Problem, 404)
async def tallies(election: str, unit: str) -> Response:
    """Every tally of a precinct and what became of it; empty while results are withheld."""
    staff = await is_staff(request)
    found = await services().places.tallies(election, unit, staff=staff)
    return json_response(found, cache=PRIVATE if staff else LIVE)


@api.get("/units/<unit>/tallies.csv")
@public
@tag(["results"])
@also_answers(MEDIA, TALLIES_CSV)
@document_response(Problem, 404)
async def tallies_csv(election: str, unit: str) -> Response:
    """Every tally of a precinct as CSV, a row for each selection; no row while results are withheld."""
    staff = await is_staff(request)
    found = await services().places.tallies(election, unit, staff=staff)
    header = (
        *("election", "unit", "contest", "seq", "at", "revision", "status", "selection", "votes"),
        *(*_COUNTS, "reason"),
    )
    return csv_response(f"{election}-{unit}-tallies", header, _votes(found), cache=PRIVATE if staff else LIVE)


@api.get("/contests/<contest>/map")
@public
@tag(["results"])
@validate_querystring(MapQuery)
@document_response(ContestMap)
@document_response(Problem, 404)
async def contest_map(election: str, contest: str, query_args: MapQuery) -> Response:
    """What a map of a contest shows: who leads where and by how much, turnout, and who has reported."""
    found, cache = await _map(election, contest, query_args)
    return json_response(found, cache=cache)


@api.get("/contests/<contest>/map.csv")
@public
@tag(["results"])
@validate_querystring(MapQuery)
@also_answers(MEDIA, MAP_CSV)
@document_response(Problem, 404)
async def contest_map_csv(election: str, contest: str, query_args: MapQuery) -> Response:
    """The same as CSV, a row for each unit."""
    found, cache = await _map(election, contest, query_args)
    rows = ((election, contest, one.code, *_figures(one, _ON_MAP)) for one in found.units)
    header = ("election", "contest", "unit", *_ON_MAP)
    return csv_response(f"{election}-{contest}-{found.unit.code}-map", header, rows, cache=cache)


async def _map(election: str, contest: str, asked: MapQuery) -> tuple[ContestMap, str]:
    staff = await is_staff(request)
    found = await services().places.map(election, contest, unit=asked.unit, level=asked.level, staff=staff)
    return found, PRIVATE if staff else LIVE


def _figures(value: msgspec.Struct, names: tuple[str, ...]) -> Row:
    return tuple(getattr(value, name) for name in names)


def _votes(found: UnitTallies) -> Iterator[Row]:
    for tally in found.tallies:
        head = (found.election, found.unit, tally.contest, tally.seq, tally.at, tally.revision, tally.status)
        for selection, votes in tally.votes.items():
            yield (*head, selection, votes, *_figures(tally, _COUNTS), tally.reason)
