"""What must hold for an election to hang together, without a database."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from models.definitions import UnitDefinition, VoteVariation
from models.wholeness import DraftContest, definition_faults, opening_faults, unit_faults
from tests.building import tiny_election

KINDS = {"all": "country", "north": "district", "north-1": "precinct"}


@pytest.mark.parametrize(
    ("parent", "kind", "rooted", "codes"),
    [
        ("north", "precinct", True, []),
        ("all", "district", True, []),
        (None, "country", False, []),
        (None, "country", True, ["second-root"]),
        (None, "precinct", False, ["root-is-precinct"]),
        (None, "precinct", True, ["second-root", "root-is-precinct"]),
        ("north-1", "precinct", True, ["below-precinct"]),
        ("south", "precinct", True, ["unknown-unit"]),
    ],
)
def test_a_unit_has_its_place_or_is_told_why_not(
    parent: str | None, kind: str, rooted: bool, codes: list[str]
) -> None:
    unit = UnitDefinition(code="x", name="X", kind=kind, parent=parent)
    assert [fault.code for fault in unit_faults(unit, KINDS, rooted=rooted)] == codes


def test_a_definition_that_hangs_together_has_no_fault() -> None:
    assert list(definition_faults(tiny_election())) == []


SOUND = DraftContest(code="c", ballot_order="given", selections=2, precincts=3, in_district=3)


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({}, {}),
        ({"rooted": False}, {"units": "no-root"}),
        ({"precincts": 0}, {"units": "no-precinct"}),
        ({"contests": []}, {"contests": "no-contest"}),
        ({"selections": 0}, {"contests.c.selections": "no-selection"}),
        ({"in_district": 2}, {"contests.c.precincts": "outside-district"}),
        ({"ballot_order": "lot"}, {"ballot_seed": "no-seed"}),
        ({"ballot_order": "lot", "seed": "17"}, {}),
        ({"ballot_order": "alphabetical"}, {}),
    ],
)
def test_a_draft_is_opened_or_told_what_it_lacks(changes: dict[str, Any], faults: dict[str, str]) -> None:
    given: dict[str, Any] = {"rooted": True, "precincts": 3, "contests": [SOUND], "seed": None}
    of_contest = {name: value for name, value in changes.items() if name not in given}
    if of_contest:
        given["contests"] = [msgspec.structs.replace(SOUND, **of_contest)]
    given |= {name: value for name, value in changes.items() if name in given}
    assert {fault.field: fault.code for fault in opening_faults(**given)} == faults


def test_votes_are_given_and_counted_in_nists_words(real_data: Path) -> None:
    schema = json.loads((real_data / "nist" / "NIST_V2_election_results_reporting.json").read_text())
    assert list(VoteVariation) == schema["definitions"]["ElectionResults.VoteVariation"]["enum"]
