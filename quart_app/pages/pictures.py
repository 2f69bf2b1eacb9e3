"""Pictures of the current figures for previews of links, drawn once for all who ask at the same time."""

import asyncio
from typing import Any, cast

import msgspec
from quart import Blueprint, Quart, Response, current_app, g
from quart_schema import hide

from models.places import PartyInfo
from models.results import ContestResults, ElectionState, SelectionResult
from quart_app.access import public
from quart_app.answers import versioned
from quart_app.languages import gettext, language, languages, said
from quart_app.languages.figures import figure, moment, percent
from quart_app.pages.drawing import Line, Poster, can_shape, draw
from quart_app.pages.drawn import Drawings, Drawn
from quart_app.pages.looks import looks
from quart_app.pages.rendering import in_language
from quart_app.pages.sentences import counted, reported, standing
from quart_app.pages.words import STANDING_WORDS, STATUS_WORDS, overall
from quart_app.wiring import services
from services.results import View

pages = Blueprint("pictures", __name__, url_prefix="/elections/<election>")

PNG = "image/png"
LINES = 4
# Seconds for which a picture is shown although the count has gone on: nobody previews a link by the second.
FRESH_SECONDS = 5.0
# Pictures of 25 kB each that are kept at most.
KEPT = 128

_EXTENSION = "tallystream.pictures"

# What a picture is of: the election, the contest or nothing, how often the election itself has changed,
# and the language.
Key = tuple[str, str, int, str]


class Pictures(Drawings):
    """The newest picture of each kind."""

    def __init__(self) -> None:
        super().__init__(KEPT)

    def get(self, key: Key, version: int) -> Drawn | None:
        """The picture, unless it is of an older version and has been shown long enough."""
        found = self.newest(key)
        if found is None or found.age < FRESH_SECONDS:
            return found
        return found if version and found.version == version else None


def install_pictures(app: Quart) -> None:
    app.extensions[_EXTENSION] = Pictures()


@pages.get("/preview.png")
@public
@hide
async def of_election(election: str) -> Response:
    """How far the count is, and who is ahead in the first contests."""
    return await _picture(await services().results.current(election), None)


@pages.get("/contests/<contest>/preview.png")
@public
@hide
async def of_contest(election: str, contest: str) -> Response:
    """How a contest stands."""
    view = await services().results.current(election)
    return await _picture(view, view.contest(contest).results)


async def _picture(view: View, results: ContestResults | None) -> Response:
    if language().direction == "rtl" and not can_shape():
        # Letters that are not joined can be read by nobody.
        g.language = languages().source
    version = results.version if results else view.version
    key = (view.election.code, results.contest if results else "", view.election.changed_seq, language().code)
    pictures = cast(Pictures, current_app.extensions[_EXTENSION])
    # What a draft consists of changes within a version.
    picture = pictures.get(key, 0 if view.is_draft else version)
    if picture is None:
        poster = _of_contest(view, results) if results else _of_election(view)
        picture = pictures.begin(key, version, lambda: asyncio.to_thread(draw, poster))
    png = await asyncio.shield(picture.drawing)
    return _answer(png, picture.version, private=view.is_draft)


def _answer(png: bytes, version: int, *, private: bool) -> Response:
    response = versioned(png, version, private=private, variant=language().code)
    if response.status_code == 200:
        response.content_type = PNG
    # Pages of others show it, and other sites' policies let them.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return in_language(response)


def _of_contest(view: View, results: ContestResults) -> Poster:
    shown = results.selections[:LINES]
    return Poster(
        title=results.name,
        above=view.election.name,
        status=said(STATUS_WORDS[results.status]),
        notice="" if results.released else standing(results),
        lines=tuple(_line(choice, view.parties) for choice in shown),
        reported=reported(results),
        part_reported=_part(results.units_reported, results.units_expected),
        **_common(view.election, [results]),
    )


def _of_election(view: View) -> Poster:
    contests = [contest.results for contest in view.contests.values()]
    withheld = not view.election.results_released
    first = [results for results in contests if results.selections][:LINES]
    return Poster(
        title=view.election.name,
        above=gettext("Election results"),
        status=said(overall(contests)),
        notice=standing(contests[0]) if withheld and contests else "",
        lines=tuple(_first_line(results, view.parties) for results in first),
        reported=counted(contests),
        part_reported=_part(
            sum(results.units_reported for results in contests),
            sum(results.units_expected for results in contests),
        ),
        **_common(view.election, contests),
    )


def _common(election: ElectionState, contests: list[ContestResults]) -> dict[str, Any]:
    updated = max((results.updated_at for results in contests), default=election.changed_at)
    return {
        "right_to_left": language().direction == "rtl",
        "test": gettext("This is a test, not a real result.") if election.is_test else "",
        "at": moment(updated, election.timezone),
    }


def _part(reported: int, expected: int) -> float:
    return reported / expected if expected else 0.0


def _line(choice: SelectionResult, parties: list[PartyInfo]) -> Line:
    look = looks(parties).get(choice.party or "")
    return Line(
        name=choice.name,
        figure=figure(choice.votes),
        share=percent(choice.share),
        part=choice.share or 0.0,
        colour=look.colour if look else None,
        party=choice.party or "",
        mark=said(STANDING_WORDS[choice.standing]) if choice.standing else "",
    )


def _first_line(results: ContestResults, parties: list[PartyInfo]) -> Line:
    """A contest in one line: who is ahead in it."""
    line = _line(results.selections[0], parties)
    name = gettext("%(contest)s: %(name)s") % {"contest": results.name, "name": line.name}
    return msgspec.structs.replace(line, name=name if results.selections[0].votes else results.name)
