"""The shapes of an election's units: replacing them all, and reading those that one map draws."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.elections import ReportingUnit
from models.shapes import Outline, UnitOutline, UnitShape

_COLUMNS = ("label_x", "label_y", "west", "north", "east", "south")

# A unit that was taken out of a draft meanwhile is left out here too.
_ADD = text("""
    INSERT INTO unit_shapes (unit_id, path, label_x, label_y, west, north, east, south)
    SELECT u.id, r.path, r.label_x, r.label_y, r.west, r.north, r.east, r.south
    FROM unnest(CAST(:codes AS text[]), CAST(:paths AS text[]), CAST(:label_x AS integer[]),
                CAST(:label_y AS integer[]), CAST(:west AS integer[]), CAST(:north AS integer[]),
                CAST(:east AS integer[]), CAST(:south AS integer[]))
         AS r(code, path, label_x, label_y, west, north, east, south)
    JOIN reporting_units u ON u.election_id = :election AND u.code = r.code
""")

_LEVELS = {
    "below": """
        SELECT id, parent_id FROM reporting_units
        WHERE parent_id = :unit OR (id = :unit AND kind = 'precinct')""",
    "precincts": """
        WITH RECURSIVE below AS (
            SELECT id, parent_id, kind FROM reporting_units WHERE id = :unit
            UNION ALL
            SELECT u.id, u.parent_id, u.kind FROM reporting_units u JOIN below ON u.parent_id = below.id
        )
        SELECT id, parent_id FROM below WHERE kind = 'precinct'""",
}
_READ = """
    SELECT u.code, u.name, s.path, s.label_x, s.label_y, s.west, s.north, s.east, s.south
    FROM ({level}) level
    JOIN unit_shapes s ON s.unit_id = level.id
    JOIN reporting_units u ON u.id = level.id
    ORDER BY u.code"""
_READ_SQL = {name: text(_READ.format(level=level)) for name, level in _LEVELS.items()}


class Shapes:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def replace(self, election_id: int, outlines: Mapping[str, Outline]) -> None:
        """Puts the outlines of units by code into the place of whatever shapes there are."""
        units = select(ReportingUnit.id).where(ReportingUnit.election_id == election_id)
        await self._session.execute(delete(UnitShape).where(UnitShape.unit_id.in_(units)))
        drawn = outlines.values()
        columns: dict[str, Any] = {name: [getattr(one, name) for one in drawn] for name in _COLUMNS}
        columns |= {"codes": list(outlines), "paths": [one.path for one in drawn]}
        await self._session.execute(_ADD, {"election": election_id, **columns})

    async def below(self, unit_id: int, level: str) -> list[UnitOutline]:
        """The outlines of a level, `below` or `precincts`, by code; of those that have one."""
        rows = await self._session.execute(_READ_SQL[level], {"unit": unit_id})
        return [
            UnitOutline(row.code, row.name, Outline(path=row.path, **{n: row._mapping[n] for n in _COLUMNS}))
            for row in rows
        ]
