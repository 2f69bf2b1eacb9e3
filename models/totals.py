"""How counting a tally moves the totals of the units that its precinct lies in (pure)."""

from collections import defaultdict

import msgspec

from models.ballot_book import BookContest, Precinct
from models.moments import Moments, permille, share_permilles


class Figures(msgspec.Struct, frozen=True, gc=False):
    """What one counted tally adds to totals. `votes` is by selection id."""

    seq: int
    ballots_cast: int
    overvotes: int
    undervotes: int
    write_ins: int
    rejected_ballots: int
    votes: dict[int, int]

    def differing(self, other: "Figures") -> int:
        """How many numbers of the two differ."""
        ours, theirs = self._counts(), other._counts()
        votes = (self.votes.get(s) != other.votes.get(s) for s in self.votes.keys() | other.votes.keys())
        return sum(a != b for a, b in zip(ours, theirs, strict=True)) + sum(votes)

    def _counts(self) -> tuple[int, int, int, int, int]:
        return (
            self.ballots_cast,
            self.overvotes,
            self.undervotes,
            self.write_ins,
            self.rejected_ballots,
        )

    def lowers(self, before: "Figures | None") -> bool:
        """Whether any number goes down where this is counted in the place of what was `before`."""
        if before is None:
            return False
        ours, theirs = self._counts(), before._counts()
        return any(a < b for a, b in zip(ours, theirs, strict=True)) or any(
            self.votes.get(selection, 0) < votes for selection, votes in before.votes.items()
        )


class Movement(msgspec.Struct, gc=False):
    """By how much a contest's total at one unit moves. The order is that of the table's columns."""

    units_reported: int = 0
    quarantined_units: int = 0
    awaiting_units: int = 0
    voters_registered: int = 0
    ballots_cast: int = 0
    overvotes: int = 0
    undervotes: int = 0
    write_ins: int = 0
    rejected_ballots: int = 0
    turnout_n: int = 0
    turnout_total: int = 0
    turnout_squares: int = 0
    lowered_by: int = 0
    """The last log entry that lowers a figure; no sum."""

    def add(self, sign: int, figures: Figures, voters_registered: int) -> None:
        self.units_reported += sign
        self.voters_registered += sign * voters_registered
        self.ballots_cast += sign * figures.ballots_cast
        self.overvotes += sign * figures.overvotes
        self.undervotes += sign * figures.undervotes
        self.write_ins += sign * figures.write_ins
        self.rejected_ballots += sign * figures.rejected_ballots

    def add_turnout(self, sign: int, turnout: int) -> None:
        self.turnout_n += sign
        self.turnout_total += sign * turnout
        self.turnout_squares += sign * turnout * turnout


class SelectionMovement(msgspec.Struct, gc=False):
    """By how much a selection's total at one unit moves, likewise."""

    votes: int = 0
    share_n: int = 0
    share_total: int = 0
    share_squares: int = 0

    def add_share(self, sign: int, share: int) -> None:
        self.share_n += sign
        self.share_total += sign * share
        self.share_squares += sign * share * share


class Siblings(msgspec.Struct):
    """Of the counted tallies right below one unit: their turnouts and shares, per mille, by selection id."""

    turnout: Moments
    shares: dict[int, Moments]

    def without(self, figures: Figures | None, voters_registered: int | None) -> "Siblings":
        """The same without one precinct's own counted tally; itself where that has none."""
        if figures is None:
            return self
        left = Siblings(_copied(self.turnout), {s: _copied(share) for s, share in self.shares.items()})
        left.move(-1, figures, voters_registered)
        return left

    def move(self, sign: int, figures: Figures, voters_registered: int | None) -> None:
        turnout = permille(figures.ballots_cast, voters_registered)
        if turnout is not None:
            self.turnout.add(sign, turnout)
        for selection, share in share_permilles(figures.votes, figures.write_ins).items():
            self.shares.setdefault(selection, Moments()).add(sign, share)


class Totals:
    """The movements of a batch, summed up by (contest, unit) and (selection, unit)."""

    def __init__(self) -> None:
        self.contests: defaultdict[tuple[int, int], Movement] = defaultdict(Movement)
        self.selections: defaultdict[tuple[int, int], SelectionMovement] = defaultdict(SelectionMovement)

    def count(self, sign: int, figures: Figures | None, precinct: Precinct, contest: BookContest) -> None:
        """Adds a counted tally to every unit above its precinct, or takes it away."""
        if figures is None:
            return
        registered = precinct.voters_registered or 0
        for unit in precinct.above:
            self.contests[contest.id, unit].add(sign, figures, registered)
            for selection, votes in figures.votes.items():
                self.selections[selection, unit].votes += sign * votes
        self._spread(sign, figures, precinct, contest)

    def _spread(self, sign: int, figures: Figures, precinct: Precinct, contest: BookContest) -> None:
        """What siblings are compared by is kept at the unit right above them only."""
        if not precinct.above:
            return
        parent = precinct.above[0]
        turnout = permille(figures.ballots_cast, precinct.voters_registered)
        if turnout is not None:
            self.contests[contest.id, parent].add_turnout(sign, turnout)
        for selection, share in share_permilles(figures.votes, figures.write_ins).items():
            self.selections[selection, parent].add_share(sign, share)

    def wait(self, precinct: Precinct, contest: BookContest, *, quarantined: int, awaiting: int) -> None:
        """So many precincts more, or fewer, of which a tally waits."""
        for unit in precinct.above:
            movement = self.contests[contest.id, unit]
            movement.quarantined_units += quarantined
            movement.awaiting_units += awaiting

    def lower(self, seq: int, precinct: Precinct, contest: BookContest) -> None:
        """The log entry `seq` lowers a figure of this precinct, and so of the units above it."""
        for unit in precinct.above:
            self.contests[contest.id, unit].lowered_by = seq


def _copied(moments: Moments) -> Moments:
    return msgspec.structs.replace(moments)
