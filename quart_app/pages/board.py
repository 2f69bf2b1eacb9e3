"""Results for people: the live board, one contest, and how its race went."""

from typing import Annotated, Any, Literal

import msgspec
from quart import Blueprint, Response, render_template
from quart_schema import hide, validate_querystring

from models.errors import UnknownUnit
from models.places import UnitInfo
from models.results import ContestResults
from quart_app.access import public
from quart_app.pages.finding import shown
from quart_app.pages.looks import looks
from quart_app.pages.race import Drawing, drawing
from quart_app.pages.race_picture import POLICY, STYLE
from quart_app.pages.rendering import FRESH, in_language, page
from quart_app.pages.words import overall
from quart_app.wiring import services
from services.results import UnitResults, View

pages = Blueprint("board", __name__, url_prefix="/elections/<election>")

# Contests on one page of the board, and selections on one card: a page stays light, and can be kept live.
CONTESTS = 34
ON_CARD = 12
# Selections on one page of a contest.
SELECTIONS = 200

Words = Annotated[str, msgspec.Meta(max_length=200)]


class BoardQuery(msgspec.Struct):
    """What is looked for in names, in which place, how close or how far; `after` is the last contest seen."""

    q: Words = ""
    unit: Words = ""
    show: Literal["", "close", "incomplete"] = ""
    after: Words = ""


class ContestQuery(msgspec.Struct):
    """From which selection on, counted from 1, the most votes first."""

    start: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1


@pages.get("")
@public
@hide
@validate_querystring(BoardQuery)
async def board(election: str, query_args: BoardQuery) -> Response:
    view = await services().results.current(election)
    place, places = await _place(election, query_args.unit.strip())
    return await page("board/board.html", cache=FRESH, **_board(view, query_args, place), places=places)


async def _place(election: str, unit: str) -> tuple[UnitResults | None, list[UnitInfo]]:
    """The place that is asked for, by its code or as the only one that fits; else those that fit."""
    if not unit:
        return None, []
    results = services().results
    try:
        return await results.of_unit(election, unit), []
    except UnknownUnit:
        found = await services().places.search(election, unit)
    exact = [one for one in found if one.name.casefold() == unit.casefold()] or found
    return (await results.of_unit(election, exact[0].code), []) if len(exact) == 1 else (None, found)


def _board(view: View, asked: BoardQuery, place: UnitResults | None) -> dict[str, Any]:
    election, parties = view.election, looks(view.parties)
    contests = place.contests if place else [contest.results for contest in view.contests.values()]
    fits = {c.contest for c in contests if shown(c, parties, words=asked.q, show=asked.show)}
    # Few enough for one page: all of them are there, and scripts find among them while one types.
    instant = len(contests) <= CONTESTS
    listed = (
        contests if instant else _behind([c for c in contests if c.contest in fits], contests, asked.after)
    )
    return {
        "election": election,
        "asked": asked,
        "kept": _kept(asked, place),
        "place": place.unit if place else None,
        "contests": listed[:CONTESTS],
        "unfit": {c.contest for c in listed} - fits,
        "instant": instant and place is None,
        "narrowed": len(fits) < len(contests) or bool(asked.q or asked.show),
        "matching": len(fits),
        "of_all": len(contests),
        "after": asked.after if not instant else "",
        "following": listed[CONTESTS - 1].contest if len(listed) > CONTESTS else "",
        "most": ON_CARD,
        "parties": parties,
        "overall": overall(contests),
        "updated_at": max((c.updated_at for c in contests), default=election.changed_at),
        "reported": sum(c.units_reported for c in contests),
        "expected": sum(c.units_expected for c in contests),
    }


def _kept(asked: BoardQuery, place: UnitResults | None) -> dict[str, str]:
    """What links to other parts of the same search carry on."""
    kept = {"q": asked.q, "show": asked.show, "unit": place.unit.code if place else ""}
    return {name: value for name, value in kept.items() if value}


def _behind(chosen: list[ContestResults], all_: list[ContestResults], after: str) -> list[ContestResults]:
    """Of the chosen contests those that stand behind `after` on the ballot; all where it is not there."""
    places = {results.contest: place for place, results in enumerate(all_)}
    start = places.get(after, -1)
    return [results for results in chosen if places[results.contest] > start]


@pages.get("/contests/<contest>")
@public
@hide
@validate_querystring(ContestQuery)
async def contest(election: str, contest: str, query_args: ContestQuery) -> Response:
    view = await services().results.current(election)
    return await page(
        "board/contest.html",
        cache=FRESH,
        election=view.election,
        results=view.contest(contest).results,
        drawing=await _drawing(view, contest),
        parties=looks(view.parties),
        most=SELECTIONS,
        skipped=query_args.start - 1,
    )


@pages.get("/contests/<contest>/race")
@public
@hide
async def race(election: str, contest: str) -> Response:
    """The part of the contest's page that `static/race.js` puts in the place of an older one."""
    view = await services().results.current(election)
    results, drawn = view.contest(contest).results, await _drawing(view, contest)
    return await page("board/race.html", cache=FRESH, election=view.election, results=results, drawing=drawn)


@pages.get("/contests/<contest>/race.svg")
@public
@hide
async def race_picture(election: str, contest: str) -> Response:
    view = await services().results.current(election)
    results, drawn = view.contest(contest).results, await _drawing(view, contest)
    body = await render_template("board/race.svg", results=results, drawing=drawn, style=STYLE)
    response = Response(body.strip(), content_type="image/svg+xml; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = FRESH
    return in_language(response)


async def _drawing(view: View, contest: str) -> Drawing | None:
    history = await services().history.of(view.election.code, contest)
    return drawing(history, view.contest(contest).results, view.parties, view.election.timezone)
