"""Columns of numbers as parameters of a statement: an array each, in PostgreSQL's own text for one.

Of a list the driver asks each item whether it is a list too, which takes four times as long as writing
the text and reading it again.
"""

from collections.abc import Collection

import msgspec

_encode = msgspec.json.Encoder().encode


def numbers(values: Collection[int | bool | None]) -> str:
    """The value of one such parameter."""
    return f"{{{_encode(values)[1:-1].decode()}}}"


def arrays(kind: str, *names: str) -> str:
    """SQL of the parameters of these names as arrays of one type, such as `bigint`."""
    return ", ".join(f"CAST(CAST(:{name} AS text) AS {kind}[])" for name in names)
