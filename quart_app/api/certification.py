"""Certifying by two people, the certificates that everybody may read, and recounts."""

from typing import Annotated, Literal

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_response, tag

from models.canvass import MOST_REASON
from models.certification import Certification
from models.patterns import NO_NUL
from models.rights import Role
from quart_app.access import only, public
from quart_app.answers import PRIVATE, SETTLED, Nothing, json_response, nothing
from quart_app.api.elections import ElectionInfo, election_response
from quart_app.auth import actor, is_staff
from quart_app.bodies import json_body
from quart_app.errors import Problem
from quart_app.wiring import services
from services.certification import Certificates

api = Blueprint("api_certification", __name__, url_prefix="/api/v1/elections/<election>")

Reason = Annotated[str, msgspec.Meta(max_length=MOST_REASON, pattern=NO_NUL)]


class CertificationRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`reason` is needed where something still waits, and stands in the public log."""

    reason: Reason = ""


class RecountMove(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A recount begins or ends; `reason` stands in the public log."""

    change: Literal["begin", "end"]
    reason: Reason


@api.get("/certification")
@only(Role.ADMINISTRATOR, Role.REVIEWER, Role.AUDITOR)
@tag(["canvass"])
@document_response(Certification)
async def certification(election: str) -> Response:
    """How far an election is: what waits, the totals as they would be certified, who asked, recounts."""
    return json_response(await services().certification.state(election), cache=PRIVATE)


@api.post("/certification")
@only(Role.ADMINISTRATOR, fresh=True)
@tag(["canvass"])
@json_body(CertificationRequest)
@document_response(Certification, 201)
@document_response(Problem, 409)
async def ask_to_certify(election: str, data: CertificationRequest) -> Response:
    """Asks to certify the totals as they stand, as the first of two people.

    Both need a session whose password was given just now. 409 says what still waits and how much of it;
    a `reason` overrides that, but no recount.
    """
    await services().certification.ask(election, await actor(), data.reason)
    return json_response(await services().certification.state(election), 201, cache=PRIVATE)


@api.post("/certification/confirmation")
@only(Role.ADMINISTRATOR, fresh=True)
@tag(["canvass"])
@document_response(ElectionInfo)
@document_response(Problem, 409)
async def confirm_certification(election: str) -> Response:
    """Confirms, as the second of two people, and certifies the election.

    403 (`asked-by-you`) for whoever asked. 409 (`totals-moved`) where the totals, or what
    still waits, are others by now; the request has ended then.
    """
    return election_response(await services().certification.confirm(election, await actor()))


@api.delete("/certification")
@only(Role.ADMINISTRATOR, fresh=True)
@tag(["canvass"])
@document_response(Nothing, 204)
@document_response(Problem, 409)
async def take_request_back(election: str) -> Response:
    """Takes back what one of two people asked; any administrator may."""
    await services().certification.take_back(election, await actor())
    return nothing()


@api.get("/certificates")
@public
@tag(["canvass"])
@document_response(Certificates)
async def certificates(election: str) -> Response:
    """The certificates of an election, the newest first: log position, hash of the totals and reason.

    There are none to be seen while results are withheld.
    """
    staff = await is_staff(request)
    found = await services().certification.certificates(election, staff=staff)
    return json_response(found, cache=PRIVATE if staff else SETTLED)


@api.post("/contests/<contest>/recount")
@only(Role.ADMINISTRATOR, fresh=True)
@tag(["canvass"])
@json_body(RecountMove)
@document_response(Certification)
@document_response(Problem, 409)
async def recount(election: str, contest: str, data: RecountMove) -> Response:
    """Orders a recount of a contest, or ends it. Until it ends nothing is certified.

    Meanwhile corrected tallies of the contest are taken from a closed election too.
    """
    recounts = services().recounts
    move = recounts.begin if data.change == "begin" else recounts.end
    await move(election, contest, data.reason, await actor())
    return json_response(await services().certification.state(election), cache=PRIVATE)
