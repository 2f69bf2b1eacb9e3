"""The demo's register of voters: a few in every precinct, as they come in a file."""

import random
from collections.abc import Sequence

from models.codes import make_code
from models.fictional.country import Precinct
from models.fictional.names import COUNTRY, people
from models.voters import VoterEntry

_MOST = 3_000
_IN_A_PRECINCT = 10
_STREETS = ("Mill Lane", "Harbour Road", "Orchard Street", "Station Road", "Church Walk", "Bridge Street")


def make_voters(rng: random.Random, places: Sequence[Precinct]) -> tuple[VoterEntry, ...]:
    """Ten in each precinct, or 3,000 spread over as many; several have the same name, as in life."""
    names = people(rng, 1_000)
    voting = rng.sample(places, min(len(places), _MOST // _IN_A_PRECINCT))
    return tuple(
        _voter(rng, 100_001 + number, rng.choice(names), voting[number % len(voting)])
        for number in range(_IN_A_PRECINCT * len(voting))
    )


def _voter(rng: random.Random, number: int, name: str, place: Precinct) -> VoterEntry:
    first, _, last = name.partition(" ")
    return VoterEntry(
        voter_id=f"VM-{number}",
        first_name=first,
        last_name=last,
        precinct=place.code,
        email=f"voter.{number}@{make_code(COUNTRY)}.example",
        mobile=f"555 01{rng.randrange(100):02}",
        address=f"{rng.randrange(1, 200)} {rng.choice(_STREETS)}",
    )
