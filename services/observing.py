"""For observers: how reporting goes by unit and by hour, and integrity statistics of contests.

Both are read once for each change of what they tell, however many look at them.
"""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from models.integrity import Integrity, Statistics, statistics
from models.integrity.counts import PrecinctCount
from models.places import UnitInfo
from models.reporting import HourSums, Progress, by_hour
from models.results import ContestCount, ElectionState, ratio
from repositories.database import Database, Repositories
from repositories.places import Child
from services.kept import Held, Kept
from services.places import unit_progress
from services.results import ContestView, ResultsService, View

# While tallies come thick and fast, nothing is read more often than this: the hours of a county with ten
# thousand tallies take 30 ms. It is as old as a proxy's answer may be. An election that was released or
# withheld meanwhile is read at once.
PAUSE_SECONDS = 1.0
# More than any unit has right below it.
_ALL = 1_000_000
# What a process keeps: units of which it knows the progress, and rows in all of them, of half a kilobyte each
# and twice that while results are withheld.
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


class Told(msgspec.Struct, frozen=True):
    """The progress of a unit, as the public may see it and as staff may."""

    public: Progress
    staff: Progress


class Observed(msgspec.Struct, frozen=True):
    """The counted tallies of a contest, and what there is to say of them."""

    counts: list[PrecinctCount]
    statistics: Statistics


class ObserverService:
    def __init__(self, database: Database, results: ResultsService) -> None:
        self._database = database
        self._results = results
        self._told: Kept[Told] = Kept(
            most=_PLACES_KEPT,
            heaviest=_ROWS_KEPT,
            weight=lambda told: 1 + len(told.staff.hours) + len(told.staff.units),
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

        async def read() -> Told:
            async with self._database.snapshot() as repos:
                found = await _reporting(repos, state, unit)
            staffs = _progress(found, state, view.version, withhold=False)
            withheld = not state.results_released
            return Told(_progress(found, state, view.version, withhold=True) if withheld else staffs, staffs)

        told = await (read() if view.is_draft else self._keep(unit, view, read))
        return told.staff if staff else told.public

    async def _keep(self, unit: str, view: View, read: Callable[[], Awaitable[Told]]) -> Told:
        state = view.election
        held = await self._told.of(
            (state.code, unit), view.version, read, least=state.changed_seq, pause=PAUSE_SECONDS
        )
        return held.value

    async def integrity(self, election: str, contest: str, *, staff: bool = False) -> Integrity:
        """Integrity statistics of a contest; none of them for whom results are withheld from.

        Raises UnknownElection and UnknownContest.
        """
        view = await self._results.current(election)
        found = view.contest(contest, staff=staff)
        results = found.results
        held = await self._observe(view, found) if results.released else None
        told = held.value.statistics if held else None
        return Integrity(
            election=election,
            contest=contest,
            version=held.version if held else results.version,
            is_test=results.is_test,
            released=results.released,
            units_reported=len(held.value.counts) if held else results.units_reported,
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
        return (await self._observe(view, found)).value.counts if found.results.released else []

    async def _observe(self, view: View, found: ContestView) -> Held[Observed]:
        async def read() -> Observed:
            async with self._database.snapshot() as repos:
                contest_id = await repos.elections.contest_id(view.election.id, found.count.code)
                counts = await repos.observing.counts(contest_id)
            told = await asyncio.to_thread(statistics, counts, _codes(found))
            return Observed(counts, told)

        version, least = found.results.version, view.election.changed_seq
        if view.is_draft:
            return Held(version, await read(), 0)
        key = (view.election.code, found.count.code)
        return await self._observed.of(key, version, read, least=least, pause=PAUSE_SECONDS)


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


def _progress(found: Reporting, state: ElectionState, version: int, *, withhold: bool) -> Progress:
    count = found.count
    voters_known = count is not None and count.voters_registered is not None
    shown = count if not withhold else None
    return Progress(
        election=state.code,
        version=version,
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
