"""What happens to a batch of tallies at the head of the log: decided here, pure, before any is written.

The caller holds the lock on the head and hands in how things stand; it gets back every row to write
and an answer for each submission. Tallies of one batch see each other in their order, exactly as if
each had come in a batch of its own.
"""

from models.arriving import Arriving
from models.ballot_book import BallotBook, BookContest
from models.batch import Earlier, Receipt, Recorded, Standing, Submission
from models.errors import DomainError, ElectionNotOpen, RefReused
from models.lifecycles import TAKES_TALLIES, ElectionStatus
from models.surroundings import Surrounding


def takes_tallies(election_status: str, contest: BookContest) -> bool:
    """Whether tallies of the contest are taken: a recount goes on after the close."""
    recounted = contest.recounting and election_status == ElectionStatus.CLOSED
    return election_status in TAKES_TALLIES or recounted


class Recorder:
    """Takes a batch's submissions one after the other; `recorded` is what has to be written."""

    def __init__(
        self,
        book: BallotBook,
        election_status: str,
        standings: dict[tuple[int, int], Standing],
        earlier: dict[tuple[int, str], Earlier],
        surrounding: Surrounding,
        recorded: Recorded,
    ) -> None:
        self._book = book
        self._election_status = election_status
        self._standings = standings
        self._earlier = earlier
        self._surrounding = surrounding
        self.recorded = recorded

    def take(self, submission: Submission) -> None:
        """Decides one submission; its answer is a receipt or the reason why it is not taken."""
        try:
            answer: Receipt | DomainError = self._decide(submission)
        except DomainError as error:
            answer = error
        self.recorded.answers.append(answer)

    def _decide(self, submission: Submission) -> Receipt:
        tally = submission.tally
        key = (submission.sender.official_id, tally.ref)
        if earlier := self._earlier.get(key):
            if earlier.digest != submission.digest:
                raise RefReused(tally.ref)
            return earlier.receipt
        if not takes_tallies(self._election_status, self._book.contests[tally.contest]):
            raise ElectionNotOpen(self._book.election, self._election_status)
        arriving = self._arriving(submission)
        receipt = arriving.twice() if self._book.double_entry else arriving.once()
        self._earlier[key] = Earlier(submission.digest, receipt)
        return receipt

    def resolve(self, submission: Submission) -> Receipt:
        """Counts what a reviewer says holds, whatever the checks say, in the place of all that waits."""
        return self._arriving(submission).resolved()

    def _arriving(self, submission: Submission) -> Arriving:
        tally = submission.tally
        precinct, contest = self._book.precincts[tally.precinct], self._book.contests[tally.contest]
        standing = self._standings.setdefault((contest.id, precinct.id), Standing())
        return Arriving(self._book, self._surrounding, self.recorded, submission, precinct, contest, standing)
