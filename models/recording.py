"""What happens to a batch of tallies at the head of the log: decided here, pure, before any is written.

The caller holds the lock on the head and hands in how things stand; it gets back every row to write
and an answer for each submission. Tallies of one batch see each other in their order, exactly as if
each had come in a batch of its own.
"""

import datetime
import secrets
from collections import defaultdict
from typing import Self

import msgspec

from models.ballot_book import BallotBook, BookContest, Precinct
from models.checks import FailedCheck, failed_checks
from models.errors import DomainError, ElectionNotOpen, RefReused, RevisionConflict
from models.lifecycles import TAKES_TALLIES, TallyStatus
from models.log import TallyEntry, entry_bytes, leaf_hash
from models.submissions import TallySubmission


class Receipt(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="receipt"):
    """Given once a tally is durable. `leaf_hash` is the hex leaf hash of log entry `seq`."""

    ref: str
    seq: int
    revision: int
    status: str
    checks: tuple[FailedCheck, ...]
    leaf_hash: str


class Sender(msgspec.Struct, frozen=True):
    """Who sent a tally, and by what channel."""

    official_id: int
    channel: str


class Submission(msgspec.Struct, frozen=True):
    """A tally that has no hard errors, on its way to the log. `digest` covers all it says."""

    tally: TallySubmission
    sender: Sender
    digest: bytes


class Figures(msgspec.Struct, frozen=True):
    """What one counted tally adds to totals. `votes` is by selection id."""

    seq: int
    ballots_cast: int
    overvotes: int
    undervotes: int
    write_ins: int
    rejected_ballots: int
    votes: dict[int, int]


class Standing(msgspec.Struct):
    """How one (precinct, contest) stands: its newest revision, what is counted, what waits for review."""

    revision: int = 0
    counted: Figures | None = None
    quarantined: tuple[int, ...] = ()


class Earlier(msgspec.Struct, frozen=True):
    """A submission of the same sender with the same ref that is already in the log."""

    digest: bytes
    receipt: Receipt


class TallyRow(msgspec.Struct, frozen=True):
    """One row of `tallies` with its votes and its log entry."""

    seq: int
    contest_id: int
    unit_id: int
    status: str
    submission: Submission
    votes: dict[int, int]
    entry: str
    leaf_hash: bytes


class Movement(msgspec.Struct):
    """By how much a contest's total at one unit moves. The order is that of the table's columns."""

    units_reported: int = 0
    quarantined_units: int = 0
    voters_registered: int = 0
    ballots_cast: int = 0
    overvotes: int = 0
    undervotes: int = 0
    write_ins: int = 0
    rejected_ballots: int = 0

    def add(self, sign: int, figures: Figures, voters_registered: int) -> None:
        self.units_reported += sign
        self.voters_registered += sign * voters_registered
        self.ballots_cast += sign * figures.ballots_cast
        self.overvotes += sign * figures.overvotes
        self.undervotes += sign * figures.undervotes
        self.write_ins += sign * figures.write_ins
        self.rejected_ballots += sign * figures.rejected_ballots


class Recorded(msgspec.Struct):
    """The writes of a batch. `answers` are in the order of the submissions."""

    at: datetime.datetime
    seq: int
    rows: list[TallyRow]
    superseded: list[int]
    contest_totals: dict[tuple[int, int], Movement]
    selection_totals: dict[tuple[int, int], int]
    answers: list[Receipt | DomainError]

    @classmethod
    def begin(cls, seq: int, at: datetime.datetime) -> Self:
        return cls(at, seq, [], [], defaultdict(Movement), defaultdict(int), [])

    @property
    def contests(self) -> frozenset[int]:
        """Ids of the contests whose totals moved, or whose quarantine did."""
        return frozenset(contest for contest, _ in self.contest_totals)


class Recorder:
    """Takes a batch's submissions one after the other; `recorded` is what has to be written."""

    def __init__(
        self,
        book: BallotBook,
        election_status: str,
        standings: dict[tuple[int, int], Standing],
        earlier: dict[tuple[int, str], Earlier],
        recorded: Recorded,
    ) -> None:
        self._book = book
        self._election_status = election_status
        self._standings = standings
        self._earlier = earlier
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
        if self._election_status not in TAKES_TALLIES:
            raise ElectionNotOpen(self._book.election, self._election_status)
        precinct, contest = self._book.precincts[tally.precinct], self._book.contests[tally.contest]
        standing = self._standings.setdefault((contest.id, precinct.id), Standing())
        if tally.revision != standing.revision + 1:
            raise RevisionConflict(standing.revision, tally.revision)
        receipt = self._record(submission, precinct, contest, standing)
        self._earlier[key] = Earlier(submission.digest, receipt)
        return receipt

    def _record(
        self, submission: Submission, precinct: Precinct, contest: BookContest, standing: Standing
    ) -> Receipt:
        tally = submission.tally
        seq = self.recorded.seq = self.recorded.seq + 1
        checks = failed_checks(
            tally, votes_allowed=contest.votes_allowed, voters_registered=precinct.voters_registered
        )
        status = TallyStatus.QUARANTINED if checks else TallyStatus.ACCEPTED
        votes = {contest.selections[code]: count for code, count in tally.votes.items()}
        standing.revision = tally.revision
        supersedes = self._move_totals(seq, tally, votes, checks != (), precinct, contest, standing)
        data = entry_bytes(self._entry(seq, tally, status.value, checks, supersedes))
        hashed = leaf_hash(data)
        self.recorded.rows.append(
            TallyRow(seq, contest.id, precinct.id, status.value, submission, votes, data.decode(), hashed)
        )
        return Receipt(
            ref=tally.ref,
            seq=seq,
            revision=tally.revision,
            status=status.value,
            checks=checks,
            leaf_hash=hashed.hex(),
        )

    def _move_totals(
        self,
        seq: int,
        tally: TallySubmission,
        votes: dict[int, int],
        failed: bool,
        precinct: Precinct,
        contest: BookContest,
        standing: Standing,
    ) -> tuple[int, ...]:
        """Counts an accepted tally in the place of earlier ones; returns the seqs that it supersedes."""
        waited = bool(standing.quarantined)
        supersedes: tuple[int, ...] = ()
        if failed:
            standing.quarantined += (seq,)
        else:
            figures = Figures(
                seq,
                tally.ballots_cast,
                tally.overvotes,
                tally.undervotes,
                tally.write_ins,
                tally.rejected_ballots,
                votes,
            )
            counted = standing.counted
            supersedes = standing.quarantined + ((counted.seq,) if counted else ())
            self._count(-1, counted, precinct, contest)
            self._count(+1, figures, precinct, contest)
            self.recorded.superseded.extend(supersedes)
            standing.counted, standing.quarantined = figures, ()
        waiting = bool(standing.quarantined) - waited
        for unit in precinct.above:
            self.recorded.contest_totals[contest.id, unit].quarantined_units += waiting
        return supersedes

    def _count(self, sign: int, figures: Figures | None, precinct: Precinct, contest: BookContest) -> None:
        if figures is None:
            return
        selection_totals = self.recorded.selection_totals
        for unit in precinct.above:
            movement = self.recorded.contest_totals[contest.id, unit]
            movement.add(sign, figures, precinct.voters_registered or 0)
            for selection, votes in figures.votes.items():
                selection_totals[selection, unit] += sign * votes

    def _entry(
        self,
        seq: int,
        tally: TallySubmission,
        status: str,
        checks: tuple[FailedCheck, ...],
        supersedes: tuple[int, ...],
    ) -> TallyEntry:
        return TallyEntry(
            seq=seq,
            at=self.recorded.at,
            election=self._book.election,
            is_test=self._book.is_test,
            precinct=tally.precinct,
            contest=tally.contest,
            revision=tally.revision,
            status=status,
            votes=tally.votes,
            ballots_cast=tally.ballots_cast,
            overvotes=tally.overvotes,
            undervotes=tally.undervotes,
            write_ins=tally.write_ins,
            rejected_ballots=tally.rejected_ballots,
            checks=checks,
            supersedes=supersedes,
            reason=tally.reason,
            nonce=secrets.token_hex(16),
        )
