"""Which state of a thing somebody has read, and what they changed in it (pure)."""

import hashlib
from typing import Any

import msgspec

from models.errors import Stale

ANY = "*"
"""An expectation that every state meets (RFC 9110, 13.1.1)."""


def edition(value: Any) -> str:
    """16 hexadecimal digits of the SHA-256 of a value's sorted JSON; its entity tag."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()[:16]


def hold_against(value: Any, expected: str) -> None:
    """Raises Stale where `value` is in none of the editions, separated by commas, that somebody read."""
    if expected != ANY and edition(value) not in expected.split(","):
        raise Stale


def changed(before: Any, after: Any) -> dict[str, Any]:
    """The fields in which two structs differ, as `{"field": [before, after]}`; None has no fields."""
    old = msgspec.to_builtins(before) if before is not None else {}
    new = msgspec.to_builtins(after) if after is not None else {}
    return {
        name: [old.get(name), new.get(name)]
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    }
