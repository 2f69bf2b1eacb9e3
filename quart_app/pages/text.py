"""Results for consoles: plain text in columns, `curl HOST/elections/CODE.txt`."""

from collections.abc import Iterable, Iterator

from quart import Blueprint, Response, request
from quart_schema import hide
from rich.cells import cell_len, set_cell_size

from models.results import ContestResults, ElectionState
from quart_app.access import public
from quart_app.answers import versioned
from quart_app.languages import gettext, language, said
from quart_app.languages.figures import figure, moment, percent
from quart_app.pages.marks import isolated
from quart_app.pages.meta import site
from quart_app.pages.rendering import in_language
from quart_app.pages.sentences import counted, possible, reported, standing, warnings
from quart_app.pages.words import STATUS_WORDS
from quart_app.wiring import services
from services.results import View

pages = Blueprint("text", __name__, url_prefix="/elections")

TEXT = "text/plain; charset=utf-8"
# Columns of the oldest console there is.
COLUMNS = 80
NAME, VOTES, SHARE = 44, 11, 8
BAR = COLUMNS - NAME - VOTES - SHARE - 1

# An eighth of a column more each.
_EIGHTHS = " ▏▎▍▌▋▊▉"


@pages.get("/<election>.txt")
@public
@hide
async def of_election(election: str) -> Response:
    """Every contest of an election, one below the other."""
    view = await services().results.current(election)
    contests = [contest.results for contest in view.contests.values()]
    lines = [*_head(view.election, contests), *_body(contests)]
    return _text(lines, view, view.version)


@pages.get("/<election>/contests/<contest>.txt")
@public
@hide
async def of_contest(election: str, contest: str) -> Response:
    """One contest."""
    view = await services().results.current(election)
    results = view.contest(contest).results
    lines = [*_head(view.election, [results]), *_body([results])]
    return _text(lines, view, results.version)


def _text(lines: Iterable[str], view: View, version: int) -> Response:
    body = "".join(f"{line.rstrip()}\n" for line in lines).encode()
    # The same version reads otherwise in another language, which its tag has to tell.
    response = versioned(body, version, private=view.is_draft, variant=language().code)
    if response.status_code == 200:
        response.content_type = TEXT
    return in_language(response)


def _head(election: ElectionState, contests: list[ContestResults]) -> Iterator[str]:
    """Of what, how sure, how old."""
    yield election.name
    yield "=" * min(COLUMNS, cell_len(election.name))
    status = contests[0].status if contests else "pre-election"
    yield from warnings(election.is_test, status)
    updated = max((results.updated_at for results in contests), default=election.changed_at)
    yield counted(contests)
    at = {"at": moment(updated, election.timezone), "timezone": election.timezone}
    yield gettext("Last change: %(at)s (%(timezone)s).") % at
    yield site() + request.path.removesuffix(".txt")


def _body(contests: Iterable[ContestResults]) -> Iterator[str]:
    for results in contests:
        yield ""
        yield results.name
        yield "-" * min(COLUMNS, cell_len(results.name))
        yield f"{said(STATUS_WORDS[results.status])}. {standing(results)} {reported(results)}"
        yield from possible(results)
        yield from _lowered(results)
        yield ""
        yield from _table(results)


def _table(results: ContestResults) -> Iterator[str]:
    yield _row(gettext("Choice"), gettext("Votes"), gettext("Share"), None)
    for choice in results.selections:
        party = f" ({choice.party})" if choice.party else ""
        name = fitting(choice.name, NAME - cell_len(party)) + party
        yield _row(name, figure(choice.votes), percent(choice.share), choice.share)
    yield _row(gettext("Write-ins"), figure(results.write_ins), "", None)
    yield _row(gettext("Ballots cast"), figure(results.ballots_cast), "", None)
    if results.turnout is not None:
        yield _row(gettext("Turnout"), "", percent(results.turnout), None)


def _lowered(results: ContestResults) -> Iterator[str]:
    """Where it stands why a figure went down."""
    if seq := results.lowered_by:
        log = f"{site()}/elections/{results.election}/log?before={seq + 1}#entry-{seq}"
        yield gettext("A figure here has gone down, for a reason in the log: %(address)s") % {"address": log}


def _row(name: str, votes: str, share: str, part: float | None) -> str:
    """A line of the table; columns are those of the screen, whatever script the name is in."""
    padding = " " * (NAME - cell_len(name))
    shown = isolated(name) if language().direction == "rtl" else name
    return f"{shown}{padding}{_right(votes, VOTES)}{_right(share, SHARE)} {bar(part)}"


def fitting(text: str, columns: int) -> str:
    """The text, or as much of its beginning as fits."""
    return text if cell_len(text) <= columns else f"{set_cell_size(text, columns - 1).rstrip()}…"


def _right(text: str, columns: int) -> str:
    return " " * (columns - cell_len(text)) + text


def bar(part: float | None) -> str:
    """A part from 0 to 1 as block characters, to an eighth of a column."""
    full, eighths = divmod(round((part or 0) * BAR * 8), 8)
    return "█" * full + _EIGHTHS[eighths].strip()
