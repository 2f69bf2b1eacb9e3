"""What is read once for each version of an election, however many ask at once."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

import msgspec

V = TypeVar("V")


class Held(msgspec.Struct, Generic[V], frozen=True):
    """A value, the version that it was asked for as, and when that was, in seconds of the process's clock."""

    version: int
    value: V
    read_at: float


class _Place(Generic[V]):
    def __init__(self) -> None:
        self.held: Held[V] | None = None
        self.reading = asyncio.Lock()


class Kept(Generic[V]):
    """Values by key, each the newest that was read; what was asked for longest ago goes first."""

    def __init__(self, *, most: int, heaviest: int, weight: Callable[[V], int]) -> None:
        """At most `most` values, of `heaviest` together by what `weight` says of each."""
        self._most = most
        self._heaviest = heaviest
        self._weight = weight
        self._kept: OrderedDict[Hashable, _Place[V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    async def of(
        self,
        key: Hashable,
        version: int,
        read: Callable[[], Awaitable[V]],
        *,
        least: int = 0,
        pause: float = 0,
    ) -> Held[V]:
        """The value of `version` or a newer one, read by `read` if need be; what it raises is raised.

        For `pause` seconds after it was read, an older one serves too if it is of version `least` or newer:
        while versions come thick and fast, readings do not.
        """
        place = self._kept.setdefault(key, _Place())
        self._kept.move_to_end(key)
        async with place.reading:
            held = place.held
            if held is None or not _serves(held, version, least, pause):
                held = await self._read(key, place, version, read)
            return held

    async def _read(
        self, key: Hashable, place: _Place[V], version: int, read: Callable[[], Awaitable[V]]
    ) -> Held[V]:
        try:
            place.held = Held(version, await read(), time.monotonic())
        except BaseException:
            if place.held is None:
                self._kept.pop(key, None)
            raise
        self._let_go()
        return place.held

    def _let_go(self) -> None:
        """The one that is asked for stays, however heavy it is."""
        heavy = sum(self._weigh(place) for place in self._kept.values())
        while len(self._kept) > 1 and (len(self._kept) > self._most or heavy > self._heaviest):
            _, gone = self._kept.popitem(last=False)
            heavy -= self._weigh(gone)

    def _weigh(self, place: _Place[V]) -> int:
        return self._weight(place.held.value) if place.held is not None else 0


def _serves(held: Held[V], version: int, least: int, pause: float) -> bool:
    return held.version >= version or (held.version >= least and time.monotonic() - held.read_at < pause)
