"""For observers: how reporting goes, drawn by the hour and by place, and integrity statistics of contests."""

from typing import Annotated

import msgspec
from babel.numbers import format_decimal
from quart import Blueprint, Response
from quart_schema import hide, validate_querystring

from models.integrity.digits import LEAST_COUNT
from models.integrity.vectors import LEAST_VOTES
from models.reporting import Hour
from quart_app.access import public
from quart_app.languages import language
from quart_app.pages.clocks import hour_words
from quart_app.pages.plots import cloud_plot, digits_plot, hours_plot, sizes_plot
from quart_app.pages.rendering import FRESH, page
from quart_app.wiring import services

pages = Blueprint("observers", __name__, url_prefix="/elections/<election>")

# Rows of tables on one page, which stays below 100 kB with them; the files have all.
UNITS = 50
HOURS = 48
GROUPS = 20
IN_GROUP = 12

Code = Annotated[str, msgspec.Meta(max_length=200)]


class ObserversQuery(msgspec.Struct):
    """At and below which unit; `after` is the last unit seen of those right below."""

    unit: Code = ""
    after: Code = ""


@pages.get("/observers")
@public
@hide
@validate_querystring(ObserversQuery)
async def observers(election: str, query_args: ObserversQuery) -> Response:
    view = await services().results.current(election)
    found = await services().observing.progress(election, query_args.unit)
    units = [unit for unit in found.units if unit.code > query_args.after]
    contests = [contest.results for contest in view.contests.values()]
    return await page(
        "observers/observers.html",
        cache=FRESH,
        election=view.election,
        found=found,
        plot=hours_plot(found.hours, found.units_expected),
        hours=_first(found.hours),
        later=len(found.hours) - HOURS,
        hour_words=hour_words,
        units=units[:UNITS],
        following=units[UNITS - 1].code if len(units) > UNITS else "",
        asked=query_args,
        told_by=next((one.name for one in contests if one.contest == found.contest), None),
        contests=contests,
    )


def _first(hours: tuple[Hour, ...]) -> tuple[Hour, ...]:
    """As many as the table has room for; the last of all is among them, which has the sums."""
    return hours if len(hours) <= HOURS else (*hours[: HOURS - 1], hours[-1])


@pages.get("/contests/<contest>/integrity")
@public
@hide
async def integrity(election: str, contest: str) -> Response:
    view = await services().results.current(election)
    found = await services().observing.integrity(election, contest)
    counts = await services().observing.counts(election, contest)
    digits, cloud, same = found.last_digits, found.turnout_and_share, found.identical_votes
    return await page(
        "observers/integrity.html",
        cache=FRESH,
        election=view.election,
        results=view.contest(contest).results,
        found=found,
        digits=digits and digits_plot(digits),
        cloud=cloud and cloud_plot(cloud),
        sizes=same and sizes_plot(same),
        selections={one.code: one.name for one in view.contest(contest).count.selections},
        precincts={count.precinct: count.name for count in counts},
        decimal=_decimal,
        least_count=LEAST_COUNT,
        least_votes=LEAST_VOTES,
        most_groups=GROUPS,
        most_in_group=IN_GROUP,
    )


def _decimal(number: float, places: int = 2) -> str:
    """A number with so many decimals, as the reader's language writes it."""
    return format_decimal(number, f"0.{'0' * places}", locale=language().locale)
