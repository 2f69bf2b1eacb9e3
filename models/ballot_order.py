"""The rules by which a contest's selections stand on the ballot (pure)."""

import hashlib
from collections.abc import Iterable
from enum import StrEnum

import msgspec


class BallotOrder(StrEnum):
    """As they were given, by name, or by lot."""

    GIVEN = "given"
    ALPHABETICAL = "alphabetical"
    LOT = "lot"


class Listed(msgspec.Struct, frozen=True):
    """A selection that is to be placed. An alphabetical ballot goes by `sort_name`: last name first."""

    code: str
    sort_name: str


def ordered(selections: Iterable[Listed], rule: BallotOrder, seed: str) -> list[str]:
    """Codes in ballot order.

    The lot orders by SHA-256 of the seed, a line feed and the code: whoever knows the published seed
    can draw it again. Names are compared without regard to case, and equal ones by code.
    """
    listed = list(selections)
    if rule == BallotOrder.ALPHABETICAL:
        listed.sort(key=lambda one: (one.sort_name.casefold(), one.code))
    elif rule == BallotOrder.LOT:
        listed.sort(key=lambda one: hashlib.sha256(f"{seed}\n{one.code}".encode()).digest())
    return [one.code for one in listed]
