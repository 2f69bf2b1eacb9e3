"""For observers: how reporting goes by unit and by hour, and integrity statistics of contests.

Both are read once for each change of what they tell, however many look at them.
"""

import asyncio

import msgspec

from models.integrity import Integrity, Statistics, statistics
from models.integrity.counts import PrecinctCount
from models.places import UnitInfo
from models.reporting import HourSums, Progress, by_hour
from models.results import ContestCount, ElectionState, ratio
from repositories.database import Database, Repositories
from repositories.places import Child
from services.kept import Kept
from services.places import unit_progress
from services.results import ContestView, ResultsService, View

# More than any unit has right below it.
_ALL = 1_000_000
# What a process keeps: units of which it knows the progress, and rows in all of them, of a kilobyte each.
_PLACES_KEPT, _ROWS_KEPT = 256, 20_000
# Contests of which it knows the statistics, and precincts in all of them, of half a kilobyte each.
_CONTESTS_KEPT, _PRECINCTS_KEPT = 64, 60_000


class Reporting(msgspec.Struct, frozen=True):
    """How far reporting is in a unit, as stored. `count` is that of the widest contest there."""

    unit: UnitInfo | None
    contest: str | None
    count: ContestCount | None
    hours: list[HourSums]
    children: list[Child]


class Observed(msgspec.Struct, frozen=True):
    """The counted tallies of a contest, and what there is to say of them."""

    counts: list[PrecinctCount]
    statistics: Statistics


class ObserverService:
    def __init__(self, database: Database, results: ResultsService) -> None:
        self._database = database
        self._results = results
        self._reporting: Kept[Reporting] = Kept(
            most=_PLACES_KEPT, heaviest=_ROWS_KEPT, weight=lambda kept: 1 + len(kept.hours + kept.children)
        )
        self._observed: Kept[Observed] = Kept(
            most=_CONTESTS_KEPT, heaviest=_PRECINCTS_KEPT, weight=lambda kept: 1 + len(kept.counts)
        )

    async def progress(self, election: str, unit: str = "", *, staff: bool = False) -> Progress:
        """How far reporting has come in a unit, or in the whole election, right below it and by hour.

        While results are withheld the public is told only who has reported. Raises UnknownElection and
        UnknownUnit.
        """
        view = await self._results.current(election)
        state = view.election

        async def read() -> Reporting:
            async with self._database.snapshot() as repos:
                return await _reporting(repos, state, unit)

        key = (election, unit)
        found = await (read() if view.is_draft else self._reporting.of(key, view.version, read))
        return _progress(found, view, withhold=not (state.results_released or staff))

    async def integrity(self, election: str, contest: str, *, staff: bool = False) -> Integrity:
        """Integrity statistics of a contest; none of them for whom results are withheld from.

        Raises UnknownElection and UnknownContest.
        """
        view = await self._results.current(election)
        found = view.contest(contest, staff=staff)
        results = found.results
        told = (await self._observe(view, found)).statistics if results.released else None
        return Integrity(
            election=election,
            contest=contest,
            version=results.version,
            is_test=results.is_test,
            released=results.released,
            units_reported=results.units_reported,
            units_expected=results.units_expected,
            selections=_codes(found),
            last_digits=told.last_digits if told else None,
            turnout_and_share=told.turnout_and_share if told else None,
            identical_votes=told.identical_votes if told else None,
        )

    async def counts(self, election: str, contest: str, *, staff: bool = False) -> list[PrecinctCount]:
        """What the statistics are made of, by precinct; nothing for whom results are withheld from."""
        view = await self._results.current(election)
        found = view.contest(contest, staff=staff)
        return (await self._observe(view, found)).counts if found.results.released else []

    async def _observe(self, view: View, found: ContestView) -> Observed:
        async def read() -> Observed:
            async with self._database.snapshot() as repos:
                contest_id = await repos.elections.contest_id(view.election.id, found.count.code)
                counts = await repos.observing.counts(contest_id)
            told = await asyncio.to_thread(statistics, counts, _codes(found))
            return Observed(counts, told)

        if view.is_draft:
            return await read()
        return await self._observed.of((view.election.code, found.count.code), found.results.version, read)


def _codes(found: ContestView) -> tuple[str, ...]:
    return tuple(selection.code for selection in found.count.selections)


async def _reporting(repos: Repositories, state: ElectionState, unit: str) -> Reporting:
    code = unit or await repos.observing.top(state.id)
    if code is None:
        return Reporting(unit=None, contest=None, count=None, hours=[], children=[])
    unit_id, kind = await repos.elections.unit(state.id, code)
    contest_id, contest = await repos.places.widest(unit_id) or (None, None)
    counts = (
        await repos.results.counts(state.id, unit_id, precinct=kind == "precinct", contest=contest)
        if contest
        else []
    )
    return Reporting(
        unit=await repos.elections.unit_info(state.id, code),
        contest=contest,
        count=counts[0] if counts else None,
        hours=await repos.observing.hours(unit_id, contest_id, state.timezone),
        children=await repos.places.children(state.id, unit_id, contest_id, words="", after="", limit=_ALL),
    )


def _progress(found: Reporting, view: View, *, withhold: bool) -> Progress:
    count, state = found.count, view.election
    voters_known = count is not None and count.voters_registered is not None
    shown = count if not withhold else None
    return Progress(
        election=state.code,
        version=view.version,
        is_test=state.is_test,
        released=not withhold,
        timezone=state.timezone,
        unit=found.unit,
        contest=found.contest,
        units_reported=count.units_reported if count else 0,
        units_expected=count.units_expected if count else 0,
        ballots_cast=shown.ballots_cast if shown else None,
        turnout=ratio(shown.ballots_cast, shown.voters_registered_reported)
        if shown and voters_known
        else None,
        hours=by_hour(found.hours, state.timezone, voters_known=voters_known, withhold=withhold),
        units=[unit_progress(child, withhold) for child in found.children],
    )
