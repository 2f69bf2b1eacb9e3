"""Places: a unit with what lies above and below it, the precincts of a contest, and maps."""

from typing import Literal

from models.errors import UnknownUnit
from models.lifecycles import ElectionStatus
from models.places import UnitInfo
from models.progress import ContestMap, MapUnit, Place, PrecinctState, UnitProgress, UnitTallies, lead
from models.results import ElectionState, ratio
from repositories.database import Database, Repositories
from repositories.places import Child, Standing

Level = Literal["below", "precincts"]
PrecinctFilter = Literal["", "reported", "held", "outstanding"]
PrecinctOrder = Literal["code", "name"]

_MOST_FOUND = 50
# Corrections of one contest that are shown with its precinct; the log has all there ever were.
MOST_REVISIONS = 50
# Maps of which this process remembers how they stand, and units on all of them: of a kilobyte and a half each
# where a contest has a dozen selections.
_MAPS_KEPT = 64
_UNITS_KEPT = 40_000


class PlaceService:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._maps: dict[tuple[int, int, str], tuple[int, list[Standing]]] = {}

    async def place(
        self,
        election: str,
        unit: str,
        *,
        words: str = "",
        after: str = "",
        limit: int = 100,
        staff: bool = False,
    ) -> Place:
        """A unit and a page of those right below it, those with `words` in name or code.

        Raises UnknownElection and UnknownUnit.
        """
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            unit_id, _ = await repos.elections.unit(state.id, unit)
            info = await repos.elections.unit_info(state.id, unit)
            ancestors = await repos.places.ancestors(unit_id)
            contest_id, contest = await repos.places.widest(unit_id) or (None, None)
            children = await repos.places.children(
                state.id, unit_id, contest_id, words=words, after=after, limit=limit
            )
        withhold = not (state.results_released or staff)
        return Place(
            election=election,
            released=not withhold,
            unit=info,
            ancestors=ancestors,
            contest=contest,
            children=[unit_progress(child, withhold) for child in children],
        )

    async def search(self, election: str, words: str) -> list[UnitInfo]:
        """Units anywhere in the election with `words` in name or code, 50 at most. Raises UnknownElection."""
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            return await repos.places.search(state.id, words, _MOST_FOUND)

    async def tallies(self, election: str, unit: str, *, staff: bool = False) -> UnitTallies:
        """What a precinct has sent, of each contest the newest MOST_REVISIONS; nothing while withheld.

        Raises UnknownElection and UnknownUnit.
        """
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            unit_id, _ = await repos.elections.unit(state.id, unit)
            released = state.results_released or staff
            tallies = await repos.places.tallies(unit_id, most=MOST_REVISIONS) if released else []
        return UnitTallies(election=election, unit=unit, released=released, tallies=tallies)

    async def precincts(
        self,
        election: str,
        contest: str,
        *,
        unit: str = "",
        status: PrecinctFilter = "",
        words: str = "",
        order: PrecinctOrder = "code",
        after: str = "",
        limit: int = 100,
        staff: bool = False,
    ) -> list[PrecinctState]:
        """Every precinct of a contest, reported or not, a page at a time behind the code `after`.

        While results are withheld only who has reported is told. Raises UnknownElection, UnknownContest
        and UnknownUnit.
        """
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            contest_id = await repos.elections.contest_id(state.id, contest)
            unit_id = (await repos.elections.unit(state.id, unit))[0] if unit else None
            return await repos.places.precincts(
                contest_id,
                unit_id=unit_id,
                status=status,
                words=words,
                order=order,
                after=after,
                limit=limit,
                withhold=not (state.results_released or staff),
            )

    async def map(
        self, election: str, contest: str, *, unit: str = "", level: Level = "below", staff: bool = False
    ) -> ContestMap:
        """How a contest stands in the units below `unit`, or below its own district where none is named.

        Raises UnknownElection, UnknownContest, and UnknownUnit also where the contest is not on the ballot.
        """
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            contest_id = await repos.elections.contest_id(state.id, contest)
            code = unit or await repos.places.district(contest_id)
            unit_id, _ = await repos.elections.unit(state.id, code)
            info = await repos.elections.unit_info(state.id, code)
            standing = await self._standing(repos, state, contest_id, unit_id, level)
        if unit and not standing:
            raise UnknownUnit(unit)
        withhold = not (state.results_released or staff)
        return ContestMap(
            election=election,
            contest=contest,
            released=not withhold,
            unit=info,
            level=level,
            units=[_map_unit(one, withhold) for one in standing],
        )

    async def _standing(
        self, repos: Repositories, state: ElectionState, contest_id: int, unit_id: int, level: Level
    ) -> list[Standing]:
        """Read once for each change of the election, however many look at the map."""
        key = (contest_id, unit_id, level)
        head = await repos.log.head(state.id)
        known_at, standing = self._maps.get(key, (0, []))
        if state.status == ElectionStatus.DRAFT or known_at != head:
            standing = await repos.places.standing(contest_id, unit_id, level)
            self._keep(key, head, standing)
        return standing

    def _keep(self, key: tuple[int, int, str], head: int, standing: list[Standing]) -> None:
        """The map read longest ago goes first; one that is too large for all is not kept."""
        self._maps.pop(key, None)
        self._maps[key] = (head, standing)
        units = sum(len(kept) for _, kept in self._maps.values())
        while len(self._maps) > _MAPS_KEPT or units > _UNITS_KEPT:
            _, gone = self._maps.pop(next(iter(self._maps)))
            units -= len(gone)


def unit_progress(child: Child, withhold: bool) -> UnitProgress:
    """How far counting is in a unit; `withhold` leaves out what tells of votes and of reviews."""
    ballots, voters = child.ballots_cast, child.voters_reported
    return UnitProgress(
        code=child.code,
        name=child.name,
        kind=child.kind,
        tallies_counted=child.tallies_counted,
        tallies_expected=child.tallies_expected,
        units_reported=child.units_reported,
        units_expected=child.units_expected,
        held=None if withhold else child.held,
        ballots_cast=None if withhold else ballots,
        turnout=None if withhold or ballots is None or voters is None else ratio(ballots, voters),
    )


def _map_unit(one: Standing, withhold: bool) -> MapUnit:
    ahead = lead(() if withhold else one.selections, one.write_ins)
    voters = None if withhold or not one.units_reported else one.voters_reported
    return MapUnit(
        code=one.code,
        name=one.name,
        kind=one.kind,
        parent=one.parent,
        units_reported=one.units_reported,
        units_expected=one.units_expected,
        held=None if withhold else one.held,
        leader=ahead.leader,
        party=ahead.party,
        share=ahead.share,
        margin=ahead.margin,
        turnout=ratio(one.ballots_cast, voters) if voters else None,
        ballots_cast=None if withhold else one.ballots_cast,
    )
