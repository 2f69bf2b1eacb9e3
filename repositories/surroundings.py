"""What the tallies of a batch are held against: ballots of their precincts, spread of siblings, twins."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from models.ballot_book import BallotBook
from models.moments import Moments
from models.surroundings import Place, Surrounding
from models.totals import Siblings
from repositories.arrays import arrays, numbers
from repositories.driver import Statement

# All in one round trip, which every batch waits for. Each look-up is one probe of an index, at every size
# of the election.
_AROUND = Statement(f"""
    SELECT 'ballots' AS what, t.contest_id, t.unit_id, CAST(NULL AS bigint) AS key,
           CAST(t.ballots_cast AS bigint) AS n, CAST(NULL AS bigint) AS total,
           CAST(NULL AS bigint) AS squares, CAST(NULL AS text) AS code
    FROM unnest({arrays("bigint", "ballot_units")}) AS k(unit_id),
    LATERAL (
        SELECT * FROM tallies t WHERE t.unit_id = k.unit_id AND t.status = 'accepted' OFFSET 0
    ) t
    UNION ALL
    SELECT 'twin', t.contest_id, t.unit_id, t.vector, t.seq, NULL, NULL, u.code
    FROM unnest({arrays("bigint", "vector_contests", "vectors")}) AS k(contest_id, vector),
    LATERAL (
        SELECT * FROM tallies t
        WHERE t.contest_id = k.contest_id AND t.vector = k.vector AND t.status IN ('accepted', 'quarantined')
        ORDER BY t.seq LIMIT :most
    ) t
    JOIN reporting_units u ON u.id = t.unit_id
    UNION ALL
    SELECT 'turnout', t.contest_id, t.unit_id, NULL, t.turnout_n, t.turnout_total, t.turnout_squares, NULL
    FROM unnest({arrays("bigint", "contests", "units")}) AS k(contest_id, unit_id),
    LATERAL (
        SELECT * FROM contest_totals t
        WHERE t.contest_id = k.contest_id AND t.unit_id = k.unit_id OFFSET 0
    ) t
    UNION ALL
    SELECT 'share', k.contest_id, t.unit_id, t.selection_id, t.share_n, t.share_total, t.share_squares, NULL
    FROM unnest({arrays("bigint", "contests", "units")}) AS k(contest_id, unit_id),
    LATERAL (SELECT * FROM selections s WHERE s.contest_id = k.contest_id OFFSET 0) s,
    LATERAL (
        SELECT * FROM selection_totals t
        WHERE t.selection_id = s.id AND t.unit_id = k.unit_id OFFSET 0
    ) t
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
        checks = book.checks
        units = {unit for _, unit in places} if checks.same_ballots.on else ()
        twins = sorted(vectors) if checks.duplicate_vector.on else ()
        above = sorted(parents) if checks.outlier.on else ()
        found = Surrounding(book.contest_codes())
        if not (units or twins or above):
            return found
        rows = await _AROUND.rows(
            self._session,
            {
                "ballot_units": numbers(sorted(units)),
                "vector_contests": numbers([contest for contest, _ in twins]),
                "vectors": numbers([vector for _, vector in twins]),
                "most": _MOST_TWINS,
                "contests": numbers([contest for contest, _ in above]),
                "units": numbers([unit for _, unit in above]),
            },
        )
        _fill(found, rows)
        return found


def _fill(found: Surrounding, rows: Iterable[Any]) -> None:
    spread: defaultdict[tuple[int, int], Siblings] = defaultdict(lambda: Siblings(Moments(), {}))
    for what, contest, unit, key, n, total, squares, code in rows:
        match what:
            case "ballots":
                found.counted(unit, contest, n)
            case "twin":
                found.reported(contest, key, Place(n, unit, code))
            case "turnout":
                spread[contest, unit].turnout = Moments(n, total, squares)
            case "share":
                spread[contest, unit].shares[key] = Moments(n, total, squares)
    for (contest, unit), siblings in spread.items():
        found.spread(contest, unit, siblings)
