"""Every allowed move, and every other one refused (DOMAIN.md, Lifecycles)."""

import itertools

import pytest

from models.errors import IllegalTransition
from models.lifecycles import (
    CANDIDATE_MOVES,
    COMPLAINT_MOVES,
    ELECTION_MOVES,
    TALLY_MOVES,
    CandidateStatus,
    ComplaintStatus,
    ElectionStatus,
    TallyStatus,
    move,
)

# Written out here a second time on purpose: the tables of the program are held against these.
ALLOWED = {
    "election": {
        "draft open",
        "open closed",
        "closed certified",
        "certified correction",
        "correction certified",
    },
    "complaint": {
        "filed under_review",
        "filed withdrawn",
        "under_review upheld",
        "under_review dismissed",
    },
    "candidate": {"filed qualified", "filed rejected", "qualified withdrawn"},
    "tally": {
        "submitted accepted",
        "submitted quarantined",
        "quarantined accepted",
        "quarantined rejected",
        "quarantined superseded",
        "submitted awaiting_second_entry",
        "awaiting_second_entry accepted",
        "awaiting_second_entry quarantined",
        "awaiting_second_entry superseded",
        "accepted recalled",
        "accepted superseded",
    },
}
TABLES = {
    "election": (ELECTION_MOVES, ElectionStatus),
    "complaint": (COMPLAINT_MOVES, ComplaintStatus),
    "candidate": (CANDIDATE_MOVES, CandidateStatus),
    "tally": (TALLY_MOVES, TallyStatus),
}
PAIRS = [
    (subject, str(current), str(wanted))
    for subject, (_, statuses) in TABLES.items()
    for current, wanted in itertools.product(statuses, repeat=2)
]


@pytest.mark.parametrize(("subject", "current", "wanted"), PAIRS)
def test_a_move_is_made_or_refused_as_the_domain_says(subject: str, current: str, wanted: str) -> None:
    moves, _ = TABLES[subject]
    if f"{current} {wanted}" in ALLOWED[subject]:
        assert move(moves, subject, current, wanted) == wanted
    else:
        with pytest.raises(IllegalTransition):
            move(moves, subject, current, wanted)


def test_a_refused_move_names_those_that_are_allowed() -> None:
    with pytest.raises(IllegalTransition) as refused:
        move(CANDIDATE_MOVES, "The candidate", "filed", "withdrawn")
    assert refused.value.code == "illegal-transition"
    assert "The candidate is filed and cannot become withdrawn" in refused.value.title
    assert "allowed: qualified, rejected" in refused.value.title


def test_a_refused_move_from_a_last_status_says_that_there_is_none() -> None:
    with pytest.raises(IllegalTransition, match="allowed: none"):
        move(TALLY_MOVES, "The tally", "superseded", "accepted")


def test_every_status_has_its_row_in_its_table() -> None:
    for moves, statuses in TABLES.values():
        assert set(moves) == set(statuses)
