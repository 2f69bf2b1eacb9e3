"""The register of voters, one registration at a time, and whole precincts of them."""

from typing import Any

from models.editions import changed, hold_against
from models.errors import FieldError, Invalid, UnknownUnit, VoterRemoved
from models.rights import Actor
from models.voters import VoterEntry, VoterInfo, VoterSearch
from models.wording import say
from repositories.database import Database, Repositories
from repositories.voters import VoterRow
from services.clock import Clock
from services.registration import unknown_precinct
from services.vault import Vault
from services.voter_sealing import VoterSealing

_SHOWN = frozenset({"precinct"})
_HIDDEN = ["(not shown)", "(not shown)"]


class VoterService:
    def __init__(self, database: Database, clock: Clock, vault: Vault) -> None:
        self._database = database
        self._clock = clock
        self._sealing = VoterSealing(vault)

    async def page(
        self, election: str, *, precinct: str = "", after: int = 0, limit: int = 100
    ) -> list[VoterInfo]:
        """The registered by id. Raises UnknownElection, and Invalid for an unknown precinct."""
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            unit = await _precinct(repos, state.id, precinct) if precinct else None
            rows = await repos.voters.page(state.id, unit_id=unit, after=after, limit=limit)
        return [self._sealing.open(row) for row in rows]

    async def search(self, election: str, search: VoterSearch) -> list[VoterInfo]:
        """Those that fit, by id, the removed as well. Raises UnknownElection, and Invalid likewise."""
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            unit = await _precinct(repos, state.id, search.precinct) if search.precinct else None
            rows = await repos.voters.search(
                state.id, self._sealing.hashes(search), unit_id=unit, after=search.after, limit=search.limit
            )
        return [self._sealing.open(row) for row in rows]

    async def get(self, election: str, voter: int) -> VoterInfo:
        """Raises UnknownElection and UnknownVoter."""
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            return self._sealing.open(await repos.voters.find(state.id, voter))

    async def change(
        self, election: str, voter: int, entry: VoterEntry, expected: str, by: Actor
    ) -> VoterInfo:
        """Writes a registration anew; `expected` is the edition that was read.

        Raises UnknownElection, RegisterClosed, UnknownVoter, VoterRemoved, Stale, VoterNumberTaken, and
        Invalid for an unknown precinct.
        """
        at = self._clock()
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_register(election)
            before = self._sealing.open(await _registered(repos, state.id, voter))
            hold_against(before, expected)
            unit = await _precinct(repos, state.id, entry.precinct)
            await repos.voters.change(voter, self._sealing.seal(entry, unit), at)
            after = self._sealing.open(await repos.voters.find(state.id, voter))
            changes = _changes(before, after)
            await repos.audit.add(by, at, "voter-changed", str(voter), election=state.id, changes=changes)
        return after

    async def remove(self, election: str, voter: int, reason: str, by: Actor) -> VoterInfo:
        """Takes a voter off the register; what was registered stays, with the reason.

        Raises UnknownElection, RegisterClosed, UnknownVoter and VoterRemoved.
        """
        at = self._clock()
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_register(election)
            await _registered(repos, state.id, voter)
            await repos.voters.remove(voter, at, reason)
            await repos.audit.add(by, at, "voter-removed", str(voter), election=state.id, reason=reason)
            return self._sealing.open(await repos.voters.find(state.id, voter))

    async def move(self, election: str, precinct: str, to: str, reason: str, by: Actor) -> int:
        """Moves all voters of a precinct to another; returns how many.

        Raises UnknownElection, RegisterClosed, UnknownUnit, and Invalid for a `to` that is no other precinct.
        """
        at = self._clock()
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_register(election)
            precincts = await repos.voters.precincts(state.id)
            if precinct not in precincts:
                raise UnknownUnit(precinct)
            if to not in precincts:
                raise Invalid((unknown_precinct(to, "to"),))
            if to == precinct:
                raise Invalid((FieldError("to", say("is the precinct that they are in"), "same-precinct"),))
            moved = await repos.voters.move(state.id, precincts[precinct], precincts[to], at)
            changes: dict[str, Any] = {"precinct": [precinct, to], "voters": [None, moved]}
            await repos.audit.add(
                by, at, "voters-moved", precinct, election=state.id, changes=changes, reason=reason
            )
        return moved


async def _registered(repos: Repositories, election_id: int, voter: int) -> VoterRow:
    """Held until the commit. Raises UnknownVoter and VoterRemoved."""
    row = await repos.voters.find(election_id, voter, lock=True)
    if row.removed_at is not None:
        raise VoterRemoved
    return row


async def _precinct(repos: Repositories, election_id: int, code: str) -> int:
    unit = (await repos.voters.precincts(election_id)).get(code)
    if unit is None:
        raise Invalid((unknown_precinct(code),))
    return unit


def _changes(before: VoterInfo, after: VoterInfo) -> dict[str, Any]:
    """Of personal data only the names of the fields."""
    changes = changed(before, after)
    changes.pop("changed_at", None)
    return {field: values if field in _SHOWN else _HIDDEN for field, values in changes.items()}
