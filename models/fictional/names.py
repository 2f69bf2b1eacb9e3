"""Invented names for the demo's country: places, people and parties. Any likeness to real ones is chance."""

import random
from collections.abc import Collection
from typing import NamedTuple

from models.codes import make_code
from models.definitions import PartyDefinition

COUNTRY = "Velmora"


class DistrictName(NamedTuple):
    """A district's name, how rural it is (0 the capital, 1 open country) and its share of the precincts."""

    name: str
    rural: float
    share: int


DISTRICTS = (
    DistrictName("Corvane", 0.0, 14),
    DistrictName("Marhaven", 0.15, 12),
    DistrictName("Østerholm", 0.4, 9),
    DistrictName("San Tirel", 0.3, 9),
    DistrictName("Lindqvara", 0.5, 8),
    DistrictName("Brávona", 0.55, 8),
    DistrictName("Tal Harun", 0.45, 8),
    DistrictName("Pellorin", 0.75, 7),
    DistrictName("Kelmüre", 0.65, 7),
    DistrictName("Vale of Oshen", 0.85, 6),
    DistrictName("Île-Sarre", 0.8, 6),
    DistrictName("Nordskål", 0.95, 6),
)

# Each has a contrast of at least 3:1 with white; all five stay apart in the three colour-blindnesses.
PARTIES = (
    PartyDefinition(code="CIV", name="Civic Alliance", colour="#1266a8"),
    PartyDefinition(code="HRV", name="Harvest Party", colour="#e06a00"),
    PartyDefinition(code="GRO", name="Green Orchard", colour="#00997a"),
    PartyDefinition(code="LBR", name="Labour Union", colour="#7b1e5a"),
    PartyDefinition(code="FRE", name="Free Citizens", colour="#222222"),
)

_STARTS = (
    "Al Ash Bel Bram Cal Cor Dal Dun El Esk Fal Fen Gal Grim Hal Hart Ing Ister Jar Kel Kir Lam Lor "
    "Mar Mel Mør Nar Nev Öl Orr Pel Quil Ren Ros Sel Stan Tal Tür Ul Vas Wend Yar Zan Åk"
)
_MIDDLES = ("", "a", "an", "e", "en", "er", "i", "in", "o", "or", "u", "ê")
_ENDINGS = (
    "bach berg brook burn by dale den fell field ford gate ham haven holm hurst kirk lea mere mont "
    "moor ness port ridge shaw stad stead thorpe ton vale vik wick wold"
)
_ROOMS = (
    "Town Hall",
    "School",
    "Library",
    "Fire Station",
    "Market Hall",
    "Mill",
    "Church Hall",
    "Sports Hall",
)

_FIRST = (
    "Aïcha Ana Anselm Bashir Birgit Carlos Chidi Dagny Devika Elif Emeka Esther Farah Felix Goran "
    "Hana Ibrahim Ingrid Ivo Jamal João Kaveh Keiko Lars Leila Lucía Mads Mei Mirela Nadia Naveen "
    "Niamh Olu Oskar Paloma Petra Rafael Rosa Ruth Samira Søren Tariq Thandi Tomás Uma Viktor Wanjiru "
    "Yusuf Zofia"
)
_LAST = (
    "Abara Achterberg Adeyemi Bianchi Brandt Castellan Chaudhry Dahlgren Demir Duarte Eklund Farrow "
    "Fofana Grauer Haddad Halloran Ibarra Iwasaki Jansma Kaplan Kiprono Kovač Laurent Lindholm Mbeki "
    "Marchetti Moreau Nakata Núñez Oduya Okafor Pahlavan Pereira Quist Rahimi Rosen Sandoval Sørbø "
    "Szabó Tamm Thapa Tiwari Ueda Valente Ito Wexler Yilmaz Zoller"
)


def precinct_names(rng: random.Random, number: int) -> list[str]:
    """That many places to vote, each with a name and a code of its own."""
    taken = {make_code(name) for name in (COUNTRY, *(district.name for district in DISTRICTS))}
    parts = (_STARTS.split(), _MIDDLES, _ENDINGS.split())
    names: list[str] = []
    while len(names) < number:
        name = "".join(map(rng.choice, parts)) + " " + rng.choice(_ROOMS)
        code = make_code(name)
        if code not in taken:
            taken.add(code)
            names.append(name)
    return names


def people(rng: random.Random, number: int, but: Collection[str] = ()) -> list[str]:
    """That many people, no two with the same name, and nobody of those in `but`."""
    names = [f"{first} {last}" for first in _FIRST.split() for last in _LAST.split()]
    return rng.sample([name for name in names if name not in but], number)


def email_of(name: str) -> str:
    """An address that leads nowhere (RFC 2606)."""
    return f"{make_code(name).replace('-', '.')}@{make_code(COUNTRY)}.example"
