"""How often passwords were tried."""

import datetime

import msgspec
from sqlalchemy import Update, delete, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.people import SignInTries

# Old counts that one success tidies away, so that none takes long.
_TIDIED = 1000

# A locked row stays as it is, and nothing comes back. The row is locked from here to the commit.
_COUNT = text("""
    INSERT INTO sign_in_tries AS t (key, failures, tried_at, locked_until)
    VALUES (:key, 1, :at, :at)
    ON CONFLICT (key) DO UPDATE SET tried_at = :at,
        failures = CASE WHEN t.tried_at < :forgotten THEN 1 ELSE t.failures + 1 END
    WHERE t.locked_until <= :at
    RETURNING failures, succeeded_at
""")


class Counted(msgspec.Struct, frozen=True):
    """Failures in a row, with the try that was just counted; and when it went well here for the last time."""

    failures: int
    succeeded_at: datetime.datetime | None


class Tries:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def count(self, key: bytes, at: datetime.datetime, forgotten: datetime.datetime) -> Counted | None:
        """Counts a try, as a failure until it is known better; None while the key is locked.

        After a rest, without a try since `forgotten`, the count begins anew.
        """
        values = {"key": key, "at": at, "forgotten": forgotten}
        row = (await self._session.execute(_COUNT, values)).one_or_none()
        return None if row is None else Counted(*row)

    async def lock(self, key: bytes, until: datetime.datetime) -> None:
        await self._session.execute(_of(key).values(locked_until=until))

    async def locked_until(self, key: bytes) -> datetime.datetime | None:
        found: datetime.datetime | None = await self._session.scalar(
            select(SignInTries.locked_until).where(SignInTries.key == key)
        )
        return found

    async def succeed(self, key: bytes, at: datetime.datetime) -> None:
        """The password was right: failures begin anew, and the place is known."""
        await self._session.execute(_of(key).values(failures=0, locked_until=at, succeeded_at=at))

    async def take_back(self, key: bytes) -> None:
        """The last try was no failure."""
        await self._session.execute(_of(key).values(failures=func.greatest(SignInTries.failures - 1, 0)))

    async def forget(self, key: bytes) -> None:
        await self._session.execute(delete(SignInTries).where(SignInTries.key == key))

    async def tidy(self, forgotten: datetime.datetime, unknown: datetime.datetime) -> None:
        """Forgets counts without a try since `forgotten`, and places without a success since `unknown`."""
        over = or_(SignInTries.succeeded_at.is_(None), SignInTries.succeeded_at < unknown)
        old = (
            select(SignInTries.key)
            .where(SignInTries.tried_at < forgotten, over)
            .limit(_TIDIED)
            .with_for_update(skip_locked=True)
        )
        await self._session.execute(delete(SignInTries).where(SignInTries.key.in_(old)))


def _of(key: bytes) -> Update:
    return update(SignInTries).where(SignInTries.key == key)
