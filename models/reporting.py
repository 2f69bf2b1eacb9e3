"""How reporting went, hour by hour (pure).

A precinct belongs to the hour in which it first sent a tally of the contest, whatever was corrected or
reviewed later, and it belongs there once one of its tallies counts. So no correction moves a precinct to
another hour, and the sums of all hours are those of the results.
"""

import datetime
import zoneinfo
from collections.abc import Iterable

import msgspec

from models.places import UnitInfo
from models.progress import UnitProgress
from models.results import ratio


class HourSums(msgspec.Struct, frozen=True):
    """What first came in during one hour and counts now.

    Tallies are of all contests; precincts, ballots and registered voters of one contest.
    """

    at: datetime.datetime
    tallies: int
    precincts: int
    ballots_cast: int
    voters: int


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """An hour that begins at `at`, in the election's timezone: what first came in, and all until its end.

    `turnout` is of the precincts that had reported by its end, 0 to 1. It and the ballots are null while
    results are withheld.
    """

    at: datetime.datetime
    tallies: int
    tallies_so_far: int
    precincts: int
    precincts_so_far: int
    ballots_cast: int | None
    ballots_so_far: int | None
    turnout: float | None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far reporting has come at and below a unit, and how it went, at log position `version`.

    `contest` is the one whose precincts, ballots and turnout are told: of those on the most ballots here
    the first. `hours` has the hours in which something came in; `units` what lies right below. `unit` is null
    in an election that has none yet; ballots and turnout are null while results are withheld.
    """

    election: str
    version: int
    is_test: bool
    released: bool
    timezone: str
    unit: UnitInfo | None
    contest: str | None
    units_reported: int
    units_expected: int
    ballots_cast: int | None
    turnout: float | None
    hours: tuple[Hour, ...]
    units: list[UnitProgress]


def by_hour(
    sums: Iterable[HourSums], timezone: str, *, voters_known: bool, withhold: bool
) -> tuple[Hour, ...]:
    """The hours in their order, with what had come in by the end of each."""
    zone = zoneinfo.ZoneInfo(timezone)
    hours = []
    tallies = precincts = ballots = voters = 0
    for hour in sums:
        tallies += hour.tallies
        precincts += hour.precincts
        ballots += hour.ballots_cast
        voters += hour.voters
        hours.append(
            Hour(
                at=hour.at.astimezone(zone),
                tallies=hour.tallies,
                tallies_so_far=tallies,
                precincts=hour.precincts,
                precincts_so_far=precincts,
                ballots_cast=None if withhold else hour.ballots_cast,
                ballots_so_far=None if withhold else ballots,
                turnout=ratio(ballots, voters) if voters_known and not withhold else None,
            )
        )
    return tuple(hours)
