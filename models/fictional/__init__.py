"""The demo's election: an invented country, its ballots, and the script of its election night.

Everything follows from the seed, so that two runs of the demo show the same night.
"""

import datetime
import random
from collections.abc import Iterator, Sequence

import msgspec

from models.codes import make_code
from models.definitions import ElectionDefinition
from models.fictional.country import Precinct, districts_of, make_precincts, units_of
from models.fictional.names import COUNTRY, DISTRICTS, PARTIES, people
from models.fictional.night import Event, Mistake, MistakeKind, Officer, make_mistakes, play
from models.fictional.races import Race, count, make_races
from models.submissions import TallySubmission

__all__ = ["Event", "FictionalElection", "Mistake", "MistakeKind", "Officer", "fictional_election"]

MAX_PRECINCTS = 20_000

_DATE = datetime.date(2026, 11, 3)
_CANDIDATES = 15 + 4 * len(DISTRICTS)


class FictionalElection(msgspec.Struct, frozen=True):
    """An election and its night.

    `tallies` are the right ones, one for each precinct and contest, a precinct's together and small
    precincts first on the whole. `events` play the same night with its mistakes: after the last one the
    counted tallies have the figures of `tallies`.
    """

    definition: ElectionDefinition
    tallies: tuple[TallySubmission, ...]
    officers: tuple[Officer, ...]
    mistakes: tuple[Mistake, ...]
    events: tuple[Event, ...]


def fictional_election(*, precincts: int = 300, seed: int = 2026) -> FictionalElection:
    """An election with `precincts` precincts (1 to 20,000), always the same for the same seed.

    Raises ValueError for another number of precincts.
    """
    if not 1 <= precincts <= MAX_PRECINCTS:
        raise ValueError(f"a fictional election has 1 to {MAX_PRECINCTS:,} precincts, not {precincts:,}")
    rng = random.Random(seed)
    places = make_precincts(rng, precincts)
    names = people(rng, _CANDIDATES + len(DISTRICTS))
    races = make_races(rng, places, iter(names[:_CANDIDATES]))
    officers = tuple(_officers(places, names[_CANDIDATES:]))
    returns = _returns(rng, places, races)
    tallies = tuple(tally for tallies in returns for tally in tallies)
    mistakes = make_mistakes(rng, tallies, {place.code: place.voters_registered for place in places})
    return FictionalElection(
        definition=_definition(places, races),
        tallies=tallies,
        officers=officers,
        mistakes=mistakes,
        events=play(rng, returns, mistakes, officers),
    )


def _definition(places: Sequence[Precinct], races: Sequence[Race]) -> ElectionDefinition:
    return ElectionDefinition(
        code="demo",
        name=f"{COUNTRY} general election",
        date=_DATE,
        is_test=True,
        units=units_of(places),
        parties=PARTIES,
        contests=tuple(race.contest for race in races),
    )


def _officers(places: Sequence[Precinct], names: Sequence[str]) -> Iterator[Officer]:
    for district, name in zip(districts_of(len(places)), names, strict=False):
        code = make_code(district.name)
        username = make_code(name).replace("-", ".")
        yield Officer(username, name, code, tuple(place.code for place in places if place.district == code))


def _returns(
    rng: random.Random, places: Sequence[Precinct], races: Sequence[Race]
) -> list[list[TallySubmission]]:
    """The tallies of each precinct, in the order in which precincts finish counting."""
    # Small precincts count fast, but not all of them and not always.
    finishing = sorted(places, key=lambda place: place.voters_registered * rng.lognormvariate(0, 0.7))
    on_ballot = {race.contest.code: frozenset(race.contest.precincts) for race in races}
    return [
        [count(rng, race, place) for race in races if place.code in on_ballot[race.contest.code]]
        for place in finishing
    ]
