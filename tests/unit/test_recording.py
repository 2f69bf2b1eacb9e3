"""What a batch does to totals: rule 1 holds after anything that officers can send, in any batches."""

import datetime
from collections import Counter
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from models.ballot_book import BallotBook
from models.batch import Earlier, Held, Receipt, Recorded, Sender, Standing, Submission, TallyRow
from models.errors import DomainError, ElectionNotOpen, RefReused, RevisionConflict
from models.lifecycles import TALLY_MOVES, ElectionStatus, move
from models.log import TallyEntry, entry_bytes, leaf_hash
from models.moments import Moments
from models.recording import Recorder
from models.submissions import TallySubmission, check_against, digest
from models.surroundings import Place, Surrounding
from models.totals import Figures, Siblings
from tests.building import FIGURES, a_tally, book_of, tiny_election, unbalanced

AT = datetime.datetime(2026, 11, 3, 20, 0, tzinfo=datetime.UTC)
BOOK = book_of(tiny_election())
COUNTS = ("ballots_cast", "overvotes", "undervotes", "write_ins", "rejected_ballots")
SUMS = ("units_reported", "quarantined_units", "voters_registered", *COUNTS)


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
        self.selection_totals: Counter[tuple[int, int]] = Counter()
        self.receipts: dict[tuple[int, str], Receipt] = {}

    def take(self, submissions: list[Submission]) -> list[Receipt | DomainError]:
        """One batch: decided by a Recorder from how things stand, then written."""
        recorded = Recorded.begin(self.head, AT)
        standings, earlier = self._standings(), self._earlier()
        recorder = Recorder(self.book, self.status, standings, earlier, self._surrounding(), recorded)
        for submission in submissions:
            recorder.take(submission)
        self._write(recorded)
        return recorded.answers

    def _standings(self) -> dict[tuple[int, int], Standing]:
        standings: dict[tuple[int, int], Standing] = {}
        for seq, row in self.rows.items():
            standing = standings.setdefault((row.contest_id, row.unit_id), Standing())
            standing.revision = max(standing.revision, row.submission.tally.revision)
            if self.statuses[seq] == "accepted":
                standing.counted = figures_of(row)
            elif self.statuses[seq] == "quarantined":
                sender, revision = row.submission.sender, row.submission.tally.revision
                standing.quarantined += (Held(figures_of(row), revision, sender.official_id, row.entry),)
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
        for place, movement in recorded.totals.contests.items():
            total = self.contest_totals.setdefault(place, Counter())
            for name in SUMS:
                total[name] += getattr(movement, name)
        for place, moved in recorded.totals.selections.items():
            self.selection_totals[place] += moved.votes
        by_seq = {row.seq: row for row in recorded.rows}
        for answer in recorded.answers:
            if isinstance(answer, Receipt) and answer.seq in by_seq:
                sender = by_seq[answer.seq].submission.sender
                self.receipts[sender.official_id, answer.ref] = answer

    def totals(self) -> dict[Any, Any]:
        """All totals that are not zero."""
        contests = {
            place: {n: v for n, v in total.items() if v} for place, total in self.contest_totals.items()
        }
        return {
            "contests": {place: total for place, total in contests.items() if total},
            "selections": {place: votes for place, votes in self.selection_totals.items() if votes},
        }

    def sums(self) -> dict[Any, Any]:
        """The same, added up from the tallies: what rule 1 says totals must be."""
        contests: dict[tuple[int, int], Counter[str]] = {}
        selections: Counter[tuple[int, int]] = Counter()
        waiting = set()
        precincts = {precinct.id: precinct for precinct in self.book.precincts.values()}
        for seq, row in self.rows.items():
            precinct = precincts[row.unit_id]
            if self.statuses[seq] == "quarantined":
                waiting.add((row.contest_id, row.unit_id))
            if self.statuses[seq] != "accepted":
                continue
            for unit in precinct.above:
                total = contests.setdefault((row.contest_id, unit), Counter())
                total["units_reported"] += 1
                total["voters_registered"] += precinct.voters_registered or 0
                for name in COUNTS:
                    total[name] += getattr(row.submission.tally, name)
                for selection, votes in row.votes.items():
                    selections[selection, unit] += votes
        for contest, unit_id in waiting:
            for unit in precincts[unit_id].above:
                contests.setdefault((contest, unit), Counter())["quarantined_units"] += 1
        named = {place: {n: v for n, v in total.items() if v} for place, total in contests.items()}
        return {
            "contests": {place: total for place, total in named.items() if total},
            "selections": {place: votes for place, votes in selections.items() if votes},
        }


def figures_of(row: TallyRow) -> Figures:
    tally = row.submission.tally
    return Figures(row.seq, *(getattr(tally, name) for name in COUNTS), row.votes)


def submission(tally: TallySubmission, official: int = 1) -> Submission:
    return Submission(tally, Sender(official, "ws"), digest(tally))


def refusal(answer: Receipt | DomainError) -> type[DomainError]:
    assert isinstance(answer, DomainError)
    return type(answer)


def receipt(answer: Receipt | DomainError) -> Receipt:
    assert isinstance(answer, Receipt), answer
    return answer


PLACES = [("north-1", "president"), ("north-1", "council"), ("south-1", "president"), ("south-2", "measure")]


@st.composite
def submissions(draw: st.DrawFn) -> Submission:
    """Anything that has no hard errors: first tallies, corrections, repeats, wrong revisions, bad sums."""
    precinct, contest = draw(st.sampled_from(PLACES))
    revision = draw(st.sampled_from([1, 1, 2, 3, 4]))
    scale = draw(st.integers(0, 1))
    figures = {
        name: {code: votes * scale for code, votes in value.items()} if name == "votes" else value * scale
        for name, value in FIGURES[contest].items()
    }
    if draw(st.booleans()):
        figures["undervotes"] += draw(st.sampled_from([0, 1]))
    tally = a_tally(
        precinct,
        contest,
        ref=draw(st.sampled_from(["a", "b", "c", "d", "e", "f", "g", "h"])),
        revision=revision,
        reason="recount" if revision > 1 else "",
        **figures,
    )
    assert not check_against(tally, BOOK)
    return submission(tally, draw(st.integers(1, 2)))


class ElectionNight(RuleBasedStateMachine):
    """Officers send whatever they like; the rules of DOMAIN.md hold all the time."""

    @initialize()
    def begin(self) -> None:
        self.ledger = Ledger()
        self.given: dict[int, Receipt] = {}

    @rule(batch=st.lists(submissions(), min_size=1, max_size=6))
    def send(self, batch: list[Submission]) -> None:
        before = dict(self.ledger.receipts)
        digests = {key: earlier.digest for key, earlier in self.ledger._earlier().items()}
        for sent, answer in zip(batch, self.ledger.take(batch), strict=True):
            key = (sent.sender.official_id, sent.tally.ref)
            if key in before and digests[key] == sent.digest:
                assert answer == before[key]
            elif key in before:
                assert refusal(answer) is RefReused
            if isinstance(answer, Receipt):
                assert answer.ref == sent.tally.ref
                assert answer == self.given.setdefault(answer.seq, answer)

    @rule(status=st.sampled_from([ElectionStatus.OPEN, ElectionStatus.CLOSED, ElectionStatus.CORRECTION]))
    def move(self, status: ElectionStatus) -> None:
        self.ledger.status = status

    @rule(sent=submissions())
    def a_closed_election_takes_nothing_new(self, sent: Submission) -> None:
        self.ledger.status = ElectionStatus.CLOSED
        head = self.ledger.head
        [answer] = self.ledger.take([sent])
        assert self.ledger.head == head
        known = (sent.sender.official_id, sent.tally.ref) in self.ledger.receipts
        assert known or refusal(answer) is ElectionNotOpen
        self.ledger.status = ElectionStatus.OPEN

    @invariant()
    def totals_are_the_sums_of_the_counted_tallies(self) -> None:
        assert self.ledger.totals() == self.ledger.sums()

    @invariant()
    def at_most_one_revision_is_counted_and_revisions_have_no_gaps(self) -> None:
        counted: Counter[tuple[int, int]] = Counter()
        revisions: dict[tuple[int, int], list[int]] = {}
        for seq, row in self.ledger.rows.items():
            place = (row.contest_id, row.unit_id)
            counted[place] += self.ledger.statuses[seq] == "accepted"
            revisions.setdefault(place, []).append(row.submission.tally.revision)
        assert all(number <= 1 for number in counted.values())
        assert all(found == list(range(1, len(found) + 1)) for found in revisions.values())

    @invariant()
    def every_receipt_ever_given_is_in_the_log_once(self) -> None:
        for seq, given_ in self.given.items():
            entry = msgspec.json.decode(self.ledger.entries[seq], type=TallyEntry)
            assert (entry.seq, entry.revision, entry.status) == (seq, given_.revision, given_.status)
            assert given_.leaf_hash == leaf_hash(entry_bytes(entry)).hex()


ElectionNight.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestElectionNight = ElectionNight.TestCase


@settings(max_examples=80, deadline=None)
@given(st.lists(submissions(), min_size=1, max_size=25), st.data())
def test_tallies_get_the_same_answers_and_totals_in_whatever_batches_they_come(
    sent: list[Submission], data: st.DataObject
) -> None:
    alone, batched = Ledger(), Ledger()
    one_by_one = [alone.take([item])[0] for item in sent]
    together: list[Receipt | DomainError] = []
    rest = sent
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        together += batched.take(rest[:size])
        rest = rest[size:]
    assert [told(answer) for answer in one_by_one] == [told(answer) for answer in together]
    assert alone.totals() == batched.totals()
    assert alone.statuses == batched.statuses


def told(answer: Receipt | DomainError) -> Any:
    """An answer without its leaf hash, which covers random bytes."""
    if isinstance(answer, Receipt):
        return (answer.ref, answer.seq, answer.revision, answer.status, answer.checks)
    return (type(answer), answer.title, answer.errors)


def test_a_receipt_names_the_entry_its_revision_and_its_status() -> None:
    given_ = receipt(Ledger().take([submission(a_tally(ref="mine"))])[0])
    assert (given_.ref, given_.seq, given_.revision, given_.status) == ("mine", 3, 1, "accepted")
    assert given_.checks == ()


def test_the_same_ref_with_other_figures_is_refused_inside_one_batch_too() -> None:
    first, second = a_tally(ref="mine"), a_tally(ref="mine", ballots_cast=81, undervotes=4)
    answers = Ledger().take([submission(first), submission(second), submission(first)])
    assert refusal(answers[1]) is RefReused
    assert answers[0] == answers[2]


def test_two_officials_may_use_the_same_ref() -> None:
    answers = Ledger().take([submission(a_tally(ref="1"), 1), submission(a_tally("north-2", ref="1"), 2)])
    assert [receipt(answer).seq for answer in answers] == [3, 4]


def test_a_ref_whose_tally_was_refused_is_free_again() -> None:
    early = a_tally(ref="mine", revision=2, reason="recount")
    answers = Ledger().take([submission(early), submission(a_tally(ref="mine"))])
    assert refusal(answers[0]) is RevisionConflict
    assert receipt(answers[1]).status == "accepted"


def test_a_first_tally_sent_again_under_another_ref_says_how_to_correct() -> None:
    answers = Ledger().take([submission(a_tally()), submission(a_tally())])
    assert isinstance(answers[1], RevisionConflict)
    assert "send revision 2 with a reason" in answers[1].title
    assert answers[1].latest == 1


def test_a_correction_of_nothing_says_so() -> None:
    [answer] = Ledger().take([submission(a_tally(revision=2, reason="recount"))])
    assert refusal(answer) is RevisionConflict
    assert "nothing to correct yet" in str(answer)


def entry_of(ledger: Ledger, seq: int) -> TallyEntry:
    return msgspec.json.decode(ledger.entries[seq], type=TallyEntry)


def test_a_correction_says_what_it_takes_the_place_of_and_why() -> None:
    ledger = Ledger()
    correction = a_tally(revision=2, reason="two bags were counted twice")
    ledger.take([submission(a_tally()), submission(correction)])
    assert entry_of(ledger, 4).supersedes == (3,)
    assert entry_of(ledger, 4).reason == "two bags were counted twice"
    assert ledger.statuses == {3: "superseded", 4: "accepted"}


def test_a_quarantined_correction_leaves_the_counted_tally_counted() -> None:
    ledger = Ledger()
    wrong = unbalanced(revision=2, reason="recount")
    ledger.take([submission(a_tally()), submission(wrong)])
    assert ledger.statuses == {3: "accepted", 4: "quarantined"}
    assert entry_of(ledger, 4).supersedes == ()
    right = a_tally(revision=3, reason="recount of the recount")
    ledger.take([submission(right)])
    assert ledger.statuses == {3: "superseded", 4: "superseded", 5: "accepted"}
    assert set(entry_of(ledger, 5).supersedes) == {3, 4}
    assert ledger.totals() == ledger.sums()


def test_a_precinct_waits_for_review_once_however_many_of_its_tallies_do() -> None:
    ledger = Ledger()
    ledger.take([submission(unbalanced()), submission(unbalanced(revision=2, reason="recount"))])
    country = BOOK.precincts["north-1"].above[-1]
    assert ledger.contest_totals[BOOK.contests["president"].id, country]["quarantined_units"] == 1
    ledger.take([submission(a_tally(revision=3, reason="at last"))])
    assert ledger.contest_totals[BOOK.contests["president"].id, country]["quarantined_units"] == 0


def test_entries_carry_random_bytes_so_that_their_hashes_cannot_be_guessed_open() -> None:
    ledger = Ledger()
    ledger.take([submission(a_tally()), submission(a_tally("north-2"))])
    nonces = {entry_of(ledger, seq).nonce for seq in (3, 4)}
    assert len(nonces) == 2
    assert all(len(bytes.fromhex(nonce)) == 16 for nonce in nonces)


def test_an_entry_of_a_test_election_says_so() -> None:
    definition = tiny_election(is_test=True)
    recorder = Recorder(book_of(definition), "open", {}, {}, Surrounding({}), Recorded.begin(3, AT))
    recorder.take(submission(a_tally("north-1")))
    assert '"is_test":true' in recorder.recorded.lines[0].entry
