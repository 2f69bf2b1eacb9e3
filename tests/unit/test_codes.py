"""Codes and refs: what INTERFACES promises about them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.codes import MAX_CODE, CodeBook, make_code, tally_ref
from models.results_file.known_parties import party_definition


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("President", "president"),
        ("U.S. House 12", "u-s-house-12"),
        ("TRUMP and VANCE", "trump-and-vance"),
        ("HARRISBURG 1ST WARD 1ST PRECINCT", "harrisburg-1st-ward-1st-precinct"),
        ("La'Tasha D. Mayes", "la-tasha-d-mayes"),
        ("Søren Kovač, Straße", "soren-kovac-strasse"),
        ("— 東京 —", ""),
    ],
)
def test_a_code_is_lower_case_letters_digits_and_single_hyphens(text: str, code: str) -> None:
    assert make_code(text) == code


def test_a_collision_adds_the_party_and_then_a_number() -> None:
    book = CodeBook()
    given_codes = [book.give("Ann", party=party) for party in ("RED", "D/R", "D/R", "D/R", "")]
    assert given_codes == ["ann", "ann-d-r", "ann-d-r-2", "ann-d-r-3", "ann-2"]


def test_a_name_without_letters_takes_the_word_for_what_it_is() -> None:
    book = CodeBook()
    assert [book.give(name, otherwise="precinct") for name in ("東", "京")] == ["precinct", "precinct-2"]


@given(st.lists(st.tuples(st.text(), st.text(max_size=20)), max_size=30))
def test_codes_of_one_book_are_unique_and_short(things: list[tuple[str, str]]) -> None:
    book = CodeBook()
    codes = [book.give(text * 20, party=party) for text, party in things]
    assert len(set(codes)) == len(codes)
    assert all(len(code) <= MAX_CODE and make_code(code) == code for code in codes)


def test_a_long_ref_is_cut_and_stays_the_only_one_of_its_kind() -> None:
    assert tally_ref("president", "ash") == "president/ash"
    assert tally_ref("president", "ash", attempt=2) == "president/ash/2"
    long = {tally_ref("contest-" * 10, f"precinct-{number}") for number in range(500)}
    assert len(long) == 500
    assert max(map(len, long)) == 64


def test_an_unknown_party_is_its_own_name_with_a_colour_that_stays() -> None:
    assert party_definition("REP").name == "Republican"
    unknown = party_definition("XYZ")
    assert unknown == party_definition("XYZ")
    assert unknown.name == "XYZ"
    assert len(unknown.colour) == 7
