"""Reading for observers: what came in hour by hour, and the counted tallies of a whole contest."""

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.elections import ReportingUnit
from models.integrity.counts import PrecinctCount
from models.reporting import HourSums

# date_trunc with a zone cuts hours as clocks there do, also where they stand half an hour apart from UTC,
# and keeps the two apart that have one name when summer time ends.
_HOURS = text("""
    WITH RECURSIVE below AS (
        SELECT id FROM reporting_units WHERE id = :unit
        UNION ALL
        SELECT u.id FROM reporting_units u JOIN below ON u.parent_id = below.id
    )
    SELECT date_trunc('hour', sent.first_at, :timezone) AS at, count(*) AS tallies,
           count(*) FILTER (WHERE sent.contest_id = :contest) AS precincts,
           CAST(coalesce(sum(sent.ballots_cast) FILTER (WHERE sent.contest_id = :contest), 0) AS bigint)
               AS ballots_cast,
           CAST(coalesce(sum(u.voters_registered) FILTER (WHERE sent.contest_id = :contest), 0) AS bigint)
               AS voters
    FROM (
        SELECT contest_id, unit_id, min(submitted_at) AS first_at,
               max(ballots_cast) FILTER (WHERE status = 'accepted') AS ballots_cast
        FROM tallies WHERE unit_id IN (SELECT id FROM below)
        GROUP BY contest_id, unit_id
        HAVING bool_or(status = 'accepted')
    ) sent
    JOIN reporting_units u ON u.id = sent.unit_id
    GROUP BY 1 ORDER BY 1
""")

_COUNTS = text("""
    SELECT u.code AS precinct, u.name, u.voters_registered, t.ballots_cast, t.write_ins,
           array_agg(v.votes ORDER BY s.position) AS votes
    FROM tallies t
    JOIN reporting_units u ON u.id = t.unit_id
    JOIN tally_votes v ON v.election_id = t.election_id AND v.seq = t.seq
    JOIN selections s ON s.id = v.selection_id
    WHERE t.contest_id = :contest AND t.status = 'accepted'
    GROUP BY u.id, t.election_id, t.seq
    ORDER BY u.code
""")


class Observing:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def top(self, election_id: int) -> str | None:
        """Code of the unit that all others lie in; None while a draft has no units."""
        query = select(ReportingUnit.code).where(
            ReportingUnit.election_id == election_id, ReportingUnit.parent_id.is_(None)
        )
        found: str | None = await self._session.scalar(query)
        return found

    async def hours(self, unit_id: int, contest_id: int | None, timezone: str) -> list[HourSums]:
        """The hours of that timezone in which something first came in at or below a unit, in order."""
        places = {"unit": unit_id, "contest": contest_id, "timezone": timezone}
        return [HourSums(*row) for row in await self._session.execute(_HOURS, places)]

    async def counts(self, contest_id: int) -> list[PrecinctCount]:
        """Every counted tally of a contest, by precinct code."""
        rows = await self._session.execute(_COUNTS, {"contest": contest_id})
        return [PrecinctCount(**{**row._mapping, "votes": tuple(row.votes)}) for row in rows]
