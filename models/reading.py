"""Reading what came as plain JSON values into a struct, naming every field that is wrong (pure)."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from models.errors import FieldError, Invalid
from models.patterns import WORDS
from models.wording import Figure, Worded, either, say, say_many

T = TypeVar("T", bound=msgspec.Struct)

_KINDS = {
    "int": say("a whole number"),
    "float": say("a number"),
    "str": say("text"),
    "bool": say("true or false"),
    "array": say("a list"),
    "object": say("an object"),
    "null": say("nothing"),
    "date": say("a date (YYYY-MM-DD)"),
}

# msgspec quotes patterns as Python does.
_FORMS = {repr(pattern): words for pattern, words in WORDS.items()}

_Wording = Callable[..., Worded]

# What msgspec says, and the same for people. One that is not known here is passed on as it is;
# `tests/unit/test_reading.py` finds out when msgspec words one of these otherwise.
_SAYINGS: tuple[tuple[re.Pattern[str], _Wording], ...] = (
    (
        re.compile(r"Expected `(?P<wanted>[^`]+)`, got `(?P<got>[^`]+)`"),
        lambda wanted, got: say("must be %(wanted)s, not %(got)s", wanted=_kinds(wanted), got=_kinds(got)),
    ),
    (
        re.compile(r"Expected `str(?: \| null)?` of length >= (?P<length>\d+)"),
        lambda length: say_many(
            "must be text of %(number)s character or more",
            "must be text of %(number)s characters or more",
            int(length),
        ),
    ),
    (
        re.compile(r"Expected `str(?: \| null)?` of length <= (?P<length>\d+)"),
        lambda length: say_many(
            "must be text of at most %(number)s character",
            "must be text of at most %(number)s characters",
            int(length),
        ),
    ),
    (
        re.compile(r"Expected `array(?: \| null)?` of length >= (?P<length>\d+)"),
        lambda length: say_many(
            "must be a list of %(number)s item or more",
            "must be a list of %(number)s items or more",
            int(length),
        ),
    ),
    (
        re.compile(r"Expected `array(?: \| null)?` of length <= (?P<length>\d+)"),
        lambda length: say_many(
            "must be a list of at most %(number)s item",
            "must be a list of at most %(number)s items",
            int(length),
        ),
    ),
    (
        re.compile(r"Expected `int(?: \| null)?` >= (?P<least>-?\d+)"),
        lambda least: say("must be a whole number from %(least)s up", least=Figure(least)),
    ),
    (
        re.compile(r"Expected `int(?: \| null)?` <= (?P<most>-?\d+)"),
        lambda most: say("must be a whole number up to %(most)s", most=Figure(most)),
    ),
    (
        re.compile(r"Expected `str(?: \| null)?` matching regex (?P<pattern>.+)", re.DOTALL),
        lambda pattern: _FORMS.get(pattern) or say("must be text of the form %(pattern)s", pattern=pattern),
    ),
    (
        re.compile(r"Invalid (?:enum )?value (?P<value>.+)", re.DOTALL),
        lambda value: say("is not one of the values that are known here: %(value)s", value=value),
    ),
    (
        re.compile(r"Object missing required field `(?P<field>.+)`", re.DOTALL),
        lambda field: say("has no field %(field)r, which is needed", field=field),
    ),
    (
        re.compile(r"Object contains unknown field `(?P<field>.*)`", re.DOTALL),
        lambda field: say("has a field %(field)r, which is not known here", field=field[:100]),
    ),
    (
        re.compile(r"Invalid RFC3339 encoded date"),
        lambda: say("must be a date (YYYY-MM-DD)"),
    ),
)


def read_struct(raw: dict[str, Any], to: type[T], *, strict: bool = True) -> T:
    """Raises Invalid, which names every field that is bad, missing or unknown.

    Without `strict` numbers and dates may be written as text, as in CSV and query strings.
    """
    try:
        return msgspec.convert(raw, to, strict=strict)
    except (msgspec.ValidationError, RecursionError) as error:
        faults = tuple(_faults(raw, to, strict))
        raise Invalid(faults or (fault_of("", error),)) from None


def _faults(raw: dict[str, Any], to: type[msgspec.Struct], strict: bool) -> list[FieldError]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(to)}
    faults = []
    for name, field in fields.items():
        if name not in raw:
            if field.required:
                faults.append(FieldError(name, say("is missing"), "missing"))
            continue
        try:
            msgspec.convert(raw[name], field.type, strict=strict)
        except (msgspec.ValidationError, RecursionError) as error:
            faults.append(fault_of(name, error))
    if to.__struct_config__.forbid_unknown_fields:
        unknown = say("is not a field here; there are %(known)s", known=", ".join(fields))
        faults += [
            FieldError(str(name)[:100], unknown, "unknown-field") for name in raw.keys() - fields.keys()
        ]
    return faults


def fault_of(name: str, error: Exception) -> FieldError:
    """msgspec's message, with the place in it (`$[2].code`) put behind the field's name."""
    message, _, place = str(error).partition(" - at ")
    inner = place.strip("`").removeprefix("$")
    return FieldError((name + inner).removeprefix("."), plain(message), "invalid")


def plain(message: str) -> str:
    """A message of msgspec's for people: `Expected int, got str` must be a whole number, not text."""
    for pattern, words in _SAYINGS:
        if match := pattern.fullmatch(message):
            return words(**match.groupdict())
    return message[:1].lower() + message[1:]


def _kinds(types: str) -> str:
    """`int | null` is a whole number or nothing."""
    return either(_KINDS.get(name, name) for name in types.split(" | "))
