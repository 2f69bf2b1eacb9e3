"""Takes tallies: a group commit for each election.

Whatever is waiting goes into one transaction under the lock of the election's log head; while it
commits, the next batch gathers. Nobody gets a receipt before the commit, and one bad tally fails
alone. The queue is bounded: whoever finds it full waits, and does not read from its socket meanwhile.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence

from models.ballot_book import BallotBook
from models.batch import Receipt, Recorded, Sender, Submission
from models.errors import (
    DatabaseAway,
    DomainError,
    FieldError,
    Invalid,
    NotAllowed,
    NotYourPrecinct,
    Unavailable,
    UnknownElection,
)
from models.recording import Recorder
from models.rights import Identity
from models.submissions import TallySubmission, check_against
from models.wording import say
from repositories.database import Database
from services.announcements import Announcement
from services.books import Books
from services.clock import Clock
from services.signals import batch_committed, results_changed, tallies_answered, tally_recorded
from services.tasks import end

Answer = Receipt | DomainError
Sent = TallySubmission | DomainError
"""A tally, or the error that was found in reading it."""

# How long a batch is tried again while the database is away before its senders are told.
PATIENCE_SECONDS = 10.0
# How long a stopping server lets batches finish that are already under way.
DRAIN_SECONDS = 3.0

_logger = logging.getLogger(__name__)


class _StaleBook(Exception):
    """The election changed since its book was read; nothing was written."""


class _Job:
    """Submissions that came in one message, and the answers that they will get together."""

    __slots__ = ("answers", "submissions")

    def __init__(self, submissions: list[Submission]) -> None:
        self.submissions = submissions
        self.answers: asyncio.Future[list[Answer]] = asyncio.get_running_loop().create_future()

    def resolve(self, answers: list[Answer]) -> None:
        if not self.answers.done():
            self.answers.set_result(answers)


class _Lane:
    """The queue of one election."""

    def __init__(self, election: str, capacity: int) -> None:
        self.election = election
        self._capacity = capacity
        self._jobs: deque[_Job] = deque()
        self._waiting = 0
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    @property
    def waiting(self) -> int:
        """Tallies that wait for a batch."""
        return self._waiting

    async def put(self, job: _Job) -> None:
        while self._waiting >= self._capacity:
            self._room.clear()
            await self._room.wait()
        self._jobs.append(job)
        self._waiting += len(job.submissions)
        self._arrived.set()

    async def take(self, at_most: int) -> list[_Job]:
        """Everything that waits, up to a batch; whole jobs, at least one."""
        await self._arrived.wait()
        jobs = [self._jobs.popleft()]
        size = len(jobs[0].submissions)
        while self._jobs and size + len(self._jobs[0].submissions) <= at_most:
            jobs.append(self._jobs.popleft())
            size += len(jobs[-1].submissions)
        self._waiting -= size
        self._room.set()
        if not self._jobs:
            self._arrived.clear()
        return jobs


class Intake:
    def __init__(
        self, database: Database, books: Books, clock: Clock, *, batch_size: int, capacity: int
    ) -> None:
        self._database = database
        self._books = books
        self._clock = clock
        self._batch_size = batch_size
        self._capacity = capacity
        self._lanes: dict[str, _Lane] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._under_way: set[asyncio.Future[list[Answer]]] = set()
        self._closing = False

    @property
    def waiting(self) -> int:
        """Tallies that wait for a batch, over all elections."""
        return sum(lane.waiting for lane in self._lanes.values())

    async def book(self, election: str) -> BallotBook:
        """What tallies of the election are held against. Raises UnknownElection and DatabaseAway."""
        return await self._books.get(election)

    async def submit(
        self,
        election: str,
        identity: Identity,
        channel: str,
        tallies: Sequence[Sent],
    ) -> list[Answer]:
        """An answer for each tally, in order, once it is durable or refused. See `enqueue`."""
        return await asyncio.shield(await self.enqueue(election, identity, channel, tallies))

    async def enqueue(
        self,
        election: str,
        identity: Identity,
        channel: str,
        tallies: Sequence[Sent],
    ) -> asyncio.Future[list[Answer]]:
        """Puts tallies in the queue, waiting for room, and returns their answers to come.

        What could not be read may stand among the tallies as its error and is answered with it.
        The answers come even if nobody waits for them any more. Raises UnknownElection, NotAllowed
        for somebody who is no officer, DatabaseAway, and Unavailable when the server is stopping.
        """
        if self._closing:
            raise Unavailable(say("The server is stopping; send the same again in a moment."))
        if not identity.sends_tallies:
            raise NotAllowed(say("Only officers send tallies."))
        book = await self._books.get(election)
        sender = Sender(identity.member_id, channel)
        sorted_out = [self._sorted_out(tally, identity, sender, book) for tally in tallies]
        job = _Job([item for item in sorted_out if isinstance(item, Submission)])
        if job.submissions:
            await self._lane(election).put(job)
            self._under_way.add(job.answers)
            job.answers.add_done_callback(self._under_way.discard)
        else:
            job.resolve([])
        if len(job.submissions) < len(tallies):
            await self.tell_refused(channel, [item for item in sorted_out if isinstance(item, DomainError)])
        return _with_refusals(sorted_out, job.answers)

    async def tell_refused(self, channel: str, errors: list[DomainError]) -> None:
        """Tells of tallies that came by this channel and never got into a batch."""
        await tallies_answered.send_async(self, channels=[channel] * len(errors), answers=errors)

    def _sorted_out(
        self, tally: Sent, identity: Identity, sender: Sender, book: BallotBook
    ) -> Submission | DomainError:
        if isinstance(tally, DomainError):
            return tally
        if errors := check_against(tally, book):
            return Invalid(errors)
        if not book.precincts[tally.precinct].lies_in(identity.units):
            return NotYourPrecinct(tally.precinct)
        return Submission.of(tally, sender, book)

    def _lane(self, election: str) -> _Lane:
        lane = self._lanes.get(election)
        if lane is None:
            lane = self._lanes[election] = _Lane(election, self._capacity)
            worker = asyncio.create_task(self._work(lane), name=f"intake of {election}")
            self._workers.add(worker)
        return lane

    async def _work(self, lane: _Lane) -> None:
        while True:
            jobs = await lane.take(self._batch_size)
            submissions = [submission for job in jobs for submission in job.submissions]
            given = await self._answered(lane.election, submissions)
            answers = iter(given)
            for job in jobs:
                job.resolve([next(answers) for _ in job.submissions])
            await tallies_answered.send_async(
                self, channels=[submission.sender.channel for submission in submissions], answers=given
            )

    async def _answered(self, election: str, submissions: list[Submission]) -> list[Answer]:
        """The answers to a batch, whatever happens. What breaks a batch is found by halving it."""
        try:
            return await self._committed_patiently(election, submissions)
        except (DatabaseAway, UnknownElection) as error:
            return [error] * len(submissions)
        except Exception:
            if len(submissions) == 1:
                _logger.exception("a tally of %s could not be recorded", election)
                return [Unavailable(say("This tally could not be recorded; the fault has been logged."))]
        middle = len(submissions) // 2
        first = await self._answered(election, submissions[:middle])
        return first + await self._answered(election, submissions[middle:])

    async def _committed_patiently(self, election: str, submissions: list[Submission]) -> list[Answer]:
        """Tries again while the database is away: sent twice, a tally is still recorded once."""
        pause = 0.05
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while True:
            try:
                return await self._commit(election, submissions)
            except _StaleBook:
                self._books.forget(election)
            except DatabaseAway:
                if asyncio.get_running_loop().time() + pause > deadline or self._closing:
                    raise
                await asyncio.sleep(pause)
                pause = min(pause * 2, 1.0)

    async def _commit(self, election: str, submissions: list[Submission]) -> list[Answer]:
        book = await self._books.get(election)
        refused = [_refused(submission, book) for submission in submissions]
        sound = [s for s, errors in zip(submissions, refused, strict=True) if not errors]
        recorded = await self._record(book, sound)
        await self._tell(book, recorded)
        answers = iter(recorded.answers)
        return [Invalid(errors) if errors else next(answers) for errors in refused]

    async def _record(self, book: BallotBook, submissions: list[Submission]) -> Recorded:
        places = [
            (book.contests[s.tally.contest].id, book.precincts[s.tally.precinct].id) for s in submissions
        ]
        async with self._database.transaction() as repos:
            head = await repos.log.lock_head(book.election_id)
            locked_at = time.monotonic()
            state = await repos.tallies.state(book.election_id, places, submissions)
            if state.changed_seq != book.changed_seq:
                raise _StaleBook
            surrounding = await repos.surroundings.of(book, places, *looked_up(book, submissions))
            recorded = Recorded.begin(head, self._clock())
            recorder = Recorder(
                book, state.election_status, state.standings, state.earlier, surrounding, recorded
            )
            for submission in submissions:
                recorder.take(submission)
            if recorded.lines:
                await repos.tallies.write(book.election_id, recorded)
        await batch_committed.send_async(self, size=len(submissions), seconds=time.monotonic() - locked_at)
        return recorded

    async def _tell(self, book: BallotBook, recorded: Recorded) -> None:
        if not recorded.rows:
            return
        names = {contest.id: code for code, contest in book.contests.items()}
        moved = frozenset(names[contest] for contest in recorded.contests)
        receipts = [answer for answer in recorded.answers if isinstance(answer, Receipt)]
        await results_changed.send_async(self, announcement=Announcement(book.election, recorded.seq, moved))
        await tally_recorded.send_async(self, election=book.election, receipts=receipts)

    async def close(self) -> None:
        """Takes nothing more, lets what is under way be answered, and stops."""
        self._closing = True
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=DRAIN_SECONDS)
        await end(self._workers)


def _refused(submission: Submission, book: BallotBook) -> tuple[FieldError, ...]:
    """Its hard errors by a book that is newer than the one it was held against; the same one found none."""
    return () if submission.changed_seq == book.changed_seq else check_against(submission.tally, book)


def looked_up(
    book: BallotBook, submissions: Sequence[Submission]
) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """What checks need of a batch: (contest, parent) ids, and (contest, vector) of what may have a twin."""
    parents, vectors = set(), set()
    for submission in submissions:
        tally = submission.tally
        contest, precinct = book.contests[tally.contest], book.precincts[tally.precinct]
        if precinct.above:
            parents.add((contest.id, precinct.above[0]))
        if submission.vector is not None and tally.all_votes >= book.checks.duplicate_vector.tolerance:
            vectors.add((contest.id, submission.vector))
    return parents, vectors


def _with_refusals(
    sorted_out: list[Submission | DomainError], answers: asyncio.Future[list[Answer]]
) -> asyncio.Future[list[Answer]]:
    """The answers in the order of the message, those refused at once among them."""
    if not any(isinstance(item, DomainError) for item in sorted_out):
        return answers
    merged: asyncio.Future[list[Answer]] = asyncio.get_running_loop().create_future()

    def merge(done: asyncio.Future[list[Answer]]) -> None:
        given = iter(done.result())
        merged.set_result([i if isinstance(i, DomainError) else next(given) for i in sorted_out])

    answers.add_done_callback(merge)
    return merged
