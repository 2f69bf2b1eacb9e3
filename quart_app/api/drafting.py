"""Elections from the administrators' side: making one, its units, and moving it along."""

from typing import Annotated

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_response, tag

from models.drafting import ElectionEdit, NewElection, NewUnit, UnitEdit
from models.patterns import NO_NUL
from models.places import UnitInfo
from models.rights import Role
from quart_app.access import only, public
from quart_app.answers import NDJSON, Nothing, editable, if_match, nothing
from quart_app.api.elections import ElectionInfo, election_response
from quart_app.auth import actor, require_fresh, signed_in
from quart_app.bodies import json_body
from quart_app.bulk import BulkAnswer, bulk_response, rows_of
from quart_app.door.limits import STREAMS, limited
from quart_app.errors import Problem
from quart_app.openapi import also_answers, takes_rows
from quart_app.openapi_examples import BULK_LINES, UNITS_CSV
from quart_app.wiring import services
from services.elections import Change

api = Blueprint("api_drafting", __name__, url_prefix="/api/v1/elections")


class ElectionMove(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done with an election; `reason` stands in the public log, and a correction needs one."""

    change: Change
    reason: Annotated[str, msgspec.Meta(max_length=500, pattern=NO_NUL)] = ""


@api.post("")
@only(Role.ADMINISTRATOR)
@tag(["elections"])
@json_body(NewElection)
@document_response(ElectionInfo, 201)
@document_response(Problem, 409)
async def create_election(data: NewElection) -> Response:
    """Makes a draft that consists of nothing yet."""
    return election_response(await services().elections.create(data, await actor()), 201)


@api.put("/<election>")
@only(Role.ADMINISTRATOR)
@tag(["elections"])
@json_body(ElectionEdit)
@document_response(ElectionInfo)
@document_response(Problem, 409)
@document_response(Problem, 412)
@document_response(Problem, 428)
async def edit_election(election: str, data: ElectionEdit) -> Response:
    """Changes a draft; the whole of it is sent, with `If-Match`. A `ballot_seed` is public at once."""
    return election_response(await services().elections.edit(election, data, if_match(), await actor()))


@api.post("/<election>/moves")
@only(Role.ADMINISTRATOR)
@tag(["elections"])
@json_body(ElectionMove)
@document_response(ElectionInfo)
@document_response(Problem, 409)
async def move_election(election: str, data: ElectionMove) -> Response:
    """Opens, closes or corrects an election, and releases or withholds its results.

    `release` needs a session whose password was given just now; `certify` is 409, for it takes two people
    (`/certification`). Opening names everything that the draft still lacks; a move that is not allowed
    names those that are.
    """
    # Nobody does it with a session that was left open somewhere.
    if data.change == "release":
        require_fresh(await signed_in(request))
    state = await services().elections.move(election, data.change, data.reason, await actor())
    return election_response(state)


@api.post("/<election>/units")
@only(Role.ADMINISTRATOR)
@limited(STREAMS)
@tag(["elections"])
@takes_rows(NewUnit, UNITS_CSV)
@also_answers(NDJSON, BULK_LINES)
@document_response(BulkAnswer)
@document_response(Problem, 409)
async def add_units(election: str) -> Response:
    """Adds reporting units to a draft, as a JSON array or as CSV with a header line; each row is answered.

    Rows have a `code`, `name`, `kind`, `parent` and `voters_registered`. A parent stands in an earlier
    row or is there already. The same code with the same content is there already and unchanged.
    """
    results = services().drafting.add_units(election, rows_of(request), await actor())
    return await bulk_response(results)


@api.get("/<election>/units/<unit>")
@public
@tag(["elections"])
@document_response(UnitInfo)
async def unit(election: str, unit: str) -> Response:
    """One reporting unit; its `ETag` is what a change is held against."""
    return editable(await services().drafting.unit(election, unit))


@api.put("/<election>/units/<unit>")
@only(Role.ADMINISTRATOR)
@tag(["elections"])
@json_body(UnitEdit)
@document_response(UnitInfo)
@document_response(Problem, 409)
@document_response(Problem, 412)
@document_response(Problem, 428)
async def edit_unit(election: str, unit: str, data: UnitEdit) -> Response:
    """Changes a unit of a draft or moves it in the tree; the whole of it is sent, with `If-Match`."""
    return editable(await services().drafting.edit_unit(election, unit, data, if_match(), await actor()))


@api.delete("/<election>/units/<unit>")
@only(Role.ADMINISTRATOR)
@tag(["elections"])
@document_response(Nothing, 204)
@document_response(Problem, 409)
@document_response(Problem, 412)
@document_response(Problem, 428)
async def remove_unit(election: str, unit: str) -> Response:
    """Removes a unit of a draft on which nothing hangs: no units, contests, voters or officers."""
    await services().drafting.remove_unit(election, unit, if_match(), await actor())
    return nothing()
