"""Reading a tally: whatever is wrong is named by its field, with what to do about it."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import DomainError, FieldError, Invalid, Unreadable
from models.submissions import (
    TallySubmission,
    check_against,
    digest,
    read_tally,
    ref_of,
)
from tests.building import a_tally, book_of, tiny_election

BOOK = book_of(tiny_election())
WHOLE = "must be a whole number from 0 to 2,147,483,647"
GOOD: dict[str, Any] = {
    "type": "tally",
    "ref": "r-1",
    "precinct": "north-1",
    "contest": "president",
    "votes": {"ada": 40, "ben": 30, "cy": 5},
    "ballots_cast": 75,
}


def message(**changes: Any) -> str:
    return json.dumps({**GOOD, **changes})


def without(field: str) -> str:
    return json.dumps({name: value for name, value in GOOD.items() if name != field})


def faults(raw: str | bytes) -> list[tuple[str, str, str]]:
    with pytest.raises(Invalid) as refused:
        read_tally(raw)
    return [(error.field, error.code, error.message) for error in refused.value.errors]


def hard_errors(**changes: Any) -> list[tuple[str, str]]:
    return [(error.field, error.code) for error in check_against(a_tally(**changes), BOOK)]


def test_a_good_tally_is_read_as_it_was_sent() -> None:
    tally = read_tally(message())
    assert (tally.ref, tally.revision, tally.reason, tally.overvotes) == ("r-1", 1, "", 0)
    assert tally.votes == {"ada": 40, "ben": 30, "cy": 5}


def test_the_type_may_be_left_out_where_only_tallies_can_come() -> None:
    assert read_tally(without("type")) == read_tally(message())


@pytest.mark.parametrize("field", ["ref", "precinct", "contest", "votes", "ballots_cast"])
def test_a_missing_field_is_named(field: str) -> None:
    assert faults(without(field)) == [(field, "missing-field", "is missing")]


def test_an_unknown_field_is_named_and_to_be_left_out() -> None:
    found = faults(message(precint="north-1"))
    assert found == [("precint", "unknown-field", "this field is not known here; leave it out")]


COUNTS = ["ballots_cast", "overvotes", "undervotes", "write_ins", "rejected_ballots"]
NO_COUNTS = [1.5, 1.0, -1, 2_147_483_648, 10**30, True, "12", None, [1], {"a": 1}]


@pytest.mark.parametrize("field", COUNTS)
@pytest.mark.parametrize("value", NO_COUNTS, ids=repr)
def test_what_is_no_count_is_named_by_its_field(field: str, value: Any) -> None:
    assert faults(message(**{field: value})) == [(field, "bad-count", WHOLE)]


@pytest.mark.parametrize("value", NO_COUNTS, ids=repr)
def test_what_is_no_count_is_named_by_its_selection(value: Any) -> None:
    assert faults(message(votes={"ada": 1, "ben": value})) == [("votes.ben", "bad-count", WHOLE)]


@pytest.mark.parametrize("value", [0, 2_147_483_647])
def test_the_least_and_the_largest_count_are_taken(value: int) -> None:
    assert read_tally(message(ballots_cast=value)).ballots_cast == value


@pytest.mark.parametrize("number", ["9" * 5000, "-" + "9" * 5000, "1e400"])
def test_a_number_too_large_to_be_read_is_no_reason_to_call_it_no_json(number: str) -> None:
    [(_, code, remedy)] = faults(message(ballots_cast="HERE").replace('"HERE"', number))
    assert code == "bad-count"
    assert "from 0 to 2,147,483,647" in remedy


@pytest.mark.parametrize("votes", [[1, 2], "ada", 5, None])
def test_votes_that_are_no_object_are_named(votes: Any) -> None:
    [(field, code, remedy)] = faults(message(votes=votes))
    assert (field, code) == ("votes", "invalid")
    assert remedy.startswith("must be an object, not ")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ref", ""),
        ("ref", "x" * 65),
        ("ref", 5),
        ("ref", None),
        ("precinct", ""),
        ("precinct", "p" * 101),
        ("contest", 7),
        ("revision", 0),
        ("revision", 1.0),
        ("revision", 40_000),
        ("reason", "x" * 501),
        ("reason", None),
    ],
)
def test_a_value_that_does_not_fit_its_field_is_named_with_what_was_expected(field: str, value: Any) -> None:
    [(named, _, remedy)] = faults(message(**{field: value}))
    assert named == field
    assert remedy.startswith("must be ")


def test_everything_that_is_wrong_is_named_at_once() -> None:
    raw = json.dumps(
        {"type": "tally", "precinct": 4, "contest": "president", "votes": {"ada": -1, "ben": 0.5}, "x": 1}
    )
    named = {field for field, _, _ in faults(raw)}
    assert named == {"x", "ref", "precinct", "votes.ada", "votes.ben", "ballots_cast"}


def test_faults_are_named_in_the_same_order_every_time() -> None:
    raw = message(**{f"unknown-{letter}": 1 for letter in "hgfedcba"})
    assert [field for field, _, _ in faults(raw)] == [f"unknown-{letter}" for letter in "hgfedcba"]


def test_a_flood_of_faults_is_answered_with_the_first_hundred() -> None:
    assert len(faults(message(**{f"unknown-{number}": 1 for number in range(5000)}))) == 100


def test_another_type_is_named() -> None:
    assert faults(message(type="hello")) == [("type", "unknown-type", 'must be "tally"')]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"nonsense",
        b"\xff\xfe",
        b'{"ref": "\\ud800"}',
        b'{"ref": "\xff"}',
        b'{"a":' * 100_000,
        b'{"votes":' + b"[" * 100_000,
        b'"tally"',
        b"[]",
        b"1",
        b"null",
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_what_is_no_json_object_is_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        read_tally(raw)


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_no_bytes_at_all_bring_anything_but_a_domain_error(raw: bytes | str) -> None:
    with pytest.raises(DomainError):
        read_tally(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*GOOD, "revision", "reason", "x"]), JSON, max_size=4))
def test_no_json_at_all_brings_anything_but_a_tally_or_a_fault_with_a_field(changes: dict[str, Any]) -> None:
    try:
        assert isinstance(read_tally(message(**changes)), TallySubmission)
    except Invalid as refused:
        assert refused.errors
        assert all(error.message for error in refused.errors)
    except Unreadable:
        assert "NaN" in message(**changes) or "Infinity" in message(**changes) or "\\ud" in message(**changes)


def test_the_ref_of_a_refused_message_is_told_so_that_its_sender_knows_which_one_is_meant() -> None:
    assert ref_of(message(ballots_cast=-1)) == "r-1"
    assert ref_of(message(ref="x" * 200)) == "x" * 64
    for raw in ("{", "[]", message(ref=5), without("ref"), "[" * 100_000, message(x=0).replace("0", "1e999")):
        assert ref_of(raw) is None


def test_a_tally_that_knows_its_election_has_no_hard_errors() -> None:
    assert hard_errors() == []


def test_a_precinct_of_no_election_is_named() -> None:
    assert hard_errors(precinct="nowhere") == [("precinct", "unknown-precinct")]


def test_a_contest_of_no_election_is_named() -> None:
    tally = a_tally(votes={"ada": 1})
    unknown = TallySubmission(
        ref="r", precinct=tally.precinct, contest="mayor", votes={"x": 1}, ballots_cast=1
    )
    assert [(e.field, e.code) for e in check_against(unknown, BOOK)] == [("contest", "unknown-contest")]


def test_a_contest_that_is_not_on_this_precincts_ballot_is_named() -> None:
    assert hard_errors(precinct="north-1", contest="measure") == [("contest", "contest-not-on-ballot")]


def test_a_selection_of_another_contest_is_named() -> None:
    found = hard_errors(votes={"ada": 1, "ben": 1, "cy": 1, "dora": 1})
    assert found == [("votes.dora", "unknown-selection")]


def test_a_selection_left_out_is_named_because_zero_is_a_number_and_absent_is_not() -> None:
    errors = check_against(a_tally(votes={"ada": 1, "ben": 0}), BOOK)
    assert errors == (FieldError("votes.cy", "is missing; send 0 if there were none", "missing-selection"),)


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_a_correction_needs_a_reason(reason: str) -> None:
    assert hard_errors(revision=2, reason=reason) == [("reason", "missing-reason")]
    assert hard_errors(revision=2, reason="miscounted") == []


@pytest.mark.parametrize("field", ["ref", "reason"])
def test_a_nul_character_is_named_because_the_database_cannot_hold_it(field: str) -> None:
    assert hard_errors(**{field: "a\x00b"}) == [(field, "bad-character")]


@pytest.mark.parametrize("field", ["precinct", "contest"])
def test_a_nul_character_in_a_name_makes_it_an_unknown_one(field: str) -> None:
    tally = TallySubmission(
        **{"ref": "r", "precinct": "north-1", "contest": "president", "votes": {}, "ballots_cast": 0}
        | {field: "north-1\x00"}
    )
    assert (field, f"unknown-{field}") in [(e.field, e.code) for e in check_against(tally, BOOK)]


def test_the_digest_does_not_mind_the_order_in_which_things_were_said() -> None:
    votes = list(GOOD["votes"].items())
    random.Random(1).shuffle(votes)
    backwards = dict(reversed([*GOOD.items()]))
    assert digest(read_tally(message())) == digest(read_tally(json.dumps(backwards)))
    assert digest(read_tally(message())) == digest(read_tally(message(votes=dict(votes))))


@pytest.mark.parametrize(
    "changes", [{"ballots_cast": 76}, {"reason": "x"}, {"votes": {"ada": 41, "ben": 30, "cy": 5}}], ids=repr
)
def test_the_digest_minds_everything_that_was_said(changes: dict[str, Any]) -> None:
    assert digest(read_tally(message())) != digest(read_tally(message(**changes)))
