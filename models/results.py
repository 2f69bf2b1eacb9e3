"""Results: what the counted tallies of a contest add up to, and what can be said of the sum (pure)."""

import datetime
from collections.abc import Iterable
from typing import Literal

import msgspec

from models.check_settings import CheckSettings
from models.definitions import RECOUNT_THRESHOLD, VoteVariation
from models.lifecycles import ElectionStatus
from models.outlook import Outlook, outlook, outstanding_votes, recount_is_due
from models.standings import Standing, margins, standings

ResultsStatus = Literal[
    "pre-election", "unofficial-partial", "unofficial-complete", "certified", "correction", "recount"
]


class ElectionState(msgspec.Struct, frozen=True):
    """What results need to know of their election. `changed_seq` is its last own log position."""

    id: int
    code: str
    name: str
    date: datetime.date
    timezone: str
    is_test: bool
    status: str
    results_released: bool
    changed_seq: int
    changed_at: datetime.datetime
    ballot_seed: str | None = None
    checks: CheckSettings = CheckSettings()
    double_entry: bool = False
    """Whether two people enter each tally."""
    recount_threshold: int = RECOUNT_THRESHOLD
    """A margin of so many hundredths of a percent of the votes, or less, is recounted; 0 for none."""


class SelectionVotes(msgspec.Struct, frozen=True):
    """A selection with the votes counted for it, in ballot order."""

    code: str
    name: str
    party: str | None
    votes: int


class ContestCount(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of a contest at a unit, as stored. `version` is 0 while nothing has moved them."""

    code: str
    name: str
    is_measure: bool
    vote_variation: str
    votes_allowed: int
    number_elected: int
    units_expected: int
    units_reported: int
    quarantined_units: int
    voters_registered: int | None
    voters_registered_reported: int
    ballots_cast: int
    overvotes: int
    undervotes: int
    write_ins: int
    rejected_ballots: int
    awaiting_units: int = 0
    recounting: bool = False
    recounted: bool = False
    lowered_by: int = 0
    """Log position of the last entry that lowered a figure; 0 for none."""
    excess: int = 0
    """Votes that tallies which wait could add beyond the registered voters of their precincts."""
    reopened: int | None = 0
    """Votes that could change sides where a counted tally may be replaced or recalled; None if unknown."""
    version: int
    updated_at: datetime.datetime | None
    selections: tuple[SelectionVotes, ...]


class SelectionResult(msgspec.Struct, frozen=True):
    """`share` is of all votes for selections and write-ins, 0 to 1; `rank` 1 has the most, ties share one.

    `margin` is how many votes it is ahead of the next; `standing` whether it leads, is tied for the last
    seat, or is elected, which is said of certified results only (`models/standings.py`).
    """

    code: str
    name: str
    party: str | None
    votes: int | None
    share: float | None
    rank: int | None
    margin: int | None = None
    standing: Standing | None = None


class ContestResults(msgspec.Struct, frozen=True, kw_only=True):
    """One contest's results, as sent on the wire (INTERFACES.md, Results JSON).

    While results are withheld, `released` is false and every figure that tells of votes is null.
    `turnout` is ballots cast by registered voters of the precincts that have reported, 0 to 1.
    """

    election: str
    contest: str
    unit: str | None = None
    name: str
    version: int
    updated_at: datetime.datetime
    status: ResultsStatus
    is_test: bool
    released: bool
    is_measure: bool
    vote_variation: str
    votes_allowed: int
    number_elected: int
    units_reported: int
    units_expected: int
    voters_registered: int | None
    voters_registered_reported: int | None
    ballots_cast: int | None
    turnout: float | None
    overvotes: int | None
    undervotes: int | None
    write_ins: int | None
    rejected_ballots: int | None
    quarantined_units: int | None
    awaiting_units: int | None = None
    """Precincts of which a first entry waits for the second, where each tally is entered twice."""
    outlook: Outlook | None = None
    """What is still possible; of a contest in all, where the most votes win (`models/outlook.py`)."""
    recount_due: bool | None = None
    """Whether all have reported and the margin is so small that the contest is to be recounted."""
    lowered_by: int | None = None
    """Log position of the last entry that lowered a figure here; null where none did."""
    selections: tuple[SelectionResult, ...]


def results_status(
    election_status: str, units_reported: int, units_expected: int, *, recounting: bool = False
) -> ResultsStatus:
    """NIST SP 1500-100 ResultsStatus by rule: people certify, correct and recount, the rest is counting."""
    if recounting:
        return "recount"
    match election_status:
        case ElectionStatus.DRAFT:
            return "pre-election"
        case ElectionStatus.CERTIFIED:
            return "certified"
        case ElectionStatus.CORRECTION:
            return "correction"
    return "unofficial-complete" if units_reported >= units_expected else "unofficial-partial"


def ratio(part: int, whole: int) -> float | None:
    """part / whole to three decimals; None where there is nothing to divide by."""
    return round(part / whole, 3) if whole else None


def ranked(
    selections: Iterable[SelectionVotes],
    all_votes: int,
    *,
    seats: int = 1,
    variation: str = VoteVariation.PLURALITY,
    final: bool = False,
) -> tuple[SelectionResult, ...]:
    """Selections by votes, the most first; equal votes share a rank and stay in ballot order."""
    ordered = sorted(selections, key=lambda selection: -selection.votes)
    ranks: dict[int, int] = {}
    for position, selection in enumerate(ordered, start=1):
        ranks.setdefault(selection.votes, position)
    votes = [selection.votes for selection in ordered]
    found = standings(votes, seats=seats, variation=variation, final=final)
    return tuple(
        SelectionResult(
            s.code, s.name, s.party, s.votes, ratio(s.votes, all_votes), ranks[s.votes], margin, standing
        )
        for s, margin, standing in zip(ordered, margins(votes), found, strict=True)
    )


def contest_results(
    election: ElectionState, count: ContestCount, *, unit: str | None = None, withhold: bool = False
) -> ContestResults:
    """The results of a contest; `withhold` leaves out every figure that tells of votes."""
    status = results_status(
        election.status, count.units_reported, count.units_expected, recounting=count.recounting
    )
    figures = _figures(count)
    if withhold:
        figures = dict.fromkeys(figures)
        selections = tuple(
            SelectionResult(s.code, s.name, s.party, None, None, None) for s in count.selections
        )
    else:
        selections = _selections(count, final=status == "certified" and not count.is_measure)
    possible = None if withhold or unit else contest_outlook(election, count)
    return ContestResults(
        election=election.code,
        contest=count.code,
        unit=unit,
        name=count.name,
        version=max(count.version, election.changed_seq),
        updated_at=max(count.updated_at or election.changed_at, election.changed_at),
        status=status,
        is_test=election.is_test,
        released=not withhold,
        is_measure=count.is_measure,
        vote_variation=count.vote_variation,
        votes_allowed=count.votes_allowed,
        number_elected=count.number_elected,
        units_reported=count.units_reported,
        units_expected=count.units_expected,
        voters_registered=count.voters_registered,
        selections=selections,
        outlook=possible,
        recount_due=None if withhold or unit else _recount_due(election, count, possible),
        lowered_by=None if withhold else count.lowered_by or None,
        **figures,  # type: ignore[arg-type]
    )


def _figures(count: ContestCount) -> dict[str, int | float | None]:
    """What tells of votes, beside the selections' own."""
    known = count.voters_registered is not None
    return {
        "voters_registered_reported": count.voters_registered_reported if known else None,
        "ballots_cast": count.ballots_cast,
        "turnout": ratio(count.ballots_cast, count.voters_registered_reported) if known else None,
        "overvotes": count.overvotes,
        "undervotes": count.undervotes,
        "write_ins": count.write_ins,
        "rejected_ballots": count.rejected_ballots,
        "quarantined_units": count.quarantined_units,
        "awaiting_units": count.awaiting_units,
    }


def _selections(count: ContestCount, *, final: bool) -> tuple[SelectionResult, ...]:
    return ranked(
        count.selections,
        sum(s.votes for s in count.selections) + count.write_ins,
        seats=count.number_elected,
        variation=count.vote_variation,
        final=final,
    )


def contest_outlook(election: ElectionState, count: ContestCount) -> Outlook | None:
    """What is still possible in a contest; nothing before the election opens.

    What is certified moves no more until a correction begins, and what is counted again may come out in
    any way.
    """
    if election.status == ElectionStatus.DRAFT:
        return None
    final = election.status == ElectionStatus.CERTIFIED
    return outlook(
        sorted((s.votes for s in count.selections), reverse=True),
        count.write_ins,
        seats=count.number_elected,
        variation=count.vote_variation,
        outstanding=0 if final else _outstanding(election, count),
        reopened=0 if final else count.reopened,
    )


def _outstanding(election: ElectionState, count: ContestCount) -> int | None:
    if count.recounting:
        return None
    return outstanding_votes(
        units_left=count.units_expected - count.units_reported,
        voters_registered=count.voters_registered,
        voters_registered_reported=count.voters_registered_reported,
        excess=count.excess,
        checks=election.checks,
    )


def _recount_due(election: ElectionState, count: ContestCount, possible: Outlook | None) -> bool | None:
    """None where it is not asked: before all have reported, and where the most votes do not win.

    One recount is enough, whatever margin it ends with.
    """
    if possible is None or count.units_reported < count.units_expected:
        return None
    if count.recounted:
        return False
    all_votes = sum(s.votes for s in count.selections) + count.write_ins
    return recount_is_due(possible.margin, all_votes, election.recount_threshold)


def write_ins_share(results: ContestResults) -> float | None:
    """The share of all write-ins together, as those of selections; None where they are withheld."""
    if results.write_ins is None:
        return None
    return ratio(results.write_ins, results.write_ins + sum(s.votes or 0 for s in results.selections))
