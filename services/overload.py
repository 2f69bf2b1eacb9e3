"""Whether this process can take one more: what is under way in it, and how late it is.

Nothing is ever closed altogether and nothing stays closed: who is refused is drawn by lot, with a chance
that follows the pressure of this moment (services/pressure.py). Whether somebody is who they seem to be is
not looked at, for that costs more than a refusal; who pretends reaches the bound of the next kind.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable, Iterator

from services.pressure import Kind, Pressure
from services.signals import shed
from services.tasks import end

LOOK_SECONDS = 0.1

QUIET_SECONDS = 10.0
"""Once nobody was refused for so long, it is over, and the log says so."""

SLOWEST = 8.0
"""Under the whole pressure, viewers get their events so many times as seldom."""

_logger = logging.getLogger(__name__)


class Overload:
    """One for a process, whose settings are those of [overload] in config.toml.

    `readers` is how many requests of the public's are worked on at once.
    """

    def __init__(
        self,
        *,
        late: float,
        requests: int,
        officers: int,
        readers: int,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.pressure = Pressure(late, requests)
        self.under_way = 0
        """Requests that are worked on; neither open streams nor answers that were ready."""
        self.waiting = 0
        """Requests that were let in and wait for their turn."""
        self.officers = 0
        """Sockets of officers that are open."""
        self.readers = asyncio.Semaphore(readers)
        """Turns: so many of the public's requests are worked on at once; the others that were let in wait.

        So a rush of dear pages makes a line, and not one long turn of the loop, for which all would wait.
        """
        self._most_officers = officers
        self._chance = chance
        self._calm = self.pressure.calm()
        self._shed = 0
        """Since it began that somebody was refused."""
        self._shed_at = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._look_for_ever(), name="overload")

    async def close(self) -> None:
        if self._task is not None:
            await end([self._task])

    @property
    def at_ease(self) -> bool:
        """Whether nobody is refused just now; asked for each request."""
        return self.under_way < self._calm and self.waiting < self._calm

    def takes(self, kind: Kind) -> bool:
        """Whether one more of this kind is taken now; if not, it is counted as shed."""
        refused = self.pressure.refused(kind, self.under_way, self.waiting)
        return not refused or self._chance() >= refused or self._refuse(kind)

    def takes_officer(self) -> bool:
        """Whether one more socket for tallies is taken now."""
        if self.officers < self._most_officers:
            return self.takes(Kind.TALLY)
        return self._refuse(Kind.TALLY)

    def _refuse(self, kind: Kind) -> bool:
        if not self._shed:
            _logger.warning("more comes than this process can carry: it begins to refuse what matters least")
        self._shed += 1
        self._shed_at = time.monotonic()
        shed.send(self, kind=kind.value)
        return False

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """One request is under way."""
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1

    async def turn(self) -> contextlib.ExitStack:
        """Waits for a turn, which is given back when what is returned is closed."""
        self.waiting += 1
        try:
            await self.readers.acquire()
        finally:
            self.waiting -= 1
        taken = contextlib.ExitStack()
        taken.callback(self.readers.release)
        return taken

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """One officer's socket is open."""
        self.officers += 1
        try:
            yield
        finally:
            self.officers -= 1

    def slowed(self, pause: float) -> float:
        """The seconds between two events for a viewer: more under pressure, so that tallies go first."""
        return pause * float(SLOWEST ** self.pressure.level())

    async def _look_for_ever(self) -> None:
        looked = time.monotonic()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            begun = time.monotonic()
            # One turn of the loop: everything that is ready now has its step before this goes on.
            await asyncio.sleep(0)
            now = time.monotonic()
            self.pressure.look(now - begun, now - looked)
            self._calm = self.pressure.calm()
            looked = now
            self._tell_of_its_end(now)

    def _tell_of_its_end(self, now: float) -> None:
        if self._shed and now - self._shed_at > QUIET_SECONDS:
            _logger.warning("this process carries all that comes again; it refused %d", self._shed)
            self._shed = 0
