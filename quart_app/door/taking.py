"""Where it stands how much of a rate limit is left: in Redis, for all processes.

A limit of n in a period gives one each period/n, and lets n come at once. All its state is by how much its
holder is ahead of that, which is the time its key has left to live: so a key goes when it says nothing more.
"""

import asyncio
import logging
import math
import time

from quart_rate_limiter import RateLimit
from quart_rate_limiter.redis_store import RedisStore

from services.redis_connection import RedisConnection

PREFIX = "tallystream:limits:"
# Redis answers in a millisecond or is not there.
PATIENCE_SECONDS = 0.5
# A node of a cluster that is slower is passed over: who has its keys is asked anew.
NODE_SECONDS = 0.4
# So long it is not asked again once it was away.
AWAY_SECONDS = 5.0
# Requests of a process that ask Redis at the same time.
MAX_CONNECTIONS = 16
# Holders that are counted here at most, while Redis is away; beyond that the one longest unseen is forgotten.
MAX_HOLDERS = 10_000

# Milliseconds: one comes each ARGV[1], within ARGV[2]. Returns the time to wait; if none, one was taken.
_TAKE = """
local ahead = math.max(redis.call('PTTL', KEYS[1]), 0)
local wait = ahead + ARGV[1] - ARGV[2]
if wait <= 0 then redis.call('SET', KEYS[1], '', 'PX', ahead + ARGV[1]) end
return wait
"""

_logger = logging.getLogger(__name__)


class TakingStore(RedisStore):
    """Quart-Rate-Limiter's store in Redis keeps its keys for ever, and fails when Redis does.

    While Redis is away this one counts in the memory of the process: then each process gives the whole
    limit, and the election goes on.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._connection = RedisConnection(url, seconds=NODE_SECONDS)
        self._turns = asyncio.Semaphore(MAX_CONNECTIONS)
        self._away_until = 0.0
        self._here: dict[str, float] = {}
        """Of each holder, the moment at which it is not ahead any more; milliseconds of this process."""

    async def take(self, key: str, limit: RateLimit) -> int:
        """Takes one; returns 0, or the seconds to wait where none is left."""
        interval, period = (round(1000 * s) for s in (limit.inverse, limit.period.total_seconds()))
        wait = await self._take_from_redis(key, interval, period)
        if wait is None:
            wait = self._take_here(key, interval, period)
        return max(0, math.ceil(wait / 1000))

    async def _take_from_redis(self, key: str, interval: int, period: int) -> float | None:
        async with self._turns:
            if time.monotonic() < self._away_until:
                return None
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    client = await self._connection.client()
                    wait = float(await client.eval(_TAKE, 1, PREFIX + key, str(interval), str(period)))
            except Exception as error:
                # Whatever fails there: what was asked for is done all the same.
                if not self._away_until:
                    _logger.warning("Redis is away, each process counts rate limits by itself: %r", error)
                self._away_until = time.monotonic() + AWAY_SECONDS
                return None
            self._away_until = 0.0
            return wait

    def _take_here(self, key: str, interval: int, period: int) -> float:
        """The same, in the order in which holders were last seen."""
        now = time.monotonic() * 1000
        ahead = max(self._here.pop(key, 0.0) - now, 0.0)
        wait = ahead + interval - period
        self._here[key] = now + ahead + (interval if wait <= 0 else 0)
        if len(self._here) > MAX_HOLDERS:
            del self._here[next(iter(self._here))]
        return wait

    async def before_serving(self) -> None:
        """It connects when it is first asked: then it also starts while Redis is away."""

    async def after_serving(self) -> None:
        await self._connection.aclose()
