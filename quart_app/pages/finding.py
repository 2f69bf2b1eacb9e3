"""Which contests a reader looks for on the board (pure). `static/filter.js` finds the same ones."""

import unicodedata
from collections.abc import Mapping

from models.results import ContestResults
from quart_app.pages.looks import Look

# Leading by less than this part of all votes is close.
CLOSE = 0.01


def folded(text: str) -> str:
    """Without accents, and all letters small: what people type when they are in a hurry."""
    parted = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in parted if not unicodedata.combining(letter)).casefold()


def matches(results: ContestResults, parties: Mapping[str, Look], words: str) -> bool:
    """Whether each of the words stands in the names of the contest, its selections or their parties."""
    names = [results.name, results.contest]
    for selection in results.selections:
        names.append(selection.name)
        if look := parties.get(selection.party or ""):
            names += [look.code, look.name]
    everything = folded("\n".join(names))
    return all(word in everything for word in folded(words).split())


def incomplete(results: ContestResults) -> bool:
    return results.units_reported < results.units_expected


def close(results: ContestResults) -> bool:
    """Whether the last seat is led, or tied for, by less than one per cent of all votes."""
    place = max(results.number_elected, 1) - 1
    if not results.released or place >= len(results.selections):
        return False
    last = results.selections[place]
    whole = sum(selection.votes or 0 for selection in results.selections) + (results.write_ins or 0)
    return bool(whole and last.votes and last.margin is not None and last.margin < CLOSE * whole)


def shown(results: ContestResults, parties: Mapping[str, Look], *, words: str, show: str) -> bool:
    """`show` is empty for all, or "close" or "incomplete"."""
    if show == "close" and not close(results):
        return False
    if show == "incomplete" and not incomplete(results):
        return False
    return matches(results, parties, words)
