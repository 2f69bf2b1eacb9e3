"""Everything that is stored sealed, for putting it under another key."""

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.complaint_tables import Complaint, ComplaintAttachment, ComplaintStep
from models.people import Candidate, Member, Voter

_TABLES: dict[str, type[Member | Candidate | Voter | Complaint | ComplaintStep | ComplaintAttachment]] = {
    "member": Member,
    "candidate": Candidate,
    "voter": Voter,
    "complaint": Complaint,
    "complaint-step": ComplaintStep,
    "complaint-attachment": ComplaintAttachment,
}

KINDS = tuple(_TABLES)

_WRITE = """
    UPDATE {table} t SET personal = r.personal
    FROM unnest(CAST(:ids AS bigint[]), CAST(:values AS bytea[])) AS r(id, personal)
    WHERE t.id = r.id
"""


class Sealed:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def count(self, head: bytes) -> int:
        """How many sealed values do not begin with `head`."""
        counts = []
        for table in _TABLES.values():
            query = select(func.count()).where(func.substr(table.personal, 1, len(head)) != head)
            counts.append(await self._session.scalar(query) or 0)
        return sum(counts)

    async def others(self, kind: str, head: bytes, *, after: int, limit: int) -> dict[int, bytes]:
        """Values of a kind that do not begin with `head`, by id; held until the commit."""
        table = _TABLES[kind]
        query = select(table.id, table.personal).where(
            table.id > after, func.substr(table.personal, 1, len(head)) != head
        )
        rows = await self._session.execute(query.order_by(table.id).limit(limit).with_for_update())
        return {row.id: row.personal for row in rows}

    async def write(self, kind: str, values: dict[int, bytes]) -> None:
        query = text(_WRITE.format(table=_TABLES[kind].__tablename__))
        await self._session.execute(query, {"ids": list(values), "values": list(values.values())})
