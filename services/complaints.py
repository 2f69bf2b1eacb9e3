"""What everybody may know of complaints, and what reviewers see of them beside a tally."""

from collections.abc import Iterable

from models.complaints import MAX_NUMBER, ComplaintInfo, ComplaintOutcome, UnitComplaint
from repositories.database import Database

MOST_ABOUT_A_UNIT = 100


class ComplaintService:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, election: str, *, after: int = 0, limit: int = 100) -> list[ComplaintInfo]:
        """Complaints by number, behind number `after`. Raises UnknownElection."""
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            return await repos.complaints.page(state, after=after, limit=limit)

    async def newest(
        self, election: str, *, before: int = MAX_NUMBER, limit: int = 100
    ) -> list[ComplaintInfo]:
        """Complaints with a number below `before`, the newest first. Raises UnknownElection."""
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            return await repos.complaints.newest(state, before=before, limit=limit)

    async def places(self, election: str, complaints: Iterable[ComplaintInfo]) -> dict[str, str]:
        """What the units that complaints are about are called, by code. Raises UnknownElection."""
        codes = {complaint.unit for complaint in complaints if complaint.unit}
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            return await repos.complaints.unit_names(state.id, codes) if codes else {}

    async def get(self, election: str, number: int) -> ComplaintOutcome:
        """How a complaint stands. Raises UnknownElection and UnknownComplaint."""
        async with self._database.snapshot() as repos:
            return await repos.complaints.outcome(await repos.elections.get(election), number)

    async def about_unit(self, election: str, unit: str) -> list[UnitComplaint]:
        """The complaints about this very unit, the newest first, a hundred at most; taken back ones as well.

        For staff. Raises UnknownElection and UnknownUnit.
        """
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            unit_id, _ = await repos.elections.unit(state.id, unit)
            return await repos.complaints.about_unit(unit_id, MOST_ABOUT_A_UNIT)
