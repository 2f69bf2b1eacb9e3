"""Turnout against the share of the leading selection, precinct by precinct (pure).

Klimek, Yegorov, Hanel and Thurner, "Statistical detection of systematic election irregularities", PNAS
109 (2012), 16469-16473: where ballots were added for one side, precincts with more turnout give it a
larger share, up to a cloud of their own near full turnout and all votes.

Known against it: turnout and preference go together in honest elections too, wherever age, wealth,
city and country differ in both. A slope is an occasion to ask, and the shape of the cloud says more.
"""

import statistics
from collections.abc import Iterator, Sequence

import msgspec

from models.integrity.counts import PrecinctCount
from models.results import ratio

# With fewer, a single unusual precinct makes any slope.
NEEDED_PRECINCTS = 20

# Limits of the classes of turnout that the table has; the last one has no upper limit.
CLASSES = tuple(step / 10 for step in range(11))


class TurnoutPoint(msgspec.Struct, frozen=True):
    """A precinct's turnout, and the leading selection's share there; from 0, in parts of one."""

    precinct: str
    turnout: float
    share: float


class TurnoutClass(msgspec.Struct, frozen=True):
    """Precincts with a turnout from `least` on and below `below`, which is null in the last class.

    `share` is the leading selection's part of all their votes together.
    """

    least: float
    below: float | None
    precincts: int
    share: float | None


class TurnoutAndShare(msgspec.Struct, frozen=True, kw_only=True):
    """Each precinct's turnout against the share of the contest's leading `selection` there.

    `correlation` is Pearson's, -1 to 1. `slope` and `intercept` are those of the least squares of
    share = intercept + slope * turnout, each precinct with the same weight. They are null with fewer than
    `needed` precincts, or where all are alike. It can show that the leader does better where more people
    voted, as ballots added for one side would make it. It cannot tell that from neighbourhoods that differ
    both in who goes to vote and in how they vote.
    """

    selection: str | None
    precincts: int
    needed: int
    correlation: float | None
    slope: float | None
    intercept: float | None
    classes: tuple[TurnoutClass, ...]
    points: tuple[TurnoutPoint, ...]


def turnout_and_share(counts: Sequence[PrecinctCount], selections: Sequence[str]) -> TurnoutAndShare:
    """Of the precincts whose registered voters are known and that have votes; none while nobody has any."""
    place = leading_place(counts)
    told = list(_told(counts, place)) if place is not None else []
    correlation, slope, intercept = _fit([point for _, point in told])
    return TurnoutAndShare(
        selection=selections[place] if place is not None else None,
        precincts=len(told),
        needed=NEEDED_PRECINCTS,
        correlation=correlation,
        slope=slope,
        intercept=intercept,
        classes=_classes(told, place) if place is not None else (),
        points=tuple(point for _, point in told),
    )


def leading_place(counts: Sequence[PrecinctCount]) -> int | None:
    """The place on the ballot of who has the most votes, the first of several; None while nobody has any."""
    totals = [sum(votes) for votes in zip(*(count.votes for count in counts), strict=True)]
    return totals.index(max(totals)) if any(totals) else None


def _told(counts: Sequence[PrecinctCount], place: int) -> Iterator[tuple[PrecinctCount, TurnoutPoint]]:
    for count in counts:
        turnout, share = count.turnout, count.share(place)
        if turnout is not None and share is not None:
            yield count, TurnoutPoint(count.precinct, round(turnout, 4), round(share, 4))


def _fit(points: Sequence[TurnoutPoint]) -> tuple[float | None, float | None, float | None]:
    """Correlation, slope and intercept."""
    turnouts, shares = [point.turnout for point in points], [point.share for point in points]
    if len(points) < NEEDED_PRECINCTS or len(set(turnouts)) == 1 or len(set(shares)) == 1:
        return None, None, None
    slope, intercept = statistics.linear_regression(turnouts, shares)
    return round(statistics.correlation(turnouts, shares), 3), round(slope, 4), round(intercept, 4)


def _classes(told: Sequence[tuple[PrecinctCount, TurnoutPoint]], place: int) -> tuple[TurnoutClass, ...]:
    """The classes that have precincts."""
    found = []
    for number, least in enumerate(CLASSES):
        below = CLASSES[number + 1] if number + 1 < len(CLASSES) else None
        within = [count for count, p in told if least <= p.turnout and (below is None or p.turnout < below)]
        if within:
            votes = sum(count.votes[place] for count in within)
            share = ratio(votes, sum(count.all_votes for count in within))
            found.append(TurnoutClass(least, below, len(within), share))
    return tuple(found)
