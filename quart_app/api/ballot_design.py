"""What stands on the ballots of a draft: parties, contests and selections."""

from quart import Blueprint, Response
from quart_schema import document_response, tag

from models.drafting import (
    ContestEdit,
    NewContest,
    NewParty,
    NewSelection,
    PartyEdit,
    SelectionEdit,
    WholeContest,
)
from models.places import PartyInfo, SelectionInfo
from models.rights import Role
from quart_app.access import only, public
from quart_app.answers import Nothing, editable, if_match, nothing
from quart_app.auth import actor
from quart_app.bodies import json_body
from quart_app.errors import Problem
from quart_app.wiring import services

api = Blueprint("api_ballot_design", __name__, url_prefix="/api/v1/elections/<election>")


# ---- parties ----


@api.post("/parties")
@only(Role.ADMINISTRATOR)
@tag(["elections"])
@json_body(NewParty)
@document_response(PartyInfo, 201)
@document_response(Problem, 409)
async def add_party(election: str, data: NewParty) -> Response:
    """Adds a party to a draft."""
    return editable(await services().ballot_design.add_party(election, data, await actor()), 201)


@api.get("/parties/<party>")
@public
@tag(["elections"])
@document_response(PartyInfo)
async def party(election: str, party: str) -> Response:
    """One party; its `ETag` is what a change is held against."""
    return editable(await services().ballot_design.party(election, party))


@api.put("/parties/<party>")
@only(Role.ADMINISTRATOR)
@tag(["elections"])
@json_body(PartyEdit)
@document_response(PartyInfo)
@document_response(Problem, 409)
@document_response(Problem, 412)
@document_response(Problem, 428)
async def edit_party(election: str, party: str, data: PartyEdit) -> Response:
    """Changes a party of a draft; the whole of it is sent, with `If-Match`."""
    design = services().ballot_design
    return editable(await design.edit_party(election, party, data, if_match(), await actor()))


@api.delete("/parties/<party>")
@only(Role.ADMINISTRATOR)
@tag(["elections"])
@document_response(Nothing, 204)
@document_response(Problem, 409)
@document_response(Problem, 412)
@document_response(Problem, 428)
async def remove_party(election: str, party: str) -> Response:
    """Removes a party of a draft for which nobody stands."""
    await services().ballot_design.remove_party(election, party, if_match(), await actor())
    return nothing()


# ---- contests ----


@api.post("/contests")
@only(Role.ADMINISTRATOR)
@tag(["elections"])
@json_body(NewContest)
@document_response(WholeContest, 201)
@document_response(Problem, 409)
async def add_contest(election: str, data: NewContest) -> Response:
    """Adds a contest to a draft, behind the others on the ballot.

    Without `precincts` it stands in every precinct at or below its district, also those that are added
    later. Its `selections` may come with it, be added one by one, or come of candidates who qualify.
    """
    return editable(await services().ballot_design.add_contest(election, data, await actor()), 201)


@api.get("/contests/<contest>")
@public
@tag(["elections"])
@document_response(WholeContest)
async def contest(election: str, contest: str) -> Response:
    """One contest with everything that was said of it; its `ETag` is what a change is held against."""
    return editable(await services().ballot_design.contest(election, contest))


@api.put("/contests/<contest>")
@only(Role.ADMINISTRATOR)
@tag(["elections"])
@json_body(ContestEdit)
@document_response(WholeContest)
@document_response(Problem, 409)
@document_response(Problem, 412)
@document_response(Problem, 428)
async def edit_contest(election: str, contest: str, data: ContestEdit) -> Response:
    """Changes a contest of a draft; the whole of it is sent, with `If-Match`.

    Given `selections` take the place of those that there are, in their order; left out, those stay.
    """
    design = services().ballot_design
    return editable(await design.edit_contest(election, contest, data, if_match(), await actor()))


@api.delete("/contests/<contest>")
@only(Role.ADMINISTRATOR)
@tag(["elections"])
@document_response(Nothing, 204)
@document_response(Problem, 409)
@document_response(Problem, 412)
@document_response(Problem, 428)
async def remove_contest(election: str, contest: str) -> Response:
    """Removes a contest of a draft with its selections, unless candidates have filed for it."""
    await services().ballot_design.remove_contest(election, contest, if_match(), await actor())
    return nothing()


# ---- selections ----


@api.post("/contests/<contest>/selections")
@only(Role.ADMINISTRATOR)
@tag(["elections"])
@json_body(NewSelection)
@document_response(SelectionInfo, 201)
@document_response(Problem, 409)
async def add_selection(election: str, contest: str, data: NewSelection) -> Response:
    """Adds a selection to a contest of a draft, at the place that the contest's ballot order gives it."""
    design = services().ballot_design
    return editable(await design.add_selection(election, contest, data, await actor()), 201)


@api.get("/contests/<contest>/selections/<selection>")
@public
@tag(["elections"])
@document_response(SelectionInfo)
async def selection(election: str, contest: str, selection: str) -> Response:
    """One selection; its `ETag` is what a change is held against."""
    return editable(await services().ballot_design.selection(election, contest, selection))


@api.put("/contests/<contest>/selections/<selection>")
@only(Role.ADMINISTRATOR)
@tag(["elections"])
@json_body(SelectionEdit)
@document_response(SelectionInfo)
@document_response(Problem, 409)
@document_response(Problem, 412)
@document_response(Problem, 428)
async def edit_selection(election: str, contest: str, selection: str, data: SelectionEdit) -> Response:
    """Changes a selection of a draft; the whole of it is sent, with `If-Match`."""
    design = services().ballot_design
    changed = await design.edit_selection(election, contest, selection, data, if_match(), await actor())
    return editable(changed)


@api.delete("/contests/<contest>/selections/<selection>")
@only(Role.ADMINISTRATOR)
@tag(["elections"])
@document_response(Nothing, 204)
@document_response(Problem, 409)
@document_response(Problem, 412)
@document_response(Problem, 428)
async def remove_selection(election: str, contest: str, selection: str) -> Response:
    """Removes a selection of a draft, unless candidates stand behind it."""
    design = services().ballot_design
    await design.remove_selection(election, contest, selection, if_match(), await actor())
    return nothing()
