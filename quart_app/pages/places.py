"""Places for people: a unit with its part of every contest, and the precincts of a contest."""

from quart import Blueprint, Response
from quart_schema import hide

from quart_app.access import public
from quart_app.pages.looks import looks
from quart_app.pages.rendering import FRESH, page
from quart_app.wiring import services

pages = Blueprint("places", __name__, url_prefix="/elections/<election>")


@pages.get("/units/<unit>")
@public
@hide
async def unit(election: str, unit: str) -> Response:
    view = await services().results.current(election)
    found = await services().results.of_unit(election, unit)
    return await page(
        "places/unit.html",
        cache=FRESH,
        election=view.election,
        unit=found.unit,
        contests=found.contests,
        parties=looks(view.parties),
    )
