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
    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


class CandidateStatus(StrEnum):
    FILED = "filed"
    QUALIFIED = "qualified"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


ELECTION_MOVES: dict[str, frozenset[str]] = {
    ElectionStatus.DRAFT: frozenset({ElectionStatus.OPEN}),
    ElectionStatus.OPEN: frozenset({ElectionStatus.CLOSED}),
    ElectionStatus.CLOSED: frozenset({ElectionStatus.CERTIFIED}),
    ElectionStatus.CERTIFIED: frozenset({ElectionStatus.CORRECTION}),
    ElectionStatus.CORRECTION: frozenset({ElectionStatus.CERTIFIED}),
}

TAKES_TALLIES = frozenset({ElectionStatus.OPEN, ElectionStatus.CORRECTION})

# An officer may answer a quarantine with a corrected revision before a reviewer gets to it; the
# quarantined one is then superseded, like an accepted one, and never counted.
TALLY_MOVES: dict[str, frozenset[str]] = {
    TallyStatus.SUBMITTED: frozenset({TallyStatus.ACCEPTED, TallyStatus.QUARANTINED}),
    TallyStatus.QUARANTINED: frozenset({TallyStatus.ACCEPTED, TallyStatus.REJECTED, TallyStatus.SUPERSEDED}),
    TallyStatus.ACCEPTED: frozenset({TallyStatus.SUPERSEDED}),
    TallyStatus.REJECTED: frozenset(),
    TallyStatus.SUPERSEDED: frozenset(),
}

CANDIDATE_MOVES: dict[str, frozenset[str]] = {
    CandidateStatus.FILED: frozenset({CandidateStatus.QUALIFIED, CandidateStatus.REJECTED}),
    CandidateStatus.QUALIFIED: frozenset({CandidateStatus.WITHDRAWN}),
    CandidateStatus.REJECTED: frozenset(),
    CandidateStatus.WITHDRAWN: frozenset(),
}


def move(moves: dict[str, frozenset[str]], subject: str, current: str, wanted: str) -> str:
    """The status after the move. Raises IllegalTransition, which names the moves that are allowed."""
    allowed = moves[current]
    if wanted not in allowed:
        raise IllegalTransition(subject, current, wanted, allowed)
    return wanted
