"""Pictures that take time to draw: drawn once for all who wait, one at a time, and kept for a while."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable

import msgspec

Draw = Callable[[], Awaitable[bytes]]


class Drawn(msgspec.Struct, frozen=True):
    """A picture of the results of `version`, or of newer ones, as soon as `drawing` is done.

    Wait for it under a shield: whoever goes away takes it from nobody else who waits.
    """

    version: int
    begun_at: float
    drawing: "asyncio.Task[bytes]"

    @property
    def age(self) -> float:
        """Seconds since it was begun."""
        return time.monotonic() - self.begun_at

    @property
    def failed(self) -> bool:
        return self.drawing.done() and self.drawing.exception() is not None


class Drawings:
    """The newest drawing of each kind, at most `most` of them; how long one serves is for others to say."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, Drawn] = OrderedDict()
        self._turn = asyncio.Lock()

    def newest(self, key: Hashable) -> Drawn | None:
        """The drawing that was begun last, unless it came to nothing."""
        found = self._kept.get(key)
        return None if found is None or found.failed else found

    def begin(self, key: Hashable, version: int, draw: Draw) -> Drawn:
        """Begins a drawing in the place of an older one; what was begun longest ago is forgotten."""
        drawn = Drawn(version, time.monotonic(), asyncio.create_task(self._in_turn(draw)))
        self._kept[key] = drawn
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return drawn

    async def _in_turn(self, draw: Draw) -> bytes:
        async with self._turn:
            return await draw()
