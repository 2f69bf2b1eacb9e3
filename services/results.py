"""Live results: read once for each change, however many watch.

A `Feed` holds one election's results as this process knows them: whole contest results with a
version, never deltas. Whoever follows remembers the version it has seen and asks for a newer view,
so that a slow follower skips and nobody queues.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Hashable, Iterable
from typing import Any

import msgspec

from models.errors import UnknownContest, UnknownUnit
from models.lifecycles import ElectionStatus
from models.places import PartyInfo, PrecinctTally, UnitInfo
from models.results import ContestCount, ContestResults, ElectionState, contest_results
from repositories.database import Database, Repositories
from services.announcements import Announcement
from services.keeping import Keeping
from services.packing import pack

# Reads of the database by a feed are at least this far apart, however fast tallies come in.
READ_PAUSE_SECONDS = 0.05
# How long a reader waits for a commit that was just announced before it gets the last known view.
PATIENCE_SECONDS = 2.0
# Announcements of which a feed remembers when they came: those of several seconds, on the busiest night.
HEARD_KEPT = 1000

_encode = msgspec.json.Encoder().encode


class ContestView:
    """One contest's results at one moment, encoded at most once."""

    __slots__ = ("_bytes", "_packed", "count", "results")

    def __init__(self, count: ContestCount, results: ContestResults) -> None:
        self.count = count
        self.results = results
        self._bytes: bytes | None = None
        self._packed: dict[str, bytes] = {}

    @property
    def json(self) -> bytes:
        if self._bytes is None:
            self._bytes = _encode(self.results)
        return self._bytes

    def packed(self, coding: str) -> bytes:
        """The JSON in a content coding, made at most once like the JSON itself."""
        if coding not in self._packed:
            self._packed[coding] = pack(coding, self.json)
        return self._packed[coding]


class View:
    """An election's results at log position `version`: what the public may see, and what staff may."""

    __slots__ = ("_jsons", "_packed", "contests", "election", "parties", "ready", "staff_contests", "version")

    def __init__(
        self,
        election: ElectionState,
        version: int,
        contests: dict[str, ContestView],
        staff_contests: dict[str, ContestView],
        parties: list[PartyInfo],
    ) -> None:
        self.election = election
        self.parties = parties
        self.version = version
        self.contests = contests
        self.staff_contests = staff_contests
        self._jsons: dict[bool, bytes] = {}
        self._packed: dict[str, bytes] = {}
        self.ready: dict[Hashable, Any] = {}
        """What was made of this view to be handed out again; it goes when the view does."""

    @property
    def is_draft(self) -> bool:
        """Whether it may change with the version staying the same."""
        return self.election.status == ElectionStatus.DRAFT

    def contest(self, code: str, *, staff: bool = False) -> ContestView:
        """Raises UnknownContest."""
        found = (self.staff_contests if staff else self.contests).get(code)
        if found is None:
            raise UnknownContest(code)
        return found

    def json(self, *, staff: bool = False) -> bytes:
        """All contests in one object, encoded once."""
        if staff not in self._jsons:
            self._jsons[staff] = self._encoded(staff)
        return self._jsons[staff]

    def packed(self, coding: str) -> bytes:
        """The public's JSON in a content coding, made once."""
        if coding not in self._packed:
            self._packed[coding] = pack(coding, self.json())
        return self._packed[coding]

    def _encoded(self, staff: bool) -> bytes:
        contests = list((self.staff_contests if staff else self.contests).values())
        updated = max((c.results.updated_at for c in contests), default=self.election.changed_at)
        head = {
            "election": self.election.code,
            "name": self.election.name,
            "date": self.election.date,
            "version": self.version,
            "updated_at": updated,
            "election_status": self.election.status,
            "is_test": self.election.is_test,
            "released": staff or self.election.results_released,
        }
        return _encode(head)[:-1] + b',"contests":[' + b",".join(c.json for c in contests) + b"]}"

    def changed_since(self, version: int, contests: Iterable[str] | None = None) -> list[str]:
        """Codes of the contests, all or of those given, whose results are newer than `version`."""
        codes = self.contests.keys() if contests is None else contests
        return [c for c in codes if c in self.contests and self.contests[c].results.version > version]


def next_view(
    before: View | None,
    election: ElectionState,
    version: int,
    counts: list[ContestCount],
    parties: list[PartyInfo],
) -> View:
    """The view after `counts` were read: contests that did not move keep their encoded bytes."""
    same = before is not None and before.election.changed_seq == election.changed_seq
    public = dict(before.contests) if before is not None and same else {}
    staff = dict(before.staff_contests) if before is not None and same else {}
    for count in counts:
        open_view = ContestView(count, contest_results(election, count))
        staff[count.code] = open_view
        public[count.code] = (
            open_view
            if election.results_released
            else ContestView(count, contest_results(election, count, withhold=True))
        )
    return View(election, version, public, staff, parties)


class Feed:
    """One election's newest view, kept up to date by a task of its own."""

    def __init__(self, database: Database, view: View) -> None:
        self.view = view
        self._database = database
        self._announced = view.version
        self._heard: deque[tuple[int, float]] = deque(maxlen=HEARD_KEPT)
        """What was announced last: the log position, and when."""
        self._checked_at = time.monotonic()
        self._keeping = Keeping(f"feed of {view.election.code}", self._read, pause=READ_PAUSE_SECONDS)

    @property
    def fresh(self) -> bool:
        """Whether the view holds everything that this process has heard of."""
        return self.view.version >= self._announced

    @property
    def lag(self) -> float:
        """Seconds since the view was last known to be the newest that is in the database."""
        return time.monotonic() - self._checked_at

    def hint(self, seq: int) -> None:
        """The log has grown to `seq`."""
        if seq > self._announced:
            self._announced = seq
            self._heard.append((seq, time.monotonic()))
            self._keeping.look()

    def waited(self, version: int) -> float | None:
        """Seconds since the first announcement of what is newer than `version`; None where none came."""
        heard_at = next((at for seq, at in self._heard if seq > version), None)
        return None if heard_at is None else time.monotonic() - heard_at

    def look(self) -> None:
        """Something may have been missed."""
        self._keeping.look()

    async def newer(self, version: int) -> View:
        """The newest view, as soon as it is newer than `version`."""
        while self.view.version <= version:
            await self._keeping.news()
        return self.view

    async def settled(self) -> View:
        """The view with everything announced so far, or the last known one if that cannot be read now."""
        if not self.fresh:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.newer(self._announced - 1), PATIENCE_SECONDS)
        return self.view

    async def _read(self) -> bool:
        asked_at = time.monotonic()
        view = await read_view(self._database, self.view.election.code, self.view)
        self._checked_at = asked_at
        newer = view.version > self.view.version
        if newer:
            self.view = view
        return newer

    async def close(self) -> None:
        await self._keeping.close()


async def read_view(database: Database, code: str, before: View | None = None) -> View:
    """Reads what moved since `before`, all of one moment. Raises UnknownElection and DatabaseAway."""
    async with database.snapshot() as repos:
        election = await repos.elections.get(code)
        head = await repos.log.head(election.id)
        if before is not None and head == before.version:
            return before
        counts = await _counts(repos, election, before)
        # They change only in a draft.
        kept = before is not None and before.election.changed_seq == election.changed_seq
        parties = before.parties if before and kept else await repos.elections.parties(election.id)
    return next_view(before, election, head, counts, parties)


async def _counts(repos: Repositories, election: ElectionState, before: View | None) -> list[ContestCount]:
    root = await repos.elections.root(election.id)
    if root is None:
        return []
    if election.status == ElectionStatus.DRAFT:
        return await repos.results.drafted(election.id, root)
    same = before is not None and before.election.changed_seq == election.changed_seq
    since = before.version if before is not None and same else 0
    return await repos.results.counts(election.id, root, precinct=False, since=since)


class UnitResults(msgspec.Struct, frozen=True):
    unit: UnitInfo
    contests: list[ContestResults]


class ResultsService:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._feeds: dict[str, Feed] = {}
        self._opening = asyncio.Lock()

    @property
    def lag(self) -> float:
        """Seconds since all that is kept up to date was last known to be the newest."""
        return max((feed.lag for feed in self._feeds.values()), default=0.0)

    def known(self, election: str) -> Feed | None:
        """The election's feed, if somebody asked for it before."""
        return self._feeds.get(election)

    async def feed(self, election: str) -> Feed:
        """Raises UnknownElection, and DatabaseAway for an election that nobody asked for before."""
        if feed := self._feeds.get(election):
            return feed
        async with self._opening:
            if election not in self._feeds:
                view = await read_view(self._database, election)
                self._feeds[election] = Feed(self._database, view)
            return self._feeds[election]

    async def current(self, election: str) -> View:
        """All contests' results as of the newest commit that this process knows of.

        What a draft consists of changes without a log entry, so it is read each time.
        """
        view = await (await self.feed(election)).settled()
        return await read_view(self._database, election) if view.is_draft else view

    async def in_unit(self, election: str, contest: str, unit: str, *, staff: bool = False) -> ContestResults:
        """One contest in one unit and below. Raises UnknownElection, UnknownContest and UnknownUnit."""
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            await repos.elections.contest_id(state.id, contest)
            unit_id, kind = await repos.elections.unit(state.id, unit)
            counts = await repos.results.counts(
                state.id, unit_id, precinct=kind == "precinct", contest=contest
            )
        if not counts:
            raise UnknownUnit(unit)
        withhold = not (state.results_released or staff)
        return contest_results(state, counts[0], unit=unit, withhold=withhold)

    async def of_unit(self, election: str, unit: str, *, staff: bool = False) -> UnitResults:
        """What the public, or `staff`, may see of every contest on the unit's ballots.

        Raises UnknownElection and UnknownUnit.
        """
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            unit_id, kind = await repos.elections.unit(state.id, unit)
            info = await repos.elections.unit_info(state.id, unit)
            counts = await repos.results.counts(state.id, unit_id, precinct=kind == "precinct")
        withhold = not (state.results_released or staff)
        contests = [contest_results(state, count, unit=unit, withhold=withhold) for count in counts]
        return UnitResults(info, contests)

    async def precincts(
        self, election: str, contest: str, *, after: str = "", limit: int = 100, staff: bool = False
    ) -> list[PrecinctTally]:
        """The counted tallies of a contest by precinct; none while results are withheld."""
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            contest_id = await repos.elections.contest_id(state.id, contest)
            if not (state.results_released or staff):
                return []
            return await repos.results.tallies(contest_id, after=after, limit=limit)

    def hear(self, announcement: Announcement) -> None:
        if feed := self._feeds.get(announcement.election):
            feed.hint(announcement.seq)

    def heal(self) -> None:
        for feed in self._feeds.values():
            feed.look()

    async def close(self) -> None:
        for feed in self._feeds.values():
            await feed.close()
