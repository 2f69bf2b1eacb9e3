"""The reader of results files, on rows written for the purpose and on rubbish."""

import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.results_file import ResultsFile, ResultsFileError, read_results_file

HEADER = "county,precinct,office,district,party,candidate,votes"

WHOLE = """\
Wold,Ash,Registered Voters,,,,50
Wold,Ash,Ballots Cast,,,,30
Wold,Ash,Mayor,,RED,Ann,12
Wold,Ash,Mayor,,BLU,Bo,15
Wold,Ash,Mayor,,,Write-ins,1
Wold,Ash,Mayor,,,Not Assigned,1
Wold,Ash,Mayor,,,Over Votes,0
Wold,Ash,Mayor,,,Under Votes,2
Wold,Elm,Ballots Cast,,,,9
Wold,Elm,Mayor,,RED,Ann,4
Wold,Elm,Mayor,,BLU,Bo,3
Wold,Elm,Mayor,,,Write-ins,1
Wold,Elm,Mayor,,,Over Votes,1
Wold,Elm,Mayor,,,Under Votes,0
"""


def read(rows: str, header: str = HEADER, code: str = "wold-2024", name: str | None = None) -> ResultsFile:
    return read_results_file(f"{header}\n{rows}".encode(), code=code, name=name, date=None)


def spoiled(line: int, text: str) -> ResultsFile:
    """The whole file with one of its lines (the header is line 1) written otherwise."""
    lines = WHOLE.splitlines()
    lines[line - 2] = text
    return read("\n".join(lines))


def test_a_whole_file_becomes_units_contests_and_tallies() -> None:
    file = read(WHOLE)
    assert file.bad_rows == ()
    assert file.rows == 14
    units = [(unit.code, unit.kind, unit.parent, unit.voters_registered) for unit in file.election.units]
    assert units[0] == ("wold", "county", None, None)
    assert units[1:] == [("ash", "precinct", "wold", 50), ("elm", "precinct", "wold", None)]
    [mayor] = file.election.contests
    assert (mayor.code, mayor.name, mayor.district, mayor.votes_allowed) == ("mayor", "Mayor", "wold", 1)
    assert [(choice.code, choice.name, choice.party) for choice in mayor.selections] == [
        ("ann", "Ann", "RED"),
        ("bo", "Bo", "BLU"),
    ]
    assert [party.code for party in file.election.parties] == ["RED", "BLU"]
    ash, elm = file.tallies
    assert (ash.ref, ash.votes, ash.write_ins, ash.undervotes) == ("mayor/ash", {"ann": 12, "bo": 15}, 1, 2)
    assert (ash.ballots_cast, elm.ballots_cast, elm.overvotes) == (30, 9, 1)


def test_results_counted_elsewhere_make_a_test_election() -> None:
    assert read(WHOLE).election.is_test


def test_the_name_and_the_date_come_from_the_county_and_the_code() -> None:
    election = read(WHOLE).election
    assert (election.name, election.date) == ("Wold 2024", datetime.date(2024, 11, 5))
    assert election.timezone == "UTC"
    assert read(WHOLE, code="wold-2022").election.date == datetime.date(2022, 11, 8)
    assert read(WHOLE, name="A name").election.name == "A name"


def test_without_a_year_in_the_code_the_date_is_asked_for() -> None:
    with pytest.raises(ResultsFileError, match="--date"):
        read(WHOLE, code="wold")


def test_a_file_of_facts_alone_has_no_contest() -> None:
    with pytest.raises(ResultsFileError, match="no contest"):
        read("Wold,Ash,Ballots Cast,,,,9\n")


def test_a_row_of_a_contest_needs_a_candidate() -> None:
    file = read(WHOLE + "Wold,Elm,Mayor,,,,9\n")
    assert [bad.line for bad in file.bad_rows] == [11, 16]
    assert file.bad_rows[1].reason == "The candidate is empty; write the candidate's name or the choice."


def test_columns_are_found_by_name_and_others_are_passed_over() -> None:
    file = read(
        "7,Ann,RED,,Mayor,Ash,Wold,5\n", header="VOTES,candidate,party,district, office,precinct,county,mail"
    )
    assert file.tallies[0].votes == {"ann": 7}


def test_an_open_quotation_mark_spoils_its_own_line_only() -> None:
    file = spoiled(3, 'Wold,Ash,"Ballots Cast,,,,30')
    assert [bad.line for bad in file.bad_rows] == [3]
    assert [tally.ballots_cast for tally in file.tallies] == [30, 9]


def test_a_return_with_a_bad_row_gives_no_tally_but_is_still_expected() -> None:
    file = spoiled(12, "Wold,Elm,Mayor,,BLU,Bo,three")
    assert [tally.precinct for tally in file.tallies] == ["ash"]
    assert file.election.contests[0].precincts == ("ash", "elm")
    assert [(bad.line, bad.reason) for bad in file.bad_rows] == [
        (11, "The return of 'Elm' for 'Mayor' begins here and is left out, "
             "as it has no clear count for 'Bo'; give each of them once."),
        (12, "The votes are 'three', not a number; write the count in digits."),
    ]  # fmt: skip


def test_a_bad_row_spoils_its_return_even_when_no_other_return_has_that_row() -> None:
    file = read("Wold,Ash,Mayor,,,Ann,5\nWold,Ash,Mayor,,,Bo,x\n")
    assert file.tallies == ()
    assert [choice.code for choice in file.election.contests[0].selections] == ["ann"]


def test_a_return_without_a_row_that_others_have_lacks_a_figure_and_not_a_vote() -> None:
    for line in (12, 14, 15):
        lines = WHOLE.splitlines()
        del lines[line - 2]
        file = read("\n".join(lines))
        assert [tally.precinct for tally in file.tallies] == ["ash"]
        assert [bad.line for bad in file.bad_rows] == [11]


def test_a_name_misspelt_in_one_precinct_is_a_fault_of_that_precinct() -> None:
    right = "".join(f"Wold,P{n},Mayor,,,Ann,5\nWold,P{n},Mayor,,,Bo,4\n" for n in range(3))
    file = read(right + "Wold,Elm,Mayor,,,Ann,3\nWold,Elm,Mayor,,,Boo,2\n")
    assert [choice.code for choice in file.election.contests[0].selections] == ["ann", "bo"]
    assert [tally.precinct for tally in file.tallies] == ["p0", "p1", "p2"]
    assert [bad.line for bad in file.bad_rows] == [8]


def test_a_selection_that_most_returns_do_not_list_leaves_its_return_out() -> None:
    right = "".join(f"Wold,P{n},Mayor,,,Ann,5\n" for n in range(3))
    file = read(right + "Wold,Elm,Mayor,,,Ann,3\nWold,Elm,Mayor,,,Zed,2\n")
    assert len(file.tallies) == 3
    assert [(bad.line, bad.reason) for bad in file.bad_rows] == [
        (5, "The return of 'Elm' for 'Mayor' begins here and is left out, "
            "as it counts 'Zed', as most others do not; mend the name."),
    ]  # fmt: skip


def test_selections_of_another_ballot_of_the_same_office_count_zero() -> None:
    counts = "Ash Ann 5, Ash Bo 4, Elm Cy 3, Elm Di 2, Oak Cy 1, Oak Di 6"
    cells = [count.split() for count in counts.split(", ")]
    rows = "".join(f"Wold,{precinct},Commissioner,,,{name},{votes}\n" for precinct, name, votes in cells)
    file = read(rows)
    assert file.bad_rows == ()
    assert [tally.votes for tally in file.tallies] == [
        {"ann": 5, "bo": 4, "cy": 0, "di": 0},
        {"ann": 0, "bo": 0, "cy": 3, "di": 2},
        {"ann": 0, "bo": 0, "cy": 1, "di": 6},
    ]


def test_a_row_given_twice_is_named_with_the_line_of_the_first() -> None:
    again = read(WHOLE + "Wold,Elm,Mayor,,BLU,Bo,3\n")
    assert [(bad.line, bad.reason) for bad in again.bad_rows] == [
        (16, "The row counts 'Bo' for this precinct and office again, with the same figure as line 12; "
             "leave one of them out."),
    ]  # fmt: skip
    assert len(again.tallies) == 2


def test_a_row_given_twice_and_differently_leaves_its_return_out() -> None:
    file = read(WHOLE + "Wold,Elm,Mayor,,BLU,Bo,4\nWold,Ash,Registered Voters,,,,51\n")
    assert [bad.line for bad in file.bad_rows] == [11, 16, 17]
    assert [tally.precinct for tally in file.tallies] == ["ash"]
    assert file.election.units[1].voters_registered is None


def test_parts_of_the_write_ins_are_counted_only_where_their_total_is_absent() -> None:
    rows = "Wold,Ash,Mayor,,,Ann,5\nWold,Ash,Mayor,,,Write-In: Zoe,2\nWold,Ash,Mayor,,,Not Assigned,1\n"
    assert read(rows).tallies[0].write_ins == 3
    assert read(rows + "Wold,Ash,Mayor,,NON,Write-in,3\n").tallies[0].write_ins == 3


def test_a_bad_part_of_the_write_ins_does_no_harm_beside_their_total() -> None:
    file = spoiled(7, "Wold,Ash,Mayor,,,Not Assigned,x")
    assert [bad.line for bad in file.bad_rows] == [7]
    assert len(file.tallies) == 2


def test_a_precinct_split_between_districts_has_as_many_ballots_as_counts() -> None:
    file = read(
        "Wold,Ash,Ballots Cast,,,,10\n"
        "Wold,Ash,House,1,,Ann,4\nWold,Ash,House,1,,Under Votes,2\n"
        "Wold,Ash,House,2,,Bo,3\nWold,Ash,House,2,,Under Votes,1\n"
        "Wold,Ash,Mayor,,,Cy,9\nWold,Ash,Mayor,,,Under Votes,0\n"
    )
    assert {tally.contest: tally.ballots_cast for tally in file.tallies} == {
        "house-1": 6, "house-2": 4, "mayor": 10,
    }  # fmt: skip


def test_several_votes_to_a_ballot_are_found_where_most_returns_agree() -> None:
    rows = "".join(
        f"Wold,P{n},Ballots Cast,,,,10\nWold,P{n},Council,,,Ann,8\nWold,P{n},Council,,,Bo,{bo}\n"
        f"Wold,P{n},Council,,,Over Votes,1\nWold,P{n},Council,,,Under Votes,4\n"
        for n, bo in enumerate((6, 6, 5))
    )
    [council] = read(rows).election.contests
    assert (council.votes_allowed, council.number_elected, council.vote_variation) == (2, 2, "n-of-m")


def test_yes_and_no_are_a_measure() -> None:
    [question] = read("Wold,Ash,Bonds,,,Yes,5\nWold,Ash,Bonds,,,No,4\n").election.contests
    assert question.is_measure
    assert question.district == "ash"


def test_several_counties_stand_under_a_region() -> None:
    file = read("Wold,Wold,Mayor,,,Ann,5\nFen,Ash,Mayor,,,Ann,4\nWold,Ash,Mayor,,,Ann,3\n")
    assert [(unit.code, unit.kind, unit.parent) for unit in file.election.units] == [
        ("wold-2024", "region", None),
        ("wold", "county", "wold-2024"),
        ("fen", "county", "wold-2024"),
        ("wold-2", "precinct", "wold"),
        ("ash", "precinct", "fen"),
        ("ash-2", "precinct", "wold"),
    ]
    assert file.election.name == "Wold 2024"
    assert file.election.contests[0].district == "wold-2024"


def test_one_candidate_of_two_parties_is_two_selections() -> None:
    [mayor] = read(
        "Wold,Ash,Mayor,,RED,Ann,5\nWold,Ash,Mayor,,BLU,Ann,4\nWold,Ash,Mayor,,BLU,ANN,1\n"
    ).election.contests
    assert [(choice.code, choice.party) for choice in mayor.selections] == [
        ("ann", "RED"), ("ann-blu", "BLU"), ("ann-blu-2", "BLU"),
    ]  # fmt: skip


def test_counts_that_add_up_beyond_every_bound_leave_the_return_out() -> None:
    file = read("Wold,Ash,Mayor,,,Ann,2147483647\nWold,Ash,Mayor,,,Bo,1\n")
    assert file.tallies == ()
    assert "adds up to more than" in file.bad_rows[0].reason


def test_a_contest_of_write_ins_alone_is_left_out_and_reported() -> None:
    file = read(WHOLE + "Wold,Ash,Clerk,,,Write-ins,4\n")
    assert [contest.code for contest in file.election.contests] == ["mayor"]
    assert [bad.line for bad in file.bad_rows] == [16]


def test_a_file_of_bad_rows_alone_lists_them_and_defines_nothing() -> None:
    file = read("Wold,Ash,Mayor,,,Ann,x\n")
    assert [bad.line for bad in file.bad_rows] == [2]
    assert (file.election.units, file.election.contests, file.tallies) == ((), (), ())


CELLS = st.one_of(
    st.sampled_from(
        ["", "Wold", "Ash", "Mayor", "Ballots Cast", "Over Votes", "Write-ins", "Ann", "7", "-1", '"', HEADER]
    ),
    st.text(max_size=12),
)
ROWS = st.lists(st.lists(CELLS, max_size=9).map(",".join), max_size=12).map("\n".join)


@given(ROWS)
@example("Wold,Ash,Mayor,,,Ann,5\nWold,Ash,Mayor,,,Ann,5")
@example("東,京,都,,,知,5\n東,市,都,,,事,5")
@example('Wold,Ash,Mayor,,,"' + "x" * 200_000 + ",5")
@example("Wold,Ash,Mayor,,,Ann," + "9" * 200_000)
def test_rubbish_below_the_header_never_gives_a_broken_election(rows: str) -> None:
    try:
        file = read(rows)
    except ResultsFileError:
        return
    holds_together(file)


@given(
    st.one_of(
        st.binary(max_size=300), st.binary(max_size=300).map(lambda tail: f"{HEADER}\n".encode() + tail)
    )
)
def test_rubbish_bytes_are_refused_in_words(data: bytes) -> None:
    try:
        read_results_file(data, code="rubbish-2024", name=None, date=None)
    except ResultsFileError as error:
        assert error.message.isprintable()


def holds_together(file: ResultsFile) -> None:
    election = file.election
    codes = [unit.code for unit in election.units]
    assert len(set(codes)) == len(codes)
    assert sum(unit.parent is None for unit in election.units) == (1 if codes else 0)
    contests = {contest.code: contest for contest in election.contests}
    assert len(contests) == len(election.contests)
    for contest in election.contests:
        assert {contest.district, *contest.precincts} <= set(codes)
    assert len({tally.ref for tally in file.tallies}) == len(file.tallies)
    for tally in file.tallies:
        contest = contests[tally.contest]
        assert tally.precinct in contest.precincts
        assert tally.votes.keys() == {choice.code for choice in contest.selections}
    assert all(2 <= bad.line <= file.rows + 14 and bad.reason.isprintable() for bad in file.bad_rows)
