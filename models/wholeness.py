"""What must hold for an election to hang together (pure). Faults name the field and what to do."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

import msgspec

from models.ballot_order import BallotOrder
from models.definitions import ContestDefinition, ElectionDefinition
from models.errors import FieldError
from models.wording import say

PRECINCT = "precinct"
"""The kind of the units that report; nothing lies below them."""


class _Unit(Protocol):
    @property
    def kind(self) -> str: ...

    @property
    def parent(self) -> str | None: ...


class _Coded(Protocol):
    @property
    def code(self) -> str: ...


def unit_faults(unit: _Unit, kinds: Mapping[str, str], *, rooted: bool) -> Iterator[FieldError]:
    """What keeps a unit from its place. `kinds` are those of the units that stand already, by code.

    `rooted` says that another unit without a parent is there.
    """
    if unit.parent is None:
        if rooted:
            message = say("is needed: only one unit has none, and that is there already")
            yield FieldError("parent", message, "second-root")
        if unit.kind == PRECINCT:
            message = say("cannot be precinct where a unit has no parent: the whole is more than its parts")
            yield FieldError("kind", message, "root-is-precinct")
    elif unit.parent not in kinds:
        message = say("there is no unit %(unit)r before this one", unit=unit.parent)
        yield FieldError("parent", message, "unknown-unit")
    elif kinds[unit.parent] == PRECINCT:
        message = say("%(unit)r is a precinct, and nothing lies below a precinct", unit=unit.parent)
        yield FieldError("parent", message, "below-precinct")


def definition_faults(definition: ElectionDefinition) -> Iterator[FieldError]:
    """What keeps a whole definition from being written."""
    yield from _repeated("units", definition.units)
    yield from _repeated("parties", definition.parties)
    yield from _repeated("contests", definition.contests)
    kinds: dict[str, str] = {}
    rooted = False
    for unit in definition.units:
        for fault in unit_faults(unit, kinds, rooted=rooted):
            yield msgspec.structs.replace(fault, field=f"units.{unit.code}.{fault.field}")
        kinds[unit.code] = unit.kind
        rooted = rooted or unit.parent is None
    if not rooted:
        yield _no_root()
    parties = {party.code for party in definition.parties}
    for contest in definition.contests:
        yield from _contest_faults(contest, kinds, parties)


def _contest_faults(
    contest: ContestDefinition, kinds: Mapping[str, str], parties: set[str]
) -> Iterator[FieldError]:
    field = f"contests.{contest.code}"
    yield from _repeated(f"{field}.selections", contest.selections)
    if contest.district not in kinds:
        message = say("there is no unit %(unit)r", unit=contest.district)
        yield FieldError(f"{field}.district", message, "unknown-unit")
    if not contest.precincts or any(kinds.get(code) != PRECINCT for code in contest.precincts):
        yield FieldError(f"{field}.precincts", say("must be at least one, and each a unit of kind precinct"))
    if len(set(contest.precincts)) != len(contest.precincts):
        yield FieldError(f"{field}.precincts", say("a precinct is named twice"), "named-twice")
    if not contest.selections:
        yield _no_selections(contest.code)
    unknown = {s.party for s in contest.selections if s.party is not None} - parties
    if unknown:
        message = say("unknown parties: %(parties)s", parties=sorted(unknown))
        yield FieldError(f"{field}.selections", message, "unknown-party")


def _repeated(field: str, items: Iterable[_Coded]) -> Iterator[FieldError]:
    seen: set[str] = set()
    for item in items:
        if item.code in seen:
            yield FieldError(f"{field}.{item.code}", say("this code is given twice"), "named-twice")
        seen.add(item.code)


class DraftContest(msgspec.Struct, frozen=True, kw_only=True):
    """What opening asks of a contest: numbers of its selections and precincts."""

    code: str
    ballot_order: str
    selections: int
    precincts: int
    in_district: int
    """Precincts of it that lie at or below its district."""


def opening_faults(
    *, rooted: bool, precincts: int, contests: Iterable[DraftContest], seed: str | None
) -> Iterator[FieldError]:
    """What keeps a draft from being opened."""
    contests = list(contests)
    if not rooted:
        yield _no_root()
    if not precincts:
        message = say("at least one must be of kind precinct, or nobody could report")
        yield FieldError("units", message, "no-precinct")
    if not contests:
        message = say("at least one is needed, or there is nothing to vote on")
        yield FieldError("contests", message, "no-contest")
    for contest in contests:
        if not contest.selections:
            yield _no_selections(contest.code)
        if not contest.precincts:
            message = say("there is none at or below its district")
            yield FieldError(f"contests.{contest.code}.precincts", message, "no-precinct")
        elif contest.in_district != contest.precincts:
            message = say("all must lie at or below its district; choose a larger one")
            yield FieldError(f"contests.{contest.code}.precincts", message, "outside-district")
    if seed is None and any(contest.ballot_order == BallotOrder.LOT for contest in contests):
        message = say("is needed: by it ballots are ordered by lot; publish it by setting it")
        yield FieldError("ballot_seed", message, "no-seed")


def _no_root() -> FieldError:
    return FieldError(
        "units", say("exactly one must have no parent, and it must not be a precinct"), "no-root"
    )


def _no_selections(contest: str) -> FieldError:
    return FieldError(f"contests.{contest}.selections", say("at least one is needed"), "no-selection")
