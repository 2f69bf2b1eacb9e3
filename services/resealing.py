"""Putting all personal data under the newest key, so that older ones can be taken away."""

from collections.abc import AsyncIterator

from models.rights import OPERATOR
from repositories.database import Database
from repositories.sealed import KINDS
from services.clock import Clock
from services.complaint_sealing import ATTACHMENT
from services.vault import Vault

BATCH_ROWS = 500
# Files are megabytes, where other values are a hundred bytes.
BATCH_FILES = 4


class Resealing:
    def __init__(self, database: Database, clock: Clock, vault: Vault) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault

    async def reseal(self) -> AsyncIterator[tuple[int, int]]:
        """Yields how many values are done, and how many there are to do; first, and after each batch.

        It can be broken off and begun again at any time, while the election goes on. Every server must
        have the new key before, or it cannot read what is done here. Raises VaultError for a value that
        no key opens; what was done before stays done.
        """
        async with self._database.transaction() as repos:
            total = await repos.sealed.count(self._vault.head)
        done = 0
        yield done, total
        for kind in KINDS:
            after = 0
            while batch := await self._batch(kind, after):
                after = max(batch)
                done += len(batch)
                # What others sealed with an older key meanwhile comes on top.
                total = max(total, done)
                yield done, total
        if done:
            async with self._database.transaction() as repos:
                changes = {"values": [None, done]}
                await repos.audit.add(OPERATOR, self._clock(), "personal-data-resealed", "", changes=changes)

    async def _batch(self, kind: str, after: int) -> dict[int, bytes]:
        """Reseals the next values of a kind; returns what they were, by id."""
        limit = BATCH_FILES if kind == ATTACHMENT else BATCH_ROWS
        async with self._database.transaction() as repos:
            old = await repos.sealed.others(kind, self._vault.head, after=after, limit=limit)
            if old:
                new = {number: self._vault.reseal(kind, sealed) for number, sealed in old.items()}
                await repos.sealed.write(kind, new)
        return old
