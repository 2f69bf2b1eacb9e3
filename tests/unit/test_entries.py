"""What an officer is told of what was sent, and which revision they would send next."""

import datetime
from typing import Any

import pytest

from models.canvass import Decision
from models.entries import EntryPrecinct, KeptTally, SentTally, Stand
from models.lifecycles import TallyStatus
from models.log import TallyEntry
from quart_app.pages.entry_words import NOT_SENT, STANDS, decided_words, since_words
from tests.building import FIGURES

AT = datetime.datetime(2026, 11, 3, 20, 0, tzinfo=datetime.UTC)


def sent(status: str = "accepted", **changes: Any) -> SentTally:
    known = {"contest": "president", "revision": 2, "seq": 7, "at": AT, "by": "olga", "channel": "web"}
    return SentTally(**{**known, "status": status, **changes})


@pytest.mark.parametrize(
    ("status", "decision", "by", "stand"),
    [
        ("accepted", None, "otto", Stand.SENT),
        ("accepted", "accept", "otto", Stand.SENT),
        ("accepted", "ask-recall", "otto", Stand.SENT),
        ("accepted", "resolve", "rita", Stand.RESOLVED),
        ("recalled", "recall", "rita", Stand.RECALLED),
        ("quarantined", None, "olga", Stand.HELD),
        ("quarantined", "ask-again", "otto", Stand.AGAIN),
        ("rejected", "reject", "otto", Stand.REJECTED),
        ("awaiting_second_entry", None, "olga", Stand.WAITING),
        ("awaiting_second_entry", None, "otto", Stand.SECOND),
    ],
)
def test_olga_is_told_how_a_contest_stands_for_her(
    status: str, decision: str | None, by: str, stand: Stand
) -> None:
    assert sent(status, decision=decision, by=by).stand_for("olga") == stand


def test_who_makes_the_second_entry_sends_the_revision_of_the_first_and_begins_with_nothing() -> None:
    waiting = sent("awaiting_second_entry", by="otto")
    assert (waiting.next_for("olga"), waiting.begins_empty_for("olga")) == (2, True)
    assert (waiting.next_for("otto"), waiting.begins_empty_for("otto")) == (3, False)


def test_after_two_entries_that_differ_both_begin_with_nothing() -> None:
    held = sent("quarantined", differs=True)
    assert {held.begins_empty_for(name) for name in ("olga", "otto", "omar")} == {True}
    assert held.next_for("omar") == 3


@pytest.mark.parametrize(
    ("status", "decision", "done"),
    [
        ("accepted", None, True),
        ("quarantined", None, True),
        ("quarantined", "ask-again", False),
        ("rejected", "reject", True),
        ("recalled", "recall", True),
    ],
)
def test_what_is_asked_for_again_is_to_be_entered(status: str, decision: str | None, *, done: bool) -> None:
    one = sent(status, decision=decision)
    precinct = EntryPrecinct(
        code="north-1", name="North", voters_registered=1, contests=["president", "council"], sent=[one]
    )
    assert precinct.done_by("olga") == int(done)
    assert precinct.following_for("olga") == ("council" if done else "president")


def test_the_other_persons_entry_is_done_for_one_and_to_do_for_the_other() -> None:
    waiting = sent("awaiting_second_entry", by="otto")
    precinct = EntryPrecinct(
        code="north-1", name="North", voters_registered=1, contests=["president"], sent=[waiting]
    )
    assert (precinct.done_by("otto"), precinct.following_for("otto")) == (1, None)
    assert (precinct.done_by("olga"), precinct.following_for("olga")) == (0, "president")


def test_there_are_words_for_every_stand() -> None:
    assert STANDS.keys() == {NOT_SENT, *Stand}


@pytest.mark.parametrize(
    ("status", "decision", "words"),
    [
        ("quarantined", Decision.ASK_AGAIN, "asks you to enter this again"),
        ("rejected", Decision.REJECT, "has rejected it"),
        ("recalled", Decision.RECALL, "taken out of the count"),
        ("accepted", Decision.RESOLVE, "has decided which figures hold"),
        ("accepted", Decision.ACCEPT, "has accepted it"),
    ],
)
def test_a_decision_is_told_with_its_reason(status: str, decision: Decision, words: str) -> None:
    told = decided_words(sent(status, decision=decision, decision_reason="two bags"), "olga")
    assert words in told
    assert "two bags" in told


@pytest.mark.parametrize("decision", [None, Decision.ASK_RECALL, Decision.REFUSE_RECALL])
def test_what_leaves_a_tally_counted_as_it_was_is_not_told(decision: Decision | None) -> None:
    assert decided_words(sent(decision=decision, decision_reason="two bags"), "olga") == ""


def kept(came: str, now: str) -> KeptTally:
    figures = {"rejected_ballots": 0, **FIGURES["president"]}
    about = {"seq": 6, "at": AT, "election": "tiny", "is_test": False, "precinct": "north-1"}
    entry = TallyEntry(
        **about, **figures, contest="president", revision=2, status=came, checks=(), supersedes=(),
        reason="recount", nonce="00",
    )  # fmt: skip
    return KeptTally(entry, "00", now, "olga", "web")


@pytest.mark.parametrize(
    ("came", "now", "newest", "words"),
    [
        (TallyStatus.ACCEPTED, TallyStatus.ACCEPTED, 2, ""),
        (TallyStatus.ACCEPTED, TallyStatus.SUPERSEDED, 3, "later revision"),
        (TallyStatus.AWAITING, TallyStatus.SUPERSEDED, 2, "is equal"),
        (TallyStatus.AWAITING, TallyStatus.SUPERSEDED, 3, "later revision"),
        (TallyStatus.AWAITING, TallyStatus.QUARANTINED, 2, "differs from this one"),
        (TallyStatus.QUARANTINED, TallyStatus.QUARANTINED, 2, ""),
    ],
)
def test_a_receipt_says_what_became_of_the_tally_since(came: str, now: str, newest: int, words: str) -> None:
    told = since_words(kept(came, now), sent(revision=newest))
    assert words in told
    assert bool(told) == bool(words)
