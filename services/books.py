"""Ballot books, read once for each election and forgotten when it changes."""

import asyncio

from models.ballot_book import BallotBook
from models.lifecycles import ElectionStatus
from repositories.database import Database
from services.announcements import Announcement


class Books:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._books: dict[str, BallotBook] = {}
        self._reading = asyncio.Lock()

    async def get(self, election: str) -> BallotBook:
        """Raises UnknownElection and DatabaseAway."""
        if book := self._books.get(election):
            return book
        # All officers of a large election come at once: one reads, the others wait for it.
        async with self._reading:
            if election not in self._books:
                async with self._database.snapshot() as repos:
                    state = await repos.elections.get(election)
                    book = await repos.elections.book(state)
                # What a draft consists of changes without a log entry.
                if state.status == ElectionStatus.DRAFT:
                    return book
                self._books[election] = book
            return self._books[election]

    def forget(self, election: str) -> None:
        self._books.pop(election, None)

    def hear(self, announcement: Announcement) -> None:
        if announcement.whole:
            self.forget(announcement.election)

    def heal(self) -> None:
        """Announcements may have been missed: any book may be old."""
        self._books.clear()
