"""Double entry at the head of the log: two people enter each tally, and rule 1 holds all the time."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from models.batch import Receipt, Recorded, Submission
from models.check_settings import CheckSettings
from models.errors import DomainError, RefReused, RevisionConflict, SecondEntryNeeded, SecondPersonNeeded
from models.log import TallyEntry
from models.recording import Recorder
from models.submissions import TallySubmission
from tests.building import a_tally, book_of, tiny_election, unbalanced
from tests.ledger import AT, Ledger, receipt, refusal, submission, told
from tests.unit.test_recording import submissions

# With every check on: precincts that send the same figures are held, which must not depend on batches.
BOOK = book_of(tiny_election(double_entry=True, checks=CheckSettings()))
OLGA, OTTO, OMAR = 1, 2, 3
COUNTRY = BOOK.precincts["north-1"].above[-1]
PRESIDENT = BOOK.contests["president"].id


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(BOOK)


def differing(**changes: Any) -> TallySubmission:
    """A tally that balances as well, with one vote more for one selection and one undervote less."""
    return a_tally(**{"votes": {"ada": 41, "ben": 30, "cy": 5}, "undervotes": 2, **changes})


def send(ledger: Ledger, *sent: tuple[TallySubmission, int]) -> list[Receipt | DomainError]:
    """Each of them in a batch of its own."""
    return [ledger.take([submission(tally, official)])[0] for tally, official in sent]


def entry_of(ledger: Ledger, seq: int) -> TallyEntry:
    return msgspec.json.decode(ledger.entries[seq], type=TallyEntry)


def awaiting_units(ledger: Ledger) -> int:
    return ledger.contest_totals[PRESIDENT, COUNTRY]["awaiting_units"]


class DoubleEntryNight(RuleBasedStateMachine):
    """Three officers send whatever they like, and a reviewer resolves what is held."""

    @initialize()
    def begin(self) -> None:
        self.ledger = Ledger(BOOK)

    @rule(batch=st.lists(submissions(), min_size=1, max_size=6))
    def send(self, batch: list[Submission]) -> None:
        for sent, answer in zip(batch, self.ledger.take(batch), strict=True):
            assert not isinstance(answer, Receipt) or answer.ref == sent.tally.ref

    @rule(place=st.sampled_from([("north-1", "president"), ("south-2", "measure")]))
    def a_reviewer_resolves(self, place: tuple[str, str]) -> None:
        ids = (BOOK.contests[place[1]].id, BOOK.precincts[place[0]].id)
        standings = self.ledger._standings()
        if ids in standings and standings[ids].quarantined:
            revision = standings[ids].revision + 1
            tally = a_tally(*place, ref=f"resolution-{revision}", revision=revision, reason="from the paper")
            self.ledger.resolve(submission(tally, 9))

    @invariant()
    def totals_are_the_sums_of_the_counted_tallies(self) -> None:
        assert self.ledger.totals() == self.ledger.sums()

    @invariant()
    def what_counts_was_entered_by_two_people_alike_or_decided_by_a_reviewer(self) -> None:
        rows = self.ledger.rows
        for seq, status in self.ledger.statuses.items():
            row = rows[seq]
            if status != "accepted" or row.entry == 0:
                assert status != "accepted" or row.submission.sender.official_id == 9
                continue
            first = rows[int(str(entry_of(self.ledger, seq).second_of))]
            assert (row.entry, first.entry) == (2, 1)
            assert first.submission.sender != row.submission.sender
            assert (first.unit_id, first.votes) == (row.unit_id, row.votes)
            assert self.ledger.statuses[first.seq] == "superseded"

    @invariant()
    def revisions_have_no_gaps_and_at_most_two_entries_by_two_people(self) -> None:
        revisions: dict[tuple[int, int], dict[int, list[int]]] = {}
        for row in self.ledger.rows.values():
            tally, sender = row.submission.tally, row.submission.sender.official_id
            place = revisions.setdefault((row.contest_id, row.unit_id), {})
            place.setdefault(tally.revision, []).append(sender)
        for place in revisions.values():
            assert sorted(place) == list(range(1, len(place) + 1))
            assert all(len(set(senders)) == len(senders) <= 2 for senders in place.values())


DoubleEntryNight.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestDoubleEntryNight = DoubleEntryNight.TestCase


@settings(max_examples=100, deadline=None)
@given(st.lists(submissions(), min_size=1, max_size=25), st.data())
def test_entries_get_the_same_answers_and_totals_in_whatever_batches_they_come(
    sent: list[Submission], data: st.DataObject
) -> None:
    alone, batched = Ledger(BOOK), Ledger(BOOK)
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


def test_a_first_entry_waits_and_counts_nothing(ledger: Ledger) -> None:
    [answer] = send(ledger, (a_tally(), OLGA))
    assert receipt(answer).status == "awaiting_second_entry"
    assert receipt(answer).checks == ()
    assert ledger.totals()["selections"] == {}
    assert awaiting_units(ledger) == 1


def test_a_first_entry_is_held_against_no_check_before_the_second_is_here(ledger: Ledger) -> None:
    first, second = send(ledger, (unbalanced(), OLGA), (unbalanced(), OTTO))
    assert receipt(first).status == "awaiting_second_entry"
    assert receipt(second).status == "quarantined"
    assert [check.check for check in receipt(second).checks] == ["balance"]
    assert ledger.statuses == {3: "superseded", 4: "quarantined"}
    assert awaiting_units(ledger) == 0


def test_two_equal_entries_are_one_tally_which_is_the_second(ledger: Ledger) -> None:
    _, second = send(ledger, (a_tally(), OLGA), (a_tally(), OTTO))
    assert (receipt(second).status, receipt(second).revision) == ("accepted", 1)
    assert ledger.statuses == {3: "superseded", 4: "accepted"}
    entry = entry_of(ledger, 4)
    assert (entry.second_of, entry.supersedes) == (3, (3,))
    assert entry_of(ledger, 3).second_of is msgspec.UNSET
    assert ledger.totals() == ledger.sums()


def test_two_unequal_entries_are_both_held_and_it_is_said_in_how_many_figures_they_differ(
    ledger: Ledger,
) -> None:
    _, second = send(ledger, (a_tally(), OLGA), (differing(), OTTO))
    [check] = receipt(second).checks
    assert (check.check, check.found, check.expected) == ("double-entry", 2, 0)
    assert ledger.statuses == {3: "quarantined", 4: "quarantined"}
    assert ledger.contest_totals[PRESIDENT, COUNTRY]["quarantined_units"] == 1
    assert awaiting_units(ledger) == 0


@pytest.mark.parametrize(
    "changes",
    [{"ballots_cast": 81}, {"overvotes": 2}, {"write_ins": 2}, {"rejected_ballots": 1}],
    ids=lambda changes: next(iter(changes)),
)
def test_one_figure_that_differs_is_enough(ledger: Ledger, changes: dict[str, int]) -> None:
    _, second = send(ledger, (a_tally(), OLGA), (a_tally(**changes), OTTO))
    assert [check.found for check in receipt(second).checks] == [1]


@pytest.mark.parametrize("together", [True, False])
def test_the_same_person_does_not_make_both_entries(ledger: Ledger, *, together: bool) -> None:
    twice = [submission(a_tally(), OLGA), submission(a_tally(), OLGA)]
    answers = ledger.take(twice) if together else [ledger.take([one])[0] for one in twice]
    assert receipt(answers[0]).status == "awaiting_second_entry"
    assert refusal(answers[1]) is SecondPersonNeeded
    assert ledger.statuses == {3: "awaiting_second_entry"}


def test_an_entry_that_is_sent_again_gets_its_receipt_again_also_once_the_second_is_here(
    ledger: Ledger,
) -> None:
    mine, theirs = a_tally(ref="mine"), a_tally(ref="theirs")
    first, second = send(ledger, (mine, OLGA), (theirs, OTTO))
    assert send(ledger, (mine, OLGA), (theirs, OTTO)) == [first, second]
    assert receipt(first).status == "awaiting_second_entry"
    [answer] = send(ledger, (differing(ref="mine"), OLGA))
    assert refusal(answer) is RefReused
    assert len(ledger.rows) == 2


def test_a_first_entry_is_replaced_by_its_own_sender_with_the_next_revision(ledger: Ledger) -> None:
    _, newer = send(ledger, (differing(), OLGA), (a_tally(revision=2, reason="mistyped"), OLGA))
    assert (receipt(newer).revision, receipt(newer).status) == (2, "awaiting_second_entry")
    assert ledger.statuses == {3: "superseded", 4: "awaiting_second_entry"}
    assert awaiting_units(ledger) == 1
    [second] = send(ledger, (a_tally(revision=2, reason="second entry"), OTTO))
    assert receipt(second).status == "accepted"
    assert entry_of(ledger, 5).second_of == 4


@pytest.mark.parametrize("revision", [1, 3])
def test_who_sends_another_revision_than_the_one_that_waits_is_told_which_it_is(
    ledger: Ledger, revision: int
) -> None:
    send(ledger, (differing(), OLGA), (a_tally(revision=2, reason="mistyped"), OLGA))
    [answer] = send(ledger, (a_tally(revision=revision, reason="recount"), OTTO))
    assert refusal(answer) is SecondEntryNeeded
    assert isinstance(answer, SecondEntryNeeded)
    assert answer.revision == 2


def test_a_third_person_who_comes_late_is_told_how_to_correct(ledger: Ledger) -> None:
    *_, third = send(ledger, (a_tally(), OLGA), (a_tally(), OTTO), (a_tally(), OMAR))
    assert refusal(third) is RevisionConflict
    assert "send revision 2 with a reason" in str(third)


def test_a_correction_is_entered_twice_while_what_was_counted_stays_counted(ledger: Ledger) -> None:
    send(ledger, (a_tally(), OLGA), (a_tally(), OTTO))
    before = ledger.totals()["selections"]
    first, second = differing(revision=2, reason="recount"), differing(revision=2, reason="recount, too")
    send(ledger, (first, OTTO))
    assert ledger.totals()["selections"] == before
    assert ledger.statuses[4] == "accepted"
    assert awaiting_units(ledger) == 1
    [answer] = send(ledger, (second, OMAR))
    assert receipt(answer).status == "accepted"
    assert ledger.statuses == {3: "superseded", 4: "superseded", 5: "superseded", 6: "accepted"}
    assert set(entry_of(ledger, 6).supersedes) == {4, 5}
    assert ledger.totals() == ledger.sums()


def test_a_correction_whose_entries_differ_leaves_what_was_counted(ledger: Ledger) -> None:
    send(ledger, (a_tally(), OLGA), (a_tally(), OTTO))
    correction = {"revision": 2, "reason": "recount"}
    send(ledger, (differing(**correction), OLGA), (a_tally(**correction), OTTO))
    assert ledger.statuses == {3: "superseded", 4: "accepted", 5: "quarantined", 6: "quarantined"}


def test_unequal_entries_are_entered_again_by_both_and_then_counted(ledger: Ledger) -> None:
    again = {"revision": 2, "reason": "typed again from the paper"}
    send(ledger, (a_tally(), OLGA), (differing(), OTTO), (a_tally(**again), OTTO))
    assert ledger.contest_totals[PRESIDENT, COUNTRY]["quarantined_units"] == 1
    assert awaiting_units(ledger) == 1
    [answer] = send(ledger, (a_tally(**again), OLGA))
    assert receipt(answer).status == "accepted"
    assert set(entry_of(ledger, 6).supersedes) == {3, 4, 5}
    assert ledger.totals() == ledger.sums()


def test_what_a_reviewer_resolves_takes_the_place_of_a_first_entry_that_waits_too(ledger: Ledger) -> None:
    again = {"revision": 2, "reason": "typed again"}
    send(ledger, (a_tally(), OLGA), (differing(), OTTO), (a_tally(**again), OTTO))
    ledger.resolve(submission(a_tally(revision=3, reason="from the paper"), 9))
    assert ledger.statuses == {3: "superseded", 4: "superseded", 5: "superseded", 6: "accepted"}
    assert awaiting_units(ledger) == 0
    assert ledger.totals() == ledger.sums()


def test_where_double_entry_ends_while_an_entry_waits_the_next_tally_takes_its_place(ledger: Ledger) -> None:
    send(ledger, (a_tally(), OLGA), (a_tally("north-2"), OLGA))
    ledger.book = book_of(tiny_election(checks=CheckSettings()))
    counted, held = send(
        ledger,
        (a_tally(revision=2, reason="alone"), OTTO),
        (unbalanced("north-2", revision=2, reason="alone"), OTTO),
    )
    assert (receipt(counted).status, receipt(held).status) == ("accepted", "quarantined")
    assert ledger.statuses == {3: "superseded", 4: "superseded", 5: "accepted", 6: "quarantined"}
    assert awaiting_units(ledger) == 0
    assert ledger.totals() == ledger.sums()


def test_entries_of_two_precincts_do_not_wait_for_each_other(ledger: Ledger) -> None:
    answers = send(ledger, (a_tally("north-1"), OLGA), (a_tally("north-2", votes=OTHER), OTTO))
    assert [receipt(answer).status for answer in answers] == ["awaiting_second_entry"] * 2
    assert awaiting_units(ledger) == 2


OTHER = {"ada": 30, "ben": 40, "cy": 5}


def test_the_first_of_two_that_differ_is_looked_for_among_identical_figures_in_the_same_batch(
    ledger: Ledger,
) -> None:
    """Its figures are known from then on, like those of anything else that is held."""
    answers = ledger.take(
        [
            submission(a_tally("north-1"), OLGA),
            submission(differing(precinct="north-1"), OTTO),
            submission(a_tally("north-2"), OLGA),
            submission(a_tally("north-2"), OTTO),
        ]
    )
    assert [check.check for check in receipt(answers[-1]).checks] == ["duplicate-vector"]


def test_a_recorder_of_a_single_entry_election_knows_no_second_person() -> None:
    book = book_of(tiny_election())
    recorder = Recorder(book, "open", {}, {}, Ledger(book)._surrounding(), Recorded.begin(2, AT))
    recorder.take(submission(a_tally(), OLGA))
    recorder.take(submission(a_tally(revision=2, reason="recount"), OLGA))
    statuses = [answer.status for answer in recorder.recorded.answers if isinstance(answer, Receipt)]
    assert statuses == ["accepted", "accepted"]
