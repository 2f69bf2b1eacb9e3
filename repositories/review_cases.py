"""All that is known of one tally: its history, its siblings, its twins, and the precinct's other contests."""

from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.canvass import Decision
from models.log import TallyEntry
from models.reviewing import (
    MOST_SIBLINGS,
    CaseDecision,
    CaseTally,
    OtherContest,
    Sibling,
    Siblings,
    Spread,
    Twin,
)
from repositories.concealment import CONCEALED

_PLACE = text("""
    SELECT t.contest_id, t.unit_id, u.code AS precinct, u.name AS precinct_name, u.voters_registered,
           p.id AS parent_id, p.code AS parent, p.name AS parent_name
    FROM tallies t
    JOIN reporting_units u ON u.id = t.unit_id
    LEFT JOIN reporting_units p ON p.id = u.parent_id
    WHERE t.election_id = :election AND t.seq = :seq
""")
_TALLIES = text(f"""
    SELECT t.seq, t.entry AS number, t.status, m.username, t.channel, t.lowered, l.entry
    FROM tallies t
    JOIN log_entries l ON l.election_id = t.election_id AND l.seq = t.seq
    JOIN logins m ON m.member_id = t.official_id
    WHERE t.contest_id = :contest AND t.unit_id = :unit AND NOT {CONCEALED}
    ORDER BY t.seq DESC LIMIT :limit
""")
_DECISIONS = text("""
    SELECT d.seq, d.tally_seq AS tally, d.decision, d.at, m.username AS by, d.reason, d.lowered
    FROM tallies t
    JOIN tally_decisions d ON d.election_id = t.election_id AND d.tally_seq = t.seq
    JOIN logins m ON m.member_id = d.member_id
    WHERE t.contest_id = :contest AND t.unit_id = :unit
    ORDER BY d.seq DESC LIMIT :limit
""")
_OTHERS = text("""
    SELECT c.code AS contest, c.name, o.seq, o.status, o.ballots_cast
    FROM (
        SELECT DISTINCT ON (t.contest_id) t.contest_id, t.seq, t.status, t.ballots_cast
        FROM tallies t
        WHERE t.unit_id = :unit AND t.contest_id <> :contest AND t.status IN ('accepted', 'quarantined')
        ORDER BY t.contest_id, t.status = 'accepted' DESC, t.seq DESC
    ) o
    JOIN contests c ON c.id = o.contest_id
    ORDER BY c.position
""")
_TWINS = text("""
    SELECT u.code AS precinct, u.name, o.seq, o.status
    FROM tallies t
    JOIN tallies o ON o.contest_id = t.contest_id AND o.vector = t.vector AND o.unit_id <> t.unit_id
                  AND o.status IN ('accepted', 'quarantined')
    JOIN reporting_units u ON u.id = o.unit_id
    WHERE t.election_id = :election AND t.seq = :seq
    ORDER BY o.seq LIMIT :limit
""")

_COUNTED = """
    WITH counted AS (
        SELECT u.code, u.name, u.voters_registered, t.election_id, t.seq, t.ballots_cast, t.write_ins,
               w.votes + t.write_ins AS whole
        FROM reporting_units u
        JOIN tallies t ON t.unit_id = u.id AND t.contest_id = :contest AND t.status = 'accepted'
        CROSS JOIN LATERAL (
            SELECT sum(v.votes) AS votes FROM tally_votes v
            WHERE v.election_id = t.election_id AND v.seq = t.seq
        ) w
        WHERE u.parent_id = :parent AND u.id <> :unit
    )
"""
_SPREADS = text(
    _COUNTED
    + """
    SELECT CAST(NULL AS text) AS selection, count(*) AS precincts,
           avg(CAST(c.ballots_cast AS float) / c.voters_registered) AS mean,
           min(CAST(c.ballots_cast AS float) / c.voters_registered) AS least,
           max(CAST(c.ballots_cast AS float) / c.voters_registered) AS most
    FROM counted c WHERE c.voters_registered > 0
    UNION ALL
    SELECT s.code, count(*), avg(CAST(v.votes AS float) / c.whole), min(CAST(v.votes AS float) / c.whole),
           max(CAST(v.votes AS float) / c.whole)
    FROM counted c
    JOIN tally_votes v ON v.election_id = c.election_id AND v.seq = c.seq
    JOIN selections s ON s.id = v.selection_id
    WHERE c.whole > 0
    GROUP BY s.code
"""
)
_CLOSEST = text(
    _COUNTED
    + """
    SELECT c.code AS precinct, c.name, c.seq, c.voters_registered, c.ballots_cast, c.whole,
           json_object_agg(s.code, v.votes) AS votes
    FROM (
        SELECT * FROM counted
        ORDER BY abs(coalesce(voters_registered, 0) - coalesce(CAST(:voters AS bigint), 0)), code
        LIMIT :limit
    ) c
    JOIN tally_votes v ON v.election_id = c.election_id AND v.seq = c.seq
    JOIN selections s ON s.id = v.selection_id
    GROUP BY c.code, c.name, c.seq, c.voters_registered, c.ballots_cast, c.whole
    ORDER BY abs(coalesce(c.voters_registered, 0) - coalesce(CAST(:voters AS bigint), 0)), c.code
"""
)

MOST_TALLIES = 100
MOST_TWINS = 5

_entry_of = msgspec.json.Decoder(TallyEntry).decode


class CasePlace(msgspec.Struct, frozen=True):
    """The precinct and contest of a tally, and the unit right above the precinct."""

    contest_id: int
    unit_id: int
    precinct: str
    precinct_name: str
    voters_registered: int | None
    parent_id: int | None
    parent: str | None
    parent_name: str | None


class ReviewCases:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def place(self, election_id: int, seq: int) -> CasePlace:
        """Where a tally that is there came from."""
        row = (await self._session.execute(_PLACE, {"election": election_id, "seq": seq})).one()
        return CasePlace(**row._mapping)

    async def tallies(self, place: CasePlace) -> list[CaseTally]:
        """All of the place in their order, the newest hundred, but for entries that nobody may see yet."""
        rows = await self._session.execute(_TALLIES, _of(place, limit=MOST_TALLIES))
        return [_tally(row) for row in rows][::-1]

    async def decisions(self, place: CasePlace) -> list[CaseDecision]:
        """What was decided on them, in order, the newest hundred."""
        rows = await self._session.execute(_DECISIONS, _of(place, limit=MOST_TALLIES))
        return [CaseDecision(**{**row._mapping, "decision": Decision(row.decision)}) for row in rows][::-1]

    async def others(self, place: CasePlace) -> list[OtherContest]:
        """The precinct's other contests, in ballot order, where something counts or waits."""
        rows = await self._session.execute(_OTHERS, _of(place))
        return [OtherContest(**row._mapping) for row in rows]

    async def twins(self, election_id: int, seq: int) -> list[Twin]:
        """Other precincts with the same figures, the first few."""
        places = {"election": election_id, "seq": seq, "limit": MOST_TWINS}
        return [Twin(**row._mapping) for row in await self._session.execute(_TWINS, places)]

    async def siblings(self, place: CasePlace) -> Siblings | None:
        """What counts in the precincts right below the same unit; None for one that lies in none."""
        if place.parent is None or place.parent_name is None:
            return None
        around = {**_of(place), "parent": place.parent_id}
        spreads = {row.selection: _spread(row) for row in await self._session.execute(_SPREADS, around)}
        closest = {**around, "voters": place.voters_registered, "limit": MOST_SIBLINGS}
        rows = await self._session.execute(_CLOSEST, closest)
        return Siblings(
            unit=place.parent,
            name=place.parent_name,
            turnout=spreads.pop(None),
            shares={code: spread for code, spread in spreads.items() if spread},
            closest=[_sibling(row) for row in rows],
        )


def _of(place: CasePlace, **others: Any) -> dict[str, Any]:
    return {"contest": place.contest_id, "unit": place.unit_id, **others}


def _tally(row: Any) -> CaseTally:
    entry = _entry_of(row.entry)
    return CaseTally(
        seq=row.seq,
        revision=entry.revision,
        entry=row.number,
        status=row.status,
        at=entry.at,
        by=row.username,
        channel=row.channel,
        reason=entry.reason,
        votes=entry.votes,
        ballots_cast=entry.ballots_cast,
        write_ins=entry.write_ins,
        overvotes=entry.overvotes,
        undervotes=entry.undervotes,
        rejected_ballots=entry.rejected_ballots,
        checks=entry.checks,
        lowered=row.lowered,
    )


def _spread(row: Any) -> Spread | None:
    if not row.precincts:
        return None
    return Spread(precincts=row.precincts, mean=row.mean, least=row.least, most=row.most)


def _sibling(row: Any) -> Sibling:
    return Sibling(
        precinct=row.precinct,
        name=row.name,
        seq=row.seq,
        voters_registered=row.voters_registered,
        ballots_cast=row.ballots_cast,
        turnout=row.ballots_cast / row.voters_registered if row.voters_registered else None,
        shares={code: votes / int(row.whole) for code, votes in row.votes.items()} if row.whole else {},
    )
