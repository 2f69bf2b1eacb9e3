"""The front page: every election."""

from quart import Blueprint, Response
from quart_schema import hide

from quart_app.access import public
from quart_app.pages.rendering import FRESH, page
from quart_app.wiring import services

pages = Blueprint("elections", __name__)


@pages.get("/")
@public
@hide
async def elections() -> Response:
    return await page("elections/elections.html", cache=FRESH, elections=await services().elections.all())
