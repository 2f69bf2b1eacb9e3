"""A connection ends when its handler does, whatever the client does."""

import asyncio
from typing import Any


class EndsWithItsHandler:
    """For Quart's ASGI connections, before them in the bases.

    Quart 0.23 goes on listening after its handler has ended, until the server says that the client has
    left; a client that is let go because it takes nothing never does. Quart 0.22 stops by itself.
    """

    _listening: asyncio.Task[Any] | None = None

    async def handle_messages(self, *arguments: Any) -> None:
        self._listening = asyncio.current_task()
        await super().handle_messages(*arguments)  # type: ignore[misc]

    async def handle_request(self, *arguments: Any) -> None:
        try:
            await super().handle_request(*arguments)  # type: ignore[misc]
        finally:
            self._stop_listening()

    async def handle_websocket(self, *arguments: Any) -> None:
        try:
            await super().handle_websocket(*arguments)  # type: ignore[misc]
        finally:
            self._stop_listening()

    def _stop_listening(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
