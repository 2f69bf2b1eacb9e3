"""The race over time of a contest as JSON."""

import msgspec
from quart import Blueprint, Response, request
from quart_schema import document_response, tag

from models.history import History
from quart_app.access import public
from quart_app.answers import versioned
from quart_app.auth import is_staff
from quart_app.errors import Problem
from quart_app.wiring import services

api = Blueprint("api_history", __name__, url_prefix="/api/v1/elections/<election>")


@api.get("/contests/<contest>/history")
@public
@tag(["results"])
@document_response(History)
@document_response(Problem, 404)
async def contest_history(election: str, contest: str) -> Response:
    """How a contest's totals grew: at most 200 points out of the log. Carries an `ETag`.

    The last point has the figures of the contest's results. A correction may make totals fall, and the
    points show it. There are none while results are withheld.
    """
    staff = await is_staff(request)
    history = await services().history.of(election, contest, staff=staff)
    draft = (await services().results.current(election)).is_draft
    return versioned(msgspec.json.encode(history), history.version, private=staff or draft)
