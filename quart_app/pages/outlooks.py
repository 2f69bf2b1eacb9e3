"""What is still possible in a contest, in a sentence. `static/outlook.js` writes the same ones."""

from models.outlook import Outlook
from models.results import ContestResults
from quart_app.languages import gettext, ngettext
from quart_app.languages.figures import figure


def outlook_words(results: ContestResults) -> str:
    """Empty where there is nothing to say: while results are withheld, and once they are certified."""
    found = results.outlook
    if found is None or results.status == "certified":
        return ""
    if found.call == "tied":
        return gettext("Tied: no vote is outstanding that could change it.")
    moving = _moving(found)
    if found.call == "open":
        return _open(results, found, moving)
    if not moving:
        return gettext("Decided: no vote is outstanding.")
    if results.is_measure:
        return gettext("Decided: no outstanding vote can change the outcome.")
    return gettext("Decided: no outstanding vote can change who is elected.")


def _moving(found: Outlook) -> int | None:
    if found.outstanding is None or found.reopened is None:
        return None
    return found.outstanding + found.reopened


def _open(results: ContestResults, found: Outlook, moving: int | None) -> str:
    if results.status == "recount":
        return gettext("Open: the votes are counted again.")
    if moving is None:
        return gettext("Open: nobody can say how many votes are outstanding.")
    if not moving:
        return gettext("Open: no vote is outstanding, but these counts alone do not tell who is elected.")
    parts = {"votes": figure(moving), "margin": figure(found.margin)}
    if found.margin is None or found.margin > moving:
        return _open_to_write_ins(moving) % parts
    text = (
        ngettext(
            "Open: up to %(votes)s vote is outstanding or may change sides, the margin is %(margin)s.",
            "Open: up to %(votes)s votes are outstanding or may change sides, the margin is %(margin)s.",
            moving,
        )
        if found.reopened
        else ngettext(
            "Open: up to %(votes)s vote is outstanding, the margin is %(margin)s.",
            "Open: up to %(votes)s votes are outstanding, the margin is %(margin)s.",
            moving,
        )
    )
    return text % parts


def _open_to_write_ins(moving: int) -> str:
    """The margin to the next choice would be enough."""
    return ngettext(
        "Open: up to %(votes)s vote is outstanding, and somebody who is written in may win.",
        "Open: up to %(votes)s votes are outstanding, and somebody who is written in may win.",
        moving,
    )


def is_to_be_recounted(results: ContestResults) -> bool:
    """Whether a recount is due and has not begun; what is certified is settled."""
    return bool(results.recount_due) and results.status not in ("recount", "certified")
