"""The audit trail: adding to it, and reading it backwards."""

import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.elections import Election
from models.members import AuditRecord
from models.people import AuditEntry
from models.rights import Actor


class Audit:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(
        self,
        by: Actor,
        at: datetime.datetime,
        action: str,
        subject: str,
        *,
        election: int | None = None,
        changes: dict[str, Any] | None = None,
        reason: str = "",
    ) -> None:
        """Records a change in the transaction that makes it.

        `action` is a noun and a verb (`unit-added`), `subject` the code of what was changed, `changes`
        as `models.members.changed` gives them. Of personal data only the names of fields belong here.
        """
        row = {
            "at": at,
            "member_id": by.member_id,
            "username": by.username,
            "address": by.address,
            "channel": by.channel,
            "action": action,
            "election_id": election,
            "subject": subject,
            "changes": changes or {},
            "reason": reason,
        }
        await self._session.execute(insert(AuditEntry).values(row))

    async def before(self, before: int | None, limit: int, election: str | None) -> list[AuditRecord]:
        """The newest entries first, those older than `before`; of one election where one is named."""
        query = (
            select(AuditEntry, Election.code)
            .outerjoin(Election, Election.id == AuditEntry.election_id)
            .order_by(AuditEntry.id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(AuditEntry.id < before)
        if election is not None:
            query = query.where(Election.code == election)
        return [_record(entry, code) for entry, code in await self._session.execute(query)]


def _record(entry: AuditEntry, election: str | None) -> AuditRecord:
    return AuditRecord(
        id=entry.id,
        at=entry.at,
        username=entry.username,
        address=entry.address,
        channel=entry.channel,
        action=entry.action,
        election=election,
        subject=entry.subject,
        changes=entry.changes,
        reason=entry.reason,
    )
