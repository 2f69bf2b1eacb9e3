"""Deciding on tallies: one of them as it stands, and what was decided by whom."""

import datetime

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.canvass import Case, Decision
from models.decisions import TallyDecision
from models.errors import UnknownTally
from models.log import MAX_SEQ

# A recall that was asked for is open until it is answered; the newest word on it counts.
_CASE = text("""
    SELECT t.seq, c.code AS contest, u.code AS precinct, t.revision, t.status, t.official_id AS sender,
           n.seq AS newest, CASE WHEN d.decision = 'ask-recall' THEN d.member_id END AS recall_asked_by
    FROM tallies t
    JOIN contests c ON c.id = t.contest_id
    JOIN reporting_units u ON u.id = t.unit_id
    CROSS JOIN LATERAL (
        SELECT max(n.seq) AS seq FROM tallies n
        WHERE n.contest_id = t.contest_id AND n.unit_id = t.unit_id
    ) n
    LEFT JOIN LATERAL (
        SELECT d.decision, d.member_id FROM tally_decisions d
        WHERE d.election_id = t.election_id AND d.tally_seq = t.seq
          AND d.decision IN ('ask-recall', 'recall', 'refuse-recall')
        ORDER BY d.seq DESC LIMIT 1
    ) d ON true
    WHERE t.election_id = :election AND t.seq = :seq
""")


class CanvassDecisions:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def case(self, election_id: int, seq: int) -> Case:
        """The tally of this log entry. Raises UnknownTally."""
        if seq > MAX_SEQ:
            raise UnknownTally(seq)
        row = (await self._session.execute(_CASE, {"election": election_id, "seq": seq})).one_or_none()
        if row is None:
            raise UnknownTally(seq)
        return Case(**row._mapping)

    async def add(
        self,
        election_id: int,
        *,
        seq: int,
        tally: int,
        decision: Decision,
        member: int,
        reason: str,
        lowered: bool,
        at: datetime.datetime,
    ) -> None:
        """Writes down who decided. The log entry `seq` is there already."""
        row = {
            "election_id": election_id,
            "seq": seq,
            "tally_seq": tally,
            "decision": decision.value,
            "member_id": member,
            "reason": reason,
            "lowered": lowered,
            "at": at,
        }
        await self._session.execute(insert(TallyDecision).values(row))
