"""The reporting units of a draft: placing many at once, changing, moving and removing one."""

from collections.abc import AsyncIterator
from functools import partial

import msgspec

from models.drafting import NewUnit, UnitEdit
from models.editions import changed, hold_against
from models.errors import Conflict, FieldError, Invalid
from models.places import UnitInfo
from models.results import ElectionState
from models.rights import Actor
from models.wholeness import PRECINCT, unit_faults
from models.wording import listed, say, say_many
from repositories.database import Database, Repositories
from repositories.units import Hanging, Unit
from services.bulk import ADDED, UNCHANGED, Raw, RowResult, in_chunks, read_row, refused
from services.clock import Clock


class DraftingService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def unit(self, election: str, code: str) -> UnitInfo:
        """Raises UnknownElection and UnknownUnit."""
        async with self._database.snapshot() as repos:
            return await repos.elections.unit_info((await repos.elections.get(election)).id, code)

    async def add_units(
        self, election: str, chunks: AsyncIterator[list[Raw]], by: Actor
    ) -> AsyncIterator[list[RowResult]]:
        """Takes rows in, each a NewUnit; a code that is known with the same content is unchanged.

        Chunk after chunk, for a row may name a parent that stands in an earlier one. Before the first
        result it raises UnknownElection and ElectionNotDraft.
        """
        async with self._database.transaction() as repos:
            await repos.elections.hold_draft(election)
        async for results in in_chunks(chunks, partial(self._add, election, by), at_once=1):
            yield results

    async def edit_unit(self, election: str, code: str, edit: UnitEdit, expected: str, by: Actor) -> UnitInfo:
        """Writes what a unit is and where it lies; the contests' lists of precincts follow.

        Raises UnknownElection, UnknownUnit, ElectionNotDraft, Stale, Invalid, and Conflict where a
        contest would be left without a precinct.
        """
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_draft(election, alone=True)
            unit = await repos.units.get(state.id, code)
            hold_against(unit.info, expected)
            parents = await _parents(repos, state, unit, edit)
            contests = await repos.units.contests_of(unit.id)
            await repos.units.edit(unit.id, edit, parents)
            await _recount(repos, contests, code)
            after = await repos.elections.unit_info(state.id, code)
            await self._record(repos, state, by, "unit-changed", unit.info, after)
        return after

    async def remove_unit(self, election: str, code: str, expected: str, by: Actor) -> None:
        """Removes a unit on which nothing hangs, also from the contests' lists of precincts.

        Raises UnknownElection, UnknownUnit, ElectionNotDraft, Stale and Conflict.
        """
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_draft(election, alone=True)
            unit = await repos.units.get(state.id, code)
            hold_against(unit.info, expected)
            if hanging := _named(await repos.units.hanging(unit.id)):
                message = say(
                    "The unit %(code)r cannot be removed while something hangs on it: %(hanging)s.",
                    code=code,
                    hanging=hanging,
                )
                raise Conflict(message)
            contests = await repos.units.contests_of(unit.id)
            await repos.units.remove(unit.id)
            await _recount(repos, contests, code)
            await self._record(repos, state, by, "unit-removed", unit.info, None)

    # ---- parts ----

    async def _add(self, election: str, by: Actor, chunk: list[Raw]) -> list[RowResult]:
        rows = [(raw[0], read_row(raw, NewUnit)) for raw in chunk]
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_draft(election, alone=True)
            planting = await _Planting.begin(repos, state, rows)
            await planting.write(repos, state)
            if planting.added:
                changes = {unit.code: [None, msgspec.to_builtins(unit)] for unit in planting.added}
                await repos.audit.add(
                    by, self._clock(), "units-added", "", election=state.id, changes=changes
                )
        return planting.results

    async def _record(
        self,
        repos: Repositories,
        state: ElectionState,
        by: Actor,
        action: str,
        before: UnitInfo,
        after: UnitInfo | None,
    ) -> None:
        changes = changed(before, after)
        if changes:
            await repos.audit.add(by, self._clock(), action, before.code, election=state.id, changes=changes)


class _Planting:
    """Rows that find their places one after the other, on those of the election and on each other."""

    def __init__(self, known: dict[str, Unit], *, rooted: bool) -> None:
        self._ids = {code: unit.id for code, unit in known.items()}
        self._known = {code: unit.info for code, unit in known.items()}
        self._kinds = {code: unit.info.kind for code, unit in known.items()}
        self._rooted = rooted
        self.added: list[NewUnit] = []
        self.results: list[RowResult] = []

    @classmethod
    async def begin(
        cls,
        repos: Repositories,
        state: ElectionState,
        rows: list[tuple[int, NewUnit | tuple[FieldError, ...]]],
    ) -> "_Planting":
        units = [unit for _, unit in rows if isinstance(unit, NewUnit)]
        named = {unit.code for unit in units} | {unit.parent for unit in units if unit.parent is not None}
        rooted = await repos.elections.root(state.id) is not None
        planting = cls(await repos.units.named(state.id, named), rooted=rooted)
        for number, unit in rows:
            planting.results.append(
                planting._take(number, unit) if isinstance(unit, NewUnit) else refused(number, *unit)
            )
        return planting

    def _take(self, number: int, unit: NewUnit) -> RowResult:
        info = UnitInfo(unit.code, unit.name, unit.kind, unit.voters_registered, unit.parent)
        if known := self._known.get(unit.code):
            if known == info:
                return RowResult(number, UNCHANGED, unit.code)
            message = say(
                "is there already with other content; change that unit, or give this one another code"
            )
            return refused(number, FieldError("code", message, "already-exists"), code=unit.code)
        if faults := tuple(unit_faults(unit, self._kinds, rooted=self._rooted)):
            return refused(number, *faults, code=unit.code)
        self._known[unit.code] = info
        self._kinds[unit.code] = unit.kind
        self._rooted = self._rooted or unit.parent is None
        self.added.append(unit)
        return RowResult(number, ADDED, unit.code)

    async def write(self, repos: Repositories, state: ElectionState) -> None:
        """Level by level, so that a parent has its id before its children name it."""
        waiting = self.added
        while waiting:
            level = [unit for unit in waiting if unit.parent is None or unit.parent in self._ids]
            waiting = [unit for unit in waiting if unit.parent is not None and unit.parent not in self._ids]
            self._ids |= await repos.units.add(state.id, level, self._ids)


async def _parents(repos: Repositories, state: ElectionState, unit: Unit, edit: UnitEdit) -> dict[str, int]:
    """The new parent's id by its code. Raises Invalid where the unit cannot lie there, or as this kind."""
    found = await repos.units.named(state.id, [edit.parent] if edit.parent is not None else [])
    root = await repos.elections.root(state.id)
    kinds = {code: parent.info.kind for code, parent in found.items()}
    faults = list(unit_faults(edit, kinds, rooted=root not in (None, unit.id)))
    hanging = await repos.units.hanging(unit.id)
    if edit.kind != PRECINCT == unit.info.kind and hanging.voters:
        message = say("stays a precinct while voters are registered in it, or were")
        faults.append(FieldError("kind", message, "holds-voters"))
    if edit.kind == PRECINCT and hanging.units:
        message = say("cannot be precinct while units lie below it")
        faults.append(FieldError("kind", message, "below-precinct"))
    for parent in found.values():
        if unit.id in await repos.units.above(parent.id):
            message = say("%(code)r is this unit or lies below it", code=parent.info.code)
            faults.append(FieldError("parent", message, "below-itself"))
    if faults:
        raise Invalid(tuple(faults))
    return {code: parent.id for code, parent in found.items()}


async def _recount(repos: Repositories, contests: list[int], unit: str) -> None:
    """Raises Conflict where a contest that lists its precincts has none left."""
    await repos.opening.count_upwards(contests)
    if nowhere := await repos.units.nowhere(contests):
        named = ", ".join(nowhere)
        message = say(
            "%(unit)r is the only precinct of %(contests)s: give these contests others first.",
            unit=unit,
            contests=named,
        )
        raise Conflict(message)


def _named(hanging: Hanging) -> str:
    """`3 units, 1 officer`: what there is of it; empty where there is nothing."""
    counted = (
        say_many("%(number)s unit", "%(number)s units", hanging.units),
        say_many("%(number)s contest", "%(number)s contests", hanging.contests),
        say_many("%(number)s voter", "%(number)s voters", hanging.voters),
        say_many("%(number)s officer", "%(number)s officers", hanging.officers),
        say_many("%(number)s complaint", "%(number)s complaints", hanging.complaints),
    )
    return listed(words for words in counted if words.number)
