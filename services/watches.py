"""What is kept up to date of an election for as long as somebody follows it, once for all who do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, Protocol, TypeVar


class Watch(Protocol):
    def look(self) -> None:
        """Something may have changed. Must return at once."""

    async def close(self) -> None:
        """Nobody follows any more."""


W = TypeVar("W", bound=Watch)


class Watches(Generic[W]):
    """The watches of one kind, by election."""

    def __init__(self, opened: Callable[[str], Awaitable[W]]) -> None:
        self._opened = opened
        self._watches: dict[str, W] = {}
        self._followers: dict[str, int] = {}
        self._opening = asyncio.Lock()

    def __len__(self) -> int:
        """How many elections are followed."""
        return len(self._watches)

    @asynccontextmanager
    async def following(self, election: str) -> AsyncIterator[W]:
        """The election's watch, opened for the first who follows and closed after the last.

        Raises what opening it raises.
        """
        async with self._opening:
            watch = self._watches.get(election)
            if watch is None:
                watch = self._watches[election] = await self._opened(election)
            self._followers[election] = self._followers.get(election, 0) + 1
        try:
            yield watch
        finally:
            self._followers[election] -= 1
            if not self._followers[election]:
                del self._followers[election]
                if self._watches.pop(election, None) is watch:
                    await watch.close()

    def look(self, election: str) -> None:
        if watch := self._watches.get(election):
            watch.look()

    def look_everywhere(self) -> None:
        for watch in self._watches.values():
            watch.look()

    async def close(self) -> None:
        watches, self._watches = self._watches, {}
        for watch in watches.values():
            await watch.close()
