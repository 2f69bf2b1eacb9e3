"""Elections, and what stands in them: units, contests, parties."""

from typing import Any

import msgspec
from sqlalchemy import Row, Select, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.ballot_book import BallotBook, BookContest, Precinct
from models.elections import Contest, Election, Party, ReportingUnit
from models.errors import ElectionNotDraft, RegisterClosed, UnknownContest, UnknownElection, UnknownUnit
from models.lifecycles import ElectionStatus
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
    Election.ballot_seed,
    Election.checks,
    Election.double_entry,
    Election.recount_threshold,
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
           c.recounting, d.code AS district, s.id AS selection_id, s.code AS selection,
           s.name AS selection_name, p.code AS party
    FROM contests c
    JOIN reporting_units d ON d.id = c.district_id
    LEFT JOIN selections s ON s.contest_id = c.id
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
        return [_state(row) for row in rows]

    async def get(self, code: str) -> ElectionState:
        """Raises UnknownElection."""
        return await self._one(code, _STATE)

    async def hold(self, code: str) -> ElectionState:
        """The election, which nobody else changes or holds until the commit. Raises UnknownElection.

        Whoever locks the log's head as well does that afterwards.
        """
        return await self._one(code, _STATE.with_for_update(key_share=True))

    async def hold_still(self, code: str) -> ElectionState:
        """The election, which nobody changes until the commit, nor a draft's units and contests.

        Many may hold it so at once. Raises UnknownElection.
        """
        return await self._one(code, _STATE.with_for_update(read=True))

    async def hold_draft(self, code: str, *, alone: bool = False) -> ElectionState:
        """An election that stays a draft until the commit; `alone` keeps others out who hold it.

        Raises UnknownElection and ElectionNotDraft.
        """
        election = await self._one(code, _STATE.with_for_update(read=not alone, key_share=alone))
        if election.status != ElectionStatus.DRAFT:
            raise ElectionNotDraft(code, election.status)
        return election

    async def hold_register(self, code: str) -> ElectionState:
        """An election whose voters can change until the commit. Raises UnknownElection and RegisterClosed."""
        election = await self._one(code, _STATE.with_for_update(read=True))
        if election.status not in (ElectionStatus.DRAFT, ElectionStatus.OPEN):
            raise RegisterClosed(code, election.status)
        return election

    async def _one(self, code: str, query: Select[*tuple[Any, ...]]) -> ElectionState:
        row = (await self._session.execute(query.where(Election.code == code))).one_or_none()
        if row is None:
            raise UnknownElection(code)
        return _state(row)

    async def write(self, election: ElectionState) -> None:
        """Writes what is said of the election itself; its code and id stay."""
        values = msgspec.structs.asdict(election)
        del values["id"], values["code"]
        values["checks"] = msgspec.to_builtins(election.checks)
        await self._session.execute(update(Election).where(Election.id == election.id).values(values))

    async def book(self, election: ElectionState) -> BallotBook:
        """The election's precincts, contests and selections. One read of the whole tree."""
        precincts = await self._session.execute(_PRECINCTS, {"election": election.id})
        contests: dict[str, BookContest] = {}
        for row in await self._session.execute(_CONTESTS, {"election": election.id}):
            contest = contests.setdefault(
                row.code, BookContest(row.id, row.code, row.votes_allowed, {}, row.recounting)
            )
            if row.selection is not None:
                contest.selections[row.selection] = row.selection_id
        # Precincts beside each other lie in the same units and vote on the same contests: they share them.
        shared: dict[Any, Any] = {}
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
                    shared.setdefault(above := tuple(row.above), above),
                    shared.setdefault(ballot := frozenset(row.contests), ballot),
                )
                for row in precincts
            },
            contests,
            election.checks,
            election.double_entry,
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
            if row.selection is not None:
                contest.selections.append(SelectionInfo(row.selection, row.selection_name, row.party))
        return list(contests.values())

    async def contest_id(self, election_id: int, code: str) -> int:
        """Raises UnknownContest."""
        query = select(Contest.id).where(Contest.election_id == election_id, Contest.code == code)
        found = await self._session.scalar(query)
        if found is None:
            raise UnknownContest(code)
        return found

    async def root(self, election_id: int) -> int | None:
        """Id of the unit that all others lie in; None while a draft has no units."""
        query = select(ReportingUnit.id).where(
            ReportingUnit.election_id == election_id, ReportingUnit.parent_id.is_(None)
        )
        found: int | None = await self._session.scalar(query)
        return found

    async def unit(self, election_id: int, code: str) -> tuple[int, str]:
        """Id and kind of a unit. Raises UnknownUnit."""
        query = select(ReportingUnit.id, ReportingUnit.kind).where(
            ReportingUnit.election_id == election_id, ReportingUnit.code == code
        )
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            raise UnknownUnit(code)
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


def _state(row: Row[*tuple[Any, ...]]) -> ElectionState:
    return msgspec.convert(dict(row._mapping), ElectionState)
