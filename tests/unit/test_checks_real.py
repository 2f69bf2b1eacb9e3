"""The checks on real counties' nights: what is wrong is held, and of what is right no more than is listed."""

import datetime
import random
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from models.batch import Receipt, Recorded, Sender, Submission
from models.check_preview import CountedTally, previewed
from models.check_settings import CheckSettings
from models.checks import FailedCheck, Moments
from models.recording import Recorder
from models.results_file import ResultsFile
from models.submissions import TallySubmission, digest
from models.surroundings import Surrounding
from models.totals import Siblings
from tests.building import book_of
from tests.spoiling import Key, key_of, spoiled
from tests.unit.test_results_file_real import read_county

AT = datetime.datetime(2026, 11, 3, 20, 0, tzinfo=datetime.UTC)
DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "checks.md"


def night(county: ResultsFile, tallies: Sequence[TallySubmission]) -> dict[Key, tuple[FailedCheck, ...]]:
    """What is held of the tallies in the order in which they come, and why."""
    book = book_of(county.election)
    around = Surrounding(book.contest_codes())
    for contest in book.contests.values():
        for precinct in book.precincts.values():
            around.spread(contest.id, precinct.above[0], Siblings(Moments(), {}))
    recorder = Recorder(book, "open", {}, {}, around, Recorded.begin(book.changed_seq, AT))
    for tally in tallies:
        recorder.take(Submission(tally, Sender(1, "http"), digest(tally)))
    receipts = [answer for answer in recorder.recorded.answers if isinstance(answer, Receipt)]
    assert len(receipts) == len(tallies)
    return {key_of(tally): r.checks for tally, r in zip(tallies, receipts, strict=True) if r.checks}


@pytest.mark.parametrize("seed", range(10))
def test_of_adams_what_is_spoiled_is_held_and_nothing_else(seed: int) -> None:
    county = read_county("adams-2024")
    tallies, wrong = spoiled(county.tallies, seed)
    assert (len(tallies), len(wrong)) == (408, 20)
    assert night(county, tallies).keys() == wrong


@pytest.mark.parametrize("seed", range(10))
def test_in_whatever_order_adams_comes_nothing_is_held(seed: int) -> None:
    county = read_county("adams-2024")
    tallies = list(county.tallies)
    random.Random(seed).shuffle(tallies)
    assert night(county, tallies) == {}


@pytest.mark.parametrize("code", ["centre-2020", "allegheny-2024"])
def test_what_is_held_of_a_county_is_in_the_table_with_its_reason(code: str) -> None:
    county = read_county(code)
    held = night(county, county.tallies)
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
