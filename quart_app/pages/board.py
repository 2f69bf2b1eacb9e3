"""Results for people: the live board, and one contest by precinct."""

from typing import Annotated

import msgspec
from quart import Blueprint, Response
from quart_schema import hide, validate_querystring

from quart_app.access import public
from quart_app.pages.looks import looks
from quart_app.pages.rendering import FRESH, page
from quart_app.pages.words import overall
from quart_app.wiring import services

pages = Blueprint("board", __name__, url_prefix="/elections/<election>")

# Rows of the precinct table on one page; keeps the page below 100 kB with a dozen selections.
PRECINCTS = 50


class PrecinctQuery(msgspec.Struct):
    after: Annotated[str, msgspec.Meta(max_length=200)] = ""


@pages.get("")
@public
@hide
async def board(election: str) -> Response:
    view = await services().results.current(election)
    contests = [contest.results for contest in view.contests.values()]
    return await page(
        "board/board.html",
        cache=FRESH,
        election=view.election,
        contests=contests,
        parties=looks(view.parties),
        overall=overall(contests),
        updated_at=max((c.updated_at for c in contests), default=view.election.changed_at),
        reported=sum(c.units_reported for c in contests),
        expected=sum(c.units_expected for c in contests),
    )


@pages.get("/contests/<contest>")
@public
@hide
@validate_querystring(PrecinctQuery)
async def contest(election: str, contest: str, query_args: PrecinctQuery) -> Response:
    view = await services().results.current(election)
    results = view.contest(contest).results
    tallies = await services().results.precincts(
        election, contest, after=query_args.after, limit=PRECINCTS + 1
    )
    return await page(
        "board/contest.html",
        cache=FRESH,
        election=view.election,
        results=results,
        parties=looks(view.parties),
        # In ballot order, which stays while the ranks change.
        selections=view.contests[contest].count.selections,
        tallies=tallies[:PRECINCTS],
        after=query_args.after,
        following=tallies[PRECINCTS - 1].precinct if len(tallies) > PRECINCTS else None,
    )
