"""Who leads, who is elected and by how much, in a sentence. `static/headlines.js` writes the same ones."""

from collections.abc import Sequence

from babel.lists import format_list

from models.results import ContestResults, SelectionResult
from quart_app.languages import gettext, language, ngettext
from quart_app.languages.figures import figure, percent
from quart_app.pages.marks import isolated

# Longer lists of names say how many more there are.
NAMED = 6


def headline(results: ContestResults) -> str:
    """Empty while results are withheld."""
    if not results.released:
        return ""
    if not any(selection.votes for selection in results.selections):
        return gettext("No votes are counted yet.")
    tied = [selection for selection in results.selections if selection.standing == "tied"]
    ahead = [selection for selection in results.selections if selection.standing in ("leads", "elected")]
    if not tied and not ahead:
        return gettext("These counts alone do not tell who wins.")
    if results.number_elected > 1:
        return _of_seats(ahead, tied, results.number_elected)
    return gettext("Tied: %(names)s.") % {"names": _several(tied)} if tied else _of_one(ahead[0])


def _of_one(selection: SelectionResult) -> str:
    margin = selection.margin
    parts = {
        "name": isolated(selection.name),
        "share": percent(selection.share),
        "margin": figure(margin),
    }
    if selection.standing == "elected":
        text = (
            gettext("%(name)s is elected with %(share)s.")
            if margin is None
            else ngettext(
                "%(name)s is elected with %(share)s, %(margin)s vote ahead.",
                "%(name)s is elected with %(share)s, %(margin)s votes ahead.",
                margin,
            )
        )
        return text % parts
    text = (
        gettext("%(name)s leads with %(share)s.")
        if margin is None
        else ngettext(
            "%(name)s leads with %(share)s, %(margin)s vote ahead.",
            "%(name)s leads with %(share)s, %(margin)s votes ahead.",
            margin,
        )
    )
    return text % parts


def _of_seats(ahead: Sequence[SelectionResult], tied: Sequence[SelectionResult], seats: int) -> str:
    sentences = []
    if ahead:
        text = (
            gettext("Elected to %(seats)s seats: %(names)s.")
            if ahead[0].standing == "elected"
            else gettext("Leading for %(seats)s seats: %(names)s.")
        )
        sentences.append(text % {"seats": figure(seats), "names": _several(ahead)})
    if tied:
        sentences.append(gettext("Tied for the last seat: %(names)s.") % {"names": _several(tied)})
    return " ".join(sentences)


def _several(selections: Sequence[SelectionResult]) -> str:
    more = len(selections) - NAMED
    if more <= 0:
        return _names(selections)
    text = ngettext("%(names)s and %(count)s other", "%(names)s and %(count)s others", more)
    return text % {"names": _names(selections[:NAMED]), "count": figure(more)}


def _names(selections: Sequence[SelectionResult]) -> str:
    names = [isolated(selection.name) for selection in selections]
    return format_list(names, locale=language().locale)
