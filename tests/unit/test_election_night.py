"""How a benchmark tells when a change has reached everybody, and what viewers have to end with."""

from collections import Counter
from typing import Any

import msgspec
import pytest

from benchmarks import night
from benchmarks.busy import Newest, busy_election, check_newest, deliveries, newest
from benchmarks.load.beat import Answer
from benchmarks.load.viewers import Event, Reached
from benchmarks.load.wire import WrongAnswer
from benchmarks.night import Change
from models.batch import Receipt
from models.submissions import TallySubmission


def receipt(seq: int, ref: str, status: str = "accepted") -> Receipt:
    return Receipt(ref=ref, seq=seq, revision=1, status=status, checks=(), leaf_hash="00")


def tally(ref: str, contest: str, votes: int) -> TallySubmission:
    return TallySubmission(ref=ref, precinct="p", contest=contest, votes={"ada": votes}, ballots_cast=votes)


TALLIES = [tally("a", "mayor", 3), tally("b", "judge", 5), tally("c", "mayor", 4)]
RECEIPTS = [receipt(7, "a"), receipt(8, "b"), receipt(9, "c")]


def answers(*at: float) -> list[Answer]:
    payloads = [msgspec.json.encode(receipt) for receipt in RECEIPTS]
    return [
        Answer(n, payload, 0.0, moment) for n, (payload, moment) in enumerate(zip(payloads, at, strict=True))
    ]


def test_a_change_has_reached_all_with_the_first_version_of_its_contest_that_has_it() -> None:
    reached = [
        Reached("mayor", 2, 0.5),
        Reached("judge", 9, 2.5),
        Reached("mayor", 9, 3.0),
        Reached("mayor", 11, 4.0),
    ]
    changes = night.changes_of(TALLIES, answers(1.5, 1.6, 1.7), {7: 1.0, 8: 1.1, 9: 1.2}, reached)
    assert changes == [Change(1.0, 1.5, 3.0), Change(1.1, 1.6, 2.5), Change(1.2, 1.7, 3.0)]


def test_lags_are_told_from_the_entry_and_from_the_receipt() -> None:
    found = night.lags([Change(1.0, 1.5, 2.0), Change(1.0, 1.75, 2.0)])
    assert (found["p99_ms"], found["max_ms"]) == (1000, 1000)
    assert (found["after_receipt_p50_ms"], found["after_receipt_max_ms"]) == (250, 500)


def test_a_contest_has_come_to_the_sum_of_its_tallies_at_the_last_of_their_positions() -> None:
    assert newest(TALLIES, RECEIPTS) == {
        "mayor": Newest(9, Counter(ada=7)),
        "judge": Newest(8, Counter(ada=5)),
    }


@pytest.mark.parametrize(
    ("receipts", "told"),
    [
        (RECEIPTS[:2], "1 tallies have no receipt"),
        ([*RECEIPTS, RECEIPTS[0]], "of no tally"),
        ([*RECEIPTS[:2], receipt(9, "c", "quarantined")], "not counted"),
    ],
    ids=["missing", "twice", "held"],
)
def test_every_tally_needs_the_receipt_of_a_counted_one(receipts: list[Receipt], told: str) -> None:
    with pytest.raises(WrongAnswer, match=told):
        newest(TALLIES, receipts)


def results(contest: str, version: int, votes: int) -> bytes:
    selection = {"code": "ada", "name": "Ada", "party": None, "votes": votes, "share": None, "rank": None}
    numbers = dict.fromkeys(
        [
            "votes_allowed",
            "number_elected",
            "units_reported",
            "units_expected",
            "voters_registered",
            "voters_registered_reported",
            "ballots_cast",
            "turnout",
            "overvotes",
            "undervotes",
            "write_ins",
            "rejected_ballots",
            "quarantined_units",
        ],
        0,
    )
    words = {"election": "e", "name": "n", "status": "unofficial-partial", "vote_variation": "plurality"}
    flags = {"is_test": True, "released": True, "is_measure": False, "updated_at": "2026-11-03T00:00:00Z"}
    head = {"contest": contest, "version": version, "selections": [selection]}
    return msgspec.json.encode({**words, **flags, **numbers, **head})


def event(contest: str, version: int, votes: int, **changes: Any) -> Event:
    return Event(contest, version, 5, 0, 0, 0, results(contest, version, votes))._replace(**changes)


ENDS = [event("mayor", 3, 0), event("mayor", 9, 7), event("judge", 9, 5)]


def test_viewers_end_with_the_newest_figures_whatever_they_skipped() -> None:
    check_newest(ENDS, newest(TALLIES, RECEIPTS))
    assert deliveries(ENDS, RECEIPTS) == 10


@pytest.mark.parametrize(
    "last",
    [
        event("judge", 8, 4),
        event("judge", 7, 5),
        event("judge", 8, 5, late=1),
        event("judge", 8, 5, different=1),
    ],
    ids=["other votes", "an older version", "older after newer", "other bytes"],
)
def test_viewers_who_end_with_anything_else_are_found(last: Event) -> None:
    with pytest.raises(WrongAnswer):
        check_newest([*ENDS[:2], last], newest(TALLIES, RECEIPTS))


def test_in_a_busy_election_every_precinct_reports_every_contest() -> None:
    definition, reports = busy_election(3, 4)
    codes = [contest.code for contest in definition.contests]
    assert len(reports) == 4
    assert all([tally.contest for tally in report] == codes for report in reports)
    assert len({tally.ref for report in reports for tally in report}) == 12
