"""The race over time of a contest: folded once, then kept up to date with what the log brings."""

import asyncio
from collections import OrderedDict

from models.history import History, Race, Told, thinned
from repositories.database import Database
from services.results import ResultsService, View

# Races that a process keeps, and tallies in all of them, of 300 to 700 bytes each.
KEPT = 64
TALLIES_KEPT = 150_000
# Entries of one read: with their texts they take a megabyte or two.
PAGE = 2000


class _Kept:
    """A race, and the log position up to which it was read."""

    def __init__(self, selections: tuple[str, ...]) -> None:
        self.race = Race(selections)
        self.read_to = 0
        self.reading = asyncio.Lock()


class HistoryService:
    def __init__(self, database: Database, results: ResultsService) -> None:
        self._database = database
        self._results = results
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()

    async def of(self, election: str, contest: str, *, staff: bool = False) -> History:
        """How the contest's results came to be what they are; nothing of it for whom they are withheld from.

        Raises UnknownElection, UnknownContest and DatabaseAway.
        """
        view = await self._results.current(election)
        found = view.contest(contest, staff=staff)
        selections = tuple(selection.code for selection in found.count.selections)
        points = []
        if found.results.released and not view.is_draft:
            kept = self._keep(election, contest, selections)
            await self._read(kept, view, contest)
            points = thinned(kept.race.points)
        return History(
            election=election,
            contest=contest,
            version=found.results.version,
            units_expected=found.results.units_expected,
            selections=selections,
            points=tuple(points),
        )

    def _keep(self, election: str, contest: str, selections: tuple[str, ...]) -> _Kept:
        kept = self._kept.setdefault((election, contest), _Kept(selections))
        self._kept.move_to_end((election, contest))
        tallies = sum(one.race.size for one in self._kept.values())
        # The one that is asked for stays, however large it is.
        while len(self._kept) > 1 and (len(self._kept) > KEPT or tallies > TALLIES_KEPT):
            _, gone = self._kept.popitem(last=False)
            tallies -= gone.race.size
        return kept

    async def _read(self, kept: _Kept, view: View, contest: str) -> None:
        """Takes the contest's entries up to the view's position, so that both tell of the same moment."""
        async with kept.reading:
            while kept.read_to < view.version:
                found = await self._page(view, contest, kept.read_to)
                for told in found:
                    kept.race.take(told)
                kept.read_to = found[-1].seq if len(found) == PAGE else view.version

    async def _page(self, view: View, contest: str, after: int) -> list[Told]:
        async with self._database.snapshot() as repos:
            contest_id = await repos.elections.contest_id(view.election.id, contest)
            return await repos.log.tallies(
                view.election.id, contest_id, after=after, upto=view.version, limit=PAGE
            )
