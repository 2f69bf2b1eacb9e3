"""What was sent of a precinct: the newest tally of each contest, and one tally with its log entry."""

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.entries import KeptTally, SentTally
from models.log import MAX_SEQ, TallyEntry
from repositories.concealment import CONCEALED

# The second of two entries stands for both. What was decided on either of them is told of it, and of the
# figures that a reviewer decided on, that it was so.
_NEWEST = text("""
    SELECT t.*, c.code AS contest, m.username, coalesce(decided.decision, resolved.decision) AS decision,
           coalesce(decided.reason, resolved.reason, '') AS decision_reason,
           t.entry = 2 AND EXISTS (
               SELECT FROM tallies first
               WHERE first.contest_id = t.contest_id AND first.unit_id = t.unit_id
                 AND first.revision = t.revision AND first.entry = 1 AND first.status <> 'superseded'
           ) AS differs
    FROM (
        SELECT DISTINCT ON (unit_id, contest_id)
               election_id, seq, unit_id, contest_id, official_id, revision, entry, status, submitted_at,
               channel
        FROM tallies
        WHERE election_id = :election AND unit_id = ANY(CAST(:units AS bigint[]))
        ORDER BY unit_id, contest_id, revision DESC, seq DESC
    ) t
    JOIN contests c ON c.id = t.contest_id
    JOIN logins m ON m.member_id = t.official_id
    LEFT JOIN tally_decisions resolved
        ON resolved.election_id = t.election_id AND resolved.seq = t.seq
    LEFT JOIN LATERAL (
        SELECT d.decision, d.reason
        FROM tallies of_both
        JOIN tally_decisions d ON d.election_id = of_both.election_id AND d.tally_seq = of_both.seq
        WHERE of_both.contest_id = t.contest_id AND of_both.unit_id = t.unit_id
          AND of_both.revision = t.revision
        ORDER BY d.seq DESC LIMIT 1
    ) decided ON true
""")

_ONE = text(f"""
    SELECT l.entry, l.leaf_hash, t.status, m.username, t.channel, {CONCEALED} AS concealed
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
        return KeptTally(
            entry, row.leaf_hash.hex(), row.status, row.username, row.channel, concealed=row.concealed
        )


def _sent(row: Any) -> SentTally:
    return SentTally(
        contest=row.contest,
        revision=row.revision,
        status=row.status,
        seq=row.seq,
        at=row.submitted_at,
        by=row.username,
        channel=row.channel,
        differs=row.differs,
        decision=row.decision,
        decision_reason=row.decision_reason,
    )
