"""One election's results, told to Nchan like to any viewer: coalesced, and always the newest state."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from quart_app.fan_out.frames import BASE, CHANGES, Frames, Message, contest_channel, events
from quart_app.fan_out.nchan import Nchan, NchanAway
from quart_app.live import ALL_WELL, LATE_SECONDS, RETRY, heartbeat
from services.results import Feed, View
from services.tasks import end

# How often nginx is asked whether it still has what it was told: a restart forgets everything.
LOOK_SECONDS = 1.0
RETRY_SECONDS = 0.5

_logger = logging.getLogger(__name__)


class Telling:
    """Keeps the channels of one election at its newest state.

    Contests have channels of their own from when somebody first asks for them. Every message can be
    repeated without harm: contests are whole, with a version.
    """

    def __init__(
        self, feed: Feed, nchan: Nchan, *, pause: float, beat: float, connected: Callable[[], bool]
    ) -> None:
        """`pause` is between two messages of a channel, `beat` the seconds between two heartbeats."""
        self._feed = feed
        self._nchan = nchan
        self._pause = pause
        self._beat = beat
        self._connected = connected
        self._frames = Frames()
        self._contests: set[str] = set()
        self._told = -1
        self._condition = ALL_WELL
        self._beat_at = self._looked_at = 0.0
        self._whole = asyncio.Event()
        self._away = False
        # Two messages of one channel never overtake each other.
        self._publishing = asyncio.Lock()
        self._task = asyncio.create_task(self._run(), name=f"telling Nchan of {self._code}")

    @property
    def _code(self) -> str:
        return self._feed.view.election.code

    async def channels(self, contest: str, patience: float) -> list[str]:
        """Where to follow one contest, or all of them for an empty `contest`.

        Empty where it is not for everybody, does not exist, or nginx was not told of it within
        `patience` seconds: then the application answers itself.
        """
        if self._feed.view.is_draft or (contest and contest not in self._feed.view.contests):
            return []
        try:
            async with asyncio.timeout(patience):
                await self._whole.wait()
                names = [await self._told_of(contest)] if contest else [BASE, CHANGES]
        except (TimeoutError, NchanAway):
            return []
        return [f"{self._code}/{name}" for name in names]

    async def _told_of(self, contest: str) -> str:
        if contest not in self._contests:
            async with self._publishing:
                await self._publish([self._of_contest(self._feed.view, contest)])
                self._contests.add(contest)
        return contest_channel(contest)

    async def _run(self) -> None:
        while True:
            try:
                await self._turn()
            except Exception as error:
                self._whole.clear()
                self._told = -1
                self._complain(error)
                await asyncio.sleep(RETRY_SECONDS)

    def _complain(self, error: Exception) -> None:
        if not isinstance(error, NchanAway):
            _logger.error("telling Nchan of %s failed and goes on", self._code, exc_info=error)
        elif not self._away:
            self._away = True
            _logger.warning("nginx does not take what it is told: %s", error)

    async def _turn(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._feed.newer(self._told), LOOK_SECONDS)
        async with self._publishing:
            if await self._forgotten():
                await self._tell_everything()
            elif self._feed.view.version > self._told:
                await self._tell_changes()
            if self._must_beat():
                await self._tell_heartbeat()
        await asyncio.sleep(self._pause)

    async def _forgotten(self) -> bool:
        if not self._whole.is_set():
            return True
        now = time.monotonic()
        if now - self._looked_at < LOOK_SECONDS:
            return False
        self._looked_at = now
        return not await self._nchan.holds(f"{self._code}/{BASE}")

    async def _tell_everything(self) -> None:
        view = self._feed.view
        await self._publish(self._frames.anew(view))
        await self._tell_heartbeat()
        self._told = view.version
        self._away = False
        self._whole.set()

    async def _tell_changes(self) -> None:
        view = self._feed.view
        await self._publish(self._frames.after(view, self._told))
        moved = self._contests.intersection(view.changed_since(self._told))
        await self._publish([self._of_contest(view, code) for code in sorted(moved)])
        self._told = view.version

    def _must_beat(self) -> bool:
        return self._condition_now() != self._condition or time.monotonic() - self._beat_at >= self._beat

    def _condition_now(self) -> tuple[bool, bool]:
        return self._connected(), self._feed.lag > LATE_SECONDS

    async def _tell_heartbeat(self) -> None:
        """With the newest state, whose place in the channel it takes."""
        view, self._condition, self._beat_at = self._feed.view, self._condition_now(), time.monotonic()
        await self._publish([(CHANGES, self._frames.changes(view) + self._heartbeat())])
        await self._publish([self._of_contest(view, code) for code in sorted(self._contests)])

    def _of_contest(self, view: View, code: str) -> Message:
        return contest_channel(code), events(view, [code]) + self._heartbeat()

    def _heartbeat(self) -> bytes:
        return RETRY + heartbeat(self._feed, broker=self._connected())

    async def _publish(self, messages: list[Message]) -> None:
        """One after the other: the base is there before what has changed since."""
        for channel, message in messages:
            await self._nchan.publish(f"{self._code}/{channel}", message)

    async def close(self) -> None:
        await end([self._task])
