"""A person's decision on a tally: whether it can be made, and what it moves (pure).

The caller holds the lock on the log's head and hands in how the tally's precinct and contest stand.
"""

import secrets

from models.ballot_book import BallotBook
from models.batch import Held, Recorded, Standing
from models.canvass import ON_QUARANTINED, STATUS_AFTER, Case, Decided, Decision
from models.errors import (
    ElectionCertified,
    ElectionNotOpen,
    NewerRevision,
    OwnTally,
    RecallAsked,
    RecallAskedByYou,
    RecallNotAsked,
    TallyDecided,
    TwoEntriesDiffer,
)
from models.lifecycles import CANVASSED, ElectionStatus, TallyStatus
from models.log import DecisionEntry
from models.totals import Figures


def check_canvassed(election: str, status: str) -> None:
    """Raises ElectionCertified or ElectionNotOpen where it cannot be decided on tallies."""
    if status == ElectionStatus.CERTIFIED:
        raise ElectionCertified(election)
    if status not in CANVASSED:
        raise ElectionNotOpen(election, status)


def check_decision(case: Case, standing: Standing, decision: Decision, member: int) -> None:
    """Whether this person may decide so on the tally as it stands.

    Raises TallyDecided, NewerRevision, TwoEntriesDiffer, OwnTally, and what recalls ask for.
    """
    if decision in ON_QUARANTINED:
        _check_quarantined(case, standing, decision, member)
    else:
        _check_recall(case, decision, member)


def _check_quarantined(case: Case, standing: Standing, decision: Decision, member: int) -> None:
    if case.status != TallyStatus.QUARANTINED:
        raise TallyDecided(case.status, case.newest)
    newest = standing.quarantined[-1]
    if newest.revision != case.revision:
        raise NewerRevision(newest.seq)
    together = entered_together(standing, case.revision)
    if member == case.sender or any(held.official_id == member for held in together):
        raise OwnTally
    if decision == Decision.ACCEPT and len(together) > 1:
        raise TwoEntriesDiffer


def _check_recall(case: Case, decision: Decision, member: int) -> None:
    if case.status != TallyStatus.ACCEPTED:
        raise TallyDecided(case.status, case.newest)
    asked_by = case.recall_asked_by
    if decision == Decision.ASK_RECALL:
        if asked_by is not None:
            raise RecallAsked
        return
    if asked_by is None:
        raise RecallNotAsked
    if decision == Decision.RECALL:
        if asked_by == member:
            raise RecallAskedByYou
        if case.sender == member:
            raise OwnTally


def entered_together(standing: Standing, revision: int) -> tuple[Held, ...]:
    """The quarantined tallies of one revision: two, where two entries differ."""
    return tuple(held for held in standing.quarantined if held.revision == revision)


class Deciding:
    """Carries a checked decision out; `recorded` is what has to be written."""

    def __init__(self, book: BallotBook, case: Case, standing: Standing, recorded: Recorded) -> None:
        self._book = book
        self._case = case
        self._standing = standing
        self._recorded = recorded
        self._precinct = book.precincts[case.precinct]
        self._contest = book.contests[case.contest]
        self.lowered = False

    def decide(self, decision: Decision, reason: str) -> Decided:
        """Moves the tally and the totals, and appends the log entry that says why."""
        waited = bool(self._standing.quarantined)
        supersedes = self._move(decision)
        waiting = bool(self._standing.quarantined) - waited
        self._recorded.totals.wait(self._precinct, self._contest, quarantined=waiting, awaiting=0)
        seq = self._recorded.seq + 1
        if self.lowered:
            self._recorded.totals.lower(seq, self._precinct, self._contest)
        status = STATUS_AFTER[decision].value
        hashed = self._recorded.append(self._entry(seq, decision, status, supersedes, reason))
        return Decided(
            seq=seq, tally=self._case.seq, decision=decision, status=status, leaf_hash=hashed.hex()
        )

    def _move(self, decision: Decision) -> tuple[int, ...]:
        """Returns the seqs that are superseded."""
        match decision:
            case Decision.ACCEPT:
                return self._accept()
            case Decision.REJECT:
                self._reject()
            case Decision.RECALL:
                self._recall()
        return ()

    def _accept(self) -> tuple[int, ...]:
        standing, counted = self._standing, self._standing.counted
        accepted = next(held for held in standing.quarantined if held.seq == self._case.seq).figures
        others = tuple(held.seq for held in standing.quarantined if held.seq != self._case.seq)
        supersedes = (*others, *((counted.seq,) if counted else ()))
        self.lowered = accepted.lowers(counted)
        self._count(-1, counted)
        self._count(+1, accepted)
        for seq in supersedes:
            self._recorded.statuses[seq] = TallyStatus.SUPERSEDED
        self._recorded.statuses[accepted.seq] = TallyStatus.ACCEPTED
        standing.counted, standing.quarantined = accepted, ()
        return supersedes

    def _reject(self) -> None:
        standing = self._standing
        rejected = entered_together(standing, self._case.revision)
        for held in rejected:
            self._recorded.statuses[held.seq] = TallyStatus.REJECTED
        standing.quarantined = tuple(held for held in standing.quarantined if held not in rejected)

    def _recall(self) -> None:
        counted = self._standing.counted
        self.lowered = counted is not None
        self._count(-1, counted)
        self._recorded.statuses[self._case.seq] = TallyStatus.RECALLED
        self._standing.counted = None

    def _count(self, sign: int, figures: Figures | None) -> None:
        self._recorded.totals.count(sign, figures, self._precinct, self._contest)

    def _entry(
        self, seq: int, decision: Decision, status: str, supersedes: tuple[int, ...], reason: str
    ) -> DecisionEntry:
        case = self._case
        return DecisionEntry(
            seq=seq,
            at=self._recorded.at,
            election=self._book.election,
            is_test=self._book.is_test,
            tally=case.seq,
            precinct=case.precinct,
            contest=case.contest,
            revision=case.revision,
            decision=decision.value,
            status=status,
            supersedes=supersedes,
            reason=reason,
            nonce=secrets.token_hex(16),
        )
