"""Identical votes: precincts that report the same votes for every choice of a contest (pure).

A list that was copied from one precinct to another leaves the same votes in both. So does chance, where
precincts are small or the choices few, and a clerk's slip, which is why the check `duplicate-vector`
(`models/checks.py`) looks at a tally before it is counted. That one compares all figures; here only the
votes are compared, which finds more, by chance too.

How many repeats chance alone would make depends on how alike neighbourhoods are in size and in how they
vote, which nobody knows: no number of expected ones is given, because none would be honest.
"""

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from models.integrity.counts import PrecinctCount

# With fewer votes than this in all, and with one choice alone, repeats are a matter of course.
LEAST_VOTES = 20
LEAST_CHOICES = 2

NEEDED_PRECINCTS = 20

# Limits of the classes of size by votes; the last one has no upper limit.
SIZES = (20, 50, 100, 200, 400, 800, 1600)


class IdenticalGroup(msgspec.Struct, frozen=True):
    """Precincts, by code, with the same votes for each selection, in ballot order, and write-ins."""

    votes: tuple[int, ...]
    write_ins: int
    precincts: tuple[str, ...]

    @property
    def all_votes(self) -> int:
        return sum(self.votes) + self.write_ins


class SizeClass(msgspec.Struct, frozen=True):
    """Precincts with votes from `least` on and below `below`, which is null in the last class.

    `alike` is how many of them have the same votes as another one.
    """

    least: int
    below: int | None
    precincts: int
    alike: int


class IdenticalVotes(msgspec.Struct, frozen=True, kw_only=True):
    """Groups of precincts with the same votes for every choice, the most votes first.

    Only precincts with 20 votes or more count, in contests with two choices or more. `groups` and `sizes`
    are null with fewer than `needed` of them. It can show that a list was perhaps copied, or entered for
    the wrong precinct. It cannot tell that from chance, which makes repeats where precincts are small and
    choices few; the more votes a group has, the less likely is chance.
    """

    precincts: int
    needed: int
    groups: tuple[IdenticalGroup, ...] | None
    sizes: tuple[SizeClass, ...] | None

    @property
    def alike(self) -> int:
        """How many precincts are in a group."""
        return sum(len(group.precincts) for group in self.groups or ())


def identical_votes(counts: Sequence[PrecinctCount]) -> IdenticalVotes:
    """Of the precincts whose votes are no matter of course."""
    fit = [c for c in counts if c.all_votes >= LEAST_VOTES and len(c.votes) >= LEAST_CHOICES]
    enough = len(fit) >= NEEDED_PRECINCTS
    groups = _groups(fit)
    return IdenticalVotes(
        precincts=len(fit),
        needed=NEEDED_PRECINCTS,
        groups=groups if enough else None,
        sizes=_sizes(fit, groups) if enough else None,
    )


def _groups(counts: Sequence[PrecinctCount]) -> tuple[IdenticalGroup, ...]:
    same: dict[tuple[tuple[int, ...], int], list[str]] = defaultdict(list)
    for count in counts:
        same[count.votes, count.write_ins].append(count.precinct)
    groups = [
        IdenticalGroup(votes, write_ins, tuple(sorted(precincts)))
        for (votes, write_ins), precincts in same.items()
        if len(precincts) > 1
    ]
    return tuple(sorted(groups, key=lambda group: (-group.all_votes, group.precincts)))


def _sizes(counts: Sequence[PrecinctCount], groups: Sequence[IdenticalGroup]) -> tuple[SizeClass, ...]:
    """All classes up to the largest precinct's."""
    grouped = {precinct for group in groups for precinct in group.precincts}
    found = []
    for number, least in enumerate(SIZES):
        below = SIZES[number + 1] if number + 1 < len(SIZES) else None
        within = [c for c in counts if least <= c.all_votes and (below is None or c.all_votes < below)]
        alike = sum(count.precinct in grouped for count in within)
        found.append(SizeClass(least, below, len(within), alike))
    while not found[-1].precincts:
        found.pop()
    return tuple(found)
