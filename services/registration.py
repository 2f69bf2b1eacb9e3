"""Registering voters, many at once."""

import asyncio
import datetime
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from functools import partial

from models.errors import FieldError
from models.results import ElectionState
from models.rights import Actor
from models.voters import VoterEntry
from models.wording import say
from repositories.database import Database
from repositories.voters import SealedVoter, StandingVoter
from services.bulk import ADDED, UNCHANGED, Raw, RowResult, in_chunks, read_row, refused
from services.clock import Clock
from services.vault import Vault
from services.voter_sealing import VoterSealing

SLICE_ROWS = 50
"""Sealing so many takes about two milliseconds; then others get a turn."""

Read = tuple[int, SealedVoter | tuple[FieldError, ...]]
"""A row's number, and what is stored of it or what is wrong with it."""


class Registration:
    def __init__(self, database: Database, clock: Clock, vault: Vault) -> None:
        self._database = database
        self._clock = clock
        self._sealing = VoterSealing(vault)
        # Chunks are inserted next to each other; sealing takes the processor, and one at a time is enough.
        self._turn = asyncio.Lock()

    async def register(
        self, election: str, chunks: AsyncIterator[list[Raw]], by: Actor
    ) -> AsyncIterator[list[RowResult]]:
        """Takes rows in, each a VoterEntry. A number that is registered with the same content is unchanged.

        The results' `code` is the registration's id. Before the first result it raises UnknownElection
        and RegisterClosed.
        """
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_register(election)
            precincts = await repos.voters.precincts(state.id)
        async for results in in_chunks(chunks, partial(self._add, state, precincts, by)):
            yield results

    async def _add(
        self, state: ElectionState, precincts: dict[str, int], by: Actor, chunk: list[Raw]
    ) -> list[RowResult]:
        """Registers what is sound of a chunk, and answers every row."""
        read = await self._read(chunk, precincts)
        return list(_answers(read, *await self._store(state, read, by)))

    async def _read(self, chunk: list[Raw], precincts: dict[str, int]) -> list[Read]:
        read: list[Read] = []
        async with self._turn:
            for start in range(0, len(chunk), SLICE_ROWS):
                read += [(raw[0], self._sealed(raw, precincts)) for raw in chunk[start : start + SLICE_ROWS]]
                await asyncio.sleep(0)
        return read

    def _sealed(self, raw: Raw, precincts: dict[str, int]) -> SealedVoter | tuple[FieldError, ...]:
        entry = read_row(raw, VoterEntry)
        if not isinstance(entry, VoterEntry):
            return entry
        unit = precincts.get(entry.precinct)
        if unit is None:
            return (unknown_precinct(entry.precinct),)
        return self._sealing.seal(entry, unit)

    async def _store(
        self, state: ElectionState, read: list[Read], by: Actor
    ) -> tuple[dict[bytes, int], dict[bytes, StandingVoter]]:
        """The new registrations by number, and of the numbers that were no news, who has them."""
        voters = [voter for _, voter in read if isinstance(voter, SealedVoter)]
        times = Counter(voter.number_hash for voter in voters)
        at: datetime.datetime = self._clock()
        async with self._database.transaction() as repos:
            await repos.elections.hold_register(state.code)
            added = await repos.voters.add(state.id, voters, at)
            if added:
                changes = {"added": [None, len(added)]}
                await repos.audit.add(by, at, "voters-registered", "", election=state.id, changes=changes)
            known = [number for number, count in times.items() if count > 1 or number not in added]
            return added, await repos.voters.standing(state.id, known)


def unknown_precinct(precinct: str, field: str = "precinct") -> FieldError:
    message = say("this election has no precinct %(precinct)r", precinct=precinct)
    return FieldError(field, message, "unknown-precinct")


def _answers(
    read: list[Read], added: dict[bytes, int], standing: dict[bytes, StandingVoter]
) -> Iterator[RowResult]:
    for row, voter in read:
        if not isinstance(voter, SealedVoter):
            yield refused(row, *voter)
        elif new := added.pop(voter.number_hash, None):
            yield RowResult(row, ADDED, str(new))
        else:
            yield _known(row, voter, standing.get(voter.number_hash))


def _known(row: int, voter: SealedVoter, standing: StandingVoter | None) -> RowResult:
    """A number that is no news; nobody has it any more who was removed just then."""
    if standing is not None and (standing.digest, standing.unit_id) == (voter.digest, voter.unit_id):
        return RowResult(row, UNCHANGED, str(standing.id))
    message = say("is registered already with other content; change that registration by PUT")
    code = str(standing.id) if standing else ""
    return refused(row, FieldError("voter_id", message, "already-registered"), code=code)
