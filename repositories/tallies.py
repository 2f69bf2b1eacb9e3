"""Intake's part of the database: how things stand under the head's lock, and a batch written at once."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.batch import Earlier, Held, Receipt, Recorded, Standing, Submission
from models.lifecycles import TallyStatus
from models.log import TallyEntry
from models.totals import Figures
from repositories.arrays import arrays, numbers
from repositories.driver import Row, Statement

# One row at least, for the election's own state. Rows found by ref alone belong to a repeated
# submission, which is answered with the receipt that it got before. OFFSET 0 keeps the planner from
# joining the whole election to the batch: each look-up is one probe of an index, at every size.
_STATE = Statement(f"""
    SELECT e.status AS election_status, e.changed_seq,
           t.seq, t.contest_id, t.unit_id, t.revision, t.status, t.official_id, t.entry, t.vector, t.ref,
           t.digest
    FROM elections e
    LEFT JOIN (
        SELECT t.*
        FROM unnest({arrays("bigint", "contests", "units")}) AS k(contest_id, unit_id),
        LATERAL (
            SELECT * FROM tallies t WHERE t.contest_id = k.contest_id AND t.unit_id = k.unit_id OFFSET 0
        ) t
        UNION
        SELECT t.*
        FROM unnest({arrays("bigint", "officials")}, CAST(:refs AS text[])) AS k(official_id, ref),
        LATERAL (
            SELECT * FROM tallies t
            WHERE t.election_id = :election AND t.official_id = k.official_id AND t.ref = k.ref OFFSET 0
        ) t
    ) t ON true
    WHERE e.id = :election
    ORDER BY t.seq
""")

_FIGURES = text("""
    SELECT t.seq, t.contest_id, t.unit_id,
           t.ballots_cast, t.overvotes, t.undervotes, t.write_ins, t.rejected_ballots,
           array_agg(v.selection_id) AS selections, array_agg(v.votes) AS votes
    FROM tallies t JOIN tally_votes v ON v.election_id = t.election_id AND v.seq = t.seq
    WHERE t.election_id = :election AND t.seq = ANY(CAST(:seqs AS bigint[]))
    GROUP BY t.election_id, t.seq
""")

_RECEIPTS = text("""
    SELECT entry, leaf_hash FROM log_entries
    WHERE election_id = :election AND seq = ANY(CAST(:seqs AS bigint[]))
""")

_MOVE = text("""
    UPDATE tallies t SET status = r.status
    FROM unnest(CAST(:seqs AS bigint[]), CAST(:statuses AS text[])) AS r(seq, status)
    WHERE t.election_id = :election AND t.seq = r.seq
""")

_COUNTS = ("ballots_cast", "overvotes", "undervotes", "write_ins", "rejected_ballots")
_MOVED = tuple(f"moved_{column}" for column in range(13))
_SHARES = tuple(f"share_{column}" for column in range(4))

# The whole batch in one statement and so in one round trip. Every total has its row, of zeros, since
# the election was defined.
_WRITE = Statement(f"""
    WITH entries AS (
        INSERT INTO log_entries (election_id, seq, at, kind, entry, leaf_hash)
        SELECT :election, seq, :at, kind, entry, leaf_hash
        FROM unnest({arrays("bigint", "line_seqs")}, CAST(:kinds AS text[]), CAST(:entries AS text[]),
                    CAST(:leaf_hashes AS bytea[])) AS r(seq, kind, entry, leaf_hash)
    ), new_tallies AS (
        INSERT INTO tallies (election_id, seq, contest_id, unit_id, official_id, revision, status,
                             ballots_cast, overvotes, undervotes, write_ins, rejected_ballots,
                             reason, ref, digest, channel, entry, vector, lowered, submitted_at)
        SELECT :election, r.*, :at
        FROM unnest({arrays("bigint", "seqs", "contests", "units", "officials")},
                    {arrays("smallint", "revisions")}, CAST(:statuses AS text[]),
                    {arrays("integer", *_COUNTS)}, CAST(:reasons AS text[]), CAST(:refs AS text[]),
                    CAST(:digests AS bytea[]), CAST(:channels AS text[]),
                    {arrays("smallint", "entry_numbers")}, {arrays("bigint", "vectors")},
                    {arrays("boolean", "lowered")}) AS r
    ), new_votes AS (
        INSERT INTO tally_votes (election_id, seq, selection_id, votes)
        SELECT :election, r.*
        FROM unnest({arrays("bigint", "vote_seqs", "vote_selections")}, {arrays("integer", "votes")}) AS r
    ), moved_contests AS (
        UPDATE contest_totals t SET
            units_reported = t.units_reported + r.units_reported,
            quarantined_units = t.quarantined_units + r.quarantined_units,
            awaiting_units = t.awaiting_units + r.awaiting_units,
            voters_registered = t.voters_registered + r.voters_registered,
            ballots_cast = t.ballots_cast + r.ballots_cast,
            overvotes = t.overvotes + r.overvotes,
            undervotes = t.undervotes + r.undervotes,
            write_ins = t.write_ins + r.write_ins,
            rejected_ballots = t.rejected_ballots + r.rejected_ballots,
            turnout_n = t.turnout_n + r.turnout_n,
            turnout_total = t.turnout_total + r.turnout_total,
            turnout_squares = t.turnout_squares + r.turnout_squares,
            lowered_by = greatest(t.lowered_by, r.lowered_by),
            version = :head,
            updated_at = :at
        FROM unnest({arrays("bigint", "total_contests", "total_units", *_MOVED)})
             AS r(contest_id, unit_id, units_reported, quarantined_units, awaiting_units,
                  voters_registered, ballots_cast, overvotes, undervotes, write_ins, rejected_ballots,
                  turnout_n, turnout_total, turnout_squares, lowered_by)
        WHERE t.contest_id = r.contest_id AND t.unit_id = r.unit_id
    ), moved_selections AS (
        UPDATE selection_totals t SET
            votes = t.votes + r.votes,
            share_n = t.share_n + r.share_n,
            share_total = t.share_total + r.share_total,
            share_squares = t.share_squares + r.share_squares
        FROM unnest({arrays("bigint", "total_selections", "selection_units", *_SHARES)})
             AS r(selection_id, unit_id, votes, share_n, share_total, share_squares)
        WHERE t.selection_id = r.selection_id AND t.unit_id = r.unit_id
    )
    UPDATE log_heads SET seq = :head WHERE election_id = :election
""")


# Tallies whose figures may still matter to the next one of their place.
_STANDS = (TallyStatus.ACCEPTED, TallyStatus.QUARANTINED, TallyStatus.AWAITING)


class BatchState(msgspec.Struct):
    """How an election stands for one batch, read under the head's lock."""

    election_status: str
    changed_seq: int
    standings: dict[tuple[int, int], Standing]
    earlier: dict[tuple[int, str], Earlier]


class Tallies:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def state(
        self, election_id: int, places: Sequence[tuple[int, int]], submissions: Sequence[Submission]
    ) -> BatchState:
        """What the batch meets: `places` are its (contest, unit) ids, in the order of the submissions."""
        rows = await _STATE.rows(
            self._session,
            {
                "election": election_id,
                "contests": numbers([contest for contest, _ in places]),
                "units": numbers([unit for _, unit in places]),
                "officials": numbers([s.sender.official_id for s in submissions]),
                "refs": [s.tally.ref for s in submissions],
            },
        )
        state = BatchState(rows[0].election_status, rows[0].changed_seq, {}, {})
        known = [row for row in rows if row.seq is not None]
        if known:
            await self._standings(election_id, state, set(places), known)
            sent = {(s.sender.official_id, s.tally.ref) for s in submissions}
            await self._earlier(election_id, state, [r for r in known if (r.official_id, r.ref) in sent])
        return state

    async def _standings(
        self, election_id: int, state: BatchState, places: set[tuple[int, int]], rows: list[Row]
    ) -> None:
        figures = await self.figures(election_id, [row.seq for row in rows if row.status in _STANDS])
        for row in rows:
            place = (row.contest_id, row.unit_id)
            if place not in places:
                continue
            standing = state.standings.setdefault(place, Standing())
            standing.revision = max(standing.revision, row.revision)
            if row.status == TallyStatus.ACCEPTED:
                standing.counted = figures[row.seq]
            elif row.status in _STANDS:
                held = Held(figures[row.seq], row.revision, row.official_id, row.entry, row.vector)
                if row.status == TallyStatus.AWAITING:
                    standing.awaiting = held
                else:
                    standing.quarantined += (held,)

    async def figures(self, election_id: int, seqs: list[int]) -> dict[int, Figures]:
        """The figures of these tallies, by seq."""
        if not seqs:
            return {}
        rows = await self._session.execute(_FIGURES, {"election": election_id, "seqs": seqs})
        return {
            row.seq: Figures(
                row.seq,
                row.ballots_cast,
                row.overvotes,
                row.undervotes,
                row.write_ins,
                row.rejected_ballots,
                dict(zip(row.selections, row.votes, strict=True)),
            )
            for row in rows
        }

    async def _earlier(self, election_id: int, state: BatchState, rows: list[Row]) -> None:
        if not rows:
            return
        seqs = [row.seq for row in rows]
        found = await self._session.execute(_RECEIPTS, {"election": election_id, "seqs": seqs})
        entries = {}
        for text_, hashed in found:
            entry = msgspec.json.decode(text_, type=TallyEntry)
            entries[entry.seq] = (entry, hashed)
        for row in rows:
            entry, hashed = entries[row.seq]
            receipt = Receipt(
                ref=row.ref,
                seq=row.seq,
                revision=entry.revision,
                status=entry.status,
                checks=entry.checks,
                leaf_hash=hashed.hex(),
            )
            state.earlier[row.official_id, row.ref] = Earlier(row.digest, receipt)

    async def write(self, election_id: int, recorded: Recorded) -> None:
        """Writes a batch: entries, tallies, votes, totals and the head."""
        known = {row.seq for row in recorded.rows}
        moved = sorted((seq, status) for seq, status in recorded.statuses.items() if seq not in known)
        # Before what is counted anew: at no moment may two revisions be counted.
        for counted in (False, True):
            step = [move for move in moved if (move[1] == TallyStatus.ACCEPTED) == counted]
            if step:
                seqs, statuses = ([*column] for column in zip(*step, strict=True))
                places = {"election": election_id, "seqs": seqs, "statuses": statuses}
                await self._session.execute(_MOVE, places)
        await _WRITE.rows(self._session, _columns(election_id, recorded))


def _columns(election_id: int, recorded: Recorded) -> dict[str, Any]:
    """The batch as the arrays of `_WRITE`. A tally that came and moved on within it is stored so."""
    rows = recorded.rows
    tallies = [row.submission.tally for row in rows]
    # In one order everywhere, so that two processes never wait for each other's rows.
    contests = sorted(recorded.totals.contests.items())
    selections = sorted(recorded.totals.selections.items())
    movements = _transposed((msgspec.structs.astuple(movement) for _, movement in contests), len(_MOVED))
    shares = _transposed((msgspec.structs.astuple(movement) for _, movement in selections), len(_SHARES))
    return {
        "election": election_id,
        "at": recorded.at,
        "head": recorded.seq,
        "line_seqs": numbers([line.seq for line in recorded.lines]),
        "kinds": [line.kind for line in recorded.lines],
        "entries": [line.entry for line in recorded.lines],
        "leaf_hashes": [line.leaf_hash for line in recorded.lines],
        "seqs": numbers([row.seq for row in rows]),
        "contests": numbers([row.contest_id for row in rows]),
        "units": numbers([row.unit_id for row in rows]),
        "officials": numbers([row.submission.sender.official_id for row in rows]),
        "revisions": numbers([tally.revision for tally in tallies]),
        "statuses": [recorded.statuses.get(row.seq, row.status) for row in rows],
        **{name: numbers([getattr(tally, name) for tally in tallies]) for name in _COUNTS},
        "reasons": [tally.reason for tally in tallies],
        "refs": [tally.ref for tally in tallies],
        "digests": [row.submission.digest for row in rows],
        "channels": [row.submission.sender.channel for row in rows],
        "entry_numbers": numbers([row.entry for row in rows]),
        "vectors": numbers([row.vector for row in rows]),
        "lowered": numbers([row.lowered for row in rows]),
        "vote_seqs": numbers([row.seq for row in rows for _ in row.votes]),
        "vote_selections": numbers([selection for row in rows for selection in row.votes]),
        "votes": numbers([votes for row in rows for votes in row.votes.values()]),
        "total_contests": numbers([contest for (contest, _), _ in contests]),
        "total_units": numbers([unit for (_, unit), _ in contests]),
        **dict(zip(_MOVED, map(numbers, movements), strict=True)),
        "total_selections": numbers([selection for (selection, _), _ in selections]),
        "selection_units": numbers([unit for (_, unit), _ in selections]),
        **dict(zip(_SHARES, map(numbers, shares), strict=True)),
    }


def _transposed(rows: Iterable[tuple[int, ...]], width: int) -> list[list[int]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
