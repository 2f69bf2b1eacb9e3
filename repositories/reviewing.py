"""The reviewers' queue: quarantined tallies and recalls that somebody asked for, the oldest first."""

import datetime
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.checks import FailedCheck
from models.reviewing import ReviewCase, ReviewQuery

# Of quarantined tallies of one place only the newest is a case: two entries that differ are one, and an
# older revision falls with it. The newest word on a recall counts. What fails stands in the log.
_CASES = """
    WITH RECURSIVE below AS (
        SELECT id FROM reporting_units WHERE id = CAST(:unit AS bigint)
        UNION ALL
        SELECT u.id FROM reporting_units u JOIN below ON u.parent_id = below.id
    ), quarantined AS (
        SELECT DISTINCT ON (t.contest_id, t.unit_id)
               t.seq, t.contest_id, t.unit_id, t.revision, t.status, t.submitted_at, t.reason
        FROM contests c JOIN tallies t ON t.contest_id = c.id AND t.status = 'quarantined'
        WHERE c.election_id = :election
        ORDER BY t.contest_id, t.unit_id, t.seq DESC
    ), recalls AS (
        SELECT DISTINCT ON (d.tally_seq) d.seq, d.tally_seq, d.decision, d.at, d.member_id, d.reason
        FROM tally_decisions d
        WHERE d.election_id = :election AND d.decision IN ('ask-recall', 'recall', 'refuse-recall')
        ORDER BY d.tally_seq, d.seq DESC
    ), waiting AS (
        SELECT q.seq AS position, q.seq, q.contest_id, q.unit_id, q.revision, q.status,
               q.submitted_at AS since, q.reason, CAST(NULL AS bigint) AS asked_by
        FROM quarantined q
        UNION ALL
        SELECT r.seq, t.seq, t.contest_id, t.unit_id, t.revision, t.status, r.at, r.reason, r.member_id
        FROM recalls r JOIN tallies t ON t.election_id = :election AND t.seq = r.tally_seq
        WHERE r.decision = 'ask-recall' AND t.status = 'accepted'
    ), told AS (
        SELECT w.*, l.entry,
               ARRAY(
                   SELECT s.official_id FROM tallies s
                   WHERE s.contest_id = w.contest_id AND s.unit_id = w.unit_id
                     AND s.revision = w.revision AND s.status = w.status
                   ORDER BY s.seq
               ) AS senders,
               EXISTS (
                   SELECT FROM tally_decisions d
                   WHERE d.election_id = :election AND d.tally_seq = w.seq AND d.decision = 'ask-again'
               ) AS asked_again
        FROM waiting w JOIN log_entries l ON l.election_id = :election AND l.seq = w.seq
    ), fitting AS (
        SELECT * FROM told w
        WHERE (CAST(:contest AS bigint) IS NULL OR w.contest_id = :contest)
          AND (CAST(:unit AS bigint) IS NULL OR w.unit_id IN (SELECT id FROM below))
          AND (:check = '' OR CAST(w.entry AS jsonb) -> 'checks' @> CAST(:checks AS jsonb))
          AND (:asked = '' OR w.asked_again = (:asked = 'yes'))
          AND (CAST(:until AS timestamptz) IS NULL OR w.since <= :until)
          AND (CAST(:member AS bigint) IS NULL
               OR NOT (:member = ANY(w.senders) OR coalesce(w.asked_by = :member, false)))
    )
"""
_COUNT = text(_CASES + "SELECT (SELECT count(*) FROM fitting), count(*), min(since) FROM waiting")
_PAGE = text(
    _CASES
    + """
    SELECT w.position, w.seq, w.revision, w.since, w.reason, w.asked_again, w.entry,
           u.code AS precinct, u.name AS precinct_name, c.code AS contest, c.name AS contest_name,
           ARRAY(
               SELECT g.username FROM unnest(w.senders) WITH ORDINALITY AS s(id, place)
               JOIN logins g ON g.member_id = s.id ORDER BY s.place
           ) AS senders,
           a.username AS asked_by,
           (SELECT count(*) FROM complaints k
            WHERE k.unit_id = w.unit_id AND k.status <> 'withdrawn') AS complaints
    FROM (SELECT * FROM fitting WHERE position > :after ORDER BY position LIMIT :limit) w
    JOIN reporting_units u ON u.id = w.unit_id
    JOIN contests c ON c.id = w.contest_id
    LEFT JOIN logins a ON a.member_id = w.asked_by
    ORDER BY w.position
"""
)


class _Checked(msgspec.Struct):
    """What of a tally's log entry the queue shows."""

    checks: list[FailedCheck]


_checks_of = msgspec.json.Decoder(_Checked).decode


class Reviewing:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def counts(self, places: dict[str, Any]) -> tuple[int, int, datetime.datetime | None]:
        """How many cases fit, how many there are, and since when the oldest of these waits."""
        found, waiting, oldest = (await self._session.execute(_COUNT, places)).one()
        return found, waiting, oldest

    async def page(self, places: dict[str, Any]) -> list[ReviewCase]:
        """The cases that fit, the oldest first."""
        return [_case(row) for row in await self._session.execute(_PAGE, places)]


def places_of(
    election_id: int,
    query: ReviewQuery,
    *,
    contest: int | None,
    unit: int | None,
    until: datetime.datetime | None,
    member: int,
) -> dict[str, Any]:
    """What fills the places of the statements: ids for codes, since when at the latest, and who `mine` is."""
    return {
        "election": election_id,
        "contest": contest,
        "unit": unit,
        "check": query.check,
        "checks": msgspec.json.encode([{"check": query.check}]).decode(),
        "asked": query.asked,
        "until": until,
        "member": member if query.mine else None,
        "after": query.after,
        "limit": query.limit,
    }


def _case(row: Any) -> ReviewCase:
    recall = row.asked_by is not None
    return ReviewCase(
        kind="recall" if recall else "entries" if len(row.senders) > 1 else "tally",
        position=row.position,
        seq=row.seq,
        precinct=row.precinct,
        precinct_name=row.precinct_name,
        contest=row.contest,
        contest_name=row.contest_name,
        revision=row.revision,
        checks=_checks_of(row.entry).checks,
        since=row.since,
        senders=row.senders,
        asked_by=row.asked_by,
        reason=row.reason,
        asked_again=row.asked_again,
        complaints=row.complaints,
    )
