"""Complaints, their history and attachments. What is personal comes and goes sealed."""

import datetime
from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from models.complaint_tables import Complaint, ComplaintAttachment, ComplaintHead, ComplaintStep
from models.complaints import (
    MAX_NUMBER,
    NOBODY,
    OPEN,
    Action,
    AttachmentInfo,
    Category,
    ComplaintInfo,
    ComplaintOutcome,
    DeskSearch,
    Media,
    Standing,
    UnitComplaint,
)
from models.elections import Contest, ReportingUnit
from models.errors import UnknownAttachment, UnknownComplaint
from models.lifecycles import ComplaintStatus
from models.people import Login
from models.results import ElectionState


class ComplaintRow(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint as stored: `personal` is sealed. `assignee` is a username."""

    id: int
    number: int
    change: int
    category: Category
    role: Standing
    unit: str | None
    contest: str | None
    status: ComplaintStatus
    code_hash: bytes
    personal: bytes
    assignee: str | None
    due_on: datetime.date | None
    outcome: str
    filed_at: datetime.datetime
    changed_at: datetime.datetime
    attachments: int


class StepRow(msgspec.Struct, frozen=True):
    """A step of a complaint's history; `personal` is sealed, `by` a username or None for the filer."""

    at: datetime.datetime
    by: str | None
    action: Action
    target: str
    personal: bytes | None


class SealedAttachment(msgspec.Struct, frozen=True):
    media: Media
    size: int
    personal: bytes


_ATTACHMENTS = (
    select(func.count())
    .where(ComplaintAttachment.complaint_id == Complaint.id)
    .correlate(Complaint)
    .scalar_subquery()
    .label("attachments")
)
_COMPLAINT = (
    select(
        Complaint.id,
        Complaint.number,
        Complaint.change,
        Complaint.category,
        Complaint.role,
        ReportingUnit.code.label("unit"),
        Contest.code.label("contest"),
        Complaint.status,
        Complaint.code_hash,
        Complaint.personal,
        Login.username.label("assignee"),
        Complaint.due_on,
        Complaint.outcome,
        Complaint.filed_at,
        Complaint.changed_at,
        _ATTACHMENTS,
    )
    .outerjoin(ReportingUnit, ReportingUnit.id == Complaint.unit_id)
    .outerjoin(Contest, Contest.id == Complaint.contest_id)
    .outerjoin(Login, Login.member_id == Complaint.assignee_id)
)
_PUBLIC = (
    select(
        Complaint.number,
        Complaint.category,
        ReportingUnit.code.label("unit"),
        Contest.code.label("contest"),
        Complaint.status,
        Complaint.filed_at,
        Complaint.changed_at,
    )
    .outerjoin(ReportingUnit, ReportingUnit.id == Complaint.unit_id)
    .outerjoin(Contest, Contest.id == Complaint.contest_id)
)

_BELOW = text("""
    WITH RECURSIVE below AS (
        SELECT id FROM reporting_units WHERE id = :unit
        UNION ALL
        SELECT u.id FROM reporting_units u JOIN below ON u.parent_id = below.id
    )
    SELECT id FROM below
""")


class Complaints:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    # ---- counting ----

    async def next_number(self, election_id: int) -> tuple[int, int]:
        """The number and the change of a new complaint; nobody else files or changes one until the commit."""
        return await self._count(election_id, numbers=1)

    async def next_change(self, election_id: int) -> int:
        """The change that is about to be made, likewise. Whoever locks a complaint as well does it before."""
        return (await self._count(election_id, numbers=0))[1]

    async def _count(self, election_id: int, *, numbers: int) -> tuple[int, int]:
        counted = upsert(ComplaintHead).values(election_id=election_id, number=numbers, change=1)
        counted = counted.on_conflict_do_update(
            index_elements=["election_id"],
            set_={"number": ComplaintHead.number + numbers, "change": ComplaintHead.change + 1},
        )
        row = (
            await self._session.execute(counted.returning(ComplaintHead.number, ComplaintHead.change))
        ).one()
        return row.number, row.change

    async def head(self, election_id: int) -> int:
        """The newest change; 0 where nobody has complained."""
        query = select(ComplaintHead.change).where(ComplaintHead.election_id == election_id)
        return await self._session.scalar(query) or 0

    # ---- filing and changing ----

    async def add(self, **values: Any) -> int:
        """Adds a complaint out of its columns; returns its id."""
        query = insert(Complaint).values(values).returning(Complaint.id)
        return int(await self._session.scalar(query) or 0)

    async def attach(self, complaint_id: int, attachments: Sequence[SealedAttachment]) -> None:
        """Attachments in the order in which they were sent, counted from 1."""
        rows = [
            {"complaint_id": complaint_id, "position": position, **msgspec.structs.asdict(attachment)}
            for position, attachment in enumerate(attachments, start=1)
        ]
        if rows:
            await self._session.execute(insert(ComplaintAttachment), rows)

    async def change(self, complaint_id: int, **values: Any) -> None:
        await self._session.execute(update(Complaint).where(Complaint.id == complaint_id).values(values))

    async def add_step(
        self,
        complaint_id: int,
        at: datetime.datetime,
        member_id: int | None,
        action: str,
        *,
        target: str = "",
        personal: bytes | None = None,
    ) -> None:
        values = {
            "complaint_id": complaint_id,
            "at": at,
            "member_id": member_id,
            "action": action,
            "target": target,
            "personal": personal,
        }
        await self._session.execute(insert(ComplaintStep).values(values))

    # ---- reading one ----

    async def find(self, election_id: int, number: int, *, lock: bool = False) -> ComplaintRow:
        """Raises UnknownComplaint. `lock` holds the complaint until the commit."""
        if number > MAX_NUMBER:
            raise UnknownComplaint(number)
        named = (Complaint.election_id == election_id, Complaint.number == number)
        if lock:
            # Read behind the lock, in a statement of its own: what is joined is then of the same moment.
            await self._session.execute(select(Complaint.id).where(*named).with_for_update())
        row = (await self._session.execute(_COMPLAINT.where(*named))).one_or_none()
        if row is None:
            raise UnknownComplaint(number)
        return ComplaintRow(**row._mapping)

    async def outcome(self, state: ElectionState, number: int) -> ComplaintOutcome:
        """What everybody may know of one. Raises UnknownComplaint."""
        if number > MAX_NUMBER:
            raise UnknownComplaint(number)
        query = _PUBLIC.add_columns(Complaint.outcome)
        query = query.where(Complaint.election_id == state.id, Complaint.number == number)
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            raise UnknownComplaint(number)
        return ComplaintOutcome(election=state.code, is_test=state.is_test, **row._mapping)

    async def steps(self, complaint_id: int) -> list[StepRow]:
        """A complaint's history, in order."""
        query = (
            select(
                ComplaintStep.at,
                Login.username.label("by"),
                ComplaintStep.action,
                ComplaintStep.target,
                ComplaintStep.personal,
            )
            .outerjoin(Login, Login.member_id == ComplaintStep.member_id)
            .where(ComplaintStep.complaint_id == complaint_id)
            .order_by(ComplaintStep.id)
        )
        rows = await self._session.execute(query)
        return [StepRow(**row._mapping) for row in rows]

    async def files(self, complaint_id: int) -> list[AttachmentInfo]:
        query = (
            select(ComplaintAttachment.position, ComplaintAttachment.media, ComplaintAttachment.size)
            .where(ComplaintAttachment.complaint_id == complaint_id)
            .order_by(ComplaintAttachment.position)
        )
        rows = await self._session.execute(query)
        return [AttachmentInfo(position=r.position, media=r.media, size=r.size) for r in rows]

    async def attachment(self, complaint_id: int, position: int) -> SealedAttachment:
        """Raises UnknownAttachment."""
        if position > MAX_NUMBER:
            raise UnknownAttachment(position)
        query = select(
            ComplaintAttachment.media, ComplaintAttachment.size, ComplaintAttachment.personal
        ).where(ComplaintAttachment.complaint_id == complaint_id, ComplaintAttachment.position == position)
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            raise UnknownAttachment(position)
        return SealedAttachment(**row._mapping)

    # ---- reading many ----

    async def page(self, state: ElectionState, *, after: int, limit: int) -> list[ComplaintInfo]:
        """What everybody may know, by number."""
        query = _PUBLIC.where(Complaint.election_id == state.id, Complaint.number > after)
        rows = await self._session.execute(query.order_by(Complaint.number).limit(limit))
        return [ComplaintInfo(election=state.code, is_test=state.is_test, **row._mapping) for row in rows]

    async def newest(self, state: ElectionState, *, before: int, limit: int) -> list[ComplaintInfo]:
        """What everybody may know of those with a number below `before`, the newest first."""
        query = _PUBLIC.where(Complaint.election_id == state.id, Complaint.number < before)
        rows = await self._session.execute(query.order_by(Complaint.number.desc()).limit(limit))
        return [ComplaintInfo(election=state.code, is_test=state.is_test, **row._mapping) for row in rows]

    async def unit_names(self, election_id: int, codes: Collection[str]) -> dict[str, str]:
        """What the units of these codes are called, by code."""
        query = select(ReportingUnit.code, ReportingUnit.name)
        query = query.where(ReportingUnit.election_id == election_id, ReportingUnit.code.in_(codes))
        return {row.code: row.name for row in await self._session.execute(query)}

    async def search(
        self, election_id: int, search: DeskSearch, *, units: Collection[int] | None, today: datetime.date
    ) -> list[ComplaintRow]:
        """Those that fit, by number; `units` are the ids of those that the search is about."""
        query = _COMPLAINT.where(Complaint.election_id == election_id, Complaint.number > search.after)
        query = query.where(*_conditions(search, today))
        if units is not None:
            query = query.where(Complaint.unit_id.in_(units))
        rows = await self._session.execute(query.order_by(Complaint.number).limit(search.limit))
        return [ComplaintRow(**row._mapping) for row in rows]

    async def changed_after(self, election_id: int, change: int, limit: int) -> list[ComplaintRow]:
        """Those that changed after this change, in the order in which they last did."""
        query = _COMPLAINT.where(Complaint.election_id == election_id, Complaint.change > change)
        rows = await self._session.execute(query.order_by(Complaint.change).limit(limit))
        return [ComplaintRow(**row._mapping) for row in rows]

    async def open(self, election_id: int, limit: int) -> list[ComplaintRow]:
        """Those that are open, in the order in which they last changed; of too many the newest."""
        query = _COMPLAINT.where(Complaint.election_id == election_id, Complaint.status.in_(OPEN))
        rows = await self._session.execute(query.order_by(Complaint.change.desc()).limit(limit))
        return [ComplaintRow(**row._mapping) for row in rows][::-1]

    async def about_contest(self, contest_id: int) -> int:
        """How many name this contest."""
        query = select(func.count()).where(Complaint.contest_id == contest_id)
        return int(await self._session.scalar(query) or 0)

    async def below(self, unit_id: int) -> set[int]:
        """Ids of the unit and of all units below it."""
        return set(await self._session.scalars(_BELOW, {"unit": unit_id}))

    async def about_unit(self, unit_id: int, limit: int) -> list[UnitComplaint]:
        """The newest complaints about a unit, the newest first."""
        query = (
            select(
                Complaint.number,
                Complaint.category,
                Contest.code.label("contest"),
                Complaint.status,
                Complaint.filed_at,
            )
            .outerjoin(Contest, Contest.id == Complaint.contest_id)
            .where(Complaint.unit_id == unit_id)
            .order_by(Complaint.number.desc())
        )
        return [UnitComplaint(**row._mapping) for row in await self._session.execute(query.limit(limit))]


def _conditions(search: DeskSearch, today: datetime.date) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if search.status:
        statuses = OPEN if search.status == "open" else (search.status,)
        conditions.append(Complaint.status.in_(statuses))
    if search.category:
        conditions.append(Complaint.category == search.category)
    if search.assignee == NOBODY:
        conditions.append(Complaint.assignee_id.is_(None))
    elif search.assignee:
        conditions.append(Login.username == search.assignee)
    if search.overdue:
        conditions.append(and_(Complaint.status.in_(OPEN), Complaint.due_on < today))
    return conditions
