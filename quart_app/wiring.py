"""Puts the rooms together: the only place that sees all of them."""

import asyncio
from typing import cast

from quart import current_app

from models.errors import TooManyWatchers
from quart_app.live import Broadcasters
from quart_app.settings import Settings, SettingsError
from repositories.database import ALWAYS_BY_INDEX, Database
from services.books import Books
from services.broker import Broker
from services.clock import utc_now
from services.elections import ElectionService
from services.intake import Intake
from services.log import LogService
from services.officials import OfficialService
from services.results import ResultsService
from services.signals import election_changed, results_changed


class Watchers:
    """How many live viewers this process carries, and whether it is about to stop."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.count = 0
        self.draining = asyncio.Event()

    def check(self) -> None:
        """Raises TooManyWatchers where one more cannot be carried."""
        if self.count >= self._limit or self.draining.is_set():
            raise TooManyWatchers

    def __enter__(self) -> None:
        self.count += 1

    def __exit__(self, *_: object) -> None:
        self.count -= 1


class Services:
    """The use cases, ready for views and commands. Make it where an event loop runs."""

    def __init__(self, settings: Settings) -> None:
        """Raises SettingsError where an engine's URL is missing."""
        if settings.database_url is None or settings.redis_url is None:
            raise SettingsError(
                "DATABASE_URL and REDIS_URL must be set; `tallystream serve` starts engines of its own."
            )
        self.settings = settings
        self.database = Database(settings.database_url, pool_size=settings.storage.pool_size)
        self._intake_database = Database(
            settings.database_url,
            pool_size=settings.intake.pool_size,
            pre_ping=False,
            settings=ALWAYS_BY_INDEX,
        )
        self.elections = ElectionService(self.database, utc_now)
        self.officials = OfficialService(self.database, utc_now)
        self.results = ResultsService(self.database)
        self.log = LogService(self.database)
        self._books = Books(self.database)
        self.intake = Intake(
            self._intake_database,
            self._books,
            utc_now,
            batch_size=settings.intake.batch_size,
            capacity=settings.intake.capacity,
        )
        self.broker = Broker(settings.redis_url, [self._books, self.results, self.log])
        self.watchers = Watchers(settings.live.max_watchers)
        self.broadcasters = Broadcasters(
            pause=settings.live.pause, heartbeat=settings.live.heartbeat, stuck=settings.live.stuck
        )

    def start(self) -> None:
        self.broker.start()
        # Several services may live in one process (tests): each hears only its own senders.
        results_changed.connect(self.broker.announce, sender=self.intake, weak=False)
        election_changed.connect(self.broker.announce, sender=self.elections, weak=False)

    async def drain(self) -> None:
        """Ends the live streams and WebSockets, so that the server can stop."""
        self.watchers.draining.set()
        await self.broadcasters.close()

    async def close(self) -> None:
        """Takes nothing more in, answers what is under way, and lets go of the engines."""
        await self.intake.close()
        results_changed.disconnect(self.broker.announce, sender=self.intake)
        election_changed.disconnect(self.broker.announce, sender=self.elections)
        await self.broker.close()
        await self.results.close()
        await self.log.close()
        await self._intake_database.dispose()
        await self.database.dispose()


def services() -> Services:
    """The services of the application that handles this request."""
    return cast(Services, current_app.extensions["tallystream"])
