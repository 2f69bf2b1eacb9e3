"""Every field that is wrong is named, with what is wrong about it."""

import datetime
from typing import Annotated, Any

import msgspec
import pytest

from models.errors import Invalid
from models.reading import read_struct


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
        "name": "is text of length >= 1",
        "count": "is a whole number, not text",
        "day": "is a date (YYYY-MM-DD), not a whole number",
        "parts": "is a list, not nothing",
    }


def test_the_place_within_a_field_is_named() -> None:
    assert fields_at_fault({**GOOD, "parts": [{"code": "a"}, {"code": 2}]}) == {"parts[1].code": "invalid"}


def test_numbers_in_text_are_read_only_where_asked_for() -> None:
    assert fields_at_fault({**GOOD, "count": "1"}) == {"count": "invalid"}
    assert read_struct({**GOOD, "count": "1"}, Thing, strict=False).count == 1
