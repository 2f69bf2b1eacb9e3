"""What the database would hold, kept in dictionaries: for what is true of batches, whatever is in them."""

import datetime
from collections import Counter
from typing import Any

from models.ballot_book import BallotBook
from models.batch import Earlier, Held, Receipt, Recorded, Sender, Standing, Submission, TallyRow
from models.errors import DomainError
from models.lifecycles import TALLY_MOVES, ElectionStatus, move
from models.moments import Moments, permille, share_permilles
from models.recording import Recorder
from models.submissions import TallySubmission
from models.surroundings import Place, Surrounding
from models.totals import Figures, Siblings, Totals
from tests.building import book_of, tiny_election

AT = datetime.datetime(2026, 11, 3, 20, 0, tzinfo=datetime.UTC)
BOOK = book_of(tiny_election())
COUNTS = ("ballots_cast", "overvotes", "undervotes", "write_ins", "rejected_ballots")
SUMS = (
    *("units_reported", "quarantined_units", "awaiting_units", "voters_registered", *COUNTS),
    *("turnout_n", "turnout_total", "turnout_squares"),
)
SELECTION_SUMS = ("votes", "share_n", "share_total", "share_squares")


class Ledger:
    """What the database would hold, kept in dictionaries."""

    def __init__(self, book: BallotBook = BOOK) -> None:
        self.book = book
        self.status: str = ElectionStatus.OPEN
        self.head = book.changed_seq
        self.rows: dict[int, TallyRow] = {}
        self.entries: dict[int, str] = {}
        self.statuses: dict[int, str] = {}
        self.contest_totals: dict[tuple[int, int], Counter[str]] = {}
        self.lowered_by: dict[tuple[int, int], int] = {}
        self.selection_totals: dict[tuple[int, int], Counter[str]] = {}
        self.receipts: dict[tuple[int, str], Receipt] = {}

    def take(self, submissions: list[Submission]) -> list[Receipt | DomainError]:
        """One batch: decided by a Recorder from how things stand, then written."""
        recorder = self._recorder()
        for submission in submissions:
            recorder.take(submission)
        self._write(recorder.recorded)
        return recorder.recorded.answers

    def resolve(self, submission: Submission) -> Receipt:
        """A reviewer's own figures."""
        recorder = self._recorder()
        answer = recorder.resolve(submission)
        self._write(recorder.recorded)
        return answer

    def _recorder(self) -> Recorder:
        recorded = Recorded.begin(self.head, AT)
        standings, earlier = self._standings(), self._earlier()
        return Recorder(self.book, self.status, standings, earlier, self._surrounding(), recorded)

    def _standings(self) -> dict[tuple[int, int], Standing]:
        standings: dict[tuple[int, int], Standing] = {}
        for seq, row in self.rows.items():
            standing = standings.setdefault((row.contest_id, row.unit_id), Standing())
            standing.revision = max(standing.revision, row.submission.tally.revision)
            sender, revision = row.submission.sender, row.submission.tally.revision
            held = Held(figures_of(row), revision, sender.official_id, row.entry, row.vector)
            match self.statuses[seq]:
                case "accepted":
                    standing.counted = held.figures
                case "quarantined":
                    standing.quarantined += (held,)
                case "awaiting_second_entry":
                    assert standing.awaiting is None, "two first entries wait for one place"
                    standing.awaiting = held
        return standings

    def _surrounding(self) -> Surrounding:
        """What each tally is held against, out of all rows."""
        found = Surrounding(self.book.contest_codes())
        precincts = {precinct.id: precinct for precinct in self.book.precincts.values()}
        spread: dict[tuple[int, int], Siblings] = {}
        for contest in self.book.contests.values():
            for precinct in precincts.values():
                spread[contest.id, precinct.above[0]] = Siblings(Moments(), {})
        for seq, row in self.rows.items():
            precinct = precincts[row.unit_id]
            if self.statuses[seq] == "accepted":
                found.counted(row.unit_id, row.contest_id, row.submission.tally.ballots_cast)
                siblings = spread[row.contest_id, precinct.above[0]]
                siblings.move(+1, figures_of(row), precinct.voters_registered)
            if self.statuses[seq] in ("accepted", "quarantined") and row.vector is not None:
                found.reported(row.contest_id, row.vector, Place(seq, precinct.id, precinct.code))
        for (contest_id, unit), siblings in spread.items():
            found.spread(contest_id, unit, siblings)
        return found

    def _earlier(self) -> dict[tuple[int, str], Earlier]:
        digests = {
            (row.submission.sender.official_id, row.submission.tally.ref): row.submission.digest
            for row in self.rows.values()
        }
        return {key: Earlier(digests[key], receipt) for key, receipt in self.receipts.items()}

    def _write(self, recorded: Recorded) -> None:
        assert [row.seq for row in recorded.rows] == list(range(self.head + 1, recorded.seq + 1))
        self.head = recorded.seq
        for line in recorded.lines:
            self.entries[line.seq] = line.entry
        for row in recorded.rows:
            self.rows[row.seq], self.statuses[row.seq] = row, row.status
        for seq, status in recorded.statuses.items():
            self.statuses[seq] = move(TALLY_MOVES, "The tally", self.statuses[seq], status)
        self._move(recorded.totals)
        by_seq = {row.seq: row for row in recorded.rows}
        for answer in recorded.answers:
            if isinstance(answer, Receipt) and answer.seq in by_seq:
                sender = by_seq[answer.seq].submission.sender
                self.receipts[sender.official_id, answer.ref] = answer

    def _move(self, totals: Totals) -> None:
        for place, movement in totals.contests.items():
            total = self.contest_totals.setdefault(place, Counter())
            for name in SUMS:
                total[name] += getattr(movement, name)
            if movement.lowered_by:
                self.lowered_by[place] = movement.lowered_by
        for place, moved in totals.selections.items():
            total = self.selection_totals.setdefault(place, Counter())
            for name in SELECTION_SUMS:
                total[name] += getattr(moved, name)

    def totals(self) -> dict[Any, Any]:
        """All totals that are not zero."""
        return {
            "contests": _not_zero(self.contest_totals),
            "selections": _not_zero(self.selection_totals),
            "lowered_by": self.lowered_by,
        }

    def sums(self) -> dict[Any, Any]:
        """The same, added up from the tallies: what rule 1 says totals must be."""
        contests: dict[tuple[int, int], Counter[str]] = {}
        selections: dict[tuple[int, int], Counter[str]] = {}
        lowered_by: dict[tuple[int, int], int] = {}
        waiting = set()
        precincts = {precinct.id: precinct for precinct in self.book.precincts.values()}
        for seq, row in self.rows.items():
            above = precincts[row.unit_id].above
            if name := _WAITING.get(self.statuses[seq]):
                waiting.add((row.contest_id, row.unit_id, name))
            if self.statuses[seq] == "accepted":
                self._count(row, contests, selections)
            if row.lowered:
                lowered_by |= {(row.contest_id, unit): seq for unit in above}
        for contest, unit_id, name in waiting:
            for unit in precincts[unit_id].above:
                contests.setdefault((contest, unit), Counter())[name] += 1
        return {
            "contests": _not_zero(contests),
            "selections": _not_zero(selections),
            "lowered_by": lowered_by,
        }

    def _count(
        self,
        row: TallyRow,
        contests: dict[tuple[int, int], Counter[str]],
        selections: dict[tuple[int, int], Counter[str]],
    ) -> None:
        precinct = next(one for one in self.book.precincts.values() if one.id == row.unit_id)
        tally = row.submission.tally
        for unit in precinct.above:
            total = contests.setdefault((row.contest_id, unit), Counter())
            total["units_reported"] += 1
            total["voters_registered"] += precinct.voters_registered or 0
            for name in COUNTS:
                total[name] += getattr(tally, name)
            for selection, votes in row.votes.items():
                selections.setdefault((selection, unit), Counter())["votes"] += votes
        parent = precinct.above[0]
        turnout = permille(tally.ballots_cast, precinct.voters_registered)
        if turnout is not None:
            contests[row.contest_id, parent].update(_moments("turnout", turnout))
        for selection, share in share_permilles(row.votes, tally.write_ins).items():
            selections.setdefault((selection, parent), Counter()).update(_moments("share", share))


_WAITING = {"quarantined": "quarantined_units", "awaiting_second_entry": "awaiting_units"}


def _moments(name: str, share: int) -> dict[str, int]:
    return {f"{name}_n": 1, f"{name}_total": share, f"{name}_squares": share * share}


def _not_zero(totals: dict[tuple[int, int], Counter[str]]) -> dict[tuple[int, int], dict[str, int]]:
    named = {place: {n: v for n, v in total.items() if v} for place, total in totals.items()}
    return {place: total for place, total in named.items() if total}


def figures_of(row: TallyRow) -> Figures:
    tally = row.submission.tally
    return Figures(row.seq, *(getattr(tally, name) for name in COUNTS), row.votes)


def submission(tally: TallySubmission, official: int = 1) -> Submission:
    return Submission.of(tally, Sender(official, "ws"), BOOK)


def refusal(answer: Receipt | DomainError) -> type[DomainError]:
    assert isinstance(answer, DomainError)
    return type(answer)


def receipt(answer: Receipt | DomainError) -> Receipt:
    assert isinstance(answer, Receipt), answer
    return answer


def told(answer: Receipt | DomainError) -> Any:
    """An answer without its leaf hash, which covers random bytes."""
    if isinstance(answer, Receipt):
        return (answer.ref, answer.seq, answer.revision, answer.status, answer.checks)
    return (type(answer), answer.title, answer.errors)
