"""Ballot books, read once for each election and forgotten when it changes."""

from models.ballot_book import BallotBook
from repositories.database import Database
from services.announcements import Announcement


class Books:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._books: dict[str, BallotBook] = {}

    async def get(self, election: str) -> BallotBook:
        """Raises UnknownElection and DatabaseAway."""
        book = self._books.get(election)
        if book is None:
            async with self._database.snapshot() as repos:
                book = await repos.elections.book(await repos.elections.get(election))
            self._books[election] = book
        return book

    def forget(self, election: str) -> None:
        self._books.pop(election, None)

    def hear(self, announcement: Announcement) -> None:
        if announcement.whole:
            self.forget(announcement.election)

    def heal(self) -> None:
        """Announcements may have been missed: any book may be old."""
        self._books.clear()
