"""How results stand, in sentences: for previews of links, search engines, pictures and consoles."""

from collections.abc import Iterable, Iterator, Sequence

from babel.lists import format_list

from models.results import ContestResults, ElectionState, SelectionResult
from quart_app.languages import gettext, language
from quart_app.languages.figures import figure, percent
from quart_app.pages.outlooks import is_to_be_recounted, outlook_words


def of_contest(results: ContestResults) -> str:
    """A contest in a few sentences: what they are worth, who leads, how far the count is."""
    told = (*warnings(results.is_test, results.status), standing(results), reported(results))
    return " ".join((*told, *possible(results)))


def of_election(election: ElectionState, contests: Sequence[ContestResults]) -> str:
    """An election in a few sentences: how far the count is, and how its first contest stands."""
    first = contests[0] if contests else None
    told = [*warnings(election.is_test, first.status if first else ""), counted(contests)]
    if first:
        parts = {"contest": first.name, "standing": standing(first)}
        told.append(gettext("%(contest)s: %(standing)s") % parts)
    return " ".join(told)


def warnings(is_test: bool, status: str) -> Iterator[str]:
    """What a reader must know before the figures."""
    if is_test:
        yield gettext("This is a test, not a real result.")
    if status.startswith("unofficial"):
        yield gettext("Unofficial results.")
    elif status == "certified":
        yield gettext("Certified results.")
    elif status == "correction":
        yield gettext("These results are being corrected.")
    elif status == "recount":
        yield gettext("These votes are being counted again.")


def reported(results: ContestResults) -> str:
    """How far the count of a contest is."""
    parts = {"reported": figure(results.units_reported), "expected": figure(results.units_expected)}
    return gettext("%(reported)s of %(expected)s precincts reported.") % parts


def possible(results: ContestResults) -> Iterator[str]:
    """What can still change who wins, where there is something to say, and whether a recount is due."""
    if words := outlook_words(results):
        yield words
    if is_to_be_recounted(results):
        yield gettext("A recount is due.")


def counted(contests: Sequence[ContestResults]) -> str:
    """How far the count of all contests is."""
    parts = {
        "reported": figure(sum(results.units_reported for results in contests)),
        "expected": figure(sum(results.units_expected for results in contests)),
    }
    return gettext("%(reported)s of %(expected)s tallies counted.") % parts


def standing(results: ContestResults) -> str:
    """Who leads, is tied or elected; what there is to say instead while nobody is."""
    if not results.released:
        return gettext("Results are withheld until they are released.")
    if not any(selection.votes for selection in results.selections):
        return gettext("No votes are counted yet.")
    ahead = [selection for selection in results.selections if selection.standing in ("leads", "elected")]
    tied = [selection for selection in results.selections if selection.standing == "tied"]
    told = [_of_the_first(ahead, results)] if ahead else []
    told += [_of_the_tied(tied)] if tied else []
    return " ".join(told) or _of_the_most(results.selections[0])


def _of_the_first(ahead: Sequence[SelectionResult], results: ContestResults) -> str:
    elected = ahead[0].standing == "elected"
    parts = {"names": _together(ahead), **_parts(ahead[0])}
    if len(ahead) > 1:
        return (gettext("Elected: %(names)s.") if elected else gettext("In the lead: %(names)s.")) % parts
    if elected:
        return gettext("Elected: %(name)s with %(votes)s votes (%(share)s).") % parts
    if len(results.selections) == 1:
        return gettext("In the lead: %(name)s with %(votes)s votes (%(share)s).") % parts
    parts["next"] = results.selections[1].name
    return (
        gettext("In the lead: %(name)s with %(votes)s votes (%(share)s), %(margin)s more than %(next)s.")
        % parts
    )


def _of_the_tied(tied: Sequence[SelectionResult]) -> str:
    parts = {"names": _together(tied), "votes": figure(tied[0].votes)}
    return gettext("Tied: %(names)s with %(votes)s votes each.") % parts


def _of_the_most(first: SelectionResult) -> str:
    return gettext("The most votes so far: %(name)s with %(votes)s (%(share)s).") % _parts(first)


def _parts(selection: SelectionResult) -> dict[str, str]:
    return {
        "name": selection.name,
        "votes": figure(selection.votes),
        "share": percent(selection.share),
        "margin": figure(selection.margin),
    }


def _together(selections: Iterable[SelectionResult]) -> str:
    return str(format_list([selection.name for selection in selections], locale=language().locale))
