"""What a batch does to totals: rule 1 holds after anything that officers can send, in any batches."""

from collections import Counter

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from models.batch import Receipt, Recorded, Submission
from models.errors import DomainError, ElectionNotOpen, RefReused, RevisionConflict
from models.lifecycles import ElectionStatus
from models.log import TallyEntry, entry_bytes, leaf_hash
from models.recording import Recorder
from models.submissions import check_against
from models.surroundings import Surrounding
from tests.building import FIGURES, a_tally, book_of, tiny_election, unbalanced
from tests.ledger import AT, BOOK, Ledger, receipt, refusal, submission, told

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
    return submission(tally, draw(st.integers(1, 3)))


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
