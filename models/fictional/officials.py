"""The demo's officials: officers for a few precincts each, and those who look after the election."""

import itertools
import math
import random
from collections.abc import Collection, Sequence

import msgspec

from models.codes import make_code
from models.fictional.country import Precinct
from models.fictional.names import email_of, people
from models.rights import Role

# About so many officers report for a large country; in a small one each for this many precincts.
_OFFICERS = 80
_FEWEST = 3

_STAFF = {
    "admin": Role.ADMINISTRATOR,
    "registrar": Role.REGISTRAR,
    "reviewer": Role.REVIEWER,
    "auditor": Role.AUDITOR,
}


class Official(msgspec.Struct, frozen=True):
    """Somebody with one role; `precincts` are an officer's, all of one district."""

    username: str
    name: str
    email: str
    role: Role
    precincts: tuple[str, ...] = ()


def make_officials(
    rng: random.Random, places: Sequence[Precinct], candidates: Collection[str]
) -> tuple[Official, ...]:
    """Officers who share all precincts out, then one official of each other role; no candidate among them."""
    beats = _beats(places)
    names = iter(people(rng, len(beats) + len(_STAFF), but=candidates))
    # First, so that they are the same people in a country of every size.
    staff = [_official(username, next(names), role) for username, role in _STAFF.items()]
    officers = [
        _official(make_code(name).replace("-", "."), name, Role.OFFICER, beat)
        for name, beat in zip(names, beats, strict=True)
    ]
    return (*officers, *staff)


def _beats(places: Sequence[Precinct]) -> list[tuple[str, ...]]:
    """All precincts shared out: each beat is what one officer reports for, of one district."""
    most = max(_FEWEST, math.ceil(len(places) / _OFFICERS))
    beats: list[tuple[str, ...]] = []
    for _, group in itertools.groupby(places, key=lambda place: place.district):
        codes = [place.code for place in group]
        beats += (tuple(codes[first : first + most]) for first in range(0, len(codes), most))
    return beats


def _official(username: str, name: str, role: Role, precincts: tuple[str, ...] = ()) -> Official:
    return Official(username, name, email_of(name), role, precincts)
