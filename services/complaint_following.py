"""Following an election's complaints: the open ones first, then each that is new or has changed.

Other processes are heard over Redis; what they say is a hint, and what has changed is read from the
database, where each complaint has the number of its last change. So nothing is missed: of a complaint that
changed several times at once its newest state comes, once.
"""

from collections.abc import AsyncGenerator

from models.complaints import DeskComplaint
from repositories.database import Database
from services.complaint_sealing import ComplaintSealing
from services.keeping import Keeping
from services.vault import Vault
from services.watches import Watches

# Open complaints that a follower is shown first; of more the newest.
FIRST = 500
PAGE = 200
READ_PAUSE_SECONDS = 0.1


class _Watch:
    """The newest change of one election's complaints, known while somebody follows them."""

    def __init__(self, database: Database, election: str, head: int) -> None:
        self._database = database
        self._election = election
        self.head = head
        self._keeping = Keeping(f"complaints of {election}", self._read, pause=READ_PAUSE_SECONDS)
        # What was committed since the head was read was announced before anybody listened here.
        self._keeping.look()

    def look(self) -> None:
        self._keeping.look()

    async def beyond(self, change: int) -> None:
        """Waits until there is a change behind `change`."""
        while self.head <= change:
            await self._keeping.news()

    async def _read(self) -> bool:
        head = await _head(self._database, self._election)
        moved, self.head = head > self.head, max(head, self.head)
        return moved

    async def close(self) -> None:
        await self._keeping.close()


class ComplaintFollowing:
    """For staff; who may follow is decided elsewhere."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._sealing = ComplaintSealing(vault)
        self._watches = Watches(self._watch)

    async def head(self, election: str) -> int:
        """The newest change. Raises UnknownElection and DatabaseAway."""
        return await _head(self._database, election)

    async def follow(self, election: str, *, after: int | None = None) -> AsyncGenerator[list[DeskComplaint]]:
        """Complaints in the order in which they last changed, for ever, a page at a time.

        Without `after` first the open ones, the newest 500 at most; else all that changed after that
        change. Raises UnknownElection, and DatabaseAway in between: go on from the last `change` seen.
        """
        async with self._watches.following(election) as watch:
            if after is None:
                after, first = await self._first(election)
                if first:
                    yield first
            while True:
                page = await self._page(election, after)
                if page:
                    yield page
                    after = page[-1].change
                else:
                    await watch.beyond(after)

    async def _first(self, election: str) -> tuple[int, list[DeskComplaint]]:
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            head = await repos.complaints.head(state.id)
            rows = await repos.complaints.open(state.id, FIRST)
        return head, [self._sealing.listed(state, row) for row in rows]

    async def _page(self, election: str, after: int) -> list[DeskComplaint]:
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            rows = await repos.complaints.changed_after(state.id, after, PAGE)
        return [self._sealing.listed(state, row) for row in rows]

    async def _watch(self, election: str) -> _Watch:
        return _Watch(self._database, election, await self.head(election))

    def hear_complaint(self, election: str) -> None:
        self._watches.look(election)

    def heal(self) -> None:
        self._watches.look_everywhere()

    async def close(self) -> None:
        await self._watches.close()


async def _head(database: Database, election: str) -> int:
    async with database.snapshot() as repos:
        return await repos.complaints.head((await repos.elections.get(election)).id)
