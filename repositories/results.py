"""Reading results: running totals of a unit, or the counted tally of a precinct."""

from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.places import PrecinctTally
from models.results import ContestCount, SelectionVotes

# A precinct's figures are its counted tally; every other unit keeps running totals.
_CONTEST_FIGURES = {
    False: """
        SELECT contest_id, unit_id, units_reported, quarantined_units, voters_registered, ballots_cast,
               overvotes, undervotes, write_ins, rejected_ballots, awaiting_units, lowered_by,
               version, updated_at
        FROM contest_totals""",
    True: """
        SELECT t.contest_id, t.unit_id, count(*) FILTER (WHERE t.status = 'accepted') AS units_reported,
               least(1, count(*) FILTER (WHERE t.status = 'quarantined')) AS quarantined_units,
               max(u.voters_registered) FILTER (WHERE t.status = 'accepted') AS voters_registered,
               sum(t.ballots_cast) FILTER (WHERE t.status = 'accepted') AS ballots_cast,
               sum(t.overvotes) FILTER (WHERE t.status = 'accepted') AS overvotes,
               sum(t.undervotes) FILTER (WHERE t.status = 'accepted') AS undervotes,
               sum(t.write_ins) FILTER (WHERE t.status = 'accepted') AS write_ins,
               sum(t.rejected_ballots) FILTER (WHERE t.status = 'accepted') AS rejected_ballots,
               least(1, count(*) FILTER (WHERE t.status = 'awaiting_second_entry')) AS awaiting_units,
               greatest(max(t.seq) FILTER (WHERE t.lowered), max(d.seq) FILTER (WHERE d.lowered))
                   AS lowered_by,
               greatest(max(t.seq), max(d.seq)) AS version,
               greatest(max(t.submitted_at), max(d.at)) AS updated_at
        FROM tallies t JOIN reporting_units u ON u.id = t.unit_id
        LEFT JOIN LATERAL (
            SELECT max(d.seq) AS seq, max(d.at) AS at, bool_or(d.lowered) AS lowered
            FROM tally_decisions d WHERE d.election_id = t.election_id AND d.tally_seq = t.seq
        ) d ON true
        WHERE t.unit_id = :unit
        GROUP BY t.contest_id, t.unit_id""",
}
_SELECTION_FIGURES = {
    False: "SELECT selection_id, unit_id, votes FROM selection_totals",
    True: """
        SELECT v.selection_id, t.unit_id, v.votes
        FROM tallies t JOIN tally_votes v ON v.election_id = t.election_id AND v.seq = t.seq
        WHERE t.status = 'accepted' AND t.unit_id = :unit""",
}

_CONTESTS = """
    SELECT c.id, c.code, c.name, c.is_measure, c.vote_variation, c.votes_allowed, c.number_elected,
           coalesce(cu.units_expected, 0) AS units_expected, cu.voters_registered AS voters_expected,
           coalesce(t.units_reported, 0) AS units_reported,
           coalesce(t.quarantined_units, 0) AS quarantined_units,
           coalesce(t.voters_registered, 0) AS voters_registered,
           coalesce(t.ballots_cast, 0) AS ballots_cast,
           coalesce(t.overvotes, 0) AS overvotes,
           coalesce(t.undervotes, 0) AS undervotes,
           coalesce(t.write_ins, 0) AS write_ins,
           coalesce(t.rejected_ballots, 0) AS rejected_ballots,
           coalesce(t.awaiting_units, 0) AS awaiting_units,
           coalesce(t.lowered_by, 0) AS lowered_by,
           c.recounting, c.recounted, w.excess, w.reopened,
           coalesce(t.version, 0) AS version, t.updated_at
    FROM contests c
    {units} contest_units cu ON cu.contest_id = c.id AND cu.unit_id = :unit
    LEFT JOIN ({figures}) t ON t.contest_id = c.id AND t.unit_id = :unit
    CROSS JOIN LATERAL ({waiting}) w
    WHERE c.election_id = :election
      AND (CAST(:contest AS text) IS NULL OR c.code = :contest)
      AND (coalesce(t.version, 0) > :since OR :since = 0)
    ORDER BY c.position"""

# What tallies that wait could add beyond the registered voters of their precincts (`excess`), and how many
# votes could change sides where a counted tally may be replaced by one that waits, or recalled as somebody
# asks (`reopened`). A tally that is held may well have more votes for a selection than ballots. Figures of a
# first entry stay concealed: nothing that is told may be made of them.
_WAITING = """
    SELECT coalesce(sum(greatest(w.most - coalesce(u.voters_registered, 0), 0))
                    FILTER (WHERE k.seq IS NULL), 0) AS excess,
           CASE WHEN bool_or(w.unseen AND k.seq IS NOT NULL AND u.voters_registered IS NULL) THEN NULL
                ELSE coalesce(sum(greatest(k.ballots_cast, k.most)
                                  + greatest(w.most, coalesce(u.voters_registered, 0)))
                              FILTER (WHERE k.seq IS NOT NULL), 0)
           END AS reopened
    FROM (
        SELECT unit_id, max(most) AS most, bool_or(unseen) AS unseen
        FROM (
            SELECT t.unit_id, t.status <> 'quarantined' AS unseen,
                   CASE WHEN t.status = 'quarantined'
                        THEN greatest(t.ballots_cast, t.write_ins, v.most) ELSE 0 END AS most
            FROM tallies t CROSS JOIN LATERAL (
                SELECT max(v.votes) AS most FROM tally_votes v
                WHERE v.election_id = t.election_id AND v.seq = t.seq
            ) v
            WHERE t.contest_id = c.id AND t.status IN ('awaiting_second_entry', 'quarantined')
            UNION ALL
            SELECT t.unit_id, true, 0
            FROM tally_decisions d JOIN tallies t ON t.election_id = d.election_id AND t.seq = d.tally_seq
            WHERE d.election_id = :election AND d.decision = 'ask-recall'
              AND t.contest_id = c.id AND t.status = 'accepted'
              AND NOT EXISTS (
                  SELECT FROM tally_decisions answer
                  WHERE answer.election_id = d.election_id AND answer.tally_seq = d.tally_seq
                    AND answer.seq > d.seq AND answer.decision = 'refuse-recall'
              )
        ) each
        GROUP BY unit_id
    ) w
    JOIN reporting_units u ON u.id = w.unit_id
    LEFT JOIN LATERAL (
        SELECT t.seq, t.ballots_cast, greatest(t.write_ins, max(v.votes)) AS most
        FROM tallies t JOIN tally_votes v ON v.election_id = t.election_id AND v.seq = t.seq
        WHERE t.contest_id = c.id AND t.unit_id = w.unit_id AND t.status = 'accepted'
        GROUP BY t.election_id, t.seq
    ) k ON true"""

_SELECTIONS = """
    SELECT s.contest_id, s.code, s.name, p.code AS party, coalesce(t.votes, 0) AS votes
    FROM selections s
    LEFT JOIN parties p ON p.id = s.party_id
    LEFT JOIN ({figures}) t ON t.selection_id = s.id AND t.unit_id = :unit
    WHERE s.contest_id = ANY(CAST(:contests AS bigint[]))
    ORDER BY s.contest_id, s.position"""

_CONTEST_SQL = {
    leaf: text(_CONTESTS.format(figures=sql, units="JOIN", waiting=_WAITING))
    for leaf, sql in _CONTEST_FIGURES.items()
}
# In a draft it is not settled yet where a contest without a list of precincts will stand.
_DRAFT_SQL = text(_CONTESTS.format(figures=_CONTEST_FIGURES[False], units="LEFT JOIN", waiting=_WAITING))
_SELECTION_SQL = {leaf: text(_SELECTIONS.format(figures=sql)) for leaf, sql in _SELECTION_FIGURES.items()}

_TALLIES = text("""
    SELECT u.code AS precinct, u.name, u.voters_registered, t.seq, t.revision, t.submitted_at AS at,
           t.ballots_cast, t.overvotes, t.undervotes, t.write_ins, t.rejected_ballots,
           json_object_agg(s.code, v.votes ORDER BY s.position) AS votes
    FROM (
        SELECT t.*, u.code FROM tallies t JOIN reporting_units u ON u.id = t.unit_id
        WHERE t.contest_id = :contest AND t.status = 'accepted' AND u.code > :after
        ORDER BY u.code LIMIT :limit
    ) t
    JOIN reporting_units u ON u.id = t.unit_id
    JOIN tally_votes v ON v.election_id = t.election_id AND v.seq = t.seq
    JOIN selections s ON s.id = v.selection_id
    GROUP BY u.id, t.election_id, t.seq, t.revision, t.submitted_at, t.ballots_cast, t.overvotes,
             t.undervotes, t.write_ins, t.rejected_ballots
    ORDER BY u.code
""")


class Results:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def counts(
        self, election_id: int, unit_id: int, *, precinct: bool, contest: str | None = None, since: int = 0
    ) -> list[ContestCount]:
        """The sums of a unit's contests in ballot order; with `since`, of those that moved after it."""
        places = {"election": election_id, "unit": unit_id, "contest": contest, "since": since}
        return await self._counts(_CONTEST_SQL[precinct], places, precinct)

    async def drafted(self, election_id: int, root_id: int) -> list[ContestCount]:
        """Every contest of a draft as results will show it, with nothing counted yet."""
        places = {"election": election_id, "unit": root_id, "contest": None, "since": 0}
        return await self._counts(_DRAFT_SQL, places, False)

    async def _counts(self, query: TextClause, places: dict[str, Any], precinct: bool) -> list[ContestCount]:
        contests = (await self._session.execute(query, places)).all()
        selections = await self._selections(places["unit"], precinct, [row.id for row in contests])
        return [
            ContestCount(
                code=row.code,
                name=row.name,
                is_measure=row.is_measure,
                vote_variation=row.vote_variation,
                votes_allowed=row.votes_allowed,
                number_elected=row.number_elected,
                units_expected=row.units_expected,
                units_reported=row.units_reported,
                quarantined_units=row.quarantined_units,
                voters_registered=row.voters_expected,
                voters_registered_reported=row.voters_registered,
                ballots_cast=row.ballots_cast,
                overvotes=row.overvotes,
                undervotes=row.undervotes,
                write_ins=row.write_ins,
                rejected_ballots=row.rejected_ballots,
                awaiting_units=row.awaiting_units,
                recounting=row.recounting,
                recounted=row.recounted,
                lowered_by=row.lowered_by,
                excess=int(row.excess),
                reopened=None if row.reopened is None else int(row.reopened),
                version=row.version,
                updated_at=row.updated_at,
                selections=tuple(selections[row.id]),
            )
            for row in contests
        ]

    async def _selections(
        self, unit_id: int, precinct: bool, contests: list[int]
    ) -> dict[int, list[SelectionVotes]]:
        rows = await self._session.execute(_SELECTION_SQL[precinct], {"unit": unit_id, "contests": contests})
        found: dict[int, list[SelectionVotes]] = {contest: [] for contest in contests}
        for row in rows:
            found[row.contest_id].append(SelectionVotes(row.code, row.name, row.party, row.votes))
        return found

    async def tallies(self, contest_id: int, *, after: str, limit: int) -> list[PrecinctTally]:
        """The counted tallies of a contest by precinct code, a page at a time."""
        rows = await self._session.execute(_TALLIES, {"contest": contest_id, "after": after, "limit": limit})
        return [PrecinctTally(**row._mapping) for row in rows]
