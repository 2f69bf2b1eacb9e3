"""The checks on real counties' nights: what is wrong is held, and of what is right no more than is listed."""

import random
import re
from pathlib import Path

import pytest

from models.check_preview import CountedTally, previewed
from models.check_settings import CheckSettings
from models.results_file import ResultsFile
from tests.building import book_of
from tests.nights import night
from tests.spoiling import spoiled
from tests.unit.test_results_file_real import read_county

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "checks.md"


@pytest.mark.parametrize("seed", range(10))
def test_of_adams_what_is_spoiled_is_held_and_nothing_else(seed: int) -> None:
    county = read_county("adams-2024")
    tallies, wrong = spoiled(county.tallies, seed)
    assert (len(tallies), len(wrong)) == (408, 20)
    assert night(county.election, tallies).keys() == wrong


@pytest.mark.parametrize("seed", range(10))
def test_in_whatever_order_adams_comes_nothing_is_held(seed: int) -> None:
    county = read_county("adams-2024")
    tallies = list(county.tallies)
    random.Random(seed).shuffle(tallies)
    assert night(county.election, tallies) == {}


@pytest.mark.parametrize("code", ["centre-2020", "allegheny-2024"])
def test_what_is_held_of_a_county_is_in_the_table_with_its_reason(code: str) -> None:
    county = read_county(code)
    held = night(county.election, county.tallies)
    assert documented(code) == {
        (*key, check.check, check.found, check.expected) for key, checks in held.items() for check in checks
    }


def documented(code: str) -> set[tuple[str, str, str, int, int]]:
    rows = re.findall(
        rf"^\| `{code}` \| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \| ([\d,]+) \| ([\d,]+) \| \S.*\|$",
        DOCUMENT.read_text(),
        re.MULTILINE,
    )
    return {
        (precinct, contest, check, int(found.replace(",", "")), int(expected.replace(",", "")))
        for precinct, contest, check, found, expected in rows
    }


def test_the_preview_of_a_county_is_that_of_the_document() -> None:
    told = [
        (preview.held, preview.of)
        for preview in (previewed(CheckSettings(), counted(read_county(code))) for code in COUNTIES)
    ]
    assert told == [(0, 408), (5, 527), (3, 10_152)]


COUNTIES = ("adams-2024", "centre-2020", "allegheny-2024")


def counted(county: ResultsFile) -> list[CountedTally]:
    book = book_of(county.election)
    parents = {unit.code: unit.parent or "" for unit in county.election.units}
    return [
        CountedTally(
            precinct=tally.precinct,
            parent=parents[tally.precinct],
            contest=tally.contest,
            contests=len(book.precincts[tally.precinct].contests),
            votes_allowed=book.contests[tally.contest].votes_allowed,
            voters_registered=book.precincts[tally.precinct].voters_registered,
            votes=tally.votes,
            ballots_cast=tally.ballots_cast,
            overvotes=tally.overvotes,
            undervotes=tally.undervotes,
            write_ins=tally.write_ins,
        )
        for tally in county.tallies
    ]
