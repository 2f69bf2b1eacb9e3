"""The ballot: selections in their order, and who stands behind them."""

from collections.abc import Collection, Iterator
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.ballot_order import BallotOrder
from models.candidates import BallotContest, BallotSelection
from models.elections import Selection
from models.tallies import SelectionTotal


class Place(msgspec.Struct, frozen=True):
    """A selection and where it stands. `sort_name` is `Last, First` of the first candidate behind it."""

    id: int
    code: str
    position: int
    sort_name: str


class Placing(msgspec.Struct, frozen=True):
    """A contest's selections as they stand, and the rule by which they should."""

    contest_id: int
    rule: BallotOrder
    places: list[Place]


class Head(msgspec.Struct, frozen=True):
    """The first candidate behind a selection."""

    name: str
    party_id: int | None


# The first behind a selection is the one whose name it bears, or else whose code comes first. Joined as
# one small table: a lookup for each selection would be slow where very many candidates stand.
_HEADS = """
    SELECT DISTINCT ON (k.selection_id) k.selection_id, k.first_name, k.last_name, k.party_id
    FROM candidates k JOIN selections b ON b.id = k.selection_id
    WHERE k.election_id = :election
    ORDER BY k.selection_id, k.first_name || ' ' || k.last_name = b.name DESC, k.code"""
_SORT_NAME = "coalesce(h.last_name || ', ' || h.first_name, s.name) AS sort_name"

_FIRST = text(f"SELECT * FROM ({_HEADS}) h WHERE selection_id = ANY(CAST(:selections AS bigint[]))")

_PLACES = text(f"""
    SELECT c.id AS contest_id, c.ballot_order, s.id, s.code, s.position, {_SORT_NAME}
    FROM contests c
    JOIN selections s ON s.contest_id = c.id
    LEFT JOIN ({_HEADS}) h ON h.selection_id = s.id
    WHERE c.election_id = :election
      AND (CAST(:contests AS bigint[]) IS NULL OR c.id = ANY(CAST(:contests AS bigint[])))
    ORDER BY c.id, s.position, s.id
""")

# A contest is on the ballot of the precincts that were given to it, or else of those in its district.
_BALLOT = text(f"""
    WITH RECURSIVE above AS (
        SELECT id, parent_id FROM reporting_units WHERE id = :precinct
        UNION ALL
        SELECT u.id, u.parent_id FROM reporting_units u JOIN above ON u.id = above.parent_id
    )
    SELECT c.id, c.code, c.name, d.code AS district, c.is_measure, c.vote_variation, c.votes_allowed,
           c.number_elected, c.ballot_order, s.code AS selection, s.name AS selection_name,
           p.code AS party, {_SORT_NAME}
    FROM contests c
    JOIN reporting_units d ON d.id = c.district_id
    LEFT JOIN selections s ON s.contest_id = c.id
    LEFT JOIN parties p ON p.id = s.party_id
    LEFT JOIN ({_HEADS}) h ON h.selection_id = s.id
    WHERE c.election_id = :election AND (
        CAST(:precinct AS bigint) IS NULL
        OR EXISTS (SELECT 1 FROM contest_units cu WHERE cu.contest_id = c.id AND cu.unit_id = :precinct)
        OR (c.district_id IN (SELECT id FROM above)
            AND NOT EXISTS (SELECT 1 FROM contest_units cu WHERE cu.contest_id = c.id))
    )
    ORDER BY c.position, c.id, s.position, s.id
""")


class Ballots:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def contests(self, election_id: int, precinct_id: int | None) -> list[BallotContest]:
        """The contests in ballot order, of one precinct or all, also those without selections."""
        rows = await self._session.execute(_BALLOT, {"election": election_id, "precinct": precinct_id})
        return [_contest(list(group)) for _, group in groupby(rows, lambda row: row.id)]

    async def placings(self, election_id: int, contests: Collection[int] | None) -> Iterator[Placing]:
        """The selections of these contests, of all if None, as they stand."""
        parameters = {"election": election_id, "contests": None if contests is None else list(contests)}
        rows = await self._session.execute(_PLACES, parameters)
        return (_placing(contest, list(group)) for contest, group in groupby(rows, lambda r: r.contest_id))

    async def place(self, positions: dict[int, int]) -> None:
        """Moves selections, by id, to these positions."""
        rows = [{"id": selection, "position": position} for selection, position in positions.items()]
        if rows:
            await self._session.execute(update(Selection), rows)

    async def selections(self, contests: Collection[int]) -> list[Selection]:
        query = select(Selection).where(Selection.contest_id.in_(contests))
        return list(await self._session.scalars(query))

    async def add(self, rows: list[dict[str, Any]]) -> dict[tuple[int, str], int]:
        """Adds selections to a draft; returns ids by contest and code. Totals begin with the opening."""
        if not rows:
            return {}
        query = insert(Selection).returning(Selection.contest_id, Selection.code, Selection.id)
        # As in `Candidates.add`: many of them may have no party.
        added = await self._session.execute(query, rows, execution_options={"render_nulls": True})
        return {(row.contest_id, row.code): row.id for row in added}

    async def heads(self, election_id: int, selections: Collection[int]) -> dict[int, Head]:
        """Who is first behind each of these selections; nobody stands behind those left out."""
        parameters = {"election": election_id, "selections": list(selections)}
        return {
            row.selection_id: Head(f"{row.first_name} {row.last_name}", row.party_id)
            for row in await self._session.execute(_FIRST, parameters)
        }

    async def rename(self, selection_id: int, bearers: Collection[str], head: Head) -> None:
        """Gives a selection the name and party of another, where it bore one of these names."""
        query = update(Selection).where(Selection.id == selection_id, Selection.name.in_(bearers))
        await self._session.execute(query.values(name=head.name, party_id=head.party_id))

    async def remove(self, selections: Collection[int]) -> None:
        """Takes selections that nobody stands behind off a draft's ballot."""
        totals = delete(SelectionTotal).where(SelectionTotal.selection_id.in_(selections))
        await self._session.execute(totals)
        await self._session.execute(delete(Selection).where(Selection.id.in_(selections)))


def _placing(contest: int, rows: list[Any]) -> Placing:
    places = [Place(row.id, row.code, row.position, row.sort_name) for row in rows]
    return Placing(contest, BallotOrder(rows[0].ballot_order), places)


def _contest(rows: list[Any]) -> BallotContest:
    contest = rows[0]
    return BallotContest(
        code=contest.code,
        name=contest.name,
        district=contest.district,
        is_measure=contest.is_measure,
        vote_variation=contest.vote_variation,
        votes_allowed=contest.votes_allowed,
        number_elected=contest.number_elected,
        ballot_order=contest.ballot_order,
        selections=[
            BallotSelection(row.selection, row.selection_name, row.party, row.sort_name)
            for row in rows
            if row.selection is not None
        ],
    )
