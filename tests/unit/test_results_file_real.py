"""The reader on real counties' files, against the facts that are published about them."""

import collections
from pathlib import Path

import msgspec
import pytest

from models.results_file import ResultsFile, read_results_file
from models.submissions import TallySubmission
from tests.facts import PRESIDENTS

ELECTIONS = Path(__file__).parents[3] / "shared" / "data" / "elections"

FACTS = {
    # code: rows, precincts, contests, tallies, registered voters
    "adams-2024": (3_315, 51, 9, 408, 76_008),
    "centre-2020": (4_591, 87, 11, 527, 112_090),
    "allegheny-2024": (49_506, 1_327, 33, 10_152, 0),
}


@pytest.fixture(scope="module", params=list(FACTS))
def county(request: pytest.FixtureRequest) -> ResultsFile:
    return read_county(request.param)


def read_county(code: str) -> ResultsFile:
    path = ELECTIONS / f"{code}.csv"
    if not path.exists():
        pytest.skip(f"the real results file {path.name} is not in ../shared/data/elections")
    return read_results_file(path.read_bytes(), code=code, name=None, date=None)


def test_a_county_has_its_rows_precincts_contests_and_tallies(county: ResultsFile) -> None:
    precincts = [unit for unit in county.election.units if unit.kind == "precinct"]
    registered = sum(unit.voters_registered or 0 for unit in precincts)
    assert FACTS[county.election.code] == (
        county.rows,
        len(precincts),
        len(county.election.contests),
        len(county.tallies),
        registered,
    )
    assert county.bad_rows == ()


def test_the_presidents_votes_are_those_published(county: ResultsFile) -> None:
    totals = collections.Counter[str]()
    for tally in county.tallies:
        if tally.contest == "president":
            totals.update(tally.votes)
    assert totals == PRESIDENTS[county.election.code]


def test_every_tally_balances_and_has_no_more_ballots_than_voters(county: ResultsFile) -> None:
    registered = {unit.code: unit.voters_registered for unit in county.election.units}
    allowed = {contest.code: contest.votes_allowed for contest in county.election.contests}
    for tally in county.tallies:
        votes = allowed[tally.contest]
        marks = sum(tally.votes.values()) + tally.write_ins + tally.overvotes * votes + tally.undervotes
        assert marks == tally.ballots_cast * votes
        assert max(tally.votes.values()) <= tally.ballots_cast
        voters = registered[tally.precinct]
        assert voters is None or tally.ballots_cast <= voters


def test_every_tally_is_one_that_the_wire_accepts(county: ResultsFile) -> None:
    decoder = msgspec.json.Decoder(TallySubmission)
    for tally in county.tallies:
        assert decoder.decode(msgspec.json.encode(tally)) == tally
    assert len({tally.ref for tally in county.tallies}) == len(county.tallies)


def test_adams_reads_as_its_clerk_would_say_it() -> None:
    county = read_county("adams-2024")
    assert (county.election.name, str(county.election.date)) == ("Adams 2024", "2024-11-05")
    president = [tally for tally in county.tallies if tally.contest == "president"]
    assert sum(tally.ballots_cast for tally in president) == 61_039
    figures = [
        sum(getattr(tally, name) for tally in president) for name in ("write_ins", "overvotes", "undervotes")
    ]
    assert figures == [221, 29, 139]
    codes = {contest.code for contest in county.election.contests}
    assert {"president", "u-s-house-13", "state-house-193"} <= codes
