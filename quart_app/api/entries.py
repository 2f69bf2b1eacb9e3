"""What an officer has to report: own precincts, the contests on their ballots, what was sent of them."""

from typing import Annotated

import msgspec
from quart import Blueprint, Response, abort, request
from quart_schema import document_response, tag, validate_querystring

from models.entries import Entry, SentFigures
from models.rights import Role
from quart_app.access import only
from quart_app.answers import PRIVATE, json_response
from quart_app.auth import signed_in
from quart_app.errors import Problem
from quart_app.wiring import services

api = Blueprint("api_entries", __name__, url_prefix="/api/v1/elections/<election>")


class EntryQuery(msgspec.Struct):
    search: Annotated[str, msgspec.Meta(max_length=100, description="What the name or the code contains")] = (
        ""
    )
    after: Annotated[str, msgspec.Meta(max_length=100, description="Precincts behind this one")] = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=200, description="Precincts at most")] = 100


@api.get("/entry")
@only(Role.OFFICER)
@tag(["tallies"])
@validate_querystring(EntryQuery)
@document_response(Entry)
@document_response(Problem, 404)
async def entry(election: str, query_args: EntryQuery) -> Response:
    """The officer's own precincts by name, with their ballots and the newest tally of each contest.

    Also while results are withheld: everybody sees what their own precincts have sent.
    """
    who = await signed_in(request)
    found = await services().entries.page(
        election, who, search=query_args.search, after=query_args.after, limit=query_args.limit
    )
    return json_response(found, cache=PRIVATE)


@api.get("/entry/<precinct>/<int:seq>")
@only(Role.OFFICER)
@tag(["tallies"])
@document_response(SentFigures)
@document_response(Problem, 404)
async def sent(election: str, precinct: str, seq: int) -> Response:
    """The figures that an own precinct sent as the log's entry `seq`, whoever typed them.

    Also while results are withheld; a correction starts from them.
    """
    who = await signed_in(request)
    kept = await services().entries.tally(election, who, precinct, seq)
    if kept is None:
        abort(404)
    return json_response(kept.figures, cache=PRIVATE)
