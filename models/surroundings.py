"""What the tallies of a batch are held against: the same precinct's, its siblings and its twins (pure).

Read once for the batch, and moved along with each tally of it that is counted.
"""

import msgspec

from models.ballot_book import BookContest, Precinct
from models.checks import Surroundings
from models.moments import Moments
from models.totals import Figures, Siblings


class Place(msgspec.Struct, frozen=True):
    """Where a tally came from that has some vector."""

    seq: int
    unit_id: int
    precinct: str


class Surrounding:
    """Fill it with `counted`, `reported` and `spread`; then ask `of`, and tell what happens meanwhile."""

    def __init__(self, contest_codes: dict[int, str]) -> None:
        self._codes = contest_codes
        self._ballots: dict[int, dict[int, int]] = {}
        self._vectors: dict[tuple[int, int], dict[int, Place]] = {}
        self._keys: dict[int, tuple[int, int]] = {}
        self._siblings: dict[tuple[int, int], Siblings] = {}

    # ---- as it was read ----

    def counted(self, unit_id: int, contest_id: int, ballots_cast: int) -> None:
        """So many ballots are counted for a contest in a precinct."""
        self._ballots.setdefault(unit_id, {})[contest_id] = ballots_cast

    def reported(self, contest_id: int, vector: int, place: Place) -> None:
        """A tally that is counted or waits has this vector."""
        key = (contest_id, vector)
        self._vectors.setdefault(key, {})[place.seq] = place
        self._keys[place.seq] = key

    def spread(self, contest_id: int, unit_id: int, siblings: Siblings) -> None:
        """How the counted tallies right below a unit are spread."""
        self._siblings[contest_id, unit_id] = siblings

    # ---- as it moves ----

    def count(self, sign: int, figures: Figures | None, precinct: Precinct, contest: BookContest) -> None:
        if figures is None:
            return
        if sign > 0:
            self.counted(precinct.id, contest.id, figures.ballots_cast)
        else:
            self._ballots.get(precinct.id, {}).pop(contest.id, None)
        if siblings := self._around(precinct, contest):
            siblings.move(sign, figures, precinct.voters_registered)

    def leave(self, seq: int) -> None:
        """A tally neither counts nor waits any more."""
        if key := self._keys.pop(seq, None):
            del self._vectors[key][seq]

    # ---- as a check sees it ----

    def of(
        self, precinct: Precinct, contest: BookContest, vector: int | None, counted: Figures | None
    ) -> Surroundings:
        """What one tally is held against; `counted` is that of its own precinct and contest, if any."""
        others = self._ballots.get(precinct.id, {})
        ballots = {self._codes[c]: number for c, number in others.items() if c != contest.id}
        spread = self._around(precinct, contest)
        without = spread.without(counted, precinct.voters_registered) if spread else Siblings(Moments(), {})
        return Surroundings(
            ballots=ballots,
            contests=len(precinct.contests),
            twin=self._twin(precinct, contest, vector),
            turnout=without.turnout,
            shares={
                code: without.shares[selection]
                for code, selection in contest.selections.items()
                if selection in without.shares
            },
        )

    def _twin(self, precinct: Precinct, contest: BookContest, vector: int | None) -> str | None:
        if vector is None:
            return None
        places = self._vectors.get((contest.id, vector), {}).values()
        return next((place.precinct for place in places if place.unit_id != precinct.id), None)

    def _around(self, precinct: Precinct, contest: BookContest) -> Siblings | None:
        return self._siblings.get((contest.id, precinct.above[0])) if precinct.above else None
