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

# Without a hint, everybody connected is looked at again after so long: a hint may have been lost.
SWEEP_SECONDS = 15.0
RETRY_SECONDS = 1.0

_logger = logging.getLogger(__name__)


class Standing:
    """One task a process; it asks the database about all open connections at once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._watched: dict[asyncio.Event, Identity] = {}
        self._hinted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._sweep_for_ever(), name="standing")

    @contextlib.contextmanager
    def watch(self, identity: Identity | None) -> Iterator[asyncio.Event]:
        """An event that is set when the credential has ended or gives other rights; never for the public."""
        lost = asyncio.Event()
        if identity is not None:
            self._watched[lost] = identity
        try:
            yield lost
        finally:
            self._watched.pop(lost, None)

    def hear_rights(self, members: frozenset[int]) -> None:
        """Something about these members changed. Returns at once."""
        if any(identity.member_id in members for identity in self._watched.values()):
            self._hinted.set()

    def heal(self) -> None:
        """Hints may have been missed."""
        self._hinted.set()

    async def _sweep_for_ever(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hinted.wait(), SWEEP_SECONDS)
            self._hinted.clear()
            try:
                await self._sweep()
            except DatabaseAway:
                await asyncio.sleep(RETRY_SECONDS)
                self._hinted.set()
            except Exception:
                _logger.exception("looking at the rights of the connected failed and goes on")
                await asyncio.sleep(RETRY_SECONDS)

    async def _sweep(self) -> None:
        watched = dict(self._watched)
        if not watched:
            return
        async with self._database.transaction() as repos:
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
