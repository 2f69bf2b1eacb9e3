"""Defining elections, moving them along, and reading what they consist of."""

import secrets
from collections.abc import Iterable, Iterator
from typing import Literal, Protocol

import msgspec

from models.definitions import ElectionDefinition
from models.errors import FieldError, IllegalTransition, Invalid
from models.lifecycles import ELECTION_MOVES, ElectionStatus, move
from models.log import ElectionEntry
from models.places import ContestInfo, PartyInfo, UnitInfo
from models.results import ElectionState
from repositories.database import Database, Repositories
from services.announcements import Announcement
from services.clock import Clock
from services.signals import election_changed

Change = Literal["open", "close", "release", "withhold", "certify"]

_STATUS_AFTER = {
    "open": ElectionStatus.OPEN,
    "close": ElectionStatus.CLOSED,
    "certify": ElectionStatus.CERTIFIED,
}
_ENTRY = {
    "open": "opened",
    "close": "closed",
    "release": "released",
    "withhold": "withheld",
    "certify": "certified",
}


class ElectionService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def all(self) -> list[ElectionState]:
        """Every election, the newest first."""
        async with self._database.transaction() as repos:
            return await repos.elections.all()

    async def get(self, code: str) -> ElectionState:
        """Raises UnknownElection."""
        async with self._database.transaction() as repos:
            return await repos.elections.get(code)

    async def contests(self, code: str) -> list[ContestInfo]:
        """The contests with their selections, in ballot order. Raises UnknownElection."""
        async with self._database.transaction() as repos:
            return await repos.elections.contests((await repos.elections.get(code)).id)

    async def units(self, code: str, *, after: str = "", limit: int = 100) -> list[UnitInfo]:
        """Reporting units by code, a page at a time. Raises UnknownElection."""
        async with self._database.transaction() as repos:
            election = await repos.elections.get(code)
            return await repos.elections.units(election.id, after=after, limit=limit)

    async def parties(self, code: str) -> list[PartyInfo]:
        """The parties by code. Raises UnknownElection."""
        async with self._database.transaction() as repos:
            return await repos.elections.parties((await repos.elections.get(code)).id)

    async def define(
        self, definition: ElectionDefinition, *, opened: bool = False, released: bool = False
    ) -> ElectionState:
        """Writes a whole election at once, as a draft; `opened` and `released` move it along with it.

        Raises AlreadyExists, or Invalid where the definition does not hang together.
        """
        _check_whole(definition)
        at = self._clock()
        async with self._database.transaction() as repos:
            state = ElectionState(
                id=0,
                code=definition.code,
                name=definition.name,
                date=definition.date,
                timezone=definition.timezone,
                is_test=definition.is_test,
                status=ElectionStatus.DRAFT,
                results_released=False,
                changed_seq=0,
                changed_at=at,
            )
            state = msgspec.structs.replace(state, id=await repos.definitions.write(definition, state))
            state = await self._change(repos, state, "created", state.status, False, "")
            if opened:
                state = await self._change(repos, state, "opened", ElectionStatus.OPEN, False, "")
            if released:
                state = await self._change(repos, state, "released", state.status, True, "")
        await self._announce(state)
        return state

    async def move(self, code: str, change: Change, reason: str = "") -> ElectionState:
        """Moves an election along its lifecycle, or switches the release of results.

        Raises UnknownElection and IllegalTransition.
        """
        async with self._database.transaction() as repos:
            # Read again under the head's lock: two people may press the button at once.
            await repos.log.lock_head((await repos.elections.get(code)).id)
            election = await repos.elections.get(code)
            status, released = self._after(election, change)
            election = await self._change(repos, election, _ENTRY[change], status, released, reason)
        await self._announce(election)
        return election

    def _after(self, election: ElectionState, change: Change) -> tuple[str, bool]:
        if change in _STATUS_AFTER:
            subject = f"The election {election.code!r}"
            status = move(ELECTION_MOVES, subject, election.status, _STATUS_AFTER[change])
            return status, election.results_released
        wanted = change == "release"
        if election.results_released == wanted:
            now = "released" if wanted else "withheld"
            other = "withhold" if wanted else "release"
            raise IllegalTransition("The publication of results", now, now, {other})
        return election.status, wanted

    async def _change(
        self,
        repos: Repositories,
        election: ElectionState,
        change: str,
        status: str,
        released: bool,
        reason: str,
    ) -> ElectionState:
        """Appends what happened to the log and moves the election with it; returns how it stands then."""
        seq = await repos.log.lock_head(election.id) + 1
        at = self._clock()
        entry = ElectionEntry(
            seq=seq,
            at=at,
            election=election.code,
            is_test=election.is_test,
            change=change,
            status=status,
            results_released=released,
            reason=reason,
            nonce=secrets.token_hex(16),
        )
        await repos.log.append(election.id, seq, at, entry)
        await repos.elections.move(election.id, status=status, released=released, seq=seq, at=at)
        return msgspec.structs.replace(
            election, status=status, results_released=released, changed_seq=seq, changed_at=at
        )

    async def _announce(self, election: ElectionState) -> None:
        announcement = Announcement(election.code, election.changed_seq, frozenset(), whole=True)
        await election_changed.send_async(self, announcement=announcement)


def _check_whole(definition: ElectionDefinition) -> None:
    errors = [*_unit_errors(definition), *_contest_errors(definition)]
    if errors:
        raise Invalid(tuple(errors), "The definition of the election does not hang together.")


def _unit_errors(definition: ElectionDefinition) -> Iterator[FieldError]:
    """One root that is no precinct, parents that stand before their children, precincts as leaves."""
    yield from _repeated("units", definition.units)
    yield from _repeated("parties", definition.parties)
    kinds: dict[str, str] = {}
    for unit in definition.units:
        field = f"units.{unit.code}.parent"
        if unit.parent is not None and unit.parent not in kinds:
            yield FieldError(field, f"{unit.parent!r} does not stand before it")
        elif unit.parent is not None and kinds[unit.parent] == "precinct":
            yield FieldError(field, f"{unit.parent!r} is a precinct, and nothing lies below a precinct")
        kinds[unit.code] = unit.kind
    roots = [unit for unit in definition.units if unit.parent is None]
    if len(roots) != 1 or roots[0].kind == "precinct":
        yield FieldError("units", "exactly one unit has no parent, and it is no precinct")


def _contest_errors(definition: ElectionDefinition) -> Iterator[FieldError]:
    """Districts, precincts and parties that exist; at least one precinct and one selection."""
    yield from _repeated("contests", definition.contests)
    units = {unit.code for unit in definition.units}
    precincts = {unit.code for unit in definition.units if unit.kind == "precinct"}
    parties = {party.code for party in definition.parties}
    for contest in definition.contests:
        field = f"contests.{contest.code}"
        yield from _repeated(f"{field}.selections", contest.selections)
        if contest.district not in units:
            yield FieldError(f"{field}.district", f"there is no unit {contest.district!r}")
        if not contest.precincts or not precincts.issuperset(contest.precincts):
            yield FieldError(f"{field}.precincts", "at least one, and each a unit of kind precinct")
        if len(set(contest.precincts)) != len(contest.precincts):
            yield FieldError(f"{field}.precincts", "a precinct is named twice")
        if not contest.selections:
            yield FieldError(f"{field}.selections", "a contest has at least one selection")
        unknown = {s.party for s in contest.selections if s.party is not None} - parties
        if unknown:
            yield FieldError(f"{field}.selections", f"unknown parties: {sorted(unknown)}")


class _Coded(Protocol):
    @property
    def code(self) -> str: ...


def _repeated(field: str, items: Iterable[_Coded]) -> Iterator[FieldError]:
    seen: set[str] = set()
    for item in items:
        if item.code in seen:
            yield FieldError(f"{field}.{item.code}", "this code is given twice")
        seen.add(item.code)
