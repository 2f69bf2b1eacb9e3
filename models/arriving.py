"""One tally as it comes into the log: it counts, or waits for the other entry or for a reviewer (pure)."""

import msgspec

from models.ballot_book import BallotBook, BookContest, Precinct
from models.batch import Held, Receipt, Recorded, Standing, Submission, TallyRow
from models.check_settings import DOUBLE_ENTRY
from models.checks import FailedCheck, failed_checks
from models.errors import RevisionConflict, SecondEntryNeeded, SecondPersonNeeded
from models.lifecycles import TallyStatus
from models.log import TallyEntry
from models.surroundings import Place, Surrounding
from models.totals import Figures


def waits(standing: Standing) -> tuple[bool, bool]:
    """Whether a tally of the place is quarantined, and whether one awaits its second entry."""
    return bool(standing.quarantined), standing.awaiting is not None


class Arriving:
    """One submission, which has no hard errors and whose election takes tallies."""

    def __init__(
        self,
        book: BallotBook,
        surrounding: Surrounding,
        recorded: Recorded,
        submission: Submission,
        precinct: Precinct,
        contest: BookContest,
        standing: Standing,
    ) -> None:
        self._book = book
        self._surrounding = surrounding
        self._recorded = recorded
        self._submission = submission
        self._tally = submission.tally
        self._precinct = precinct
        self._contest = contest
        self._standing = standing
        self._seq = recorded.seq + 1
        self._vector = submission.vector
        self._figures = _figures(self._seq, submission, contest)

    # ---- the ways in ----

    def once(self) -> Receipt:
        """Where one entry is enough. Raises RevisionConflict."""
        if self._tally.revision != self._standing.revision + 1:
            raise RevisionConflict(self._standing.revision, self._tally.revision)
        return self._checked()

    def twice(self) -> Receipt:
        """Where two people enter each tally.

        Raises RevisionConflict, SecondPersonNeeded and SecondEntryNeeded.
        """
        first, sender = self._standing.awaiting, self._submission.sender.official_id
        if first is not None and self._tally.revision == first.revision:
            if first.official_id == sender:
                raise SecondPersonNeeded(self._tally.precinct, self._tally.contest)
            return self._second(first)
        if first is not None and first.official_id != sender:
            raise SecondEntryNeeded(first.revision)
        if self._tally.revision != self._standing.revision + 1:
            raise RevisionConflict(self._standing.revision, self._tally.revision)
        return self._record(TallyStatus.AWAITING, (), entry=1)

    def resolved(self) -> Receipt:
        """A reviewer's own figures: they count, and what failed stands beside them."""
        return self._record(TallyStatus.ACCEPTED, self._failed(), entry=0)

    def _checked(self, *, second_of: Held | None = None) -> Receipt:
        failed = self._failed()
        status = TallyStatus.QUARANTINED if failed else TallyStatus.ACCEPTED
        return self._record(status, failed, entry=2 if second_of else 0, first=second_of)

    def _second(self, first: Held) -> Receipt:
        """Equal entries go on as one tally, which is the second; of unequal ones both are held."""
        differing = self._figures.differing(first.figures)
        if not differing:
            return self._checked(second_of=first)
        message = f"{differing} figure(s) differ between the two entries"
        failed = FailedCheck(DOUBLE_ENTRY, differing, 0, message)
        return self._record(TallyStatus.QUARANTINED, (failed,), entry=2, first=first, differs=True)

    # ---- what each of them does ----

    def _failed(self) -> tuple[FailedCheck, ...]:
        around = self._surrounding.of(self._precinct, self._contest, self._vector, self._standing.counted)
        return failed_checks(
            self._tally,
            self._book.checks,
            votes_allowed=self._contest.votes_allowed,
            voters_registered=self._precinct.voters_registered,
            surroundings=around,
        )

    def _record(
        self,
        status: TallyStatus,
        failed: tuple[FailedCheck, ...],
        *,
        entry: int,
        first: Held | None = None,
        differs: bool = False,
    ) -> Receipt:
        lowered = status == TallyStatus.ACCEPTED and self._figures.lowers(self._standing.counted)
        waited = waits(self._standing)
        supersedes = self._take_place(status, entry, differs=differs)
        self._move_waiting(waited)
        if lowered:
            self._recorded.totals.lower(self._seq, self._precinct, self._contest)
        self._add_row(status, entry, lowered=lowered)
        hashed = self._recorded.append(self._entry(status, failed, supersedes, first))
        return Receipt(
            ref=self._tally.ref,
            seq=self._seq,
            revision=self._tally.revision,
            status=status.value,
            checks=failed,
            leaf_hash=hashed.hex(),
        )

    def _take_place(self, status: TallyStatus, entry: int, *, differs: bool) -> tuple[int, ...]:
        """Moves what stood there before; returns the seqs that are superseded.

        A first entry waits no longer, whatever comes: the second one, a newer first one, or what a
        reviewer decides.
        """
        standing, first = self._standing, self._standing.awaiting
        standing.revision = self._tally.revision
        sender = self._submission.sender.official_id
        held = Held(self._figures, self._tally.revision, sender, entry, self._vector)
        standing.awaiting = held if status == TallyStatus.AWAITING else None
        if status == TallyStatus.ACCEPTED:
            return self._count(first)
        if differs and first:
            standing.quarantined += (first, held)
            self._recorded.statuses[first.seq] = TallyStatus.QUARANTINED
            self._report(first.seq, first.vector)
            return ()
        if status == TallyStatus.QUARANTINED:
            standing.quarantined += (held,)
        return self._supersede(*((first.seq,) if first else ()))

    def _count(self, awaiting: Held | None) -> tuple[int, ...]:
        """Counts the tally in the place of what was counted or waited before."""
        standing, counted = self._standing, self._standing.counted
        waiting = tuple(held.seq for held in standing.quarantined)
        if awaiting:
            waiting += (awaiting.seq,)
        supersedes = (*waiting, *((counted.seq,) if counted else ()))
        for sign, figures in ((-1, counted), (+1, self._figures)):
            self._recorded.totals.count(sign, figures, self._precinct, self._contest)
            self._surrounding.count(sign, figures, self._precinct, self._contest)
        standing.counted, standing.quarantined = self._figures, ()
        return self._supersede(*supersedes)

    def _supersede(self, *seqs: int) -> tuple[int, ...]:
        for seq in seqs:
            self._recorded.statuses[seq] = TallyStatus.SUPERSEDED
            self._surrounding.leave(seq)
        return seqs

    def _move_waiting(self, waited: tuple[bool, bool]) -> None:
        quarantined, awaiting = waits(self._standing)
        self._recorded.totals.wait(
            self._precinct,
            self._contest,
            quarantined=quarantined - waited[0],
            awaiting=awaiting - waited[1],
        )

    def _add_row(self, status: TallyStatus, entry: int, *, lowered: bool) -> None:
        contest, precinct = self._contest, self._precinct
        # A first entry is nobody's twin before the second has come.
        if status != TallyStatus.AWAITING:
            self._report(self._seq, self._vector)
        self._recorded.rows.append(
            TallyRow(
                self._seq,
                contest.id,
                precinct.id,
                status.value,
                self._submission,
                self._figures.votes,
                entry,
                self._vector,
                lowered,
            )
        )

    def _report(self, seq: int, vector: int | None) -> None:
        if vector is not None:
            place = Place(seq, self._precinct.id, self._precinct.code)
            self._surrounding.reported(self._contest.id, vector, place)

    def _entry(
        self,
        status: str,
        failed: tuple[FailedCheck, ...],
        supersedes: tuple[int, ...],
        first: Held | None,
    ) -> TallyEntry:
        tally = self._tally
        return TallyEntry(
            seq=self._seq,
            at=self._recorded.at,
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
            checks=failed,
            supersedes=supersedes,
            reason=tally.reason,
            nonce=self._recorded.nonce(),
            second_of=first.seq if first else msgspec.UNSET,
        )


def _figures(seq: int, submission: Submission, contest: BookContest) -> Figures:
    tally = submission.tally
    return Figures(
        seq,
        tally.ballots_cast,
        tally.overvotes,
        tally.undervotes,
        tally.write_ins,
        tally.rejected_ballots,
        {contest.selections[code]: count for code, count in tally.votes.items()},
    )
