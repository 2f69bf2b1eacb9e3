"""The front page: every election, and how far those have come that are being counted."""

from quart import Blueprint, Response
from quart_schema import hide

from models.lifecycles import TAKES_TALLIES
from models.results import ElectionState
from quart_app.access import public
from quart_app.pages.rendering import FRESH, page
from quart_app.wiring import services

pages = Blueprint("elections", __name__)


@pages.get("/")
@public
@hide
async def elections() -> Response:
    known = await services().elections.all()
    counting = {one.code: await _progress(one) for one in known if one.status in TAKES_TALLIES}
    return await page("elections/elections.html", cache=FRESH, elections=known, counting=counting)


async def _progress(election: ElectionState) -> tuple[int, int]:
    """Tallies counted and expected, over all contests; out of the view that the board keeps ready."""
    view = await services().results.current(election.code)
    contests = [contest.results for contest in view.contests.values()]
    return sum(one.units_reported for one in contests), sum(one.units_expected for one in contests)
