"""Reading the log: a page from any position, and following it without gap or repeat."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncGenerator

import msgspec

from models.errors import DatabaseAway
from models.log import LogRecord
from repositories.database import Database
from services.announcements import Announcement
from services.tasks import end

# Entries that a process keeps at hand for those who follow; who is further behind reads the database.
TAIL_ENTRIES = 4096
PAGE = 1000
READ_PAUSE_SECONDS = 0.1
SILENCE_SECONDS = 3.0
RETRY_SECONDS = 1.0

_logger = logging.getLogger(__name__)


class LogPage(msgspec.Struct, frozen=True):
    """Entries in order; `released` says whether the public may see the figures in them."""

    records: list[LogRecord]
    released: bool


class _Tail:
    """The newest entries of one election's log, kept while somebody follows it."""

    def __init__(self, database: Database, election: str) -> None:
        self._database = database
        self._election = election
        self._records: deque[LogRecord] = deque(maxlen=TAIL_ENTRIES)
        self._released = False
        self.head = 0
        self.followers = 0
        self._hinted = asyncio.Event()
        self._news: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None

    def start(self, head: int) -> None:
        self.head = head
        self._task = asyncio.create_task(self._keep(), name=f"log tail of {self._election}")
        # What was committed since the head was read was announced before anybody listened here.
        self._hinted.set()

    def look(self) -> None:
        self._hinted.set()

    def after(self, seq: int) -> LogPage | None:
        """What follows `seq`, if the tail reaches back that far."""
        if seq == self.head:
            return LogPage([], self._released)
        if not self._records or seq + 1 < self._records[0].seq:
            return None
        start = seq + 1 - self._records[0].seq
        found = [self._records[i] for i in range(start, min(start + PAGE, len(self._records)))]
        return LogPage(found, self._released)

    async def beyond(self, seq: int) -> None:
        """Waits until there is an entry behind `seq`."""
        while self.head <= seq:
            await asyncio.shield(self._news)

    async def _keep(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hinted.wait(), SILENCE_SECONDS)
            self._hinted.clear()
            try:
                await self._read()
            except DatabaseAway:
                _logger.warning("the log tail of %s waits for the database", self._election)
                await asyncio.sleep(RETRY_SECONDS)
                self._hinted.set()
            except Exception:
                _logger.exception("the log tail of %s failed and goes on", self._election)
                await asyncio.sleep(RETRY_SECONDS)
                self._hinted.set()
            await asyncio.sleep(READ_PAUSE_SECONDS)

    async def _read(self) -> None:
        page = await _read_page(self._database, self._election, self.head, PAGE)
        self._released = page.released
        if not page.records:
            return
        self._records.extend(page.records)
        self.head = page.records[-1].seq
        if len(page.records) == PAGE:
            self._hinted.set()
        news, self._news = self._news, asyncio.get_running_loop().create_future()
        news.set_result(None)

    async def close(self) -> None:
        if self._task is not None:
            await end([self._task])


class LogService:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._tails: dict[str, _Tail] = {}
        self._opening = asyncio.Lock()

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
        tail = await self._tail(election)
        tail.followers += 1
        try:
            while True:
                page = tail.after(after) or await _read_page(self._database, election, after, PAGE)
                if page.records:
                    yield page
                    after = page.records[-1].seq
                else:
                    await tail.beyond(after)
        finally:
            tail.followers -= 1
            if not tail.followers and self._tails.get(election) is tail:
                del self._tails[election]
                await tail.close()

    async def _tail(self, election: str) -> _Tail:
        async with self._opening:
            tail = self._tails.get(election)
            if tail is None:
                head = await self.head(election)
                tail = self._tails[election] = _Tail(self._database, election)
                tail.start(head)
            return tail

    def hear(self, announcement: Announcement) -> None:
        if tail := self._tails.get(announcement.election):
            tail.look()

    def heal(self) -> None:
        for tail in self._tails.values():
            tail.look()

    async def close(self) -> None:
        tails, self._tails = self._tails, {}
        for tail in tails.values():
            await tail.close()


async def _read_page(database: Database, election: str, after: int, limit: int) -> LogPage:
    async with database.snapshot() as repos:
        state = await repos.elections.get(election)
        return LogPage(await repos.log.after(state.id, after, limit), state.results_released)
