"""Whether what is outstanding can still change who is elected, and whether a recount is due (pure).

Arithmetic alone, no forecast. It assumes that no precinct that has not reported has more ballots than
registered voters, and more votes for one selection than ballots, beyond what the checks tolerate or a
tally that waits already says; and that a tally that waits beside a counted one is counted as it is, or
another in its place with no more votes than registered voters. Where nothing waits, a counted tally may
still be corrected or recalled at any time, which no arithmetic foresees.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from models.check_settings import CheckSettings
from models.definitions import VoteVariation

Call = Literal["decided", "open", "tied"]

# Here each ballot gives a selection one vote at most, and the most votes win.
_ONE_VOTE_EACH = frozenset({VoteVariation.PLURALITY, VoteVariation.N_OF_M, VoteVariation.APPROVAL})


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """What is still possible in a contest.

    `decided`: no way in which the outstanding votes may fall elects others. `tied`: nothing is outstanding,
    and more than fit share the votes at the last seat. `open`: anything else.
    """

    call: Call
    outstanding: int | None
    """The most votes that may still come for one selection; None where nobody can know."""
    reopened: int | None
    """How far two selections may still move against each other where a counted tally may be replaced or
    recalled; None where nobody can know."""
    margin: int | None
    """Votes between the last who is in and the first who is not; None where nobody is out."""


def outstanding_votes(
    *,
    units_left: int,
    voters_registered: int | None,
    voters_registered_reported: int,
    excess: int,
    checks: CheckSettings,
) -> int | None:
    """The most votes that one selection may still get from precincts that have not reported.

    Their registered voters, and for each of them what the checks of turnout and ceiling tolerate, and
    `excess`, by how much tallies that wait go beyond that. None where the voters of some precinct are
    not known, or where either check is off, so that nothing bounds them.
    """
    if not units_left:
        return excess
    if voters_registered is None or not (checks.turnout.on and checks.ceiling.on):
        return None
    tolerated = units_left * (checks.turnout.tolerance + checks.ceiling.tolerance)
    return voters_registered - voters_registered_reported + tolerated + excess


def outlook(
    votes: Sequence[int],
    write_ins: int,
    *,
    seats: int,
    variation: str,
    outstanding: int | None,
    reopened: int | None,
) -> Outlook | None:
    """What is still possible, of votes that stand the most first; None where the most votes do not win.

    All write-ins together count as one more rival, since they may all be for one person; where they have
    won that way, or fill a seat that nobody else stands for, it is open who that is.
    """
    if variation not in _ONE_VOTE_EACH or not votes:
        return None
    last, margin = votes[min(seats, len(votes)) - 1], cut_off_margin(votes, seats)
    rival = max(write_ins, last - margin if margin is not None else 0)
    moving = None if outstanding is None or reopened is None else outstanding + reopened
    left_to_write_ins = seats > len(votes) and (moving != 0 or write_ins > 0)
    call: Call = "open"
    if moving is not None and last - rival > moving and not left_to_write_ins:
        call = "decided"
    elif moving == 0 and margin == 0 and write_ins <= last:
        call = "tied"
    return Outlook(call=call, outstanding=outstanding, reopened=reopened, margin=margin)


def cut_off_margin(votes: Sequence[int], seats: int) -> int | None:
    """Votes between the last seat and the next selection, the most first; None where all of them fit."""
    return votes[seats - 1] - votes[seats] if len(votes) > seats else None


def recount_is_due(margin: int | None, all_votes: int, threshold: int) -> bool:
    """Whether the margin is at most `threshold` hundredths of a percent of all votes; 0 asks for none."""
    return margin is not None and threshold > 0 and all_votes > 0 and margin * 10_000 <= threshold * all_votes
