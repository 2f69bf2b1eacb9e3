"""Keeping something read from the database up to date: on a hint, and after some silence."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from models.errors import DatabaseAway
from services.tasks import end

# After so much silence the database is asked whether an announcement was missed.
SILENCE_SECONDS = 3.0
RETRY_SECONDS = 1.0

_logger = logging.getLogger(__name__)


class Keeping:
    """A task that calls `read` again and again, at most once every `pause` seconds.

    `read` says whether it brought news, which wakes whoever waits for them. Its failures are logged
    and healed: it is called again.
    """

    def __init__(self, name: str, read: Callable[[], Awaitable[bool]], *, pause: float) -> None:
        self._name = name
        self._read = read
        self._pause = pause
        self._hinted = asyncio.Event()
        self._news: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._keep(), name=name)

    def look(self) -> None:
        """There may be something new: read soon."""
        self._hinted.set()

    async def news(self) -> None:
        """Waits for the next read that brings something."""
        await asyncio.shield(self._news)

    async def _keep(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hinted.wait(), SILENCE_SECONDS)
            self._hinted.clear()
            try:
                if await self._read():
                    self._tell()
            except DatabaseAway:
                _logger.warning("%s waits for the database", self._name)
                await self._later()
            except Exception:
                _logger.exception("%s failed and goes on", self._name)
                await self._later()
            await asyncio.sleep(self._pause)

    async def _later(self) -> None:
        await asyncio.sleep(RETRY_SECONDS)
        self._hinted.set()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.get_running_loop().create_future()
        news.set_result(None)

    async def close(self) -> None:
        await end([self._task])
