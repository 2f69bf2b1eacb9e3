"""What a page tells of itself to search engines and to those who show a preview of its link."""

from urllib.parse import urlencode

import msgspec
from babel.core import get_global
from jinja2 import pass_context
from jinja2.runtime import Context
from quart import request

from models.places import UnitInfo
from models.results import ContestResults, ElectionState
from quart_app.languages import gettext, language, languages
from quart_app.languages.asked import PARAMETER, by_address
from quart_app.pages.sentences import of_contest, of_election

WIDTH, HEIGHT = 1200, 630
"""Pixels of a preview, as those who show them ask for."""


class Picture(msgspec.Struct, frozen=True):
    """A preview's picture; the version in its address makes others fetch the newest."""

    address: str
    width: int = WIDTH
    height: int = HEIGHT


def site() -> str:
    """Where this site is, as whoever asks knows it: `https://host`."""
    return request.host_url.rstrip("/")


def canonical() -> str:
    """The whole address of this page, with the language only where the address names it."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name in ("after", PARAMETER)]
    return plain() + (f"?{urlencode(kept)}" if kept else "")


def plain() -> str:
    """The whole address of this page in whatever language the reader prefers."""
    return site() + request.path


def territory(code: str) -> str:
    """A language as Open Graph writes it, with the land where most speak it: `en_US`."""
    likely = get_global("likely_subtags").get(code, code).split("_")
    return f"{code}_{likely[-1]}"


class Shown(msgspec.Struct, frozen=True):
    """Whose figures are on a page: those of one contest, of a unit, or of all contests of an election."""

    election: ElectionState | None
    contests: list[ContestResults]
    contest: ContestResults | None
    unit: UnitInfo | None


def _shown(context: Context) -> Shown:
    election, contest, unit = (context.get(name) for name in ("election", "results", "unit"))
    listed = context.get("contests") or []
    return Shown(
        election if isinstance(election, ElectionState) else None,
        [found for found in listed if isinstance(found, ContestResults)],
        contest if isinstance(contest, ContestResults) else None,
        unit if isinstance(unit, UnitInfo) else None,
    )


@pass_context
def heading(context: Context) -> str:
    """What the page is about, in a few words."""
    shown = _shown(context)
    if shown.election is None:
        return gettext("Election results")
    about = shown.contest or shown.unit
    return f"{about.name} · {shown.election.name}" if about else shown.election.name


@pass_context
def description(context: Context) -> str:
    """What stands on the page, in a few sentences."""
    shown = _shown(context)
    if shown.election is None:
        return gettext("Live election results: every precinct, every change, open to everybody.")
    name = shown.election.name
    if shown.contest:
        return _titled(shown.contest.name, of_contest(shown.contest))
    if shown.unit:
        return gettext("Results of %(election)s in %(unit)s.") % {"election": name, "unit": shown.unit.name}
    if shown.contests:
        return _titled(name, of_election(shown.election, shown.contests))
    return gettext("Results, candidates and the public log of %(election)s.") % {"election": name}


def _titled(name: str, told: str) -> str:
    return gettext("%(name)s. %(told)s") % {"name": name, "told": told}


@pass_context
def picture(context: Context) -> Picture | None:
    """The picture of the figures on the page, where they are those of a contest or an election."""
    shown = _shown(context)
    if shown.election is None or shown.unit or not (shown.contest or shown.contests):
        return None
    version = shown.contest.version if shown.contest else max(c.version for c in shown.contests)
    of = f"/contests/{shown.contest.contest}" if shown.contest else ""
    named = by_address()
    query = urlencode({"v": version, **({PARAMETER: named} if named else {})})
    return Picture(f"{site()}/elections/{shown.election.code}{of}/preview.png?{query}")


def locales() -> tuple[str, list[str]]:
    """This page's language and the others, as Open Graph writes them."""
    here = language().code
    return territory(here), [territory(one.code) for one in languages() if one.code != here]


GLOBALS = {
    "canonical": canonical,
    "description": description,
    "heading": heading,
    "locales": locales,
    "picture": picture,
    "plain": plain,
}
