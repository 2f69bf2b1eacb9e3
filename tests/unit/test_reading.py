"""Every field that is wrong is named, with what is wrong about it."""

import datetime
from typing import Annotated, Any, Literal

import msgspec
import pytest

from models.errors import Invalid
from models.patterns import EMAIL, WORDS
from models.reading import plain, read_struct
from models.wording import Worded


class Part(msgspec.Struct, forbid_unknown_fields=True):
    code: str


class Thing(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=5)]
    count: int
    day: datetime.date
    parts: list[Part] = []


GOOD: dict[str, Any] = {"name": "a", "count": 1, "day": "2026-11-03"}


def fields_at_fault(raw: dict[str, Any], *, strict: bool = True) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        read_struct(raw, Thing, strict=strict)
    return {error.field: error.code for error in refused.value.errors}


def test_what_fits_is_read() -> None:
    assert read_struct(GOOD, Thing) == Thing("a", 1, datetime.date(2026, 11, 3))


def test_bad_missing_and_unknown_fields_are_all_named_at_once() -> None:
    raw = {"name": "too long", "day": "soon", "colour": "red"}
    assert fields_at_fault(raw) == {
        "name": "invalid",
        "count": "missing",
        "day": "invalid",
        "colour": "unknown-field",
    }


def test_what_is_wrong_is_said_in_plain_words() -> None:
    with pytest.raises(Invalid) as refused:
        read_struct({"name": "", "count": "many", "day": 4, "parts": None}, Thing)
    assert {error.field: error.message for error in refused.value.errors} == {
        "name": "must be text of 1 character or more",
        "count": "must be a whole number, not text",
        "day": "must be a date (YYYY-MM-DD), not a whole number",
        "parts": "must be a list, not nothing",
    }


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (int | None, "many", "must be a whole number or nothing, not text"),
        (Annotated[str, msgspec.Meta(min_length=2)], "a", "must be text of 2 characters or more"),
        (Annotated[str, msgspec.Meta(max_length=1)], "ab", "must be text of at most 1 character"),
        (Annotated[list[int], msgspec.Meta(min_length=1)], [], "must be a list of 1 item or more"),
        (
            Annotated[list[int], msgspec.Meta(max_length=1000)],
            [1] * 1001,
            "must be a list of at most 1,000 items",
        ),
        (Annotated[int, msgspec.Meta(ge=1)], 0, "must be a whole number from 1 up"),
        (Annotated[int, msgspec.Meta(le=1000)], 1001, "must be a whole number up to 1,000"),
        (Annotated[str, msgspec.Meta(pattern="^a$")], "b", "must be text of the form '^a$'"),
        (Annotated[str, msgspec.Meta(pattern=EMAIL)], "nobody", "must be written as name@example.org"),
        (Literal["given", "lot"], "no", "is not one of the values that are known here: 'no'"),
        (Part, {}, "has no field 'code', which is needed"),
        (Part, {"code": "a", "x": 1}, "has a field 'x', which is not known here"),
        (datetime.date, "soon", "must be a date (YYYY-MM-DD)"),
    ],
)
def test_every_message_that_msgspec_has_for_our_types_is_worded(kind: Any, value: Any, words: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert(value, kind)
    said = plain(str(refused.value))
    assert said == words
    assert isinstance(said, Worded)


@pytest.mark.parametrize("pattern", WORDS)
def test_every_pattern_is_told_in_words(pattern: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert("\x00", Annotated[str, msgspec.Meta(pattern=pattern)])
    assert plain(str(refused.value)) is WORDS[pattern]


def test_the_place_within_a_field_is_named() -> None:
    assert fields_at_fault({**GOOD, "parts": [{"code": "a"}, {"code": 2}]}) == {"parts[1].code": "invalid"}


def test_numbers_in_text_are_read_only_where_asked_for() -> None:
    assert fields_at_fault({**GOOD, "count": "1"}) == {"count": "invalid"}
    assert read_struct({**GOOD, "count": "1"}, Thing, strict=False).count == 1
