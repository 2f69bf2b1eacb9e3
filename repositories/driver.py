"""Statements that every batch of tallies waits for, given to asyncpg itself.

They run on the session's connection and in its transaction. What the session does around a statement takes
longer than writing one tally does.
"""

from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.ext.asyncio import AsyncSession

_DIALECT = dialect()  # type: ignore[no-untyped-call]


class Row(asyncpg.Record):
    """A row whose columns are attributes too, as the session's are."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


class Statement:
    """SQL with `:named` parameters, spelled once as PostgreSQL wants it."""

    def __init__(self, sql: str) -> None:
        compiled = text(sql).compile(dialect=_DIALECT)
        self._sql = str(compiled)
        self._names = tuple(compiled.positiontup or ())

    async def rows(self, session: AsyncSession, parameters: dict[str, Any]) -> list[Row]:
        """Its rows. The session must have begun its transaction, by locking a head, say.

        Raises asyncpg's own errors, which `away_is_said` understands like the session's.
        """
        pooled = await (await session.connection()).get_raw_connection()
        connection: Any = pooled.driver_connection
        if not connection.is_in_transaction():
            raise asyncpg.InterfaceError("a statement of a batch would stand outside its transaction")
        values = (parameters[name] for name in self._names)
        rows: list[Row] = await connection.fetch(self._sql, *values, record_class=Row)
        return rows
