"""The demo's election is one that a real night could have had, and the same for the same seed."""

import collections
import itertools
import re

import pytest

from models.checks import balance, ceiling, turnout
from models.fictional import FictionalElection, Official, fictional_election
from models.rights import Role
from models.submissions import TallySubmission
from tests.nights import night as held_of


@pytest.fixture(scope="module")
def night() -> FictionalElection:
    return fictional_election()


@pytest.fixture(scope="module", params=[1, 2, 11, 12, 13, 300, 20_000])
def sized(request: pytest.FixtureRequest) -> tuple[int, FictionalElection]:
    return request.param, fictional_election(precincts=request.param)


def registered(election: FictionalElection) -> dict[str, int]:
    return {unit.code: unit.voters_registered or 0 for unit in election.definition.units}


def totals(election: FictionalElection, contest: str) -> list[int]:
    votes = [list(tally.votes.values()) for tally in election.tallies if tally.contest == contest]
    return [sum(column) for column in zip(*votes, strict=True)]


def test_the_same_seed_gives_the_same_night_and_another_seed_another(night: FictionalElection) -> None:
    assert fictional_election() == night
    assert fictional_election(seed=7) != night


@pytest.mark.parametrize("precincts", [0, -1, 20_001])
def test_other_numbers_of_precincts_are_refused(precincts: int) -> None:
    with pytest.raises(ValueError, match="1 to 20,000 precincts"):
        fictional_election(precincts=precincts)


def test_units_are_a_tree_of_three_levels(sized: tuple[int, FictionalElection]) -> None:
    number, election = sized
    units = election.definition.units
    kinds = {unit.code: unit.kind for unit in units}
    assert collections.Counter(kinds.values()) == {
        "country": 1,
        "district": min(12, number),
        "precinct": number,
    }
    assert [kinds.get(unit.parent or "") for unit in units] == [
        {"country": None, "district": "country", "precinct": "district"}[unit.kind] for unit in units
    ]
    assert len({unit.name for unit in units}) == len(units)
    assert {unit.parent for unit in units if unit.kind == "precinct"} == {
        unit.code for unit in units if unit.kind == "district"
    }


def test_every_right_tally_passes_every_check(sized: tuple[int, FictionalElection]) -> None:
    _, election = sized
    voters = registered(election)
    contests = {contest.code: contest for contest in election.definition.contests}
    for tally in election.tallies:
        contest = contests[tally.contest]
        assert tally.votes.keys() == {choice.code for choice in contest.selections}
        assert min(*tally.votes.values(), tally.undervotes, tally.write_ins, tally.overvotes) >= 0
        assert balance(tally, contest.votes_allowed) is None
        assert ceiling(tally) is None
        assert turnout(tally, voters[tally.precinct]) is None
        assert 0.44 <= tally.ballots_cast / voters[tally.precinct] <= 0.81


@pytest.mark.parametrize("precincts", [12, 300, 3_000])
def test_no_right_tally_is_held_among_the_others_of_its_night(precincts: int) -> None:
    election = fictional_election(precincts=precincts)
    assert held_of(election.definition, election.tallies) == {}


def test_every_precinct_reports_each_contest_on_its_ballot_once(sized: tuple[int, FictionalElection]) -> None:
    _, election = sized
    expected = {
        (contest.code, code) for contest in election.definition.contests for code in contest.precincts
    }
    reported = [(tally.contest, tally.precinct) for tally in election.tallies]
    assert len(reported) == len(expected)
    assert set(reported) == expected


def test_a_precinct_has_the_same_ballots_in_all_its_contests_and_sends_them_together(
    night: FictionalElection,
) -> None:
    for _, group in itertools.groupby(night.tallies, key=lambda tally: tally.precinct):
        tallies = list(group)
        assert len(tallies) == 4
        assert len({tally.ballots_cast for tally in tallies}) == 1


def test_the_ballot_has_a_presidency_a_senate_a_house_and_a_referendum(night: FictionalElection) -> None:
    contests = {contest.code: contest for contest in night.definition.contests}
    senate = contests["senate"]
    assert len(contests["president"].selections) == 5
    assert (len(senate.selections), senate.votes_allowed, senate.number_elected) == (5, 2, 2)
    assert [choice.code for choice in contests["night-trains"].selections] == ["yes", "no"]
    assert contests["night-trains"].is_measure
    house = [contest for code, contest in contests.items() if code.startswith("house-")]
    assert len(house) == 12
    assert all(contest.code == f"house-{contest.district}" for contest in house)
    assert {len(contest.selections) for contest in house} == {3, 4}
    assert night.definition.is_test


def test_presidency_and_referendum_are_close_and_the_lead_changes_late(night: FictionalElection) -> None:
    first, second, *_ = totals(night, "president")
    yes, no = totals(night, "night-trains")
    assert 0 < (first - second) / (first + second) < 0.02
    assert abs(yes - no) / (yes + no) < 0.02
    early = [tally for tally in night.tallies if tally.contest == "president"][:150]
    columns = [sum(column) for column in zip(*(tally.votes.values() for tally in early), strict=True)]
    assert columns[0] < columns[1]


def test_rural_districts_have_smaller_precincts_which_report_first(night: FictionalElection) -> None:
    voters = registered(night)
    sizes = collections.defaultdict(list)
    for unit in night.definition.units:
        sizes[unit.parent].append(voters[unit.code])
    assert max(sizes["nordskal"]) < sum(sizes["corvane"]) / len(sizes["corvane"])
    order = [voters[tally.precinct] for tally in night.tallies]
    assert sum(order[:300]) * 2 < sum(order[-300:])


def test_names_have_letters_beyond_ascii_and_codes_have_none(night: FictionalElection) -> None:
    units = night.definition.units
    assert any(not unit.name.isascii() for unit in units if unit.kind == "precinct")
    assert all(unit.code.isascii() for unit in units)


def officers_of(election: FictionalElection) -> list[Official]:
    return [official for official in election.officials if official.role == Role.OFFICER]


def test_officers_share_the_precincts_out_a_few_of_one_district_each(
    sized: tuple[int, FictionalElection],
) -> None:
    number, election = sized
    district = {unit.code: unit.parent for unit in election.definition.units if unit.kind == "precinct"}
    officers = officers_of(election)
    beats = [officer.precincts for officer in officers]
    assert sorted(itertools.chain(*beats)) == sorted(district)
    assert all(len({district[code] for code in beat}) == 1 for beat in beats)
    assert len(officers) <= 92
    assert max(map(len, beats)) <= max(3, -(-number // 80))


def test_so_many_officers_as_a_country_may_have(night: FictionalElection) -> None:
    assert 50 <= len(officers_of(night)) <= 100


def test_officials_are_people_of_their_own_with_addresses_that_lead_nowhere(
    sized: tuple[int, FictionalElection],
) -> None:
    _, election = sized
    officials = election.officials
    for field in ("username", "name", "email"):
        assert len({getattr(official, field) for official in officials}) == len(officials)
    assert all(official.email.endswith("@velmora.example") for official in officials)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", official.username) for official in officials)
    choices = {choice.name for contest in election.definition.contests for choice in contest.selections}
    assert not choices & {official.name for official in officials}


def test_each_other_role_has_an_official_without_precincts(night: FictionalElection) -> None:
    staff = {official.username: official for official in night.officials if not official.precincts}
    assert {username: official.role for username, official in staff.items()} == {
        "admin": Role.ADMINISTRATOR,
        "registrar": Role.REGISTRAR,
        "reviewer": Role.REVIEWER,
        "auditor": Role.AUDITOR,
    }


def test_one_candidate_or_a_ticket_of_two_stands_behind_every_choice(
    sized: tuple[int, FictionalElection],
) -> None:
    _, election = sized
    standing = collections.defaultdict(list)
    for candidacy in election.candidacies:
        filing = candidacy.filing
        standing[filing.contest, candidacy.selection].append(filing)
    for contest in election.definition.contests:
        for choice in contest.selections if not contest.is_measure else ():
            filings = standing[contest.code, choice.code]
            names = [f"{filing.first_name} {filing.last_name}" for filing in filings]
            assert " and ".join(names) == choice.name
            assert {filing.party for filing in filings} == {choice.party}
    rejected = [contest for contest, selection in standing if selection is None]
    assert rejected == [contest.code for contest in election.definition.contests if "house-" in contest.code]
    codes = [candidacy.filing.code for candidacy in election.candidacies]
    assert len(set(codes)) == len(codes)


def test_voters_are_registered_in_known_precincts_under_numbers_of_their_own(
    sized: tuple[int, FictionalElection],
) -> None:
    number, election = sized
    assert len(election.voters) == 10 * min(300, number)
    assert len({voter.voter_id for voter in election.voters}) == len(election.voters)
    assert {voter.precinct for voter in election.voters} <= registered(election).keys()
    assert all(voter.email.endswith("@velmora.example") for voter in election.voters)


def test_mistakes_are_few_and_each_is_one_that_the_checks_find(sized: tuple[int, FictionalElection]) -> None:
    _, election = sized
    voters = registered(election)
    allowed = {contest.code: contest.votes_allowed for contest in election.definition.contests}
    right = {(tally.contest, tally.precinct): tally for tally in election.tallies}
    assert len(election.mistakes) == max(1, round(len(election.tallies) * 0.02))
    for mistake in election.mistakes:
        sent, corrected = mistake.sent, mistake.corrected
        truth = right[sent.contest, sent.precinct]
        assert (sent.ref, sent.revision) == (truth.ref, 1)
        assert corrected.ref != sent.ref
        assert (corrected.votes, corrected.ballots_cast) == (truth.votes, truth.ballots_cast)
        if mistake.is_refused:
            assert len(sent.votes) == len(truth.votes) - 1
            assert (corrected.revision, corrected.reason) == (1, "")
        else:
            assert balance(sent, allowed[sent.contest]) is not None
            assert corrected.revision == 2
            assert corrected.reason
        if mistake.kind == "too-many-ballots":
            assert turnout(sent, voters[sent.precinct]) is not None


def test_mistakes_are_of_every_kind(night: FictionalElection) -> None:
    kinds = collections.Counter(mistake.kind for mistake in night.mistakes)
    assert set(kinds) == {"swapped-digits", "too-many-ballots", "missing-selection"}


def test_the_night_played_to_its_end_counts_the_right_tallies(sized: tuple[int, FictionalElection]) -> None:
    _, election = sized
    counted: dict[tuple[str, str], TallySubmission] = {}
    for event in election.events:
        counted[event.tally.contest, event.tally.precinct] = event.tally
    figures = {key: (tally.votes, tally.ballots_cast, tally.undervotes) for key, tally in counted.items()}
    assert figures == {
        (tally.contest, tally.precinct): (tally.votes, tally.ballots_cast, tally.undervotes)
        for tally in election.tallies
    }
    assert len(election.events) == len(election.tallies) + len(election.mistakes)


def test_events_run_from_the_beginning_of_the_night_to_its_end(sized: tuple[int, FictionalElection]) -> None:
    _, election = sized
    moments = [event.at for event in election.events]
    assert moments == sorted(moments)
    assert moments[0] >= 0
    assert moments[-1] == 1


def test_every_event_comes_from_the_officer_of_its_precinct_under_a_ref_of_its_own(
    sized: tuple[int, FictionalElection],
) -> None:
    _, election = sized
    precincts = {officer.username: set(officer.precincts) for officer in election.officials}
    assert all(event.tally.precinct in precincts[event.officer] for event in election.events)
    refs = [event.tally.ref for event in election.events]
    assert len(set(refs)) == len(refs)
    assert max(map(len, refs)) <= 64


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_party_colours_stand_out_from_white(night: FictionalElection) -> None:
    for party in night.definition.parties:
        assert 1.05 / (luminance(party.colour) + 0.05) >= 3
