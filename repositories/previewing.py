"""Everything that was counted, for what other settings of the checks would make of it."""

from collections.abc import AsyncIterator

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.check_preview import CountedTally

# As many at once as are read and made into structs between two turns of the event loop.
_AT_ONCE = 1_000

_COUNTED = text("""
    SELECT t.seq, u.code AS precinct, coalesce(p.code, '') AS parent, c.code AS contest,
           (SELECT count(*) FROM contest_units cu WHERE cu.unit_id = u.id) AS contests,
           c.votes_allowed, u.voters_registered, json_object_agg(s.code, v.votes) AS votes,
           t.ballots_cast, t.overvotes, t.undervotes, t.write_ins, t.rejected_ballots
    FROM (
        SELECT * FROM tallies
        WHERE election_id = :election AND seq > :after AND status = 'accepted'
        ORDER BY seq LIMIT :limit
    ) t
    JOIN contests c ON c.id = t.contest_id
    JOIN reporting_units u ON u.id = t.unit_id
    LEFT JOIN reporting_units p ON p.id = u.parent_id
    JOIN tally_votes v ON v.election_id = t.election_id AND v.seq = t.seq
    JOIN selections s ON s.id = v.selection_id
    GROUP BY t.seq, u.id, p.code, c.id, t.ballots_cast, t.overvotes, t.undervotes, t.write_ins,
             t.rejected_ballots
    ORDER BY t.seq
""")


class Previewing:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def counted(self, election_id: int) -> AsyncIterator[list[CountedTally]]:
        """The counted tallies of an election in the order in which they came, some at a time."""
        after = 0
        while True:
            places = {"election": election_id, "after": after, "limit": _AT_ONCE}
            rows = (await self._session.execute(_COUNTED, places)).all()
            if not rows:
                return
            after = rows[-1].seq
            yield [
                CountedTally(**{name: value for name, value in row._mapping.items() if name != "seq"})
                for row in rows
            ]
