"""Maps of a contest: by leader, margin or turnout, as a picture, as one with links, and as a table."""

import asyncio
from collections.abc import Hashable
from typing import Annotated

import msgspec
from quart import Blueprint, Response, current_app, render_template
from quart_schema import hide, validate_querystring

from models.progress import ContestMap, MapUnit
from models.wording import say
from quart_app.access import public
from quart_app.answers import LIVE, bytes_response
from quart_app.languages import language, said
from quart_app.languages.asked import by_address
from quart_app.languages.in_templates import to
from quart_app.pages.drawn import Draw, Drawings
from quart_app.pages.looks import Look, looks
from quart_app.pages.map_colours import By, Palette, selection_looks, told
from quart_app.pages.map_drawing import picture
from quart_app.pages.rendering import FRESH, in_language, page
from quart_app.wiring import services
from services.places import Level
from services.results import View

pages = Blueprint("maps", __name__, url_prefix="/elections/<election>/contests/<contest>")

SVG = "image/svg+xml"
ROWS = 50

_KEPT_SECONDS = 10
_MOST_KEPT = 64

BY_WORDS = {
    "leader": say("Who leads"),
    "margin": say("By how much"),
    "turnout": say("Turnout"),
}

Code = Annotated[str, msgspec.Meta(max_length=200)]


class DrawnMaps(Drawings):
    """Maps that were drawn a moment ago: one is drawn once a version, however many look at it.

    Shapes have no version, so after some seconds it is drawn again. That of all precincts takes the event
    loop a good while, and others get their turn in between.
    """

    def __init__(self) -> None:
        super().__init__(_MOST_KEPT)

    async def get(self, key: Hashable, version: int, draw: Draw) -> bytes:
        """The map of that version or a newer one, drawn by `draw` where it has to be."""
        found = self.newest(key)
        if found is None or found.version < version or found.age >= _KEPT_SECONDS:
            found = self.begin(key, version, draw)
        return await asyncio.shield(found.drawing)


class MapQuery(msgspec.Struct):
    """What is drawn, of which unit, at which level; `after` is the last row seen of the table."""

    by: By = "leader"
    unit: Code = ""
    level: Level = "below"
    after: Code = ""


class PictureQuery(msgspec.Struct):
    """`words` adds links and what is said of each unit, for the picture that is part of a page.

    `version` is in the address so that no browser takes an older picture for that of these results.
    """

    by: By = "leader"
    unit: Code = ""
    level: Level = "below"
    words: bool = False
    version: int = 0


@pages.get("/map")
@public
@hide
@validate_querystring(MapQuery)
async def contest_map(election: str, contest: str, query_args: MapQuery) -> Response:
    view = await services().results.current(election)
    found = await _found(election, contest, query_args.unit, query_args.level)
    place = await services().places.place(election, found.unit.code, limit=1)
    shown = _looks(view, contest)
    rows, following = _rows(found.units, query_args.after)
    return await page(
        "places/map.html",
        cache=FRESH,
        election=view.election,
        results=view.contest(contest).results,
        place=place,
        found=found,
        looks=shown,
        parties=looks(view.parties),
        legend=Palette(query_args.by, found.units, shown, released=found.released).legend(),
        rows=rows,
        following=following,
        asked=query_args,
        kept=_kept(query_args),
        by_words=BY_WORDS,
        deeper=found.level == "below" and any(unit.kind != "precinct" for unit in found.units),
    )


@pages.get("/map.svg")
@public
@hide
@validate_querystring(PictureQuery)
async def map_svg(election: str, contest: str, query_args: PictureQuery) -> Response:
    view = await services().results.current(election)
    version = view.contest(contest).results.version
    asked = msgspec.structs.replace(query_args, version=0)
    key = (election, contest, msgspec.structs.astuple(asked), by_address(), language().code)
    kept: DrawnMaps = current_app.extensions["tallystream.maps"]
    body = await kept.get(key, version, lambda: _drawn(view, contest, query_args))
    return in_language(bytes_response(body, cache=LIVE, content_type=SVG))


async def _drawn(view: View, contest: str, asked: PictureQuery) -> bytes:
    election = view.election.code
    found = await _found(election, contest, asked.unit, asked.level)
    outlines = await services().shapes.below(election, found.unit.code, found.level)
    shown = _looks(view, contest)
    drawn = picture(found.units, outlines, Palette(asked.by, found.units, shown, released=found.released))
    body = await render_template(
        "places/map.svg",
        picture=drawn,
        fills={layer.fill: number for number, layer in enumerate(drawn.layers)},
        # What every link has in common is made once: there may be thousands of them.
        home=f"/elections/{election}/units/",
        kept=to(""),
        words=asked.words,
        told=lambda unit: "\n".join(map(said, told(unit, shown))),
    )
    return body.encode()


async def _found(election: str, contest: str, unit: str, level: Level) -> ContestMap:
    return await services().places.map(election, contest, unit=unit, level=level)


def _looks(view: View, contest: str) -> dict[str, Look]:
    return selection_looks(view.contest(contest).count.selections, looks(view.parties))


def _rows(units: list[MapUnit], after: str) -> tuple[list[MapUnit], str | None]:
    """A page of the table, and the code behind which the next one begins."""
    codes = [unit.code for unit in units]
    start = codes.index(after) + 1 if after in codes else 0
    rows = units[start : start + ROWS]
    return rows, rows[-1].code if start + ROWS < len(units) else None


def _kept(asked: MapQuery) -> dict[str, str]:
    """What of the address is not as it is anyway."""
    wanted = {"by": asked.by, "unit": asked.unit, "level": asked.level}
    usual = msgspec.structs.asdict(MapQuery())
    return {name: value for name, value in wanted.items() if value != usual[name]}
