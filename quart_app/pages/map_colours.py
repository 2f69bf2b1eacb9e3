"""What a map paints a unit with, and the legend that says so: never by colour alone, always in words too."""

import bisect
import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal

import msgspec

from models.progress import MapUnit
from models.results import SelectionVotes
from models.wording import Figure, say
from quart_app.languages.figures import percent
from quart_app.pages.looks import PATTERNS, Look

By = Literal["leader", "margin", "turnout"]

# For selections without a party: apart from each other and from most parties, in both schemes.
_OTHERS = ("#6b7f94", "#b07d12", "#3f8f5b", "#8e5aa8", "#b05555", "#2f8a96")
_PALE = 0.5
_STEPS = (0.22, 0.4, 0.6, 0.8, 1.0)
# Where the steps of the margin begin, in percentage points.
_MARGINS = (2, 5, 10, 20)
_NEUTRAL = "#78868f"
_TURNOUT = "#0a6a75"


class Fill(msgspec.Struct, frozen=True):
    """A colour, how strong it is, and what is over it: a look's pattern by number, `waiting` or `tied`."""

    colour: str
    pattern: str = ""
    strength: float = 1


class Entry(msgspec.Struct, frozen=True):
    """A line of a legend: `name` is data, such as a selection's; `words` are ours."""

    fill: Fill | None
    name: str = ""
    words: str = ""


WAITING = Fill("", "waiting")
TIED = Fill(_NEUTRAL, "tied")
BEGUN = Fill(_NEUTRAL, "", 0.4)
DONE = Fill(_NEUTRAL)
UNKNOWN = Fill(_NEUTRAL, "", 0.15)

_WAITING = Entry(WAITING, words=say("No precinct has reported yet"))
_UNKNOWN = Entry(UNKNOWN, words=say("Not known: the number of registered voters is missing"))
_HELD = Entry(None, words=say("A tally is held for review"))


def selection_looks(selections: Iterable[SelectionVotes], parties: dict[str, Look]) -> dict[str, Look]:
    """How the selections of one contest look: as their parties, and apart where several share one or none."""
    found: dict[str, Look] = {}
    taken: set[tuple[str, int]] = set()
    others = 0
    for selection in selections:
        look = parties.get(selection.party or "")
        if look is None:
            look = Look("", "", _OTHERS[others % len(_OTHERS)], others // len(_OTHERS) % (PATTERNS + 1))
            others += 1
        pattern = look.pattern
        while (look.colour, pattern) in taken and pattern < look.pattern + PATTERNS:
            pattern += 1
        taken.add((look.colour, pattern))
        found[selection.code] = Look(selection.code, selection.name, look.colour, pattern % (PATTERNS + 1))
    return found


class Palette:
    """The fills of one map and its legend."""

    def __init__(self, by: By, units: Sequence[MapUnit], looks: dict[str, Look], *, released: bool) -> None:
        self._by = by if released else "reported"
        self._looks = looks
        self._units = units
        shares = [unit.turnout for unit in units if unit.turnout is not None]
        # Steps of whole percent from the lowest turnout to the highest.
        self._lowest = math.floor(min(shares, default=0) * 100)
        self._step = max(1, math.ceil((max(shares, default=0) * 100 - self._lowest) / len(_STEPS)))

    def fill(self, unit: MapUnit) -> Fill:
        if not unit.units_reported:
            return WAITING
        match self._by:
            case "reported":
                return DONE if unit.complete else BEGUN
            case "turnout":
                return UNKNOWN if unit.turnout is None else Fill(_TURNOUT, "", self._strength(unit.turnout))
        if unit.tied:
            return TIED
        look = self._looks.get(unit.leader or "")
        if look is None:
            return UNKNOWN
        pattern = str(look.pattern) if look.pattern else ""
        if self._by == "margin":
            return Fill(look.colour, pattern, _STEPS[bisect.bisect(_MARGINS, (unit.margin or 0) * 100)])
        return Fill(look.colour, pattern, 1 if unit.complete else _PALE)

    def _strength(self, turnout: float) -> float:
        return _STEPS[min(len(_STEPS) - 1, int((turnout * 100 - self._lowest) // self._step))]

    def legend(self) -> list[Entry]:
        """What the map shows just now, and what it may show while the count goes on."""
        entries = [] if all(unit.units_reported for unit in self._units) else [_WAITING]
        if any(unit.held for unit in self._units):
            entries.append(_HELD)
        match self._by:
            case "reported":
                return [
                    Entry(DONE, words=say("All precincts have reported")),
                    Entry(BEGUN, words=say("Some precincts have reported")),
                    *entries,
                ]
            case "turnout":
                return [*self._turnout(), *entries]
        if any(unit.tied for unit in self._units):
            entries.insert(0, Entry(TIED, words=say("Tied")))
        leading = {unit.leader for unit in self._units if unit.leader}
        shown = [Entry(_look_fill(look), look.name) for code, look in self._looks.items() if code in leading]
        return [*shown, *(_margins() if self._by == "margin" else self._paler()), *entries]

    def _paler(self) -> list[Entry]:
        if all(unit.complete or not unit.units_reported for unit in self._units):
            return []
        return [Entry(Fill(_NEUTRAL, "", _PALE), words=say("Paler: some precincts have not reported"))]

    def _turnout(self) -> list[Entry]:
        unknown = any(unit.units_reported and unit.turnout is None for unit in self._units)
        steps = [
            Entry(
                Fill(_TURNOUT, "", strength),
                words=say("%(low)s to %(high)s", low=percent(low / 100), high=percent(high / 100)),
            )
            for step, strength in enumerate(_STEPS)
            for low in [self._lowest + step * self._step]
            for high in [min(100, low + self._step)]
            if low < 100
        ]
        known = any(unit.turnout is not None for unit in self._units)
        return [*(steps if known else ()), *([_UNKNOWN] if unknown else ())]


def _look_fill(look: Look) -> Fill:
    return Fill(look.colour, str(look.pattern) if look.pattern else "")


def _margins() -> list[Entry]:
    """The steps of the margin, in a colour that is nobody's."""
    words = [
        say("Less than %(high)s points ahead", high=Figure(_MARGINS[0])),
        *(
            say("%(low)s to %(high)s points ahead", low=Figure(low), high=Figure(high))
            for low, high in pairwise(_MARGINS)
        ),
        say("%(low)s points ahead or more", low=Figure(_MARGINS[-1])),
    ]
    return [Entry(Fill(_NEUTRAL, "", step), words=w) for step, w in zip(_STEPS, words, strict=True)]


def told(unit: MapUnit, looks: dict[str, Look]) -> list[str]:
    """What a map says of a unit, a sentence a line."""
    lines: list[str] = [_reported(unit)]
    if unit.leader:
        lines.insert(
            0,
            say(
                "%(name)s leads with %(share)s, %(margin)s ahead.",
                name=looks[unit.leader].name,
                share=percent(unit.share),
                margin=percent(unit.margin),
            ),
        )
    elif unit.tied:
        lines.insert(0, say("The first two are tied with %(share)s each.", share=percent(unit.share)))
    if unit.turnout is not None:
        lines.append(say("Turnout is %(share)s.", share=percent(unit.turnout)))
    if unit.held:
        lines.append(say("%(number)s held for review.", number=Figure(unit.held)))
    return lines


def _reported(unit: MapUnit) -> str:
    if unit.kind == "precinct":
        return say("It has reported.") if unit.complete else say("It has not reported yet.")
    return say(
        "%(reported)s of %(expected)s precincts have reported.",
        reported=Figure(unit.units_reported),
        expected=Figure(unit.units_expected),
    )
