"""Parties, contests and selections of a draft."""

from collections.abc import Collection, Iterable
from typing import Any

import msgspec
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from models.drafting import ContestEdit, NewSelection, PartyEdit, SelectionEdit, WholeContest
from models.elections import Contest, ContestUnit, Party, ReportingUnit, Selection
from models.errors import AlreadyExists, UnknownContest, UnknownParty, UnknownSelection
from models.people import Candidate
from models.places import PartyInfo, SelectionInfo
from models.wording import say

_CONTEST = select(
    Contest.id,
    Contest.code,
    Contest.name,
    ReportingUnit.code.label("district"),
    Contest.vote_variation,
    Contest.votes_allowed,
    Contest.number_elected,
    Contest.is_measure,
    Contest.ballot_order,
).join(ReportingUnit, ReportingUnit.id == Contest.district_id)

_SELECTION = (
    select(Selection.id, Selection.code, Selection.name, Party.code.label("party"))
    .outerjoin(Party, Party.id == Selection.party_id)
    .order_by(Selection.position, Selection.id)
)

# Where a contest that lists its precincts may stand.
_AT_OR_BELOW = text("""
    WITH RECURSIVE below AS (
        SELECT id, code, kind FROM reporting_units WHERE id = :district
        UNION ALL
        SELECT u.id, u.code, u.kind FROM reporting_units u JOIN below ON u.parent_id = below.id
    )
    SELECT id, code FROM below WHERE kind = 'precinct'
""")

_LIST = text("""
    INSERT INTO contest_units (contest_id, unit_id, election_id, units_expected, voters_registered)
    SELECT :contest, u.id, u.election_id, 1, u.voters_registered
    FROM reporting_units u WHERE u.id = ANY(CAST(:units AS bigint[]))
""")


class FoundSelection(msgspec.Struct, frozen=True):
    id: int
    info: SelectionInfo


class Contests:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    # ---- parties ----

    async def party(self, election_id: int, code: str) -> tuple[int, PartyInfo]:
        """Its id and what is said of it. Raises UnknownParty."""
        query = select(Party.id, Party.code, Party.name, Party.colour)
        query = query.where(Party.election_id == election_id, Party.code == code)
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            raise UnknownParty(code)
        return row.id, PartyInfo(row.code, row.name, row.colour)

    async def add_party(self, election_id: int, code: str, party: PartyEdit) -> None:
        """Raises AlreadyExists."""
        row = {"election_id": election_id, "code": code, "name": party.name, "colour": party.colour}
        await self._add(Party, row, say("This election already has a party %(code)r.", code=code))

    async def edit_party(self, party_id: int, party: PartyEdit) -> None:
        query = update(Party).where(Party.id == party_id)
        await self._session.execute(query.values(name=party.name, colour=party.colour))

    async def party_uses(self, party_id: int) -> tuple[int, int]:
        """Numbers of the selections and of the candidates that name it."""
        selections = select(func.count()).where(Selection.party_id == party_id)
        candidates = select(func.count()).where(Candidate.party_id == party_id)
        query = select(selections.scalar_subquery(), candidates.scalar_subquery())
        row = (await self._session.execute(query)).one()
        return row[0], row[1]

    async def remove_party(self, party_id: int) -> None:
        await self._session.execute(delete(Party).where(Party.id == party_id))

    async def party_ids(self, election_id: int, codes: Collection[str]) -> dict[str, int]:
        """Those of the parties that there are."""
        query = select(Party.code, Party.id).where(Party.election_id == election_id, Party.code.in_(codes))
        return {row.code: row.id for row in await self._session.execute(query)}

    # ---- contests ----

    async def contest(self, election_id: int, code: str) -> tuple[int, WholeContest]:
        """Its id and everything that is said of it. Raises UnknownContest."""
        query = _CONTEST.where(Contest.election_id == election_id, Contest.code == code)
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            raise UnknownContest(code)
        facts = dict(row._mapping)
        contest_id: int = facts.pop("id")
        selections = [found.info for found in await self.selections(contest_id)]
        precincts = await self._precincts(contest_id)
        return contest_id, WholeContest(**facts, selections=selections, precincts=precincts)

    async def _precincts(self, contest_id: int) -> list[str] | None:
        query = (
            select(ReportingUnit.code)
            .join(ContestUnit, ContestUnit.unit_id == ReportingUnit.id)
            .where(ContestUnit.contest_id == contest_id, ReportingUnit.kind == "precinct")
            .order_by(ReportingUnit.code)
        )
        return list(await self._session.scalars(query)) or None

    async def add_contest(self, election_id: int, district_id: int, code: str, contest: ContestEdit) -> int:
        """Puts it behind the others on the ballot and returns its id. Raises AlreadyExists."""
        last = select(func.coalesce(func.max(Contest.position), 0)).where(Contest.election_id == election_id)
        row = {
            "election_id": election_id,
            "code": code,
            "position": int(await self._session.scalar(last) or 0) + 1,
            **_columns(contest, district_id),
        }
        return await self._add(Contest, row, say("This election already has a contest %(code)r.", code=code))

    async def edit_contest(self, contest_id: int, district_id: int, contest: ContestEdit) -> None:
        query = update(Contest).where(Contest.id == contest_id)
        await self._session.execute(query.values(_columns(contest, district_id)))

    async def at_or_below(self, unit_id: int) -> dict[str, int]:
        """Ids of the precincts there, by code."""
        rows = await self._session.execute(_AT_OR_BELOW, {"district": unit_id})
        return {row.code: row.id for row in rows}

    async def list_precincts(self, contest_id: int, units: Iterable[int]) -> None:
        """The contest stands in exactly these precincts; without any, in those of its district.

        Its totals are forgotten before, and the units above counted afterwards (`Opening`).
        """
        await self._session.execute(delete(ContestUnit).where(ContestUnit.contest_id == contest_id))
        await self._session.execute(_LIST, {"contest": contest_id, "units": list(units)})

    async def candidates(self, contest_id: int) -> int:
        """How many have filed for it."""
        query = select(func.count()).where(Candidate.contest_id == contest_id)
        return int(await self._session.scalar(query) or 0)

    async def remove_contest(self, contest_id: int) -> None:
        """With its selections and its list of precincts; its totals are forgotten before."""
        for table in (ContestUnit, Selection):
            await self._session.execute(delete(table).where(table.contest_id == contest_id))
        await self._session.execute(delete(Contest).where(Contest.id == contest_id))

    # ---- selections ----

    async def selections(self, contest_id: int) -> list[FoundSelection]:
        """In the order of the ballot."""
        rows = await self._session.execute(_SELECTION.where(Selection.contest_id == contest_id))
        return [FoundSelection(row.id, SelectionInfo(row.code, row.name, row.party)) for row in rows]

    async def selection(self, contest_id: int, code: str) -> FoundSelection:
        """Raises UnknownSelection."""
        query = _SELECTION.where(Selection.contest_id == contest_id, Selection.code == code)
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            raise UnknownSelection(code)
        return FoundSelection(row.id, SelectionInfo(row.code, row.name, row.party))

    async def put_selections(
        self, contest_id: int, selections: list[NewSelection], parties: dict[str, int]
    ) -> None:
        """Adds those whose codes are new, edits the others, and places them in this order."""
        rows = [
            {
                "contest_id": contest_id,
                "code": selection.code,
                "name": selection.name,
                "party_id": parties[selection.party] if selection.party is not None else None,
                "position": position,
            }
            for position, selection in enumerate(selections, start=1)
        ]
        if not rows:
            return
        query = upsert(Selection)
        told = {name: query.excluded[name] for name in ("name", "party_id", "position")}
        await self._session.execute(
            query.on_conflict_do_update(index_elements=["contest_id", "code"], set_=told), rows
        )

    async def add_selection(self, contest_id: int, code: str, name: str, party_id: int | None) -> None:
        """Puts it behind the others. Raises AlreadyExists."""
        last = select(func.coalesce(func.max(Selection.position), 0)).where(
            Selection.contest_id == contest_id
        )
        row = {
            "contest_id": contest_id,
            "code": code,
            "name": name,
            "party_id": party_id,
            "position": int(await self._session.scalar(last) or 0) + 1,
        }
        await self._add(Selection, row, say("This contest already has a selection %(code)r.", code=code))

    async def edit_selection(self, selection_id: int, edit: SelectionEdit, party_id: int | None) -> None:
        query = update(Selection).where(Selection.id == selection_id)
        await self._session.execute(query.values(name=edit.name, party_id=party_id))

    async def stood_behind(self, selections: Collection[int]) -> list[str]:
        """Codes of those of the selections that candidates stand behind."""
        behind = select(Candidate.id).where(Candidate.selection_id == Selection.id)
        query = select(Selection.code).where(Selection.id.in_(selections), behind.exists())
        return list(await self._session.scalars(query.order_by(Selection.code)))

    # ---- parts ----

    async def _add(self, table: type[Any], row: dict[str, Any], taken: str) -> int:
        """The new row's id. Raises AlreadyExists."""
        query = upsert(table).values(row).on_conflict_do_nothing().returning(table.id)
        added: int | None = await self._session.scalar(query)
        if added is None:
            raise AlreadyExists(taken)
        return added


def _columns(contest: ContestEdit, district_id: int) -> dict[str, Any]:
    return {
        "district_id": district_id,
        "name": contest.name,
        "vote_variation": contest.vote_variation,
        "votes_allowed": contest.votes_allowed,
        "number_elected": contest.number_elected,
        "is_measure": contest.is_measure,
        "ballot_order": contest.ballot_order,
    }
