"""How a party looks on pages: its colour, a pattern and its name, so that nothing is told by colour alone."""

from collections.abc import Iterable

import msgspec

from models.places import PartyInfo

# Patterns that `templates/design/figures.html` draws; the first party of a list is plain.
PATTERNS = 5


class Look(msgspec.Struct, frozen=True):
    """`pattern` is 0 for a plain colour, else the number of a hatching."""

    code: str
    name: str
    colour: str
    pattern: int


def looks(parties: Iterable[PartyInfo]) -> dict[str, Look]:
    """By party code; neighbours in the list of parties never share a pattern."""
    return {
        party.code: Look(party.code, party.name, party.colour, place % (PATTERNS + 1))
        for place, party in enumerate(parties)
    }
