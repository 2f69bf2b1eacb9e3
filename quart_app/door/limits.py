"""Rate limits: how often one client may change things. Whoever only reads has none.

Each route that changes something has a limit of its own, which follows from who may enter it unless the
route names another with `limited`. Quart-Rate-Limiter keeps them.
"""

import datetime
from collections.abc import Callable
from typing import Any, TypeVar

from flask.sansio.blueprints import Blueprint
from quart import Quart, Response, request
from quart_rate_limiter import QUART_RATE_LIMITER_LIMITS_ATTRIBUTE, RateLimit, RateLimiter, rate_limit

from models.errors import NotAllowed, NotSignedIn, TooMany
from models.wording import say
from quart_app.access import access_of
from quart_app.auth import SAFE, identity
from quart_app.door.taking import TakingStore
from services.tries import place_of

MINUTE = datetime.timedelta(minutes=1)
HOUR = datetime.timedelta(hours=1)

T = TypeVar("T", bound=Callable[..., Any])


async def by_address() -> str:
    """Where the request comes from."""
    return f"address {place_of(request.remote_addr or '')}"


async def by_member() -> str:
    """Who has signed in; else the address."""
    try:
        who = await identity(request)
    except (NotSignedIn, NotAllowed):
        # They are told so where it is looked at who may enter; here their tries are counted.
        who = None
    return f"member {who.member_id}" if who else await by_address()


SIGN_IN = RateLimit(10, MINUTE, by_address)
"""Where a password or a one-time token can be guessed."""
FILINGS = RateLimit(20, HOUR, by_address)
"""What the public may send."""
CHANGES = RateLimit(600, MINUTE, by_member)
"""What people do, and programs that act for them."""
STREAMS = RateLimit(6000, MINUTE, by_member)
"""Tallies and bulk: twice what a program sends that brings 50 tallies a second, each in a request."""


def limited(limit: RateLimit) -> Callable[[T], T]:
    """The route has this limit in place of the one that follows from who may enter."""
    return rate_limit(limits=[limit])


def limits_of(view: Callable[..., Any]) -> list[RateLimit]:
    """The limits of a route's changes."""
    named: list[RateLimit] | None = getattr(view, QUART_RATE_LIMITER_LIMITS_ATTRIBUTE, None)
    return named or [FILINGS if access_of(view).public else CHANGES]


class Limiter(RateLimiter):
    """Takes in one step what Quart-Rate-Limiter reads first and writes later: many at once gain nothing."""

    store: TakingStore

    def _get_limits_for_view_function(
        self, view_func: Callable[..., Any], blueprint: Blueprint | None
    ) -> list[RateLimit]:
        return [] if request.method in SAFE else limits_of(view_func)

    async def _raise_on_rejection(self, endpoint: str, rate_limits: list[RateLimit]) -> None:
        for limit in rate_limits:
            key = await self._create_key(endpoint, limit)
            seconds = await self.store.take(key, limit)
            if seconds > 0:
                message = say(
                    "Too many requests of this kind; wait %(seconds)s s before the next.", seconds=seconds
                )
                raise TooMany(message, seconds)

    async def _update_limits(self, endpoint: str, rate_limits: list[RateLimit]) -> None:
        """It is taken already."""

    async def _after_request(self, response: Response) -> Response:
        """Nothing is asked of the store for answers, least of all for those that have no limit."""
        return response


def install_limits(app: Quart, redis_url: str | None, *, enabled: bool) -> None:
    Limiter(app, store=TakingStore(redis_url or ""), enabled=enabled)
