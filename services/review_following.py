"""Following the reviewers' queue: read once for each change, however many reviewers watch.

What is handed on is always the whole state, never what changed in it, so that a slow follower skips to the
newest one and nobody queues.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator

import msgspec

from models.reviewing import ReviewQuery, ReviewQueue
from repositories.database import Database
from services.announcements import Announcement
from services.clock import Clock
from services.keeping import Keeping
from services.reviewing import read_queue
from services.watches import Watches

FIRST = 100
"""Cases that followers are sent, those that have waited longest."""
# Tallies come in much faster than a person can look at the queue.
READ_PAUSE_SECONDS = 0.5

_encode = msgspec.json.Encoder().encode


class QueueState:
    """The queue as it was read last, encoded once. `number` grows with each change."""

    def __init__(self, number: int, queue: ReviewQueue) -> None:
        self.number = number
        self.version = queue.version
        self.json = _encode(queue)
        self.content = msgspec.structs.replace(queue, version=0)


class _Watch:
    """One election's queue, kept up to date while somebody follows it."""

    def __init__(self, database: Database, clock: Clock, election: str, queue: ReviewQueue) -> None:
        self._database = database
        self._clock = clock
        self._election = election
        self.state = QueueState(1, queue)
        self._checked_at = time.monotonic()
        self._keeping = Keeping(f"review queue of {election}", self._read, pause=READ_PAUSE_SECONDS)
        # What was committed since the queue was read was announced before anybody listened here.
        self._keeping.look()

    @property
    def lag(self) -> float:
        """Seconds since this was last known to be how the queue stands."""
        return time.monotonic() - self._checked_at

    def look(self) -> None:
        self._keeping.look()

    async def beyond(self, number: int) -> None:
        """Waits until there is a newer state than `number`."""
        while self.state.number <= number:
            await self._keeping.news()

    async def _read(self) -> bool:
        asked_at = time.monotonic()
        queue = await _read(self._database, self._clock, self._election)
        self._checked_at = asked_at
        moved = msgspec.structs.replace(queue, version=0) != self.state.content
        if moved:
            self.state = QueueState(self.state.number + 1, queue)
        return moved

    async def close(self) -> None:
        await self._keeping.close()


class ReviewFollowing:
    """For staff; who may follow is decided elsewhere."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._watches = Watches(self._watch)

    async def check(self, election: str) -> None:
        """Raises UnknownElection and DatabaseAway."""
        async with self._database.snapshot() as repos:
            await repos.elections.get(election)

    async def follow(self, election: str, quiet: float) -> AsyncGenerator[tuple[QueueState, float, bool]]:
        """The queue as it stands and each time that it changed, for ever, and after `quiet` seconds again.

        With it comes how old that is in seconds, and whether it is news. Raises UnknownElection and
        DatabaseAway at the beginning.
        """
        async with self._watches.following(election) as watch:
            state = watch.state
            yield state, watch.lag, True
            while True:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(watch.beyond(state.number), quiet)
                is_news = watch.state.number > state.number
                state = watch.state
                yield state, watch.lag, is_news

    async def _watch(self, election: str) -> _Watch:
        queue = await _read(self._database, self._clock, election)
        return _Watch(self._database, self._clock, election, queue)

    def hear(self, announcement: Announcement) -> None:
        self._watches.look(announcement.election)

    def hear_complaint(self, election: str) -> None:
        """How many complaints there are about a precinct stands in the queue."""
        self._watches.look(election)

    def heal(self) -> None:
        self._watches.look_everywhere()

    async def close(self) -> None:
        await self._watches.close()


async def _read(database: Database, clock: Clock, election: str) -> ReviewQueue:
    async with database.snapshot() as repos:
        state = await repos.elections.get(election)
        return await read_queue(repos, state, ReviewQuery(limit=FIRST), clock())
