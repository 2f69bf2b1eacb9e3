"""Whether those who are connected still have the rights that they came with."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator

from models.errors import DatabaseAway
from models.rights import Identity
from repositories.database import Database
from services.clock import Clock
from services.tasks import end

RETRY_SECONDS = 1.0

_logger = logging.getLogger(__name__)


class Standing:
    """One task a process; it asks the database about many open connections at once.

    Without a hint everybody connected is looked at again every `sweep` seconds: a hint may have been
    lost, and sessions and tokens expire.
    """

    def __init__(self, database: Database, clock: Clock, *, sweep: float) -> None:
        self._database = database
        self._clock = clock
        self._sweep_seconds = sweep
        self._watched: dict[asyncio.Event, Identity] = {}
        self._due: set[asyncio.Event] = set()
        self._hinted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._look_for_ever(), name="standing")

    @contextlib.contextmanager
    def watch(self, identity: Identity | None) -> Iterator[asyncio.Event]:
        """An event that is set when the credential has ended or gives other rights; never for the public."""
        lost = asyncio.Event()
        if identity is not None:
            self._watched[lost] = identity
            # The rights may have changed since they were read, before anybody listened for them here.
            self._look_at({lost})
        try:
            yield lost
        finally:
            self._watched.pop(lost, None)
            self._due.discard(lost)

    def hear_rights(self, members: frozenset[int]) -> None:
        """Something about these members changed. Returns at once."""
        self._look_at({lost for lost, identity in self._watched.items() if identity.member_id in members})

    def heal(self) -> None:
        """Hints may have been missed."""
        self._look_at(set(self._watched))

    def _look_at(self, due: set[asyncio.Event]) -> None:
        if due:
            self._due |= due
            self._hinted.set()

    async def _look_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        sweep_at = loop.time() + self._sweep_seconds
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(sweep_at):
                    await self._hinted.wait()
            if loop.time() >= sweep_at:
                self._due.update(self._watched)
                sweep_at = loop.time() + self._sweep_seconds
            self._hinted.clear()
            await self._look()

    async def _look(self) -> None:
        # Hints that come meanwhile are for the next look: this one may have read before them.
        due, self._due = self._due, set()
        try:
            await self._compare(due)
        except DatabaseAway:
            await self._again(due)
        except Exception:
            _logger.exception("looking at the rights of the connected failed and goes on")
            await self._again(due)

    async def _again(self, due: set[asyncio.Event]) -> None:
        await asyncio.sleep(RETRY_SECONDS)
        self._look_at(due & self._watched.keys())

    async def _compare(self, due: set[asyncio.Event]) -> None:
        watched = {lost: self._watched[lost] for lost in due}
        if not watched:
            return
        async with self._database.snapshot() as repos:
            now = await repos.credentials.rights(
                {identity.credential for identity in watched.values()}, self._clock()
            )
        for lost, identity in watched.items():
            key = (identity.credential.kind, identity.credential.id)
            if now.get(key) != (identity.roles, identity.units):
                lost.set()

    async def close(self) -> None:
        if self._task is not None:
            await end([self._task])
