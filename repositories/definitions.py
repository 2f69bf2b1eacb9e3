"""Writing a whole election at once: units, parties, contests, selections, who votes on what."""

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from models.definitions import ElectionDefinition
from models.elections import Contest, Election, Party, ReportingUnit, Selection
from models.errors import AlreadyExists
from models.log import LogHead
from models.results import ElectionState
from models.wording import say

# A statement for each contest: an election may have a million precincts and contests, each with a row.
_PLACES = text("""
    INSERT INTO contest_units (election_id, contest_id, unit_id, units_expected, voters_registered)
    SELECT :election, :contest, r.*
    FROM unnest(CAST(:units AS bigint[]), CAST(:expected AS bigint[]), CAST(:voters AS bigint[])) AS r
""")


class Definitions:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def write(self, definition: ElectionDefinition, state: ElectionState) -> int:
        """Writes everything and an empty log head; returns the election's id. Raises AlreadyExists."""
        election = await self._election(state)
        units = await self._units(election, definition)
        parties = await self._many(
            Party,
            [
                {"election_id": election, "code": p.code, "name": p.name, "colour": p.colour}
                for p in definition.parties
            ],
        )
        contests = await self._contests(election, definition, units)
        await self._many(Selection, list(_selections(definition, contests, parties)))
        for places in _contest_units(election, definition, contests, units):
            await self._session.execute(_PLACES, places)
        return election

    async def _election(self, state: ElectionState) -> int:
        values = {
            "code": state.code,
            "name": state.name,
            "date": state.date,
            "timezone": state.timezone,
            "is_test": state.is_test,
            "status": state.status,
            "results_released": state.results_released,
            "changed_seq": state.changed_seq,
            "changed_at": state.changed_at,
            "checks": msgspec.to_builtins(state.checks),
            "double_entry": state.double_entry,
            "recount_threshold": state.recount_threshold,
        }
        try:
            result = await self._session.execute(insert(Election).values(values).returning(Election.id))
        except IntegrityError as error:
            raise AlreadyExists(say("There is already an election %(code)r.", code=state.code)) from error
        election: int = result.scalar_one()
        await self._session.execute(insert(LogHead).values(election_id=election, seq=0))
        return election

    async def _units(self, election: int, definition: ElectionDefinition) -> dict[str, int]:
        """Level by level, so that a parent has its id before its children name it."""
        ids: dict[str, int] = {}
        waiting = list(definition.units)
        while waiting:
            level = [unit for unit in waiting if unit.parent is None or unit.parent in ids]
            rows = [
                {
                    "election_id": election,
                    "code": unit.code,
                    "name": unit.name,
                    "kind": unit.kind,
                    "parent_id": ids[unit.parent] if unit.parent else None,
                    "voters_registered": unit.voters_registered,
                }
                for unit in level
            ]
            waiting = [unit for unit in waiting if not (unit.parent is None or unit.parent in ids)]
            ids |= await self._many(ReportingUnit, rows)
        return ids

    async def _contests(
        self, election: int, definition: ElectionDefinition, units: dict[str, int]
    ) -> dict[str, int]:
        rows = [
            {
                "election_id": election,
                "district_id": units[contest.district],
                "code": contest.code,
                "name": contest.name,
                "position": position,
                "is_measure": contest.is_measure,
                "vote_variation": contest.vote_variation,
                "votes_allowed": contest.votes_allowed,
                "number_elected": contest.number_elected,
                "ballot_order": contest.ballot_order,
            }
            for position, contest in enumerate(definition.contests, start=1)
        ]
        return await self._many(Contest, rows)

    async def _many(self, table: type[Any], rows: list[dict[str, Any]]) -> dict[str, int]:
        """Inserts rows that have a code; returns their ids by code."""
        if not rows:
            return {}
        result = await self._session.execute(insert(table).returning(table.code, table.id), rows)
        return {row.code: row.id for row in result}


def _selections(
    definition: ElectionDefinition, contests: dict[str, int], parties: dict[str, int]
) -> Iterator[dict[str, Any]]:
    for contest in definition.contests:
        for position, selection in enumerate(contest.selections, start=1):
            yield {
                "contest_id": contests[contest.code],
                "code": selection.code,
                "name": selection.name,
                "position": position,
                "party_id": parties[selection.party] if selection.party else None,
            }


def _contest_units(
    election: int, definition: ElectionDefinition, contests: dict[str, int], units: dict[str, int]
) -> Iterator[dict[str, Any]]:
    """For each contest its precincts and every unit above one, with what to expect there, in columns."""
    by_code = {unit.code: unit for unit in definition.units}
    for contest in definition.contests:
        expected: dict[str, tuple[int, int | None]] = {}
        for precinct in contest.precincts:
            registered = by_code[precinct].voters_registered
            place: str | None = precinct
            while place is not None:
                count, voters = expected.get(place, (0, 0))
                known = voters is not None and registered is not None
                expected[place] = (count + 1, voters + registered if known else None)  # type: ignore[operator]
                place = by_code[place].parent
        yield {
            "election": election,
            "contest": contests[contest.code],
            "units": [units[code] for code in expected],
            "expected": [count for count, _ in expected.values()],
            "voters": [voters for _, voters in expected.values()],
        }
