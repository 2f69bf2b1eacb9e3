"""What is read once for each version of an election, however many ask at once."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class _One(Generic[V]):
    """A value and the version that it is of; -1 while there is none."""

    def __init__(self) -> None:
        self.version = -1
        self.value: V | None = None
        self.reading = asyncio.Lock()


class Kept(Generic[V]):
    """Values by key, each the newest that was asked for; what was asked for longest ago goes first."""

    def __init__(self, *, most: int, heaviest: int, weight: Callable[[V], int]) -> None:
        """At most `most` values, of `heaviest` together by what `weight` says of each."""
        self._most = most
        self._heaviest = heaviest
        self._weight = weight
        self._kept: OrderedDict[Hashable, _One[V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    async def of(self, key: Hashable, version: int, read: Callable[[], Awaitable[V]]) -> V:
        """The value of `version` or a newer one, read by `read` if need be; what it raises is raised."""
        one = self._kept.setdefault(key, _One())
        self._kept.move_to_end(key)
        async with one.reading:
            if one.value is None or one.version < version:
                try:
                    one.value = await read()
                finally:
                    if one.value is None:
                        self._kept.pop(key, None)
                one.version = version
                self._let_go()
            return one.value

    def _let_go(self) -> None:
        """The one that is asked for stays, however heavy it is."""
        heavy = sum(self._weight(one.value) for one in self._kept.values() if one.value is not None)
        while len(self._kept) > 1 and (len(self._kept) > self._most or heavy > self._heaviest):
            _, gone = self._kept.popitem(last=False)
            heavy -= self._weight(gone.value) if gone.value is not None else 0
