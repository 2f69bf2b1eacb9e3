"""A tiny election for tests: two districts, four precincts, an n-of-m contest and a measure."""

import datetime
import itertools
from typing import Any

from models.ballot_book import BallotBook, BookContest, Precinct
from models.check_settings import CheckSetting, CheckSettings
from models.definitions import (
    ContestDefinition,
    ElectionDefinition,
    PartyDefinition,
    SelectionDefinition,
    UnitDefinition,
    VoteVariation,
)
from models.submissions import TallySubmission

ALL = ("north-1", "north-2", "south-1", "south-2")
SOUTH = ("south-1", "south-2")
REGISTERED: dict[str, int | None] = {"north-1": 100, "north-2": 200, "south-1": 150, "south-2": 120}

# Figures of 80 ballots for each contest, which balance.
FIGURES: dict[str, dict[str, Any]] = {
    "president": {
        "votes": {"ada": 40, "ben": 30, "cy": 5},
        "ballots_cast": 80,
        "overvotes": 1,
        "undervotes": 3,
        "write_ins": 1,
    },
    "council": {
        "votes": {"dora": 50, "emil": 40, "fay": 30},
        "ballots_cast": 80,
        "overvotes": 2,
        "undervotes": 30,
        "write_ins": 6,
        "rejected_ballots": 4,
    },
    "measure": {"votes": {"yes": 45, "no": 30}, "ballots_cast": 80, "undervotes": 5},
}

_numbers = itertools.count(1)


def tiny_election(
    code: str = "tiny",
    *,
    registered: dict[str, int | None] = REGISTERED,
    is_test: bool = False,
    **changes: Any,
) -> ElectionDefinition:
    """`changes` are other fields of the definition. Its precincts may report the same figures."""
    units = [
        UnitDefinition(code="country", name="The Country", kind="country"),
        UnitDefinition(code="north", name="North", kind="district", parent="country"),
        UnitDefinition(code="south", name="South", kind="district", parent="country"),
    ]
    units += [
        UnitDefinition(
            code=precinct,
            name=precinct.title(),
            kind="precinct",
            parent=precinct.partition("-")[0],
            voters_registered=registered[precinct],
        )
        for precinct in ALL
    ]
    changes.setdefault("checks", CheckSettings(duplicate_vector=CheckSetting(on=False, tolerance=50)))
    return ElectionDefinition(
        **changes,
        code=code,
        name="A tiny election",
        date=datetime.date(2026, 11, 3),
        is_test=is_test,
        units=tuple(units),
        parties=(
            PartyDefinition(code="BLU", name="Blue", colour="#0000ff"),
            PartyDefinition(code="RED", name="Red", colour="#ff0000"),
        ),
        contests=(
            ContestDefinition(
                code="president",
                name="President",
                district="country",
                precincts=ALL,
                selections=(
                    SelectionDefinition(code="ada", name="Ada", party="BLU"),
                    SelectionDefinition(code="ben", name="Ben", party="RED"),
                    SelectionDefinition(code="cy", name="Cy"),
                ),
            ),
            ContestDefinition(
                code="council",
                name="Council",
                district="country",
                precincts=ALL,
                vote_variation=VoteVariation.N_OF_M,
                votes_allowed=2,
                number_elected=2,
                selections=tuple(
                    SelectionDefinition(code=code, name=code.title()) for code in ("dora", "emil", "fay")
                ),
            ),
            ContestDefinition(
                code="measure",
                name="Measure A",
                district="south",
                precincts=SOUTH,
                is_measure=True,
                selections=(
                    SelectionDefinition(code="yes", name="Yes"),
                    SelectionDefinition(code="no", name="No"),
                ),
            ),
        ),
    )


def a_tally(precinct: str = "north-1", contest: str = "president", **changes: Any) -> TallySubmission:
    """A tally that balances, with a ref of its own; `changes` are fields of other content."""
    fields = {"ref": f"ref-{next(_numbers)}", "precinct": precinct, "contest": contest, **FIGURES[contest]}
    return TallySubmission(**{**fields, **changes})


def unbalanced(precinct: str = "north-1", contest: str = "president", **changes: Any) -> TallySubmission:
    """A tally that is readable and is quarantined: one undervote too many."""
    undervotes = FIGURES[contest]["undervotes"] + 1
    return a_tally(precinct, contest, **{"undervotes": undervotes, **changes})


def every_tally() -> list[TallySubmission]:
    """One good tally for each precinct and contest."""
    contests = tiny_election().contests
    return [a_tally(precinct, contest.code) for contest in contests for precinct in contest.precincts]


def book_of(definition: ElectionDefinition, changed_seq: int = 2) -> BallotBook:
    """The ballot book of a definition, with ids counted from 1, as the database would give."""
    units = {unit.code: number for number, unit in enumerate(definition.units, start=1)}
    parents = {unit.code: unit.parent for unit in definition.units}
    ids = itertools.count(1)
    contests = {
        contest.code: BookContest(
            number, contest.code, contest.votes_allowed, {s.code: next(ids) for s in contest.selections}
        )
        for number, contest in enumerate(definition.contests, start=1)
    }

    def above(code: str) -> tuple[int, ...]:
        parent = parents[code]
        return () if parent is None else (units[parent], *above(parent))

    precincts = {
        unit.code: Precinct(
            units[unit.code],
            unit.code,
            unit.name,
            unit.voters_registered,
            above(unit.code),
            frozenset(contests[c.code].id for c in definition.contests if unit.code in c.precincts),
        )
        for unit in definition.units
        if unit.kind == "precinct"
    }
    return BallotBook(
        1,
        definition.code,
        definition.is_test,
        changed_seq,
        precincts,
        contests,
        definition.checks,
        definition.double_entry,
    )
