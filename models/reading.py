"""Reading what came as plain JSON values into a struct, naming every field that is wrong (pure)."""

import re
from typing import Any, TypeVar

import msgspec

from models.errors import FieldError, Invalid

T = TypeVar("T", bound=msgspec.Struct)

_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "nothing",
    "date": "a date (YYYY-MM-DD)",
}


def read_struct(raw: dict[str, Any], to: type[T], *, strict: bool = True) -> T:
    """Raises Invalid, which names every field that is bad, missing or unknown.

    Without `strict` numbers and dates may be written as text, as in CSV and query strings.
    """
    try:
        return msgspec.convert(raw, to, strict=strict)
    except (msgspec.ValidationError, RecursionError) as error:
        faults = tuple(_faults(raw, to, strict))
        raise Invalid(faults or (_fault("", error),)) from None


def _faults(raw: dict[str, Any], to: type[msgspec.Struct], strict: bool) -> list[FieldError]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(to)}
    faults = []
    for name, field in fields.items():
        if name not in raw:
            if field.required:
                faults.append(FieldError(name, "is missing", "missing"))
            continue
        try:
            msgspec.convert(raw[name], field.type, strict=strict)
        except (msgspec.ValidationError, RecursionError) as error:
            faults.append(_fault(name, error))
    if to.__struct_config__.forbid_unknown_fields:
        known = ", ".join(fields)
        faults += [
            FieldError(str(name)[:100], f"is not a field here; there are {known}", "unknown-field")
            for name in raw.keys() - fields.keys()
        ]
    return faults


def _fault(name: str, error: Exception) -> FieldError:
    """msgspec's message, with the place in it (`$[2].code`) put behind the field's name."""
    message, _, place = str(error).partition(" - at ")
    inner = place.strip("`").removeprefix("$")
    return FieldError(name + inner, _plain(message), "invalid")


def _plain(message: str) -> str:
    """From `Expected int | null, got str` to `is a whole number or nothing, not text`."""
    wanted = re.match(r"Expected `([^`]+)`", message)
    if wanted is None:
        return message[:1].lower() + message[1:]
    rest = re.sub(r", got `([^`]+)`", lambda got: f", not {_worded(got[1])}", message[wanted.end() :])
    return f"is {_worded(wanted[1])}{rest}"


def _worded(types: str) -> str:
    return " or ".join(_WORDS.get(name, name) for name in types.split(" | "))
