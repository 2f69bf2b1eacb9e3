"""Places for people: a unit with all that lies below it, and the precincts of a contest."""

from typing import Annotated

import msgspec
from quart import Blueprint, Response
from quart_schema import hide, validate_querystring

from models.progress import UnitTallies
from models.wording import say
from quart_app.access import public
from quart_app.pages.looks import looks
from quart_app.pages.rendering import FRESH, page
from quart_app.wiring import services
from services.places import PrecinctFilter, PrecinctOrder

pages = Blueprint("places", __name__, url_prefix="/elections/<election>")

# Rows of a table on one page; keeps pages below 100 kB with a dozen selections.
ROWS = 50
CONTESTS = 16

PRECINCT_WORDS = {
    "reported": say("Reported"),
    "held": say("Held for review"),
    "outstanding": say("Outstanding"),
}
TALLY_WORDS = {
    "submitted": say("Sent"),
    "awaiting_second_entry": say("Awaiting second entry"),
    "accepted": say("Counted"),
    "quarantined": say("Held for review"),
    "rejected": say("Rejected by a reviewer"),
    "superseded": say("Superseded by a newer one"),
    "recalled": say("Recalled: counted no more"),
}

Words = Annotated[str, msgspec.Meta(max_length=200)]
Code = Annotated[str, msgspec.Meta(max_length=200)]


class PlaceQuery(msgspec.Struct):
    """`q` looks for units by name or code; `after` and `behind` are the last unit and contest seen."""

    q: Words = ""
    after: Code = ""
    behind: Code = ""


class PrecinctQuery(msgspec.Struct):
    """Which precincts, by status, name or code and the unit they lie in; `after` is the last one seen."""

    q: Words = ""
    status: PrecinctFilter = ""
    unit: Code = ""
    sort: PrecinctOrder = "code"
    after: Code = ""


@pages.get("/units")
@public
@hide
@validate_querystring(PlaceQuery)
async def units(election: str, query_args: PlaceQuery) -> Response:
    state = await services().elections.get(election)
    words = query_args.q.strip()
    found = await services().places.search(election, words)
    return await page("places/units.html", cache=FRESH, election=state, words=words, units=found)


@pages.get("/units/<unit>")
@public
@hide
@validate_querystring(PlaceQuery)
async def unit(election: str, unit: str, query_args: PlaceQuery) -> Response:
    view = await services().results.current(election)
    found = await services().results.of_unit(election, unit)
    words = query_args.q.strip()
    codes = [one.contest for one in found.contests]
    first = codes.index(query_args.behind) + 1 if query_args.behind in codes else 0
    contests = found.contests[first : first + CONTESTS]
    place = await services().places.place(election, unit, words=words, after=query_args.after, limit=ROWS + 1)
    return await page(
        "places/unit.html",
        cache=FRESH,
        election=view.election,
        unit=found.unit,
        contests=contests,
        more_contests=len(found.contests) > first + CONTESTS,
        behind=query_args.behind,
        parties=looks(view.parties),
        place=place,
        told_by=next((one.name for one in found.contests if one.contest == place.contest), None),
        children=place.children[:ROWS],
        following=place.children[ROWS - 1].code if len(place.children) > ROWS else None,
        words=words,
        after=query_args.after,
        sent=await _sent(election, unit, found.unit.kind),
        tally_words=TALLY_WORDS,
        names={s.code: s.name for one in found.contests for s in one.selections},
    )


async def _sent(election: str, unit: str, kind: str) -> UnitTallies | None:
    return await services().places.tallies(election, unit) if kind == "precinct" else None


@pages.get("/contests/<contest>/precincts")
@public
@hide
@validate_querystring(PrecinctQuery)
async def precincts(election: str, contest: str, query_args: PrecinctQuery) -> Response:
    view = await services().results.current(election)
    asked = query_args
    found = await services().places.precincts(
        election,
        contest,
        unit=asked.unit,
        status=asked.status,
        words=asked.q.strip(),
        order=asked.sort,
        after=asked.after,
        limit=ROWS + 1,
    )
    contest_view = view.contest(contest)
    return await page(
        "places/precincts.html",
        cache=FRESH,
        election=view.election,
        results=contest_view.results,
        # In ballot order, which stays while the ranks change.
        selections=contest_view.count.selections,
        parties=looks(view.parties),
        precincts=found[:ROWS],
        following=found[ROWS - 1].code if len(found) > ROWS else None,
        asked=asked,
        kept={name: value for name in ("q", "status", "unit", "sort") if (value := getattr(asked, name))},
        words=PRECINCT_WORDS,
    )
