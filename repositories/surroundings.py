"""What the tallies of a batch are held against: ballots of their precincts, spread of siblings, twins."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.ballot_book import BallotBook
from models.moments import Moments
from models.surroundings import Place, Surrounding
from models.totals import Siblings

# Each look-up is one probe of an index, at every size of the election.
_BALLOTS = text("""
    SELECT t.unit_id, t.contest_id, t.ballots_cast
    FROM unnest(CAST(:units AS bigint[])) AS k(unit_id),
    LATERAL (
        SELECT * FROM tallies t WHERE t.unit_id = k.unit_id AND t.status = 'accepted' OFFSET 0
    ) t
""")
_TWINS = text("""
    SELECT t.contest_id, t.vector, t.seq, t.unit_id, u.code
    FROM unnest(CAST(:contests AS bigint[]), CAST(:vectors AS bigint[])) AS k(contest_id, vector),
    LATERAL (
        SELECT * FROM tallies t
        WHERE t.contest_id = k.contest_id AND t.vector = k.vector AND t.status IN ('accepted', 'quarantined')
        ORDER BY t.seq LIMIT :most
    ) t
    JOIN reporting_units u ON u.id = t.unit_id
""")
_TURNOUTS = text("""
    SELECT t.contest_id, t.unit_id, t.turnout_n, t.turnout_total, t.turnout_squares
    FROM unnest(CAST(:contests AS bigint[]), CAST(:units AS bigint[])) AS k(contest_id, unit_id)
    JOIN contest_totals t ON t.contest_id = k.contest_id AND t.unit_id = k.unit_id
""")
_SHARES = text("""
    SELECT s.contest_id, t.unit_id, t.selection_id, t.share_n, t.share_total, t.share_squares
    FROM unnest(CAST(:contests AS bigint[]), CAST(:units AS bigint[])) AS k(contest_id, unit_id)
    JOIN selections s ON s.contest_id = k.contest_id
    JOIN selection_totals t ON t.selection_id = s.id AND t.unit_id = k.unit_id
""")

# So many tallies with the same figures are looked at for one of another precinct.
_MOST_TWINS = 20


class Surroundings:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of(
        self,
        book: BallotBook,
        places: Iterable[tuple[int, int]],
        parents: Collection[tuple[int, int]],
        vectors: Collection[tuple[int, int]],
    ) -> Surrounding:
        """Reads what the checks that are on ask for.

        `places` are (contest, precinct) ids, `parents` the same with the unit right above the precinct,
        and `vectors` (contest, vector) of what may have a twin.
        """
        found = Surrounding(book.contest_codes())
        if book.checks.same_ballots.on:
            units = sorted({unit for _, unit in places})
            for row in await self._session.execute(_BALLOTS, {"units": units}):
                found.counted(row.unit_id, row.contest_id, row.ballots_cast)
        if book.checks.duplicate_vector.on and vectors:
            twins = {**_pairs(vectors, "vectors"), "most": _MOST_TWINS}
            for row in await self._session.execute(_TWINS, twins):
                found.reported(row.contest_id, row.vector, Place(row.seq, row.unit_id, row.code))
        if book.checks.outlier.on and parents:
            await self._siblings(found, parents)
        return found

    async def _siblings(self, found: Surrounding, parents: Collection[tuple[int, int]]) -> None:
        spread: dict[tuple[int, int], Siblings] = {}
        for row in await self._session.execute(_TURNOUTS, _pairs(parents, "units")):
            turnout = Moments(row.turnout_n, row.turnout_total, row.turnout_squares)
            spread[row.contest_id, row.unit_id] = Siblings(turnout, {})
        for row in await self._session.execute(_SHARES, _pairs(parents, "units")):
            share = Moments(row.share_n, row.share_total, row.share_squares)
            spread[row.contest_id, row.unit_id].shares[row.selection_id] = share
        for (contest, unit), siblings in spread.items():
            found.spread(contest, unit, siblings)


def _pairs(pairs: Collection[tuple[int, int]], second: str) -> dict[str, Any]:
    ordered = sorted(set(pairs))
    return {"contests": [contest for contest, _ in ordered], second: [each for _, each in ordered]}
