"""The canvass: what people decide on a tally, what such a decision needs, and what it moves (pure)."""

from enum import StrEnum

import msgspec

from models.errors import FieldError, Invalid
from models.lifecycles import TallyStatus
from models.submissions import Count
from models.wording import say

MOST_REASON = 500


class Decision(StrEnum):
    """What somebody decides on a tally. None of them is one for whoever sent it."""

    ACCEPT = "accept"
    """A quarantined tally is counted as it is."""
    REJECT = "reject"
    """A quarantined tally is never counted."""
    ASK_AGAIN = "ask-again"
    """The officer is asked to enter a quarantined tally again; it waits on."""
    RESOLVE = "resolve"
    """Of two entries that differ, or of a quarantined tally, a third person says which figures hold."""
    ASK_RECALL = "ask-recall"
    """The first of two people wants a counted tally taken out."""
    RECALL = "recall"
    """The second agrees: it counts no more."""
    REFUSE_RECALL = "refuse-recall"
    """It goes on counting. Whoever asked may also take it back so."""


ON_QUARANTINED = frozenset({Decision.ACCEPT, Decision.REJECT, Decision.ASK_AGAIN, Decision.RESOLVE})

STATUS_AFTER: dict[Decision, TallyStatus] = {
    Decision.ACCEPT: TallyStatus.ACCEPTED,
    Decision.REJECT: TallyStatus.REJECTED,
    Decision.ASK_AGAIN: TallyStatus.QUARANTINED,
    Decision.RESOLVE: TallyStatus.SUPERSEDED,
    Decision.ASK_RECALL: TallyStatus.ACCEPTED,
    Decision.RECALL: TallyStatus.RECALLED,
    Decision.REFUSE_RECALL: TallyStatus.ACCEPTED,
}


class Verdict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision with its reason, which stands in the public log."""

    decision: Decision
    reason: str


class Resolution(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The figures that hold, as a third person says; every selection of the contest is named."""

    votes: dict[str, Count]
    ballots_cast: Count
    overvotes: Count = 0
    undervotes: Count = 0
    write_ins: Count = 0
    rejected_ballots: Count = 0
    reason: str


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a tally. `seq` is the log entry of the decision, `tally` that of the tally."""

    seq: int
    tally: int
    decision: Decision
    status: str
    leaf_hash: str


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A tally as it stands for a decision."""

    seq: int
    contest: str
    precinct: str
    revision: int
    status: str
    sender: int
    newest: int
    """The seq of the newest tally of its precinct and contest."""
    recall_asked_by: int | None
    """The member who asked for its recall, where nobody has answered that yet."""


def sound_reason(reason: str) -> str:
    """The reason without white space around it. Raises Invalid for none, or one that is too long."""
    found = reason.strip()
    if not found:
        message = say("is missing; say why: it stands in the public log")
        raise Invalid((FieldError("reason", message, "missing-reason"),))
    if len(found) > MOST_REASON:
        message = say("is longer than %(most)s characters; say it shorter", most=MOST_REASON)
        raise Invalid((FieldError("reason", message, "too-long"),))
    if "\x00" in found:
        message = say("holds a NUL character (U+0000); leave it out")
        raise Invalid((FieldError("reason", message, "bad-character"),))
    return found
