"""The officer's entry form; it sends over the WebSocket of `api/tallies_ws.py`."""

from quart import Blueprint, Response
from quart_schema import hide

from quart_app.access import public
from quart_app.pages.rendering import FRESH, page
from quart_app.wiring import services

pages = Blueprint("tally", __name__, url_prefix="/elections/<election>/tally")


@pages.get("")
@public
@hide
async def tally(election: str) -> Response:
    return await page("tally/tally.html", cache=FRESH, election=await services().elections.get(election))
