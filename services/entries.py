"""Entering tallies: which precincts somebody reports for, what is on their ballots, what was sent of them.

Officers see what their own precincts have sent whether results are released or not, but where two people
enter each tally, nobody sees the other's entry before both are here.
"""

from models.ballot_book import BallotBook, Precinct
from models.entries import Entry, EntryPrecinct, KeptTally
from models.errors import NotYourPrecinct, UnknownUnit
from models.rights import Identity
from repositories.database import Database, Repositories
from services.books import Books


class EntryService:
    def __init__(self, database: Database, books: Books) -> None:
        self._database = database
        self._books = books

    async def page(self, election: str, who: Identity, *, search: str, after: str, limit: int) -> Entry:
        """At most `limit` of their precincts behind `after`, by name, with `search` in name or code.

        Raises UnknownElection and DatabaseAway.
        """
        book = await self._books.get(election)
        found = [book.precincts[code] for code in book.covered(who.units)]
        if wanted := search.strip().casefold():
            found = [one for one in found if wanted in one.name.casefold() or wanted in one.code]
        found.sort(key=lambda one: (one.name.casefold(), one.code))
        codes = [one.code for one in found]
        start = codes.index(after) + 1 if after in codes else 0
        shown = found[start : start + limit]
        following = shown[-1].code if start + limit < len(found) else None
        async with self._database.snapshot() as repos:
            return await _entry(repos, book, who, shown, total=len(found), following=following)

    async def precinct(self, election: str, who: Identity, precinct: str) -> Entry:
        """One of their precincts. Raises UnknownElection, UnknownUnit and NotYourPrecinct."""
        book = await self._books.get(election)
        place = _own(book, who, precinct)
        async with self._database.snapshot() as repos:
            return await _entry(repos, book, who, [place], total=1, following=None)

    async def tally(self, election: str, who: Identity, precinct: str, seq: int) -> KeptTally | None:
        """What the precinct sent as the log's entry `seq`; None where it sent no such thing.

        A first entry is nothing to anybody but its sender before the other person's is here.
        Raises UnknownElection, UnknownUnit and NotYourPrecinct.
        """
        book = await self._books.get(election)
        _own(book, who, precinct)
        async with self._database.snapshot() as repos:
            found = await repos.entries.tally(book.election_id, seq)
        if found is None or found.entry.precinct != precinct:
            return None
        return None if found.concealed and found.by != who.username else found


def _own(book: BallotBook, who: Identity, code: str) -> Precinct:
    """Raises UnknownUnit and NotYourPrecinct."""
    place = book.precincts.get(code)
    if place is None:
        raise UnknownUnit(code)
    if not place.lies_in(who.units):
        raise NotYourPrecinct(code)
    return place


async def _entry(
    repos: Repositories,
    book: BallotBook,
    who: Identity,
    shown: list[Precinct],
    *,
    total: int,
    following: str | None,
) -> Entry:
    state = await repos.elections.get(book.election)
    contests = await repos.elections.contests(state.id)
    sent = await repos.entries.newest(state.id, [place.id for place in shown])
    wanted = frozenset[int]().union(*(place.contests for place in shown))
    here = [one for one in contests if book.contests[one.code].id in wanted]
    return Entry(
        election=state.code,
        name=state.name,
        election_status=state.status,
        is_test=state.is_test,
        double_entry=state.double_entry,
        checks=state.checks,
        timezone=state.timezone,
        username=who.username,
        total=total,
        precincts=[
            EntryPrecinct(
                code=place.code,
                name=place.name,
                voters_registered=place.voters_registered,
                contests=[one.code for one in here if book.contests[one.code].id in place.contests],
                sent=sent[place.id],
            )
            for place in shown
        ],
        contests=here,
        next=following,
    )
