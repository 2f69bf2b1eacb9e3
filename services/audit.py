"""Reading the audit trail."""

from models.members import AuditRecord
from repositories.database import Database


class AuditService:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def before(
        self, before: int | None = None, *, limit: int = 100, election: str | None = None
    ) -> list[AuditRecord]:
        """The newest entries first, those older than entry `before`; of one election where one is named.

        Raises UnknownElection.
        """
        async with self._database.snapshot() as repos:
            if election is not None:
                await repos.elections.get(election)
            return await repos.audit.before(before, limit, election)
