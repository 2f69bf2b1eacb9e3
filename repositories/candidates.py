"""Candidates: filings in, and what became of them."""

import datetime
from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.candidates import CandidateInfo
from models.elections import Contest, Party, Selection
from models.errors import UnknownCandidate
from models.lifecycles import CandidateStatus
from models.people import Candidate


class CandidateRow(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate as stored: `personal` is sealed, `digest` a keyed hash of the filing."""

    id: int
    code: str
    contest_id: int
    contest: str
    first_name: str
    last_name: str
    party_id: int | None
    party: str | None
    status: str
    filed_at: datetime.datetime
    selection_id: int | None
    selection: str | None
    reason: str
    digest: bytes
    personal: bytes | None

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    def info(self) -> CandidateInfo:
        """As registrars see it."""
        return CandidateInfo(
            code=self.code,
            contest=self.contest,
            first_name=self.first_name,
            last_name=self.last_name,
            party=self.party,
            status=CandidateStatus(self.status),
            filed_at=self.filed_at,
            selection=self.selection,
            reason=self.reason,
            filing=self.digest.hex()[:16],
        )


class Races(msgspec.Struct, frozen=True):
    """Where somebody can stand, and for whom: ids by code."""

    contests: dict[str, int]
    measures: frozenset[str]
    """Codes of the contests that have answers and no candidates."""
    parties: dict[str, int]


_CANDIDATE = (
    select(
        Candidate.id,
        Candidate.code,
        Candidate.contest_id,
        Contest.code.label("contest"),
        Candidate.first_name,
        Candidate.last_name,
        Candidate.party_id,
        Party.code.label("party"),
        Candidate.status,
        Candidate.filed_at,
        Candidate.selection_id,
        Selection.code.label("selection"),
        Candidate.reason,
        Candidate.digest,
        Candidate.personal,
    )
    .join(Contest, Contest.id == Candidate.contest_id)
    .outerjoin(Party, Party.id == Candidate.party_id)
    .outerjoin(Selection, Selection.id == Candidate.selection_id)
)


class Candidates:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def races(self, election_id: int) -> Races:
        query = select(Contest.code, Contest.id, Contest.is_measure)
        contests = (await self._session.execute(query.where(Contest.election_id == election_id))).all()
        parties = select(Party.code, Party.id).where(Party.election_id == election_id)
        return Races(
            {row.code: row.id for row in contests},
            frozenset(row.code for row in contests if row.is_measure),
            {row.code: row.id for row in await self._session.execute(parties)},
        )

    async def add(self, rows: list[dict[str, Any]]) -> set[str]:
        """Adds those of one election's candidates whose codes are new; returns these codes.

        In the order of their codes, so that two who send the same wait for each other once.
        """
        if not rows:
            return set()
        query = insert(Candidate).on_conflict_do_nothing(index_elements=["election_id", "code"])
        in_order = sorted(rows, key=lambda row: str(row["code"]))
        # With its nulls left out, rows of unlike columns would be inserted one by one.
        whole = {"render_nulls": True}
        added = await self._session.scalars(
            query.returning(Candidate.code), in_order, execution_options=whole
        )
        return set(added)

    async def digests(self, election_id: int, codes: Collection[str]) -> dict[str, bytes]:
        query = select(Candidate.code, Candidate.digest)
        query = query.where(Candidate.election_id == election_id, Candidate.code.in_(codes))
        return {row.code: row.digest for row in await self._session.execute(query)}

    async def find(
        self, election_id: int, code: str, *, statuses: Collection[str] = tuple(CandidateStatus)
    ) -> CandidateRow:
        """Raises UnknownCandidate, also for a status that is none of those given."""
        query = _CANDIDATE.where(Candidate.election_id == election_id, Candidate.code == code)
        row = (await self._session.execute(query.where(Candidate.status.in_(statuses)))).one_or_none()
        if row is None:
            raise UnknownCandidate(code)
        return CandidateRow(**row._mapping)

    async def hold(self, election_id: int, codes: Collection[str]) -> dict[str, CandidateRow]:
        """Those of the candidates that there are, held until the commit."""
        named = (Candidate.election_id == election_id, Candidate.code.in_(codes))
        # Read behind the lock, in a statement of its own: what is joined is then of the same moment.
        await self._session.execute(
            select(Candidate.id).where(*named).order_by(Candidate.code).with_for_update()
        )
        rows = await self._session.execute(_CANDIDATE.where(*named))
        return {row.code: CandidateRow(**row._mapping) for row in rows}

    async def page(
        self, election_id: int, *, contest: str, statuses: Collection[str], after: str, limit: int
    ) -> list[CandidateRow]:
        """Candidates by code, of one contest where one is named."""
        query = _CANDIDATE.where(
            Candidate.election_id == election_id, Candidate.code > after, Candidate.status.in_(statuses)
        )
        if contest:
            query = query.where(Contest.code == contest)
        rows = await self._session.execute(query.order_by(Candidate.code).limit(limit))
        return [CandidateRow(**row._mapping) for row in rows]

    async def change(self, candidate_id: int, **values: Any) -> None:
        await self._session.execute(update(Candidate).where(Candidate.id == candidate_id).values(values))

    async def change_all(self, rows: list[dict[str, Any]]) -> None:
        """Writes the columns given with each `id`; all rows give the same ones."""
        if rows:
            await self._session.execute(update(Candidate), rows)
