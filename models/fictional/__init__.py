"""The demo's election: an invented country, its ballots, and the script of its election night.

Everything follows from the seed, so that two runs of the demo show the same night.
"""

import datetime
import random
from collections.abc import Sequence

import msgspec

from models.check_settings import CheckSetting, CheckSettings
from models.definitions import ElectionDefinition
from models.fictional.candidates import NOT_ENOUGH, Candidacy, make_candidacies
from models.fictional.country import Precinct, make_precincts, units_of
from models.fictional.names import COUNTRY, DISTRICTS, PARTIES, people
from models.fictional.night import Event, Mistake, MistakeKind, make_mistakes, play
from models.fictional.officials import Official, make_officials
from models.fictional.races import Race, count, make_races
from models.fictional.voters import make_voters
from models.submissions import TallySubmission
from models.voters import VoterEntry

__all__ = [
    "NOT_ENOUGH",
    "Candidacy",
    "Event",
    "FictionalElection",
    "Mistake",
    "MistakeKind",
    "Official",
    "fictional_election",
]

MAX_PRECINCTS = 20_000
MOST_WITHOUT_TWINS = 1_000
"""Precincts; among more some have identical figures by chance, and a right tally would be held for it."""

_DATE = datetime.date(2026, 11, 3)
# 15 for the country, and for each district up to four on the ballot and those who did not get there.
_CANDIDATES = 15 + 5 * len(DISTRICTS)


class FictionalElection(msgspec.Struct, frozen=True):
    """An election and its night.

    `tallies` are the right ones, one for each precinct and contest, a precinct's together and small
    precincts first on the whole. `events` play the same night with its mistakes: after the last one the
    counted tallies have the figures of `tallies`.
    """

    definition: ElectionDefinition
    tallies: tuple[TallySubmission, ...]
    officials: tuple[Official, ...]
    candidacies: tuple[Candidacy, ...]
    voters: tuple[VoterEntry, ...]
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
    candidates = people(rng, _CANDIDATES)
    unused = iter(candidates)
    races = make_races(rng, places, unused)
    candidacies = make_candidacies([race.contest for race in races], unused)
    # These and the voters from generators of their own: however many there are, the night stays the same.
    officials = make_officials(random.Random(f"officials {seed}"), places, candidates)
    returns = _returns(rng, places, races)
    tallies = tuple(tally for tallies in returns for tally in tallies)
    mistakes = make_mistakes(rng, tallies, {place.code: place.voters_registered for place in places})
    return FictionalElection(
        definition=_definition(places, races),
        tallies=tallies,
        officials=officials,
        candidacies=candidacies,
        voters=make_voters(random.Random(f"voters {seed}"), places),
        mistakes=mistakes,
        events=play(rng, returns, mistakes, officials),
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
        checks=_checks(len(places)),
    )


def _checks(precincts: int) -> CheckSettings:
    usual = CheckSettings()
    twins = CheckSetting(on=precincts <= MOST_WITHOUT_TWINS, tolerance=usual.duplicate_vector.tolerance)
    return msgspec.structs.replace(usual, duplicate_vector=twins)


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
