"""What a draft needs to be opened: where its contests stand, and totals that intake can add to."""

import datetime
from collections.abc import Collection

import msgspec
from sqlalchemy import DateTime, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.wholeness import DraftContest

_UNSETTLED = text("""
    SELECT c.id FROM contests c
    WHERE c.election_id = :election
      AND NOT EXISTS (SELECT 1 FROM contest_units cu WHERE cu.contest_id = c.id)
""")

_ALL_PRECINCTS = text("""
    WITH RECURSIVE below AS (
        SELECT c.id AS contest_id, u.id, u.kind, u.voters_registered
        FROM contests c JOIN reporting_units u ON u.id = c.district_id
        WHERE c.id = ANY(CAST(:contests AS bigint[]))
        UNION ALL
        SELECT below.contest_id, u.id, u.kind, u.voters_registered
        FROM below JOIN reporting_units u ON u.parent_id = below.id
    )
    INSERT INTO contest_units (contest_id, unit_id, election_id, units_expected, voters_registered)
    SELECT contest_id, id, :election, 1, voters_registered FROM below WHERE kind = 'precinct'
""")

# Totals of nothing may be there already, in a draft too; opening makes those that are missing.
_FORGET_VOTES = text("""
    DELETE FROM selection_totals t USING selections s
    WHERE s.id = t.selection_id AND s.contest_id = ANY(CAST(:contests AS bigint[]))
""")
_FORGET_TOTALS = text("DELETE FROM contest_totals WHERE contest_id = ANY(CAST(:contests AS bigint[]))")
_FORGET_UNITS_ABOVE = text("""
    DELETE FROM contest_units cu USING reporting_units u
    WHERE u.id = cu.unit_id AND u.kind <> 'precinct' AND cu.contest_id = ANY(CAST(:contests AS bigint[]))
""")
_COUNT_UPWARDS = text("""
    WITH RECURSIVE up AS (
        SELECT cu.contest_id, cu.election_id, u.id, u.parent_id, u.voters_registered
        FROM contest_units cu JOIN reporting_units u ON u.id = cu.unit_id
        WHERE cu.contest_id = ANY(CAST(:contests AS bigint[]))
        UNION ALL
        SELECT up.contest_id, up.election_id, u.id, u.parent_id, up.voters_registered
        FROM up JOIN reporting_units u ON u.id = up.parent_id
    )
    INSERT INTO contest_units (contest_id, unit_id, election_id, units_expected, voters_registered)
    SELECT contest_id, id, election_id, count(*),
           CASE WHEN count(*) = count(voters_registered) THEN sum(voters_registered) END
    FROM up GROUP BY contest_id, id, election_id
    ON CONFLICT (contest_id, unit_id) DO UPDATE
    SET units_expected = excluded.units_expected, voters_registered = excluded.voters_registered
""")

_DRAFT = text("""
    SELECT count(*) FILTER (WHERE parent_id IS NULL) AS roots,
           count(*) FILTER (WHERE kind = 'precinct') AS precincts
    FROM reporting_units WHERE election_id = :election
""")
_CONTESTS = text("""
    SELECT c.code, c.ballot_order,
           (SELECT count(*) FROM selections s WHERE s.contest_id = c.id) AS selections,
           (SELECT count(*) FROM contest_units cu JOIN reporting_units u ON u.id = cu.unit_id
            WHERE cu.contest_id = c.id AND u.kind = 'precinct') AS precincts,
           coalesce((SELECT cu.units_expected FROM contest_units cu
                     WHERE cu.contest_id = c.id AND cu.unit_id = c.district_id), 0) AS in_district
    FROM contests c WHERE c.election_id = :election ORDER BY c.position, c.id
""")

# Running totals exist from the opening, for every unit above precincts: intake only ever adds to them.
_CONTEST_ZEROS = text("""
    INSERT INTO contest_totals (contest_id, unit_id, units_reported, quarantined_units, voters_registered,
                                ballots_cast, overvotes, undervotes, write_ins, rejected_ballots,
                                version, updated_at)
    SELECT cu.contest_id, cu.unit_id, 0, 0, 0, 0, 0, 0, 0, 0, 0, :at
    FROM contest_units cu JOIN reporting_units u ON u.id = cu.unit_id
    WHERE cu.election_id = :election AND u.kind <> 'precinct'
    ON CONFLICT DO NOTHING
""").bindparams(bindparam("at", type_=DateTime(timezone=True)))
_SELECTION_ZEROS = text("""
    INSERT INTO selection_totals (selection_id, unit_id, votes)
    SELECT s.id, cu.unit_id, 0
    FROM contest_units cu
    JOIN reporting_units u ON u.id = cu.unit_id
    JOIN selections s ON s.contest_id = cu.contest_id
    WHERE cu.election_id = :election AND u.kind <> 'precinct'
    ON CONFLICT DO NOTHING
""")


class Draft(msgspec.Struct, frozen=True):
    rooted: bool
    precincts: int
    contests: list[DraftContest]


class Opening:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def settle_precincts(self, election_id: int) -> None:
        """Contests without a list of precincts stand in all at or below their district from now on."""
        unsettled = list(await self._session.scalars(_UNSETTLED, {"election": election_id}))
        if unsettled:
            await self._session.execute(_ALL_PRECINCTS, {"election": election_id, "contests": unsettled})
            await self.count_upwards(unsettled)

    async def count_upwards(self, contests: Collection[int]) -> None:
        """Says anew, of every unit above the contests' precincts, what is expected there."""
        await self.forget_totals(contests)
        for query in (_FORGET_UNITS_ABOVE, _COUNT_UPWARDS):
            await self._session.execute(query, {"contests": list(contests)})

    async def forget_totals(self, contests: Collection[int]) -> None:
        """Before a contest's units change in a draft: its totals are of nothing, and hang on them."""
        for query in (_FORGET_VOTES, _FORGET_TOTALS):
            await self._session.execute(query, {"contests": list(contests)})

    async def draft(self, election_id: int) -> Draft:
        """What opening asks of an election, once its precincts are settled."""
        parameters = {"election": election_id}
        units = (await self._session.execute(_DRAFT, parameters)).one()
        contests = await self._session.execute(_CONTESTS, parameters)
        return Draft(units.roots == 1, units.precincts, [DraftContest(**row._mapping) for row in contests])

    async def begin_totals(self, election_id: int, at: datetime.datetime) -> None:
        await self._session.execute(_CONTEST_ZEROS, {"election": election_id, "at": at})
        await self._session.execute(_SELECTION_ZEROS, {"election": election_id})
