"""What must hold in the database at every moment, asked of it directly."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from repositories.database import asyncpg_url

# Rows in which a running total differs from the sum of the counted tallies below its unit.
_CONTESTS_THAT_DIFFER = """
    WITH RECURSIVE below AS (
        SELECT id AS unit_id, id AS precinct_id FROM reporting_units
        UNION ALL
        SELECT u.parent_id, below.precinct_id FROM below JOIN reporting_units u ON u.id = below.unit_id
        WHERE u.parent_id IS NOT NULL
    ), sums AS (
        SELECT t.contest_id, b.unit_id, count(*) AS units_reported, sum(ballots_cast) AS ballots_cast,
               sum(overvotes) AS overvotes, sum(undervotes) AS undervotes, sum(write_ins) AS write_ins,
               sum(rejected_ballots) AS rejected_ballots
        FROM tallies t JOIN below b ON b.precinct_id = t.unit_id AND b.unit_id <> t.unit_id
        WHERE t.status = 'accepted' GROUP BY t.contest_id, b.unit_id
    )
    SELECT count(*) FROM sums FULL JOIN contest_totals k USING (contest_id, unit_id)
    WHERE (coalesce(sums.units_reported, 0), coalesce(sums.ballots_cast, 0), coalesce(sums.overvotes, 0),
           coalesce(sums.undervotes, 0), coalesce(sums.write_ins, 0), coalesce(sums.rejected_ballots, 0))
          IS DISTINCT FROM
          (coalesce(k.units_reported, 0), coalesce(k.ballots_cast, 0), coalesce(k.overvotes, 0),
           coalesce(k.undervotes, 0), coalesce(k.write_ins, 0), coalesce(k.rejected_ballots, 0))
"""
_SELECTIONS_THAT_DIFFER = """
    WITH RECURSIVE below AS (
        SELECT id AS unit_id, id AS precinct_id FROM reporting_units
        UNION ALL
        SELECT u.parent_id, below.precinct_id FROM below JOIN reporting_units u ON u.id = below.unit_id
        WHERE u.parent_id IS NOT NULL
    ), sums AS (
        SELECT v.selection_id, b.unit_id, sum(v.votes) AS votes
        FROM tallies t
        JOIN tally_votes v USING (election_id, seq)
        JOIN below b ON b.precinct_id = t.unit_id AND b.unit_id <> t.unit_id
        WHERE t.status = 'accepted' GROUP BY v.selection_id, b.unit_id
    )
    SELECT count(*) FROM sums FULL JOIN selection_totals k USING (selection_id, unit_id)
    WHERE coalesce(sums.votes, 0) <> coalesce(k.votes, 0)
"""
_LOG_FAULTS = """
    SELECT count(*) FROM log_heads h
    WHERE (SELECT count(*) FROM log_entries e WHERE e.election_id = h.election_id) <> h.seq
       OR (SELECT coalesce(max(e.seq), 0) FROM log_entries e WHERE e.election_id = h.election_id) <> h.seq
"""
_TALLIES_WITHOUT_VOTES = """
    SELECT count(*) FROM tallies t JOIN contests c ON c.id = t.contest_id
    WHERE (SELECT count(*) FROM tally_votes v WHERE v.election_id = t.election_id AND v.seq = t.seq)
       <> (SELECT count(*) FROM selections s WHERE s.contest_id = c.id)
"""


_FAULTS = (_CONTESTS_THAT_DIFFER, _SELECTIONS_THAT_DIFFER, _LOG_FAULTS, _TALLIES_WITHOUT_VOTES)


async def assert_database_is_true(url: str) -> None:
    """Totals are the sums of counted tallies at every unit, the log is gapless, tallies are whole."""
    engine = create_async_engine(asyncpg_url(url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            for fault in (
                _CONTESTS_THAT_DIFFER,
                _SELECTIONS_THAT_DIFFER,
                _LOG_FAULTS,
                _TALLIES_WITHOUT_VOTES,
            ):
                assert await connection.scalar(text(fault)) == 0, fault
    finally:
        await engine.dispose()
