"""Ending tasks for good."""

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN_SECONDS = 0.1


async def end(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Cancels tasks until they have ended; what became of them is nobody's matter any more.

    Once is not enough: `asyncio.wait_for` before Python 3.12, and redis-py while it connects, lose a
    cancellation that comes at the moment when what they wait for is there.
    """
    waiting = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        ended, waiting = await asyncio.wait(waiting, timeout=AGAIN_SECONDS)
        for task in ended:
            if not task.cancelled():
                task.exception()
