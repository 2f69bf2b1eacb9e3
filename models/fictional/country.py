"""The demo's country: its districts and precincts, and how many vote there."""

import itertools
import math
import random
from collections.abc import Sequence

import msgspec

from models.codes import make_code
from models.definitions import UnitDefinition
from models.fictional.names import COUNTRY, DISTRICTS, DistrictName, precinct_names

COUNTRY_CODE = make_code(COUNTRY)

_TURNOUT = (0.46, 0.79)
_REGISTERED = (60, 6_000)
_CITY_PRECINCT = 2_100
_RURAL_PRECINCT = 380


class Precinct(msgspec.Struct, frozen=True):
    """A precinct on its election day. `lean` is the share of votes that it moves from HRV to CIV."""

    code: str
    name: str
    district: str
    voters_registered: int
    ballots_cast: int
    rejected_ballots: int
    lean: float


def districts_of(precincts: int) -> tuple[DistrictName, ...]:
    """The districts of a country with so many precincts: no more than there are precincts."""
    return DISTRICTS[:precincts]


def make_precincts(rng: random.Random, number: int) -> tuple[Precinct, ...]:
    """Precincts district by district. City precincts are larger and lean to CIV, rural ones to HRV.

    Leans add up to nothing over all ballots, so that what is close in the middle is close in all.
    """
    names = iter(precinct_names(rng, number))
    districts = districts_of(number)
    precincts = [
        _precinct(rng, next(names), district, turnout)
        for district, size in zip(districts, _sizes(number, districts), strict=True)
        for turnout in [rng.uniform(0.54, 0.72)]
        for _ in range(size)
    ]
    ballots = sum(precinct.ballots_cast for precinct in precincts)
    middle = sum(precinct.lean * precinct.ballots_cast for precinct in precincts) / ballots
    return tuple(
        msgspec.structs.replace(precinct, lean=max(-0.3, min(0.3, precinct.lean - middle)))
        for precinct in precincts
    )


def _sizes(number: int, districts: tuple[DistrictName, ...]) -> list[int]:
    """How many precincts each district has: one, and its part of the others."""
    others = number - len(districts)
    ends = list(itertools.accumulate((district.share for district in districts), initial=0))
    cuts = [others * end // ends[-1] for end in ends]
    return [1 + end - start for start, end in itertools.pairwise(cuts)]


def _precinct(rng: random.Random, name: str, district: DistrictName, turnout: float) -> Precinct:
    median = _CITY_PRECINCT ** (1 - district.rural) * _RURAL_PRECINCT**district.rural
    registered = round(_within(rng.lognormvariate(math.log(median), 0.4), *_REGISTERED))
    ballots = round(registered * _within(rng.gauss(turnout, 0.03), *_TURNOUT))
    return Precinct(
        code=make_code(name),
        name=name,
        district=make_code(district.name),
        voters_registered=registered,
        ballots_cast=ballots,
        rejected_ballots=int(registered * rng.uniform(0, 0.006)),
        lean=0.3 * (0.5 - district.rural) + rng.gauss(0, 0.04),
    )


def _within(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))


def units_of(precincts: Sequence[Precinct]) -> tuple[UnitDefinition, ...]:
    """The country, its districts and their precincts, in this order."""
    country = UnitDefinition(code=COUNTRY_CODE, name=COUNTRY, kind="country")
    districts = [
        UnitDefinition(code=make_code(place.name), name=place.name, kind="district", parent=COUNTRY_CODE)
        for place in districts_of(len(precincts))
    ]
    leaves = [
        UnitDefinition(
            code=precinct.code,
            name=precinct.name,
            kind="precinct",
            parent=precinct.district,
            voters_registered=precinct.voters_registered,
        )
        for precinct in precincts
    ]
    return country, *districts, *leaves
