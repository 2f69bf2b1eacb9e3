"""Reporting units of a draft: placing, moving and removing them, and what hangs on one."""

from collections.abc import Collection, Iterable

import msgspec
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.complaint_tables import Complaint
from models.drafting import NewUnit, UnitEdit
from models.elections import Contest, ContestUnit, ReportingUnit
from models.errors import UnknownUnit
from models.people import MemberUnit, Voter
from models.places import UnitInfo
from models.tallies import SelectionTotal

_PARENT = ReportingUnit.__table__.alias("parent")
_UNIT = (
    select(
        ReportingUnit.id,
        ReportingUnit.code,
        ReportingUnit.name,
        ReportingUnit.kind,
        ReportingUnit.voters_registered,
        _PARENT.c.code.label("parent"),
    )
    .select_from(ReportingUnit)
    .outerjoin(_PARENT, _PARENT.c.id == ReportingUnit.parent_id)
)

_ABOVE = text("""
    WITH RECURSIVE above AS (
        SELECT id, parent_id FROM reporting_units WHERE id = :unit
        UNION ALL
        SELECT u.id, u.parent_id FROM reporting_units u JOIN above ON u.id = above.parent_id
    )
    SELECT id FROM above
""")


class Unit(msgspec.Struct, frozen=True):
    id: int
    info: UnitInfo


class Hanging(msgspec.Struct, frozen=True):
    """What hangs on a unit, in numbers."""

    units: int
    """Right below it."""
    contests: int
    """With it as their district."""
    voters: int
    officers: int
    complaints: int


class Units:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, election_id: int, code: str) -> Unit:
        """Raises UnknownUnit."""
        found = await self.named(election_id, [code])
        if code not in found:
            raise UnknownUnit(code)
        return found[code]

    async def named(self, election_id: int, codes: Iterable[str]) -> dict[str, Unit]:
        """Those of the units that there are, by code."""
        query = _UNIT.where(ReportingUnit.election_id == election_id, ReportingUnit.code.in_(list(codes)))
        rows = await self._session.execute(query)
        return {
            r.code: Unit(r.id, UnitInfo(r.code, r.name, r.kind, r.voters_registered, r.parent)) for r in rows
        }

    async def above(self, unit_id: int) -> set[int]:
        """Ids of the unit and of all that it lies in."""
        return set(await self._session.scalars(_ABOVE, {"unit": unit_id}))

    async def add(self, election_id: int, units: list[NewUnit], ids: dict[str, int]) -> dict[str, int]:
        """Adds units whose parents are among `ids`; returns their own ids by code."""
        rows = [{"election_id": election_id, "code": unit.code, **_columns(unit, ids)} for unit in units]
        query = insert(ReportingUnit).returning(ReportingUnit.code, ReportingUnit.id)
        return {row.code: row.id for row in await self._session.execute(query, rows)}

    async def edit(self, unit_id: int, unit: UnitEdit, ids: dict[str, int]) -> None:
        query = update(ReportingUnit).where(ReportingUnit.id == unit_id)
        await self._session.execute(query.values(_columns(unit, ids)))

    async def hanging(self, unit_id: int) -> Hanging:
        below = select(func.count()).where(ReportingUnit.parent_id == unit_id)
        contests = select(func.count()).where(Contest.district_id == unit_id)
        voters = select(func.count()).where(Voter.unit_id == unit_id)
        officers = select(func.count()).where(MemberUnit.unit_id == unit_id)
        complaints = select(func.count()).where(Complaint.unit_id == unit_id)
        counts = [q.scalar_subquery() for q in (below, contests, voters, officers, complaints)]
        return Hanging(*(await self._session.execute(select(*counts))).one())

    async def contests_of(self, unit_id: int) -> list[int]:
        """Ids of the contests whose list of precincts reaches this unit."""
        query = select(ContestUnit.contest_id).where(ContestUnit.unit_id == unit_id)
        return list(await self._session.scalars(query))

    async def nowhere(self, contests: Collection[int]) -> list[str]:
        """Codes of those of the contests that have no precinct in their lists."""
        listed = select(ContestUnit.contest_id).where(ContestUnit.contest_id == Contest.id)
        query = select(Contest.code).where(Contest.id.in_(contests), ~listed.exists())
        return list(await self._session.scalars(query.order_by(Contest.code)))

    async def remove(self, unit_id: int) -> None:
        """Removes a unit on which nothing hangs but lists of precincts, and takes it out of these."""
        await self._session.execute(delete(SelectionTotal).where(SelectionTotal.unit_id == unit_id))
        await self._session.execute(delete(ContestUnit).where(ContestUnit.unit_id == unit_id))
        await self._session.execute(delete(ReportingUnit).where(ReportingUnit.id == unit_id))


def _columns(unit: UnitEdit, ids: dict[str, int]) -> dict[str, object]:
    return {
        "name": unit.name,
        "kind": unit.kind,
        "parent_id": ids[unit.parent] if unit.parent is not None else None,
        "voters_registered": unit.voters_registered,
    }
