"""The same figures as the JSON beside them, as CSV for spreadsheets.

Every row says of which election it is, whether that is a test, and how far the count was: a file that
has left this place cannot be taken for something else. Until release no row has a vote.
"""

from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Any

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_response, tag, validate_querystring

from models.history import History, Point
from models.log import MAX_SEQ
from models.places import PrecinctTally
from models.results import ContestResults
from quart_app.access import public
from quart_app.answers import LIVE, PRIVATE, json_response, versioned
from quart_app.api.results import UnitQuery
from quart_app.auth import is_staff
from quart_app.errors import Problem
from quart_app.openapi import also_answers
from quart_app.openapi_examples import HISTORY_CSV, LOG_CSV, PRECINCTS_CSV, RESULTS_CSV
from quart_app.spreadsheets import MEDIA, Row, csv_stream, named, table
from quart_app.wiring import services
from services.log import LogService
from services.results import ContestView, ResultsService, UnitResults

api = Blueprint("api_exports", __name__, url_prefix="/api/v1/elections/<election>")

# Rows that are read from the database at once.
PAGE = 1000

RESULTS = (
    "election",
    "contest",
    "contest_name",
    "unit",
    "selection",
    "selection_name",
    "party",
    "votes",
    "share",
    "rank",
    "margin",
    "standing",
    "units_reported",
    "units_expected",
    "voters_registered",
    "ballots_cast",
    "turnout",
    "overvotes",
    "undervotes",
    "write_ins",
    "rejected_ballots",
    "quarantined_units",
    "awaiting_units",
    "outlook",
    "outstanding",
    "reopened",
    "recount_due",
    "lowered_by",
    "status",
    "is_test",
    "released",
    "version",
    "updated_at",
)
_OF_SELECTIONS = {
    "selection": "code",
    "selection_name": "name",
    **{name: name for name in ("party", "votes", "share", "rank", "margin", "standing")},
}
_FIGURES = ("ballots_cast", "overvotes", "undervotes", "write_ins", "rejected_ballots")
UNITS = ("election", "contest", "precinct", "precinct_name", "voters_registered", *_FIGURES)
_OF_TALLIES = ("seq", "revision", "at", "status", "is_test", "version", "updated_at")
HISTORY = (
    "election",
    "contest",
    "seq",
    "at",
    "units_reported",
    "units_expected",
    "ballots_cast",
    "write_ins",
)
LOG = (
    *("election", "is_test", "seq", "at", "kind", "withheld", "change", "precinct", "contest", "revision"),
    *(
        "second_of",
        "tally",
        "decision",
        "position",
        "status",
        *_FIGURES,
        "votes",
        "checks",
        "supersedes",
        "reason",
        "leaf_hash",
    ),
)


class LogQuery(msgspec.Struct):
    after: Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ, description="Only entries behind this seq")] = 0


@api.get("/results.csv")
@public
@tag(["results"])
@also_answers(MEDIA, RESULTS_CSV)
@document_response(Problem, 404)
async def results_csv(election: str) -> Response:
    """Every contest's results as CSV, a row for each selection. Carries an `ETag`."""
    staff = await is_staff(request)
    view = await services().results.current(election)
    contests = (view.staff_contests if staff else view.contests).values()
    return _results(f"{election}-results", contests, view.version, private=staff or view.is_draft)


@api.get("/contests/<contest>/results.csv")
@public
@tag(["results"])
@validate_querystring(UnitQuery)
@also_answers(MEDIA, RESULTS_CSV)
@document_response(Problem, 404)
async def contest_results_csv(election: str, contest: str, query_args: UnitQuery) -> Response:
    """One contest's results as CSV, in all or in one unit and below, a row for each selection."""
    staff = await is_staff(request)
    if unit := query_args.unit:
        found = await services().results.in_unit(election, contest, unit, staff=staff)
        private = staff or _is_draft([found])
        return _table(f"{election}-{contest}-{unit}", [found], found.version, private=private)
    view = await services().results.current(election)
    one = view.contest(contest, staff=staff)
    return _results(f"{election}-{contest}", [one], one.results.version, private=staff or view.is_draft)


@api.get("/contests/<contest>/units.csv")
@public
@tag(["results"])
@also_answers(MEDIA, PRECINCTS_CSV)
@document_response(Problem, 404)
async def contest_units_csv(election: str, contest: str) -> Response:
    """The counted tally of every precinct as CSV, with a column of votes for each selection.

    Empty but for its header while results are withheld.
    """
    staff = await is_staff(request)
    house = services().results
    one = (await house.current(election)).contest(contest, staff=staff)
    codes = [selection.code for selection in one.count.selections]
    header = (*UNITS, *(f"votes.{code}" for code in codes), *_OF_TALLIES)
    pages = _tallies(house, one.results, codes, staff=staff)
    return csv_stream(f"{election}-{contest}-precincts", header, pages, private=staff)


@api.get("/contests/<contest>/history.csv")
@public
@tag(["results"])
@also_answers(MEDIA, HISTORY_CSV)
@document_response(Problem, 404)
async def contest_history_csv(election: str, contest: str) -> Response:
    """How a contest's totals grew, as CSV with a column of votes for each selection.

    At most 200 points out of the log; none while results are withheld.
    """
    staff = await is_staff(request)
    view = await services().results.current(election)
    one = view.contest(contest, staff=staff).results
    history = await services().history.of(election, contest, staff=staff)
    header = (*HISTORY, *(f"votes.{code}" for code in history.selections), "is_test", "version")
    body = table(header, (_point_row(history, point, is_test=one.is_test) for point in history.points))
    answer = versioned(body, history.version, private=staff or view.is_draft)
    return named(answer, f"{election}-{contest}-history")


@api.get("/units/<unit>/results")
@public
@tag(["results"])
@document_response(UnitResults)
@document_response(Problem, 404)
async def unit_results(election: str, unit: str) -> Response:
    """A reporting unit, and the results of every contest on its ballots there and below."""
    staff = await is_staff(request)
    found = await services().results.of_unit(election, unit, staff=staff)
    if not found.contests:
        return json_response(found, cache=PRIVATE if staff else LIVE)
    private = staff or _is_draft(found.contests)
    return versioned(msgspec.json.encode(found), _version(found.contests), private=private)


@api.get("/units/<unit>/results.csv")
@public
@tag(["results"])
@also_answers(MEDIA, RESULTS_CSV)
@document_response(Problem, 404)
async def unit_results_csv(election: str, unit: str) -> Response:
    """The results of every contest on a unit's ballots as CSV, a row for each selection."""
    staff = await is_staff(request)
    found = await services().results.of_unit(election, unit, staff=staff)
    private = staff or _is_draft(found.contests)
    return _table(f"{election}-{unit}", found.contests, _version(found.contests), private=private)


@api.get("/log.csv")
@public
@tag(["log"])
@validate_querystring(LogQuery)
@also_answers(MEDIA, LOG_CSV)
@document_response(Problem, 404)
async def log_csv(election: str, query_args: LogQuery) -> Response:
    """The whole log as CSV, in order. While results are withheld, tallies show only their hashes."""
    staff = await is_staff(request)
    state = await services().elections.get(election)
    book = services().log
    head = await book.head(election)
    pages = _entries(book, election, query_args.after, head, is_test=state.is_test, staff=staff)
    return csv_stream(f"{election}-log", LOG, pages, private=staff)


def _results(name: str, contests: Iterable[ContestView], version: int, *, private: bool) -> Response:
    return _table(name, [contest.results for contest in contests], version, private=private)


def _table(name: str, contests: list[ContestResults], version: int, *, private: bool) -> Response:
    body = table(RESULTS, (row for results in contests for row in result_rows(results)))
    return named(versioned(body, version, private=private), name)


def result_rows(results: ContestResults) -> Iterable[Row]:
    """A row under RESULTS for each selection, the most votes first."""
    found = results.outlook
    possible = {
        "contest_name": results.name,
        "outlook": found and found.call,
        "outstanding": found and found.outstanding,
        "reopened": found and found.reopened,
    }
    for selection in results.selections:
        own = {name: getattr(selection, field) for name, field in _OF_SELECTIONS.items()} | possible
        yield [own[name] if name in own else getattr(results, name) for name in RESULTS]


async def _tallies(
    house: ResultsService, results: ContestResults, codes: list[str], *, staff: bool
) -> AsyncIterator[list[Row]]:
    after, more = "", True
    while more:
        found = await house.precincts(results.election, results.contest, after=after, limit=PAGE, staff=staff)
        yield [_tally_row(results, tally, codes) for tally in found]
        after, more = found[-1].precinct if found else "", len(found) == PAGE


def _tally_row(results: ContestResults, tally: PrecinctTally, codes: list[str]) -> Row:
    return (
        *(results.election, results.contest, tally.precinct, tally.name, tally.voters_registered),
        *(getattr(tally, figure) for figure in _FIGURES),
        *(tally.votes[code] for code in codes),
        *(tally.seq, tally.revision, tally.at, results.status, results.is_test),
        *(results.version, results.updated_at),
    )


async def _entries(
    book: LogService, election: str, after: int, head: int, *, is_test: bool, staff: bool
) -> AsyncIterator[list[Row]]:
    """The log up to `head`: what comes while it is read would never let it end."""
    while after < head:
        found = await book.page(election, after=after, limit=min(PAGE, head - after))
        entries = (msgspec.json.decode(r.public(released=found.released or staff)) for r in found.records)
        yield [_entry_row({"election": election, "is_test": is_test, **entry}) for entry in entries]
        after = found.records[-1].seq if found.records else head


def _entry_row(entry: dict[str, Any]) -> Row:
    """What an entry does not have stays empty; what has parts is words in one cell, `ada=40 ben=30`."""
    told = {
        **entry,
        "withheld": entry.get("withheld", False),
        "votes": " ".join(f"{code}={number}" for code, number in entry.get("votes", {}).items()),
        "checks": " ".join(_checks(entry.get("checks", []))),
        "supersedes": " ".join(map(str, entry.get("supersedes", ()))),
    }
    return [told.get(name) for name in LOG]


def _checks(told: list[dict[str, Any]] | dict[str, dict[str, Any]]) -> Iterable[str]:
    """Names of those that a tally failed; as an election set them, `outlier=6` or `outlier=off`."""
    if isinstance(told, list):
        return (check["check"] for check in told)
    return (f"{name}={one['tolerance'] if one['on'] else 'off'}" for name, one in told.items())


def _point_row(history: History, point: Point, *, is_test: bool) -> Row:
    return (
        *(history.election, history.contest, point.seq, point.at, point.units_reported),
        *(history.units_expected, point.ballots_cast, point.write_ins, *point.votes),
        *(is_test, history.version),
    )


def _is_draft(contests: list[ContestResults]) -> bool:
    """Whether they may change with the version staying the same."""
    return any(results.status == "pre-election" for results in contests)


def _version(contests: list[ContestResults]) -> int:
    """The log position of the last entry that changed any of them."""
    return max((results.version for results in contests), default=0)
