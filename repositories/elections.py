"""Elections, and what stands in them: units, contests, parties."""

import datetime

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.ballot_book import BallotBook, BookContest, Precinct
from models.elections import Contest, Election, Party, ReportingUnit
from models.errors import UnknownContest, UnknownElection, UnknownUnit
from models.places import ContestInfo, PartyInfo, SelectionInfo, UnitInfo
from models.results import ElectionState

_STATE = select(
    Election.id,
    Election.code,
    Election.name,
    Election.date,
    Election.timezone,
    Election.is_test,
    Election.status,
    Election.results_released,
    Election.changed_seq,
    Election.changed_at,
)

_UNIT = (
    select(
        ReportingUnit.code,
        ReportingUnit.name,
        ReportingUnit.kind,
        ReportingUnit.voters_registered,
        (parent := ReportingUnit.__table__.alias("parent")).c.code.label("parent"),
    )
    .select_from(ReportingUnit)
    .outerjoin(parent, parent.c.id == ReportingUnit.parent_id)
)

_PRECINCTS = text("""
    WITH RECURSIVE tree AS (
        SELECT id, code, name, kind, voters_registered, ARRAY[]::bigint[] AS above
        FROM reporting_units WHERE election_id = :election AND parent_id IS NULL
        UNION ALL
        SELECT u.id, u.code, u.name, u.kind, u.voters_registered, tree.id || tree.above
        FROM reporting_units u JOIN tree ON u.parent_id = tree.id
    )
    SELECT tree.id, tree.code, tree.name, tree.voters_registered, tree.above,
           coalesce(array_agg(cu.contest_id) FILTER (WHERE cu.contest_id IS NOT NULL), '{}') AS contests
    FROM tree LEFT JOIN contest_units cu ON cu.unit_id = tree.id
    WHERE tree.kind = 'precinct'
    GROUP BY tree.id, tree.code, tree.name, tree.voters_registered, tree.above
    ORDER BY tree.code
""")

_CONTESTS = text("""
    SELECT c.id, c.code, c.name, c.is_measure, c.vote_variation, c.votes_allowed, c.number_elected,
           d.code AS district, s.id AS selection_id, s.code AS selection, s.name AS selection_name,
           p.code AS party
    FROM contests c
    JOIN reporting_units d ON d.id = c.district_id
    JOIN selections s ON s.contest_id = c.id
    LEFT JOIN parties p ON p.id = s.party_id
    WHERE c.election_id = :election
    ORDER BY c.position, s.position
""")


class Elections:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self) -> list[ElectionState]:
        """Every election, the newest first."""
        rows = await self._session.execute(_STATE.order_by(Election.date.desc(), Election.code))
        return [ElectionState(**row._mapping) for row in rows]

    async def get(self, code: str) -> ElectionState:
        """Raises UnknownElection."""
        row = (await self._session.execute(_STATE.where(Election.code == code))).one_or_none()
        if row is None:
            raise UnknownElection(code)
        return ElectionState(**row._mapping)

    async def move(
        self, election_id: int, *, status: str, released: bool, seq: int, at: datetime.datetime
    ) -> None:
        """Writes what log entry `seq` says of the election itself."""
        await self._session.execute(
            update(Election)
            .where(Election.id == election_id)
            .values(status=status, results_released=released, changed_seq=seq, changed_at=at)
        )

    async def book(self, election: ElectionState) -> BallotBook:
        """The election's precincts, contests and selections. One read of the whole tree."""
        precincts = await self._session.execute(_PRECINCTS, {"election": election.id})
        contests: dict[str, BookContest] = {}
        for row in await self._session.execute(_CONTESTS, {"election": election.id}):
            contest = contests.setdefault(row.code, BookContest(row.id, row.code, row.votes_allowed, {}))
            contest.selections[row.selection] = row.selection_id
        return BallotBook(
            election.id,
            election.code,
            election.is_test,
            election.changed_seq,
            {
                row.code: Precinct(
                    row.id,
                    row.code,
                    row.name,
                    row.voters_registered,
                    tuple(row.above),
                    frozenset(row.contests),
                )
                for row in precincts
            },
            contests,
        )

    async def contests(self, election_id: int) -> list[ContestInfo]:
        """Every contest with its selections, in ballot order."""
        contests: dict[str, ContestInfo] = {}
        for row in await self._session.execute(_CONTESTS, {"election": election_id}):
            contest = contests.setdefault(
                row.code,
                ContestInfo(
                    code=row.code,
                    name=row.name,
                    district=row.district,
                    is_measure=row.is_measure,
                    vote_variation=row.vote_variation,
                    votes_allowed=row.votes_allowed,
                    number_elected=row.number_elected,
                    selections=[],
                ),
            )
            contest.selections.append(SelectionInfo(row.selection, row.selection_name, row.party))
        return list(contests.values())

    async def contest_id(self, election_id: int, code: str) -> int:
        """Raises UnknownContest."""
        query = select(Contest.id).where(Contest.election_id == election_id, Contest.code == code)
        found = await self._session.scalar(query)
        if found is None:
            raise UnknownContest(code)
        return found

    async def unit(self, election_id: int, code: str | None) -> tuple[int, str]:
        """Id and kind of a unit, or of the root where no code is given. Raises UnknownUnit."""
        query = select(ReportingUnit.id, ReportingUnit.kind).where(ReportingUnit.election_id == election_id)
        if code is None:
            query = query.where(ReportingUnit.parent_id.is_(None))
        else:
            query = query.where(ReportingUnit.code == code)
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            raise UnknownUnit(code or "")
        return row.id, row.kind

    async def unit_info(self, election_id: int, code: str) -> UnitInfo:
        """A unit with its name and its parent's code. Raises UnknownUnit."""
        query = _UNIT.where(ReportingUnit.election_id == election_id, ReportingUnit.code == code)
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            raise UnknownUnit(code)
        return UnitInfo(*row)

    async def units(self, election_id: int, *, after: str, limit: int) -> list[UnitInfo]:
        """Units by code, a page at a time."""
        query = _UNIT.where(ReportingUnit.election_id == election_id, ReportingUnit.code > after)
        rows = await self._session.execute(query.order_by(ReportingUnit.code).limit(limit))
        return [UnitInfo(*row) for row in rows]

    async def parties(self, election_id: int) -> list[PartyInfo]:
        query = select(Party.code, Party.name, Party.colour).where(Party.election_id == election_id)
        return [PartyInfo(*row) for row in await self._session.execute(query.order_by(Party.code))]
