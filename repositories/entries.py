"""What was sent of a precinct: the newest tally of each contest, and one tally with its log entry."""

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.entries import KeptTally, SentTally
from models.log import MAX_SEQ, TallyEntry

_NEWEST = text("""
    SELECT DISTINCT ON (t.unit_id, t.contest_id)
           t.unit_id, c.code AS contest, t.revision, t.status, t.seq, t.submitted_at, m.username, t.channel
    FROM tallies t
    JOIN contests c ON c.id = t.contest_id
    JOIN logins m ON m.member_id = t.official_id
    WHERE t.election_id = :election AND t.unit_id = ANY(CAST(:units AS bigint[]))
    ORDER BY t.unit_id, t.contest_id, t.revision DESC
""")

_ONE = text("""
    SELECT l.entry, l.leaf_hash, t.status, m.username, t.channel
    FROM tallies t
    JOIN log_entries l ON l.election_id = t.election_id AND l.seq = t.seq
    JOIN logins m ON m.member_id = t.official_id
    WHERE t.election_id = :election AND t.seq = :seq
""")


class Entries:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def newest(self, election_id: int, units: Collection[int]) -> dict[int, list[SentTally]]:
        """The newest revision of each contest in these precincts, by the precinct's id."""
        rows = await self._session.execute(_NEWEST, {"election": election_id, "units": list(units)})
        found: dict[int, list[SentTally]] = {unit: [] for unit in units}
        for row in rows:
            found[row.unit_id].append(_sent(row))
        return found

    async def tally(self, election_id: int, seq: int) -> KeptTally | None:
        """The tally that the log's entry `seq` brought; None where that is no tally."""
        if seq > MAX_SEQ:
            return None
        row = (await self._session.execute(_ONE, {"election": election_id, "seq": seq})).one_or_none()
        if row is None:
            return None
        entry = msgspec.json.decode(row.entry, type=TallyEntry)
        return KeptTally(entry, row.leaf_hash.hex(), row.status, row.username, row.channel)


def _sent(row: Any) -> SentTally:
    return SentTally(
        contest=row.contest,
        revision=row.revision,
        status=row.status,
        seq=row.seq,
        at=row.submitted_at,
        by=row.username,
        channel=row.channel,
    )
