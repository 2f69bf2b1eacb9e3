"""The register of voters, for registrars. What is looked for comes in bodies: addresses are logged."""

from typing import Annotated

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_response, tag, validate_querystring

from models.rights import REGISTRARS
from models.voters import (
    After,
    Move,
    Moved,
    PageSize,
    Removal,
    Text,
    VoterEntry,
    VoterInfo,
    VoterSearch,
)
from quart_app.access import only
from quart_app.answers import NDJSON, PRIVATE, editable, if_match, json_response, page
from quart_app.auth import actor
from quart_app.bodies import json_body
from quart_app.bulk import BulkAnswer, bulk_response, rows_of
from quart_app.door.limits import STREAMS, limited
from quart_app.errors import Problem
from quart_app.openapi import also_answers, takes_rows
from quart_app.openapi_examples import BULK_LINES, VOTERS_CSV
from quart_app.wiring import services

api = Blueprint("api_voters", __name__, url_prefix="/api/v1/elections/<election>")

_VOTER = "/voters/<int:voter>"


class VoterQuery(msgspec.Struct):
    precinct: Annotated[Text, msgspec.Meta(description="Only this precinct")] = ""
    after: After = 0
    limit: PageSize = 100


class VoterPage(msgspec.Struct):
    voters: list[VoterInfo]
    next: str | None


class VotersFound(msgspec.Struct):
    """Those that fit, by id. Where `after` is no null there may be more: send it with the same search."""

    voters: list[VoterInfo]
    after: int | None


@api.post("/voters")
@only(*REGISTRARS)
@limited(STREAMS)
@tag(["voters"])
@takes_rows(VoterEntry, VOTERS_CSV)
@also_answers(NDJSON, BULK_LINES)
@document_response(BulkAnswer)
@document_response(Problem, 409)
async def register_voters(election: str) -> Response:
    """Registers many at once, as a JSON array or as CSV with a header line; each row is answered.

    The same number with the same content is there already and unchanged; with other content it is refused.
    """
    results = services().registration.register(election, rows_of(request), await actor())
    return await bulk_response(results)


@api.get("/voters")
@only(*REGISTRARS)
@tag(["voters"])
@validate_querystring(VoterQuery)
@document_response(VoterPage)
async def voters(election: str, query_args: VoterQuery) -> Response:
    """The registered, by `id`."""
    found = await services().voters.page(
        election, precinct=query_args.precinct, after=query_args.after, limit=query_args.limit
    )
    response = page("voters", found, limit=query_args.limit, key="id")
    response.headers["Cache-Control"] = PRIVATE
    return response


@api.post("/voters/search")
@only(*REGISTRARS)
@tag(["voters"])
@json_body(VoterSearch)
@document_response(VotersFound)
async def search_voters(election: str, data: VoterSearch) -> Response:
    """Looks for voters by what is known of them; the removed are found as well."""
    found = await services().voters.search(election, data)
    after = found[-1].id if len(found) == data.limit else None
    return json_response(VotersFound(found, after), cache=PRIVATE)


@api.get(_VOTER)
@only(*REGISTRARS)
@tag(["voters"])
@document_response(VoterInfo)
async def voter(election: str, voter: int) -> Response:
    """One registration; its `ETag` is what a change is held against."""
    return editable(await services().voters.get(election, voter))


@api.put(_VOTER)
@only(*REGISTRARS)
@tag(["voters"])
@json_body(VoterEntry)
@document_response(VoterInfo)
@document_response(Problem, 409)
@document_response(Problem, 412)
@document_response(Problem, 428)
async def change_voter(election: str, voter: int, data: VoterEntry) -> Response:
    """Writes a registration anew; the whole of it is sent, with `If-Match`."""
    return editable(await services().voters.change(election, voter, data, if_match(), await actor()))


@api.post(f"{_VOTER}/removal")
@only(*REGISTRARS)
@tag(["voters"])
@json_body(Removal)
@document_response(VoterInfo)
@document_response(Problem, 409)
async def remove_voter(election: str, voter: int, data: Removal) -> Response:
    """Takes a voter off the register, for a reason. What was registered stays to be seen."""
    return editable(await services().voters.remove(election, voter, data.reason, await actor()))


@api.post("/units/<unit>/voters/move")
@only(*REGISTRARS)
@tag(["voters"])
@json_body(Move)
@document_response(Moved)
@document_response(Problem, 409)
async def move_voters(election: str, unit: str, data: Move) -> Response:
    """Moves all voters of a precinct to another one."""
    moved = await services().voters.move(election, unit, data.to, data.reason, await actor())
    return json_response(Moved(moved), cache=PRIVATE)
