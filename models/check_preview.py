"""What the checks would quarantine of the tallies that have been counted already (pure).

Each is held against all the others as if it came in last. A night holds a tally against those before it
only, so that the numbers are a good guess and no promise.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from models.check_settings import CHECKS, CheckName, CheckSetting, CheckSettings
from models.checks import (
    FailedCheck,
    Surroundings,
    failed_checks,
    vector_of,
)
from models.moments import Moments, share_permilles, turnout_permille
from models.submissions import TallySubmission

MAX_EXAMPLES = 5


class CountedTally(msgspec.Struct, frozen=True, kw_only=True):
    """A counted tally with what the checks ask about its precinct and contest."""

    precinct: str
    parent: str
    """Code of the unit right above the precinct, in which its siblings lie."""
    contest: str
    contests: int = 0
    """How many contests are on the precinct's ballot; 0 where it is not known."""
    votes_allowed: int
    voters_registered: int | None
    votes: dict[str, int]
    ballots_cast: int
    overvotes: int = 0
    undervotes: int = 0
    write_ins: int = 0
    rejected_ballots: int = 0

    def submission(self) -> TallySubmission:
        """The tally as it was sent, as far as checks look at it."""
        return TallySubmission(
            ref="preview",
            precinct=self.precinct,
            contest=self.contest,
            votes=self.votes,
            ballots_cast=self.ballots_cast,
            overvotes=self.overvotes,
            undervotes=self.undervotes,
            write_ins=self.write_ins,
            rejected_ballots=self.rejected_ballots,
        )


class HeldExample(msgspec.Struct, frozen=True):
    """A tally that a check would quarantine, and why."""

    precinct: str
    contest: str
    failed: FailedCheck


class CheckPreview(msgspec.Struct, frozen=True):
    """How many tallies one check would quarantine, whether it is on or not; the first few are named."""

    check: CheckName
    held: int
    examples: tuple[HeldExample, ...]


class ChecksPreview(msgspec.Struct, frozen=True):
    """`held` of `of` tallies would be quarantined by at least one check that is on.

    `checks` has every check in the order of `CheckName`.
    """

    held: int
    of: int
    checks: tuple[CheckPreview, ...]


def previewed(settings: CheckSettings, counted: Iterable[CountedTally]) -> ChecksPreview:
    """What these settings would do; in time linear in the number of tallies."""
    tallies = [(tally, tally.submission()) for tally in counted]
    around = _Around(tallies)
    every = _all_on(settings)
    on = {name for name in CheckName if settings.of(name).on}
    held = 0
    times: Counter[str] = Counter()
    examples: defaultdict[str, list[HeldExample]] = defaultdict(list)
    for tally, sent in tallies:
        failed = around.failed(tally, sent, every)
        held += any(one.check in on for one in failed)
        for one in failed:
            times[one.check] += 1
            if len(examples[one.check]) < MAX_EXAMPLES:
                examples[one.check].append(HeldExample(tally.precinct, tally.contest, one))
    checks = (CheckPreview(name, times[name], tuple(examples[name])) for name in CHECKS)
    return ChecksPreview(held, len(tallies), tuple(checks))


def _all_on(settings: CheckSettings) -> CheckSettings:
    return CheckSettings(
        **{
            name.name.lower(): CheckSetting(on=True, tolerance=settings.of(name).tolerance)
            for name in CheckName
        }
    )


class _Around:
    """All tallies, ready to be seen from each of them."""

    def __init__(self, tallies: Iterable[tuple[CountedTally, TallySubmission]]) -> None:
        self._ballots: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._precincts: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
        self._turnout: defaultdict[tuple[str, str], Moments] = defaultdict(Moments)
        self._shares: defaultdict[tuple[str, str], defaultdict[str, Moments]] = defaultdict(
            lambda: defaultdict(Moments)
        )
        for tally, sent in tallies:
            self._add(tally, sent)

    def failed(
        self, tally: CountedTally, sent: TallySubmission, settings: CheckSettings
    ) -> tuple[FailedCheck, ...]:
        """What one of the tallies fails among all the others."""
        return failed_checks(
            sent,
            settings,
            votes_allowed=tally.votes_allowed,
            voters_registered=tally.voters_registered,
            surroundings=self._of(tally, sent),
        )

    def _add(self, tally: CountedTally, sent: TallySubmission) -> None:
        siblings = (tally.contest, tally.parent)
        self._ballots[tally.precinct][tally.contest] = tally.ballots_cast
        if (vector := vector_of(sent, sorted(sent.votes))) is not None:
            self._precincts[tally.contest, vector].append(tally.precinct)
        if (turnout := turnout_permille(sent, tally.voters_registered)) is not None:
            self._turnout[siblings].add(+1, turnout)
        for code, share in share_permilles(tally.votes, tally.write_ins).items():
            self._shares[siblings][code].add(+1, share)

    def _of(self, tally: CountedTally, sent: TallySubmission) -> Surroundings:
        siblings = (tally.contest, tally.parent)
        ballots = self._ballots[tally.precinct].items()
        shares = share_permilles(tally.votes, tally.write_ins)
        return Surroundings(
            ballots={contest: number for contest, number in ballots if contest != tally.contest},
            contests=tally.contests,
            twin=self._twin(tally, sent),
            turnout=_without(self._turnout[siblings], turnout_permille(sent, tally.voters_registered)),
            shares={code: _without(self._shares[siblings][code], share) for code, share in shares.items()},
        )

    def _twin(self, tally: CountedTally, sent: TallySubmission) -> str | None:
        vector = vector_of(sent, sorted(sent.votes))
        if vector is None:
            return None
        # Of two the other one is found at once, however many precincts are alike.
        alike = self._precincts[tally.contest, vector][:2]
        return next((precinct for precinct in alike if precinct != tally.precinct), None)


def _without(moments: Moments, share: int | None) -> Moments:
    others = msgspec.structs.replace(moments)
    if share is not None:
        others.add(-1, share)
    return others
