"""The log: its head, appending, and reading onwards from any position."""

import datetime
from collections.abc import Collection

import msgspec
from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.history import CountedTally, DecidedTally, Told
from models.log import Entry, LogEntry, LogHead, LogRecord, entry_bytes, leaf_hash
from repositories.concealment import CONCEALED

_LOCK = text("SELECT seq FROM log_heads WHERE election_id = :election FOR UPDATE")

# Which entries are a contest's stands in the tables of tallies and of decisions; what they said when they
# came, in the log. Of decisions only those are read that count a tally or take one out.
_TALLIES = text("""
    SELECT seq, tally, decision
    FROM (
        (SELECT t.seq, l.entry AS tally, NULL AS decision
         FROM tallies t JOIN log_entries l ON l.election_id = t.election_id AND l.seq = t.seq
         WHERE t.election_id = :election AND t.contest_id = :contest AND t.seq > :after AND t.seq <= :upto
         ORDER BY t.seq LIMIT :limit)
        UNION ALL
        (SELECT d.seq, sent.entry, l.entry
         FROM tally_decisions d
         JOIN tallies t ON t.election_id = d.election_id AND t.seq = d.tally_seq
         JOIN log_entries sent ON sent.election_id = t.election_id AND sent.seq = t.seq
         JOIN log_entries l ON l.election_id = d.election_id AND l.seq = d.seq
         WHERE d.election_id = :election AND t.contest_id = :contest AND d.seq > :after AND d.seq <= :upto
           AND d.decision IN ('accept', 'recall')
         ORDER BY d.seq LIMIT :limit)
    ) told
    ORDER BY seq LIMIT :limit
""")
_AFTER = text(f"""
    SELECT l.seq, l.at, l.kind, l.entry, l.leaf_hash, EXISTS (
        SELECT FROM tallies t WHERE t.election_id = l.election_id AND t.seq = l.seq AND {CONCEALED}
    ) AS concealed
    FROM log_entries l
    WHERE l.election_id = :election AND l.seq > :after
    ORDER BY l.seq LIMIT :limit
""")
_CONCEALED_OF = text(f"""
    SELECT t.seq FROM tallies t
    WHERE t.election_id = :election AND t.seq = ANY(CAST(:seqs AS bigint[])) AND {CONCEALED}
""")


class _Decision(msgspec.Struct, frozen=True):
    """As it stands in the log: the tally that it is about is named there by its seq."""

    seq: int
    at: datetime.datetime
    decision: str
    supersedes: tuple[int, ...]


_read_tally = msgspec.json.Decoder(CountedTally).decode
_read_decision = msgspec.json.Decoder(_Decision).decode


class Log:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock_head(self, election_id: int) -> int:
        """Waits for the head, holds it until the commit and returns its seq.

        Because every append holds this lock, seqs have no gaps and their order is that of commits.
        """
        return int((await self._session.execute(_LOCK, {"election": election_id})).scalar_one())

    async def append(self, election_id: int, seq: int, at: datetime.datetime, entry: Entry) -> None:
        """Writes one entry behind the head, which the caller has locked, and moves the head to it."""
        data = entry_bytes(entry)
        row = {
            "election_id": election_id,
            "seq": seq,
            "at": at,
            "kind": entry.__struct_config__.tag,
            "entry": data.decode(),
            "leaf_hash": leaf_hash(data),
        }
        await self._session.execute(insert(LogEntry).values(row))
        await self._session.execute(update(LogHead).where(LogHead.election_id == election_id).values(seq=seq))

    async def head(self, election_id: int) -> int:
        """The seq of the newest entry; 0 for an empty log."""
        query = select(LogHead.seq).where(LogHead.election_id == election_id)
        return int(await self._session.scalar(query) or 0)

    async def after(self, election_id: int, seq: int, limit: int) -> list[LogRecord]:
        """At most `limit` entries behind `seq`, in order."""
        places = {"election": election_id, "after": seq, "limit": limit}
        return [LogRecord(*row) for row in await self._session.execute(_AFTER, places)]

    async def concealed(self, election_id: int, seqs: Collection[int]) -> set[int]:
        """Those of these entries that are still hidden."""
        places = {"election": election_id, "seqs": list(seqs)}
        return set(await self._session.scalars(_CONCEALED_OF, places))

    async def tallies(
        self, election_id: int, contest_id: int, *, after: int, upto: int, limit: int
    ) -> list[Told]:
        """At most `limit` entries about tallies of a contest behind `after` and not behind `upto`, in order.

        Of decisions those that count a tally or take one out.
        """
        places = {"election": election_id, "contest": contest_id, "after": after, "upto": upto}
        rows = await self._session.execute(_TALLIES, {**places, "limit": limit})
        return [_told(row.tally, row.decision) for row in rows]


def _told(tally: str, decision: str | None) -> Told:
    sent = _read_tally(tally)
    if decision is None:
        return sent
    read = _read_decision(decision)
    return DecidedTally(read.seq, read.at, read.decision, read.supersedes, sent)
