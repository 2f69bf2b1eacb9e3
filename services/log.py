"""Reading the log: a page from any position, and following it without gap or repeat."""

from collections import deque
from collections.abc import AsyncGenerator
from itertools import islice

import msgspec

from models.log import LogRecord
from repositories.database import Database
from services.announcements import Announcement
from services.keeping import Keeping
from services.watches import Watches

# Entries that a process keeps at hand for those who follow; who is further behind reads the database.
TAIL_ENTRIES = 4096
PAGE = 1000
READ_PAUSE_SECONDS = 0.1


class LogPage(msgspec.Struct, frozen=True):
    """Entries in order; `released` says whether the public may see the figures in them."""

    records: list[LogRecord]
    released: bool


class _Tail:
    """The newest entries of one election's log, kept while somebody follows it."""

    def __init__(self, database: Database, election: str, head: int) -> None:
        self._database = database
        self._election = election
        self._records: deque[LogRecord] = deque(maxlen=TAIL_ENTRIES)
        self._released = False
        self.head = head
        self._keeping = Keeping(f"log tail of {election}", self._read, pause=READ_PAUSE_SECONDS)
        # What was committed since the head was read was announced before anybody listened here.
        self._keeping.look()

    def look(self) -> None:
        self._keeping.look()

    def after(self, seq: int) -> LogPage | None:
        """What follows `seq`, if the tail reaches back that far."""
        if seq == self.head:
            return LogPage([], self._released)
        if not self._records or seq + 1 < self._records[0].seq:
            return None
        start = seq + 1 - self._records[0].seq
        return LogPage(list(islice(self._records, start, start + PAGE)), self._released)

    async def beyond(self, seq: int) -> None:
        """Waits until there is an entry behind `seq`."""
        while self.head <= seq:
            await self._keeping.news()

    async def _read(self) -> bool:
        page = await _read_page(self._database, self._election, self.head, PAGE)
        self._released = page.released
        if not page.records:
            return False
        self._records.extend(page.records)
        self.head = page.records[-1].seq
        # A second entry shows a first one, and so does what a reviewer says in the place of both.
        if any(record.kind == "tally" and not record.concealed for record in page.records):
            await self._reveal()
        if len(page.records) == PAGE:
            self._keeping.look()
        return True

    async def _reveal(self) -> None:
        """First entries that are hidden no longer are shown from then on."""
        hidden = [record.seq for record in self._records if record.concealed]
        if not hidden:
            return
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(self._election)
            still = await repos.log.concealed(state.id, hidden)
        for place, record in enumerate(self._records):
            if record.concealed and record.seq not in still:
                self._records[place] = msgspec.structs.replace(record, concealed=False)

    async def close(self) -> None:
        await self._keeping.close()


class LogService:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._tails = Watches(self._tail)

    async def page(self, election: str, *, after: int, limit: int) -> LogPage:
        """At most `limit` entries behind `after`. Raises UnknownElection and DatabaseAway."""
        return await _read_page(self._database, election, after, limit)

    async def head(self, election: str) -> int:
        """The newest seq. Raises UnknownElection and DatabaseAway."""
        async with self._database.snapshot() as repos:
            return await repos.log.head((await repos.elections.get(election)).id)

    async def follow(self, election: str, *, after: int) -> AsyncGenerator[LogPage]:
        """Every entry behind `after`, in order, for ever; pages of at most 1,000.

        A follower that falls behind the tail reads from the database until it has caught up.
        Raises UnknownElection, and DatabaseAway in between: go on from the last entry that came.
        """
        async with self._tails.following(election) as tail:
            while True:
                page = tail.after(after) or await _read_page(self._database, election, after, PAGE)
                if page.records:
                    yield page
                    after = page.records[-1].seq
                else:
                    await tail.beyond(after)

    async def _tail(self, election: str) -> _Tail:
        return _Tail(self._database, election, await self.head(election))

    def hear(self, announcement: Announcement) -> None:
        self._tails.look(announcement.election)

    def heal(self) -> None:
        self._tails.look_everywhere()

    async def close(self) -> None:
        await self._tails.close()


async def _read_page(database: Database, election: str, after: int, limit: int) -> LogPage:
    async with database.snapshot() as repos:
        state = await repos.elections.get(election)
        records = await repos.log.after(state.id, after, limit)
        return LogPage(records, state.results_released)
