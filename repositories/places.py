"""Reading places: the way up from a unit, what lies below it, and how a contest stands there.

Units above precincts have running totals; a precinct's figures are those of its counted tally.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.checks import FailedCheck
from models.codes import make_code
from models.places import PrecinctTally, UnitInfo
from models.progress import PrecinctState, SelectionCount, UnitTally
from repositories.concealment import CONCEALED

_ANCESTORS = text("""
    WITH RECURSIVE above AS (
        SELECT parent_id, 0 AS height FROM reporting_units WHERE id = :unit
        UNION ALL
        SELECT u.parent_id, above.height + 1 FROM reporting_units u JOIN above ON u.id = above.parent_id
    )
    SELECT u.code, u.name, u.kind, u.voters_registered, p.code AS parent
    FROM above
    JOIN reporting_units u ON u.id = above.parent_id
    LEFT JOIN reporting_units p ON p.id = u.parent_id
    ORDER BY above.height DESC
""")

# The contest that stands on the most ballots at and below a unit; the first of several.
_WIDEST = text("""
    SELECT c.id, c.code FROM contest_units cu JOIN contests c ON c.id = cu.contest_id
    WHERE cu.unit_id = :unit ORDER BY cu.units_expected DESC, c.position LIMIT 1
""")

_CHILDREN = text("""
    SELECT u.code, u.name, u.kind,
           CAST(count(t.seq) + coalesce(sum(ct.units_reported), 0) AS bigint) AS tallies_counted,
           CAST(coalesce(sum(cu.units_expected), 0) AS bigint) AS tallies_expected,
           CAST(coalesce(sum(ct.quarantined_units), 0) + count(held.unit_id) AS bigint) AS held,
           max(cu.units_expected) FILTER (WHERE cu.contest_id = :contest) AS units_expected,
           max(coalesce(ct.units_reported, (t.seq IS NOT NULL)::int))
               FILTER (WHERE cu.contest_id = :contest) AS units_reported,
           max(coalesce(ct.ballots_cast, t.ballots_cast, 0))
               FILTER (WHERE cu.contest_id = :contest) AS ballots_cast,
           max(coalesce(ct.voters_registered, CASE WHEN t.seq IS NOT NULL THEN u.voters_registered END))
               FILTER (WHERE cu.contest_id = :contest AND cu.voters_registered IS NOT NULL) AS voters_reported
    FROM (
        SELECT * FROM reporting_units
        WHERE parent_id = :unit AND code > :after
          AND (:words = '' OR position(:words IN lower(name)) > 0
               OR (:code <> '' AND position(:code IN code) > 0))
        ORDER BY code LIMIT :limit
    ) u
    LEFT JOIN contest_units cu ON cu.unit_id = u.id
    LEFT JOIN contest_totals ct ON ct.contest_id = cu.contest_id AND ct.unit_id = cu.unit_id
    LEFT JOIN tallies t ON t.contest_id = cu.contest_id AND t.unit_id = cu.unit_id AND t.status = 'accepted'
    LEFT JOIN (
        SELECT DISTINCT contest_id, unit_id FROM tallies
        WHERE election_id = :election AND status = 'quarantined'
    ) held ON held.contest_id = cu.contest_id AND held.unit_id = cu.unit_id
    GROUP BY u.id, u.code, u.name, u.kind
    ORDER BY u.code
""")

_SEARCH = text("""
    SELECT u.code, u.name, u.kind, u.voters_registered, p.code AS parent
    FROM reporting_units u LEFT JOIN reporting_units p ON p.id = u.parent_id
    WHERE u.election_id = :election
      AND (position(:words IN lower(u.name)) > 0 OR (:code <> '' AND position(:code IN u.code) > 0))
    ORDER BY u.code LIMIT :limit
""")

_UNIT_TALLIES = text(f"""
    SELECT t.seq, t.submitted_at AS at, c.code AS contest, c.name AS contest_name, t.revision, t.status,
           t.reason, t.ballots_cast, t.overvotes, t.undervotes, t.write_ins, t.rejected_ballots,
           CAST(l.entry AS json) -> 'votes' AS votes, CAST(l.entry AS json) -> 'checks' AS checks
    FROM (
        SELECT t.*, row_number() OVER (PARTITION BY t.contest_id ORDER BY t.seq DESC) AS place
        FROM tallies t WHERE t.unit_id = :unit AND NOT {CONCEALED}
    ) t
    JOIN contests c ON c.id = t.contest_id
    JOIN log_entries l ON l.election_id = t.election_id AND l.seq = t.seq
    WHERE t.place <= :most OR t.status = 'accepted'
    ORDER BY c.position, t.seq DESC
""")

_ORDERS = {
    "code": ("u.code > :after", "code"),
    "name": (
        ":after = '' OR (u.name, u.code) > "
        "(SELECT name, code FROM reporting_units WHERE election_id = cu.election_id AND code = :after)",
        "name, code",
    ),
}
_STATUSES = {
    "": "true",
    "reported": "t.seq IS NOT NULL",
    "held": "h.held",
    "outstanding": "t.seq IS NULL AND NOT h.held",
}
_PRECINCTS = """
    WITH RECURSIVE below AS (
        SELECT id FROM reporting_units WHERE id = :unit
        UNION ALL
        SELECT u.id FROM reporting_units u JOIN below ON u.parent_id = below.id
    )
    SELECT found.*, (
        SELECT json_object_agg(s.code, v.votes ORDER BY s.position)
        FROM tally_votes v JOIN selections s ON s.id = v.selection_id
        WHERE v.election_id = found.election_id AND v.seq = found.seq
    ) AS votes
    FROM (
        SELECT u.code, u.name, u.voters_registered, p.code AS parent, h.held,
               t.election_id, t.seq, t.revision, t.submitted_at AS at,
               t.ballots_cast, t.overvotes, t.undervotes, t.write_ins, t.rejected_ballots
        FROM contest_units cu
        JOIN reporting_units u ON u.id = cu.unit_id AND u.kind = 'precinct'
        LEFT JOIN reporting_units p ON p.id = u.parent_id
        LEFT JOIN tallies t
            ON t.contest_id = cu.contest_id AND t.unit_id = cu.unit_id AND t.status = 'accepted'
        CROSS JOIN LATERAL (
            SELECT :staff AND EXISTS (
                SELECT FROM tallies q
                WHERE q.contest_id = cu.contest_id AND q.unit_id = cu.unit_id AND q.status = 'quarantined'
            ) AS held
        ) h
        WHERE cu.contest_id = :contest
          AND (CAST(:unit AS bigint) IS NULL OR cu.unit_id IN (SELECT id FROM below))
          AND (:words = '' OR position(:words IN lower(u.name)) > 0
               OR (:code <> '' AND position(:code IN u.code) > 0))
          AND ({status}) AND ({after})
        ORDER BY {order} LIMIT :limit
    ) found
    ORDER BY {order}"""
_PRECINCTS_SQL = {
    (status, order): text(_PRECINCTS.format(status=condition, after=after, order=by))
    for status, condition in _STATUSES.items()
    for order, (after, by) in _ORDERS.items()
}

# A precinct alone is its own level below.
_LEVELS = {
    "below": "SELECT id FROM reporting_units WHERE parent_id = :unit OR (id = :unit AND kind = 'precinct')",
    "precincts": """
        WITH RECURSIVE below AS (
            SELECT id, kind FROM reporting_units WHERE id = :unit
            UNION ALL
            SELECT u.id, u.kind FROM reporting_units u JOIN below ON u.parent_id = below.id
        )
        SELECT id FROM below WHERE kind = 'precinct'""",
}
# OFFSET 0 keeps every look-up a probe of an index, also where the planner knows nothing of tables that were
# filled a moment ago.
_STANDING = """
    SELECT u.code, u.name, u.kind, p.code AS parent, cu.units_expected,
           coalesce(ct.units_reported, (t.seq IS NOT NULL)::int) AS units_reported,
           coalesce(ct.quarantined_units, (
               SELECT least(count(*), 1) FROM tallies q
               WHERE q.contest_id = :contest AND q.unit_id = u.id AND q.status = 'quarantined'
           )) AS held,
           coalesce(ct.ballots_cast, t.ballots_cast, 0) AS ballots_cast,
           coalesce(ct.write_ins, t.write_ins, 0) AS write_ins,
           CASE WHEN cu.voters_registered IS NOT NULL
                THEN coalesce(ct.voters_registered, u.voters_registered) END AS voters_reported,
           coalesce(counted.selections, totals.selections) AS selections,
           coalesce(counted.votes, totals.votes) AS votes
    FROM ({level}) level
    CROSS JOIN LATERAL (SELECT * FROM reporting_units WHERE id = level.id OFFSET 0) u
    CROSS JOIN LATERAL (
        SELECT * FROM contest_units WHERE contest_id = :contest AND unit_id = level.id OFFSET 0
    ) cu
    LEFT JOIN LATERAL (SELECT code FROM reporting_units WHERE id = u.parent_id OFFSET 0) p ON true
    LEFT JOIN LATERAL (
        SELECT * FROM contest_totals WHERE contest_id = :contest AND unit_id = level.id OFFSET 0
    ) ct ON true
    LEFT JOIN LATERAL (
        SELECT * FROM tallies
        WHERE contest_id = :contest AND unit_id = level.id AND status = 'accepted' OFFSET 0
    ) t ON true
    LEFT JOIN LATERAL (
        SELECT array_agg(selection_id) AS selections, array_agg(votes) AS votes
        FROM tally_votes WHERE election_id = t.election_id AND seq = t.seq
    ) counted ON true
    LEFT JOIN LATERAL (
        SELECT array_agg(st.selection_id) AS selections, array_agg(st.votes) AS votes
        FROM selections s JOIN selection_totals st ON st.selection_id = s.id
        WHERE ct.unit_id IS NOT NULL AND s.contest_id = :contest AND st.unit_id = ct.unit_id
    ) totals ON true
    ORDER BY p.code, u.code"""
_STANDING_SQL = {name: text(_STANDING.format(level=level)) for name, level in _LEVELS.items()}

_OF_TALLY = (
    *("name", "voters_registered", "seq", "revision", "at", "votes"),
    *("ballots_cast", "overvotes", "undervotes", "write_ins", "rejected_ballots"),
)

_DISTRICT = text("""
    SELECT u.code FROM contests c JOIN reporting_units u ON u.id = c.district_id WHERE c.id = :contest
""")
_SELECTIONS = text("""
    SELECT s.id, s.code, p.code AS party FROM selections s LEFT JOIN parties p ON p.id = s.party_id
    WHERE s.contest_id = :contest ORDER BY s.position
""")


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of a contest in one unit, as stored; `voters_reported` is None where it is not known."""

    code: str
    name: str
    kind: str
    parent: str | None
    units_expected: int
    units_reported: int
    held: int
    ballots_cast: int
    write_ins: int
    voters_reported: int | None
    selections: tuple[SelectionCount, ...]


class Child(msgspec.Struct, frozen=True, kw_only=True):
    """How far counting is in a unit, as stored; what is of one contest is None where that is elsewhere."""

    code: str
    name: str
    kind: str
    tallies_counted: int
    tallies_expected: int
    held: int
    units_expected: int | None
    units_reported: int | None
    ballots_cast: int | None
    voters_reported: int | None


class Places:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def ancestors(self, unit_id: int) -> list[UnitInfo]:
        """What a unit lies in, the whole election first."""
        return [UnitInfo(*row) for row in await self._session.execute(_ANCESTORS, {"unit": unit_id})]

    async def widest(self, unit_id: int) -> tuple[int, str] | None:
        """Id and code of the contest on the most ballots here; None where none is."""
        row = (await self._session.execute(_WIDEST, {"unit": unit_id})).one_or_none()
        return (row.id, row.code) if row else None

    async def children(
        self, election_id: int, unit_id: int, contest_id: int | None, *, words: str, after: str, limit: int
    ) -> list[Child]:
        """Units right below by code, a page at a time; `words` stand in their name or code."""
        places = {"election": election_id, "unit": unit_id, "contest": contest_id}
        rows = await self._session.execute(
            _CHILDREN, {**places, **_searched(words), "after": after, "limit": limit}
        )
        return [Child(**row._mapping) for row in rows]

    async def search(self, election_id: int, words: str, limit: int) -> list[UnitInfo]:
        """Units of the whole election with `words` in their name or code, by code."""
        places = {"election": election_id, **_searched(words), "limit": limit}
        return [UnitInfo(*row) for row in await self._session.execute(_SEARCH, places)]

    async def tallies(self, unit_id: int, *, most: int) -> list[UnitTally]:
        """A precinct's tallies, contest by contest: the `most` newest, the newest first, and what counts."""
        rows = await self._session.execute(_UNIT_TALLIES, {"unit": unit_id, "most": most})
        return [
            UnitTally(**{**row._mapping, "checks": msgspec.convert(row.checks, tuple[FailedCheck, ...])})
            for row in rows
        ]

    async def precincts(
        self,
        contest_id: int,
        *,
        unit_id: int | None,
        status: str,
        words: str,
        order: str,
        after: str,
        limit: int,
        withhold: bool,
    ) -> list[PrecinctState]:
        """Every precinct in whose ballots the contest stands, reported or not, a page at a time.

        With `withhold` nobody is held and no tally is told, only who has reported.
        """
        places = {"contest": contest_id, "unit": unit_id, "after": after, "limit": limit}
        rows = await self._session.execute(
            _PRECINCTS_SQL[status, order], {**places, **_searched(words), "staff": not withhold}
        )
        return [_precinct(row, withhold) for row in rows]

    async def district(self, contest_id: int) -> str:
        """Code of the unit in which the contest is held."""
        return str(await self._session.scalar(_DISTRICT, {"contest": contest_id}))

    async def standing(self, contest_id: int, unit_id: int, level: str) -> list[Standing]:
        """How the contest stands in each unit of a level, `below` or `precincts`, by parent and code."""
        selections = (await self._session.execute(_SELECTIONS, {"contest": contest_id})).all()
        rows = await self._session.execute(_STANDING_SQL[level], {"contest": contest_id, "unit": unit_id})
        return [_standing(row, selections) for row in rows]


def _standing(row: Row[Any], selections: Sequence[Row[Any]]) -> Standing:
    """`selections` are those of the contest, in ballot order."""
    fields = dict(row._mapping)
    given = dict(zip(fields.pop("selections") or (), fields.pop("votes") or (), strict=True))
    return Standing(
        **fields,
        selections=tuple(SelectionCount(s.code, s.party, given[s.id]) for s in selections if s.id in given),
    )


def _searched(words: str) -> dict[str, str]:
    """A code is a name without accents and capitals, so what is typed without them is found as well."""
    return {"words": words.casefold(), "code": make_code(words)}


def _precinct(row: Row[Any], withhold: bool) -> PrecinctState:
    counted = row.seq is not None and not withhold
    fields = {name: row._mapping[name] for name in _OF_TALLY}
    return PrecinctState(
        code=row.code,
        name=row.name,
        parent=row.parent,
        voters_registered=row.voters_registered,
        held=row.held,
        tally=PrecinctTally(precinct=row.code, **fields) if counted else None,
        reported=row.seq is not None,
    )
