"""Who votes on what: an election's precincts, contests and selections, ready for lookups by code.

A book is read once and shared; it is true for as long as the election's `changed_seq` stands.
"""

import functools
from collections.abc import Collection, Set

import msgspec

from models.check_settings import CheckSettings


class Precinct(msgspec.Struct, frozen=True, gc=False):
    id: int
    code: str
    name: str
    voters_registered: int | None
    above: tuple[int, ...]
    """Ids of the units it lies in, the nearest first, the root last."""
    contests: frozenset[int]

    def lies_in(self, units: Set[int]) -> bool:
        """Whether the precinct is one of these units or below one of them."""
        return self.id in units or not units.isdisjoint(self.above)


class BookContest(msgspec.Struct, frozen=True, gc=False):
    id: int
    code: str
    votes_allowed: int
    selections: dict[str, int]
    """Selection ids by code, in ballot order."""
    recounting: bool = False
    """Whether its tallies are taken although the election is closed."""


class BallotBook(msgspec.Struct, frozen=True, dict=True):
    election_id: int
    election: str
    is_test: bool
    changed_seq: int
    precincts: dict[str, Precinct]
    contests: dict[str, BookContest]
    checks: CheckSettings = CheckSettings()
    double_entry: bool = False

    def contest_codes(self) -> dict[int, str]:
        """The contests' codes by id."""
        return {contest.id: code for code, contest in self.contests.items()}

    def covered(self, units: Collection[int]) -> list[str]:
        """Codes of the precincts that lie in these units, in the book's order."""
        found = {code for unit in units for code in self._within.get(unit, ())}
        return sorted(found, key=self._order.__getitem__)

    @functools.cached_property
    def _within(self) -> dict[int, list[str]]:
        """Codes of precincts by each unit that they are or lie in: a million officers ask for their few."""
        within: dict[int, list[str]] = {}
        for code, precinct in self.precincts.items():
            for unit in (precinct.id, *precinct.above):
                within.setdefault(unit, []).append(code)
        return within

    @functools.cached_property
    def _order(self) -> dict[str, int]:
        return {code: place for place, code in enumerate(self.precincts)}
