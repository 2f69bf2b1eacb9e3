"""The allowed moves of everything that has a status, each in one table (DOMAIN.md, Lifecycles).

The tables are pure: who may make a move is decided elsewhere, and every move is recorded with
who, when and why by the use case that makes it.
"""

from enum import StrEnum

from models.errors import IllegalTransition


class ElectionStatus(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    CERTIFIED = "certified"
    CORRECTION = "correction"


class TallyStatus(StrEnum):
    SUBMITTED = "submitted"
    AWAITING = "awaiting_second_entry"
    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    RECALLED = "recalled"


class CandidateStatus(StrEnum):
    FILED = "filed"
    QUALIFIED = "qualified"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class ComplaintStatus(StrEnum):
    FILED = "filed"
    UNDER_REVIEW = "under_review"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"


ELECTION_MOVES: dict[str, frozenset[str]] = {
    ElectionStatus.DRAFT: frozenset({ElectionStatus.OPEN}),
    ElectionStatus.OPEN: frozenset({ElectionStatus.CLOSED}),
    ElectionStatus.CLOSED: frozenset({ElectionStatus.CERTIFIED}),
    ElectionStatus.CERTIFIED: frozenset({ElectionStatus.CORRECTION}),
    ElectionStatus.CORRECTION: frozenset({ElectionStatus.CERTIFIED}),
}

TAKES_TALLIES = frozenset({ElectionStatus.OPEN, ElectionStatus.CORRECTION})
"""Of a contest that is recounted, tallies are taken from a closed election as well."""

CANVASSED = frozenset({ElectionStatus.OPEN, ElectionStatus.CLOSED, ElectionStatus.CORRECTION})
"""While it is decided on tallies; what is certified stays until a correction begins."""

# An officer may answer a quarantine with a corrected revision before a reviewer gets to it; the
# quarantined one is then superseded, like an accepted one, and never counted. Of two entries that are
# equal the second is counted and takes the place of the first.
TALLY_MOVES: dict[str, frozenset[str]] = {
    TallyStatus.SUBMITTED: frozenset({TallyStatus.ACCEPTED, TallyStatus.QUARANTINED, TallyStatus.AWAITING}),
    TallyStatus.AWAITING: frozenset({TallyStatus.ACCEPTED, TallyStatus.QUARANTINED, TallyStatus.SUPERSEDED}),
    TallyStatus.QUARANTINED: frozenset({TallyStatus.ACCEPTED, TallyStatus.REJECTED, TallyStatus.SUPERSEDED}),
    TallyStatus.ACCEPTED: frozenset({TallyStatus.SUPERSEDED, TallyStatus.RECALLED}),
    TallyStatus.REJECTED: frozenset(),
    TallyStatus.SUPERSEDED: frozenset(),
    TallyStatus.RECALLED: frozenset(),
}

CANDIDATE_MOVES: dict[str, frozenset[str]] = {
    CandidateStatus.FILED: frozenset({CandidateStatus.QUALIFIED, CandidateStatus.REJECTED}),
    CandidateStatus.QUALIFIED: frozenset({CandidateStatus.WITHDRAWN}),
    CandidateStatus.REJECTED: frozenset(),
    CandidateStatus.WITHDRAWN: frozenset(),
}

COMPLAINT_MOVES: dict[str, frozenset[str]] = {
    ComplaintStatus.FILED: frozenset({ComplaintStatus.UNDER_REVIEW, ComplaintStatus.WITHDRAWN}),
    ComplaintStatus.UNDER_REVIEW: frozenset({ComplaintStatus.UPHELD, ComplaintStatus.DISMISSED}),
    ComplaintStatus.UPHELD: frozenset(),
    ComplaintStatus.DISMISSED: frozenset(),
    ComplaintStatus.WITHDRAWN: frozenset(),
}


def move(moves: dict[str, frozenset[str]], subject: str, current: str, wanted: str) -> str:
    """The status after the move. Raises IllegalTransition, which names the moves that are allowed."""
    allowed = moves[current]
    if wanted not in allowed:
        raise IllegalTransition(subject, current, wanted, allowed)
    return wanted
