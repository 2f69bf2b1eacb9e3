"""The log: its head, appending, and reading onwards from any position."""

import datetime

import msgspec
from sqlalchemy import exists, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.history import CountedTally
from models.lifecycles import TallyStatus
from models.log import Entry, LogEntry, LogHead, LogRecord, entry_bytes, leaf_hash
from models.tallies import Tally

_LOCK = text("SELECT seq FROM log_heads WHERE election_id = :election FOR UPDATE")

# Which entries are a contest's stands in the table of tallies; what they said when they came, in the log.
_TALLIES = text("""
    SELECT l.entry
    FROM tallies t JOIN log_entries l ON l.election_id = t.election_id AND l.seq = t.seq
    WHERE t.election_id = :election AND t.contest_id = :contest AND t.seq > :after AND t.seq <= :upto
    ORDER BY t.seq LIMIT :limit
""")
_AWAITING = exists().where(
    Tally.election_id == LogEntry.election_id,
    Tally.seq == LogEntry.seq,
    Tally.status == TallyStatus.AWAITING,
)
_read_tally = msgspec.json.Decoder(CountedTally).decode


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

    async def after(
        self, election_id: int, seq: int, limit: int, *, conceal: bool = False
    ) -> list[LogRecord]:
        """At most `limit` entries behind `seq`, in order.

        `conceal` marks first entries whose second one has not come.
        """
        query = (
            select(LogEntry.seq, LogEntry.at, LogEntry.kind, LogEntry.entry, LogEntry.leaf_hash)
            .where(LogEntry.election_id == election_id, LogEntry.seq > seq)
            .order_by(LogEntry.seq)
            .limit(limit)
        )
        if conceal:
            query = query.add_columns(_AWAITING)
        return [LogRecord(*row) for row in await self._session.execute(query)]

    async def tallies(
        self, election_id: int, contest_id: int, *, after: int, upto: int, limit: int
    ) -> list[CountedTally]:
        """At most `limit` tallies of a contest behind `after` and not behind `upto`, in order."""
        places = {"election": election_id, "contest": contest_id, "after": after, "upto": upto}
        rows = await self._session.scalars(_TALLIES, {**places, "limit": limit})
        return [_read_tally(entry) for entry in rows]
