"""The soft checks on a tally: what fails is stored, quarantined and shown to a reviewer.

Formulas are those of DOMAIN.md, "Checks on a tally"; what each is for, with examples, is in
docs/checks.md. Each check is pure and returns None when it holds. Messages are English for good, as they
are a part of the public log; pages word them anew from `check`, `found`, `expected` and `about`.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from models.check_settings import CheckName, CheckSettings
from models.moments import Moments, share_permilles, turnout_permille
from models.submissions import TallySubmission

MIN_SIBLINGS = 15
"""Sibling precincts that must have reported before one is held against their mean."""

MIN_DEVIATION = 80
"""Per mille: what the deviation of precincts counts as at least, however alike those are that came first."""

MIN_WITNESSES = 3
"""Contests of a precinct that must agree on its ballots before another is held against them."""

MIN_FIGURES = 3
"""Figures of a vector besides ballots_cast that must not be zero before it counts as non-trivial."""


class FailedCheck(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A check that did not hold: what was found against what was expected, both in the check's unit.

    That is ballots or votes, for an outlier per mille. `about` is the code of what the figures are of: the
    selection above the ceiling or with the outlying share, the precinct with the identical figures; it is
    left out where there is none.
    """

    check: str
    found: int
    expected: int
    message: str
    about: str = ""


class Surroundings(msgspec.Struct):
    """What a tally is held against beyond itself; empty where nothing is known yet."""

    ballots: dict[str, int] = {}
    """ballots_cast of the counted tallies of the same precinct's other contests, by contest code."""
    contests: int = 0
    """How many contests are on the precinct's ballot, this one included; 0 where it is not known."""
    twin: str | None = None
    """Code of another precinct whose counted tally of this contest has the same `vector_of`."""
    turnout: Moments = msgspec.field(default_factory=Moments)
    """Of the counted tallies of this contest in sibling precincts, in per mille (`turnout_permille`)."""
    shares: dict[str, Moments] = {}
    """Of the same tallies, by selection code (`share_permilles`)."""


def vector_of(tally: TallySubmission, selections: Iterable[str]) -> int | None:
    """A signed 64-bit number of the tally's figures; None when every one of them is zero.

    The figures are the votes in the order of `selections` (that of the ballot), ballots_cast, overvotes,
    undervotes and write_ins; the number is the first 8 bytes of the SHA-256 of their decimal digits.
    """
    figures = [tally.votes[code] for code in selections]
    figures += (tally.ballots_cast, tally.overvotes, tally.undervotes, tally.write_ins)
    if not any(figures):
        return None
    digest = hashlib.sha256(",".join(map(str, figures)).encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


def balance(tally: TallySubmission, votes_allowed: int, tolerance: int = 0) -> FailedCheck | None:
    """votes + write_ins + overvotes x votes_allowed + undervotes = ballots_cast x votes_allowed.

    An overvoted ballot loses all the votes it had; an undervote is one vote not given. The tolerance is in
    ballots: the sides may differ by tolerance x votes_allowed.
    """
    found = sum(tally.votes.values()) + tally.write_ins + tally.overvotes * votes_allowed + tally.undervotes
    expected = tally.ballots_cast * votes_allowed
    if abs(found - expected) <= tolerance * votes_allowed:
        return None
    return FailedCheck(
        CheckName.BALANCE.value,
        found,
        expected,
        f"votes, write-ins, overvotes and undervotes add up to {found}, "
        f"but {tally.ballots_cast} ballots with {votes_allowed} vote(s) each make {expected}",
    )


def turnout(tally: TallySubmission, voters_registered: int | None, tolerance: int = 0) -> FailedCheck | None:
    """ballots_cast <= voters_registered + tolerance, where the number of registered voters is known."""
    if voters_registered is None or tally.ballots_cast <= voters_registered + tolerance:
        return None
    return FailedCheck(
        CheckName.TURNOUT.value,
        tally.ballots_cast,
        voters_registered,
        f"{tally.ballots_cast} ballots cast, but only {voters_registered} registered voters",
    )


def ceiling(tally: TallySubmission, tolerance: int = 0) -> FailedCheck | None:
    """The votes for one selection <= ballots_cast + tolerance; the first selection above it is named."""
    for selection, votes in tally.votes.items():
        if votes > tally.ballots_cast + tolerance:
            return FailedCheck(
                CheckName.CEILING.value,
                votes,
                tally.ballots_cast,
                f"{votes} votes for {selection!r}, but only {tally.ballots_cast} ballots cast",
                selection,
            )
    return None


def same_ballots(
    tally: TallySubmission, surroundings: Surroundings, tolerance: int = 0
) -> FailedCheck | None:
    """ballots_cast = that of the precinct's other contests, within the tolerance.

    That is the figure of more than half of those that are counted, MIN_WITNESSES at least or all others of
    a shorter ballot. Fewer are no witnesses: of two figures nobody knows which is wrong, and the wrong one
    come first would hold up all that come after it. Where no figure has that many behind it, the check
    holds.
    """
    if set(surroundings.ballots.values()) <= {tally.ballots_cast}:
        return None
    others = Counter(surroundings.ballots.values())
    expected, witnesses = others.most_common(1)[0] if others else (0, 0)
    needed = min(MIN_WITNESSES, surroundings.contests - 1) if surroundings.contests else MIN_WITNESSES
    found = tally.ballots_cast
    if 2 * witnesses <= others.total() or witnesses < needed or abs(found - expected) <= tolerance:
        return None
    return FailedCheck(
        CheckName.SAME_BALLOTS.value,
        found,
        expected,
        f"{found} ballots cast, but {expected} in the precinct's other contests",
    )


def all_zero(tally: TallySubmission, voters_registered: int | None, tolerance: int = 0) -> FailedCheck | None:
    """Not every count is zero, where the precinct has more than `tolerance` registered voters."""
    if voters_registered is None or voters_registered <= tolerance:
        return None
    counts = (tally.ballots_cast, tally.overvotes, tally.undervotes, tally.write_ins, tally.rejected_ballots)
    if any(counts) or any(tally.votes.values()):
        return None
    return FailedCheck(
        CheckName.ALL_ZERO.value,
        0,
        voters_registered,
        f"every count is zero, but there are {voters_registered} registered voters",
    )


def duplicate_vector(
    tally: TallySubmission, surroundings: Surroundings, tolerance: int
) -> FailedCheck | None:
    """No other precinct has the identical non-trivial figures for this contest (`vector_of`).

    They are non-trivial with `tolerance` votes or more, and at least MIN_FIGURES of votes, write-ins,
    overvotes and undervotes that are not zero: where one candidate stands alone, precincts of one size are
    often identical. `found` is how many votes are the same, of which 0 are expected; `about` is the other
    precinct.
    """
    counts = (*tally.votes.values(), tally.write_ins, tally.overvotes, tally.undervotes)
    votes = sum(tally.votes.values()) + tally.write_ins
    if surroundings.twin is None or votes < tolerance or sum(map(bool, counts)) < MIN_FIGURES:
        return None
    return FailedCheck(
        CheckName.DUPLICATE_VECTOR.value,
        votes,
        0,
        f"all figures, with {votes} votes, are identical with those of {surroundings.twin!r}",
        surroundings.twin,
    )


def outlier(
    tally: TallySubmission, voters_registered: int | None, surroundings: Surroundings, tolerance: int
) -> FailedCheck | None:
    """|x - mean| <= tolerance x deviation for the turnout and for each selection's share.

    Mean and deviation are those of the sibling precincts without this one, of which at least MIN_SIBLINGS
    have reported; a deviation below MIN_DEVIATION counts as that. All figures are per mille, of a whole of
    at least MIN_WHOLE (`models/moments.py`). Turnout comes first, then the selections in their order; the
    first that lies outside is named.
    """
    for about, found, siblings in _compared(tally, voters_registered, surroundings):
        if siblings.n < MIN_SIBLINGS:
            continue
        distance = abs(found - siblings.mean)
        # In this order: the root is needed only for the few that lie far out.
        if distance > tolerance * MIN_DEVIATION and distance > tolerance * siblings.deviation:
            expected = round(siblings.mean)
            what = (
                f"a share of {_percent(found)} for {about!r}" if about else f"a turnout of {_percent(found)}"
            )
            return FailedCheck(
                CheckName.OUTLIER.value,
                found,
                expected,
                f"{what}, but {_percent(expected)} on average in {siblings.n} precincts around",
                about,
            )
    return None


def _compared(
    tally: TallySubmission, voters_registered: int | None, surroundings: Surroundings
) -> Iterator[tuple[str, int, Moments]]:
    if (share := turnout_permille(tally, voters_registered)) is not None:
        yield "", share, surroundings.turnout
    for code, share in share_permilles(tally.votes, tally.write_ins).items():
        if code in surroundings.shares:
            yield code, share, surroundings.shares[code]


def _percent(share: int) -> str:
    return f"{share // 10}.{share % 10} %"


def failed_checks(
    tally: TallySubmission,
    settings: CheckSettings,
    *,
    votes_allowed: int,
    voters_registered: int | None,
    surroundings: Surroundings,
) -> tuple[FailedCheck, ...]:
    """All checks that a tally fails of those that are on, in the order of `CheckName`.

    Empty when it can be counted at once.
    """
    checks: list[FailedCheck | None] = []
    if settings.balance.on:
        checks.append(balance(tally, votes_allowed, settings.balance.tolerance))
    if settings.turnout.on:
        checks.append(turnout(tally, voters_registered, settings.turnout.tolerance))
    if settings.ceiling.on:
        checks.append(ceiling(tally, settings.ceiling.tolerance))
    if settings.same_ballots.on:
        checks.append(same_ballots(tally, surroundings, settings.same_ballots.tolerance))
    if settings.all_zero.on:
        checks.append(all_zero(tally, voters_registered, settings.all_zero.tolerance))
    if settings.duplicate_vector.on:
        checks.append(duplicate_vector(tally, surroundings, settings.duplicate_vector.tolerance))
    if settings.outlier.on:
        checks.append(outlier(tally, voters_registered, surroundings, settings.outlier.tolerance))
    return tuple(failed for failed in checks if failed is not None)
