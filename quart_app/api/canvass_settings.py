"""An election's checks, double entry and recount threshold, and what other checks would make of it."""

from quart import Blueprint, Response
from quart_schema import document_response, tag

from models.canvass_settings import CanvassSettings, ChecksToPreview
from models.check_preview import ChecksPreview
from models.rights import Role
from quart_app.access import only
from quart_app.answers import PRIVATE, editable, if_match, json_response
from quart_app.auth import actor
from quart_app.bodies import json_body
from quart_app.errors import Problem
from quart_app.wiring import services

api = Blueprint("api_canvass_settings", __name__, url_prefix="/api/v1/elections/<election>/canvass-settings")


@api.get("")
@only(Role.ADMINISTRATOR, Role.REVIEWER, Role.AUDITOR)
@tag(["canvass"])
@document_response(CanvassSettings)
async def canvass_settings(election: str) -> Response:
    """The settings as they are; the `ETag` is what a change is held against."""
    return editable(await services().canvass_settings.get(election))


@api.put("")
@only(Role.ADMINISTRATOR)
@tag(["canvass"])
@json_body(CanvassSettings)
@document_response(CanvassSettings)
@document_response(Problem, 409)
@document_response(Problem, 412)
@document_response(Problem, 428)
async def set_canvass_settings(election: str, data: CanvassSettings) -> Response:
    """Sets them for all tallies to come; the whole is sent, with `If-Match`, and stands in the public log.

    A check that is left out has its default. `double_entry` is settled once a tally has been sent.
    """
    house = services().canvass_settings
    return editable(await house.set(election, data, if_match(), await actor()))


@api.post("/preview")
@only(Role.ADMINISTRATOR)
@tag(["canvass"])
@json_body(ChecksToPreview)
@document_response(ChecksPreview)
async def preview_checks(election: str, data: ChecksToPreview) -> Response:
    """How many of the counted tallies these checks would quarantine, and a few of them. Changes nothing.

    Each tally is held against all the others as if it came in last.
    """
    return json_response(await services().canvass_settings.preview(election, data.checks), cache=PRIVATE)
