"""Which unit people mean: they write its name or its code, or a part of either."""

from collections.abc import Sequence

from models.errors import FieldError, Invalid
from models.places import UnitInfo
from models.wording import say
from quart_app.pages.finding import folded
from quart_app.pages.marks import isolated
from quart_app.wiring import services

# Units that are offered where several fit.
OFFERED = 8


async def unit_called(election: str, words: str, field: str = "unit") -> str:
    """The code of the unit that is called so; of none, where nothing is written, the empty one.

    Raises UnknownElection, and Invalid where no unit fits and where several do.
    """
    words = words.strip()
    if not words:
        return ""
    found = await services().places.search(election, words)
    meant = _meant(found, words)
    if len(meant) == 1:
        return meant[0].code
    raise Invalid((FieldError(field, _which(meant), "unknown-unit"),))


def _meant(found: Sequence[UnitInfo], words: str) -> Sequence[UnitInfo]:
    """Whose code it is, else whose whole name, else all that were found."""
    wanted = folded(words)
    by_code = [unit for unit in found if folded(unit.code) == wanted]
    return by_code or [unit for unit in found if folded(unit.name) == wanted] or found


def _which(units: Sequence[UnitInfo]) -> str:
    if not units:
        return say("no place is called so; write a part of its name, or leave it out")
    shown = ", ".join(f"{isolated(unit.name)} ({isolated(unit.code)})" for unit in units[:OFFERED])
    if len(units) <= OFFERED:
        return say("several places fit; write the code of the one that you mean: %(units)s", units=shown)
    return say("very many places fit; write more of the name, or a code, as of: %(units)s", units=shown)
