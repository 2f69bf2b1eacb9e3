"""Current results as JSON, and live over server-sent events."""

import datetime
from typing import Annotated

import msgspec
from hypercorn.typing import ASGISendCallable
from quart import Blueprint, Response, request
from quart_schema import document_response, tag, validate_querystring

from models.places import PrecinctTally
from models.results import ContestResults
from quart_app.access import public
from quart_app.answers import JSON, LIVE, NDJSON, PRIVATE, json_response, lines, page, versioned
from quart_app.api.elections import PageQuery
from quart_app.auth import is_staff, staff_asking
from quart_app.errors import Problem
from quart_app.live import EVENT_STREAM, STREAM_HEADERS, LiveResponse
from quart_app.openapi import also_answers
from quart_app.openapi_examples import NDJSON_LINES, RESULTS_STREAM
from quart_app.wiring import services

api = Blueprint("api_results", __name__, url_prefix="/api/v1/elections/<election>")


class ElectionResults(msgspec.Struct):
    """Every contest's results at log position `version`."""

    election: str
    name: str
    date: datetime.date
    version: int
    updated_at: datetime.datetime
    election_status: str
    is_test: bool
    released: bool
    contests: list[ContestResults]


class UnitQuery(msgspec.Struct):
    unit: Annotated[str, msgspec.Meta(description="Only this reporting unit and those below it")] = ""


class StreamQuery(msgspec.Struct):
    contest: Annotated[str, msgspec.Meta(description="Only this contest")] = ""


class TallyPage(msgspec.Struct):
    tallies: list[PrecinctTally]
    next: str | None


@api.get("/results")
@public
@tag(["results"])
@document_response(ElectionResults)
@document_response(Problem, 404)
async def results(election: str) -> Response:
    """Every contest's totals. Carries an `ETag`; ask again with `If-None-Match`."""
    staff = await is_staff(request)
    view = await services().results.current(election)
    return versioned(view.json(staff=staff), view.version, private=staff or view.is_draft)


@api.get("/contests/<contest>/results")
@public
@tag(["results"])
@validate_querystring(UnitQuery)
@document_response(ContestResults)
@document_response(Problem, 404)
async def contest_results(election: str, contest: str, query_args: UnitQuery) -> Response:
    """One contest, in all or in one unit and below."""
    staff = await is_staff(request)
    if query_args.unit:
        found = await services().results.in_unit(election, contest, query_args.unit, staff=staff)
        return json_response(found, cache=PRIVATE if staff else LIVE)
    view = await services().results.current(election)
    contest_view = view.contest(contest, staff=staff)
    return versioned(contest_view.json, contest_view.results.version, private=staff or view.is_draft)


@api.get("/contests/<contest>/units")
@public
@tag(["results"])
@validate_querystring(PageQuery)
@document_response(TallyPage)
@also_answers(NDJSON, NDJSON_LINES)
@document_response(Problem, 404)
async def contest_units(election: str, contest: str, query_args: PageQuery) -> Response:
    """The counted tally of each precinct by its code; as NDJSON with `Accept: application/x-ndjson`.

    Empty while results are withheld.
    """
    staff = await is_staff(request)
    tallies = await services().results.precincts(
        election, contest, after=query_args.after, limit=query_args.limit, staff=staff
    )
    if request.accept_mimetypes.best_match([JSON, NDJSON], JSON) == NDJSON:
        response = lines(tallies, limit=query_args.limit, key="precinct")
    else:
        response = page("tallies", tallies, limit=query_args.limit, key="precinct")
    response.headers["Vary"] = "Accept"
    response.headers["Cache-Control"] = PRIVATE if staff else LIVE
    return response


@api.get("/results/stream")
@public
@tag(["results"])
@validate_querystring(StreamQuery)
@also_answers(EVENT_STREAM, RESULTS_STREAM)
@document_response(Problem, 404)
@document_response(Problem, 503)
async def results_stream(election: str, query_args: StreamQuery) -> Response:
    """Server-sent events `results`, one contest's results each: first all as they stand, then what changes.

    At most four a second a contest; always the newest state. `heartbeat` events tell that the stream
    is alive and how old its figures may be.
    """
    staff = await staff_asking(request)
    house = services()
    feed = await house.results.feed(election)
    await feed.settled()
    contest = query_args.contest or None
    if contest is not None:
        feed.view.contest(contest)
    watchers = house.watchers
    watchers.check()
    if request.method == "HEAD":
        return Response(b"", headers=STREAM_HEADERS)
    broadcaster = house.broadcasters.of(feed, staff=staff is not None)

    async def drive(send: ASGISendCallable) -> None:
        with watchers.streams(staff=staff is not None), house.standing.watch(staff) as lost:
            await broadcaster.watch(send, contest, lost.wait)

    return LiveResponse(drive)
