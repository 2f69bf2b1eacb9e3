"""The soft checks on a tally: what fails is stored, quarantined and shown to a reviewer.

Formulas are those of DOMAIN.md, "Checks on a tally". Each check returns None when it holds.
"""

import msgspec

from models.submissions import TallySubmission


class FailedCheck(msgspec.Struct, frozen=True):
    """A check that did not hold: what was found against what was expected, both in ballots or votes."""

    check: str
    found: int
    expected: int
    message: str


def balance(tally: TallySubmission, votes_allowed: int) -> FailedCheck | None:
    """votes + write_ins + overvotes x votes_allowed + undervotes = ballots_cast x votes_allowed.

    An overvoted ballot loses all the votes it had; an undervote is one vote not given.
    """
    found = sum(tally.votes.values()) + tally.write_ins + tally.overvotes * votes_allowed + tally.undervotes
    expected = tally.ballots_cast * votes_allowed
    if found == expected:
        return None
    return FailedCheck(
        "balance",
        found,
        expected,
        f"votes, write-ins, overvotes and undervotes add up to {found}, "
        f"but {tally.ballots_cast} ballots with {votes_allowed} vote(s) each make {expected}",
    )


def turnout(tally: TallySubmission, voters_registered: int | None) -> FailedCheck | None:
    """ballots_cast <= voters_registered, where the number of registered voters is known."""
    if voters_registered is None or tally.ballots_cast <= voters_registered:
        return None
    return FailedCheck(
        "turnout",
        tally.ballots_cast,
        voters_registered,
        f"{tally.ballots_cast} ballots cast, but only {voters_registered} registered voters",
    )


def ceiling(tally: TallySubmission) -> FailedCheck | None:
    """The votes for one selection <= ballots_cast; the first selection above it is named."""
    for selection, votes in tally.votes.items():
        if votes > tally.ballots_cast:
            return FailedCheck(
                "ceiling",
                votes,
                tally.ballots_cast,
                f"{votes} votes for {selection!r}, but only {tally.ballots_cast} ballots cast",
            )
    return None


def failed_checks(
    tally: TallySubmission, *, votes_allowed: int, voters_registered: int | None
) -> tuple[FailedCheck, ...]:
    """All checks that a tally fails, in a fixed order; empty when it can be counted at once."""
    results = (balance(tally, votes_allowed), turnout(tally, voters_registered), ceiling(tally))
    return tuple(result for result in results if result is not None)
