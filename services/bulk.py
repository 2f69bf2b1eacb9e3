"""Many rows at once: read, inserted in concurrent chunks, each answered on its own.

A chunk has a transaction of its own, so what is wrong with one row, or with the database for a moment,
costs no other row. The same file can be sent again: what is there already is answered as unchanged.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

import msgspec

from models.errors import DomainError, FieldError, Invalid
from models.reading import read_struct
from models.wording import say

ADDED = "added"
UNCHANGED = "unchanged"
REFUSED = "refused"

MAX_ROW = 1_048_576
"""Bytes of one row."""

AS_CSV = say("Send a JSON array of objects, or CSV in UTF-8 (spreadsheets: save as “CSV UTF-8”).")

Raw = tuple[int, dict[str, Any]]
"""A row's number, counted from 1, and its fields as they came; those of CSV are texts."""

T = TypeVar("T", bound=msgspec.Struct)

_logger = logging.getLogger(__name__)


class RowResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a row: `added`, `unchanged` or `refused`. `code` names what it stands for."""

    row: int
    status: str
    code: str = ""
    errors: tuple[FieldError, ...] = ()


class Broken(dict[str, Any]):
    """A row that could not be read at all: no fields, and the fault."""

    def __init__(self, fault: FieldError) -> None:
        super().__init__()
        self.fault = fault


class BrokenOff(Exception):
    """Nothing of a file can be read from here on. Says why, in a sentence."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.title = title


Insert = Callable[[list[Raw]], Awaitable[list[RowResult]]]
"""Stores rows in one transaction and answers each, or raises and stores none."""


def read_row(raw: Raw, to: type[T]) -> T | tuple[FieldError, ...]:
    """The row as a `to`, or every field that is bad, missing or unknown. Numbers may come as text."""
    fields = raw[1]
    if isinstance(fields, Broken):
        return (fields.fault,)
    unfit = tuple(FieldError(name[:100], fault, "bad-character") for name, fault in _unfit(fields))
    if unfit:
        return unfit
    try:
        return read_struct(fields, to, strict=False)
    except Invalid as error:
        return error.errors


def _unfit(fields: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (name.replace("\x00", ""), say("holds a NUL character (U+0000); leave it out"))
        for name, value in fields.items()
        if "\x00" in name or (isinstance(value, str) and "\x00" in value)
    ]


def refused(row: int, *errors: FieldError, code: str = "") -> RowResult:
    return RowResult(row, REFUSED, code, errors)


async def in_chunks(
    chunks: AsyncIterator[list[Raw]], insert: Insert, *, at_once: int = 6
) -> AsyncIterator[list[RowResult]]:
    """Inserts up to `at_once` chunks at a time, while the next are read; results come in the order of rows.

    What goes wrong while a chunk is inserted is answered row by row and never raised; what `chunks`
    raises comes after the results of what was read before. Whoever is cancelled meanwhile still waits
    until the chunks under way are in or refused.
    """
    batch = await _take(chunks, at_once)
    while batch:
        inserting = asyncio.gather(*(_answered(chunk, insert) for chunk in batch))
        following = asyncio.ensure_future(_take(chunks, at_once))
        both: list[asyncio.Future[Any]] = [inserting, following]
        try:
            await asyncio.wait(both)
        finally:
            following.cancel()
            results = await inserting
        for result in results:
            yield result
        batch = await following


async def _take(chunks: AsyncIterator[list[Raw]], number: int) -> list[list[Raw]]:
    """The next chunks, as many as there still are."""
    taken: list[list[Raw]] = []
    while len(taken) < number:
        try:
            taken.append(await anext(chunks))
        except StopAsyncIteration:
            break
    return taken


async def _answered(chunk: Sequence[Raw], insert: Insert) -> list[RowResult]:
    sound = [raw for raw in chunk if not isinstance(raw[1], Broken)]
    results = [refused(row, fields.fault) for row, fields in chunk if isinstance(fields, Broken)]
    results += await _inserted(sound, insert)
    return sorted(results, key=lambda result: result.row)


async def _inserted(rows: list[Raw], insert: Insert) -> list[RowResult]:
    """The results of `insert`; where one row breaks a chunk, halves are tried until it is found."""
    if not rows:
        return []
    try:
        return await insert(rows)
    except DomainError as error:
        faults = error.errors or (FieldError("", error.title, error.code),)
        return [refused(row, *faults) for row, _ in rows]
    except Exception as error:
        if len(rows) == 1:
            # Only its kind: the message of a database error can hold what was to be stored.
            _logger.error("a row could not be stored: %s", type(error).__name__)
            fault = FieldError(
                "", say("could not be stored; the fault is logged on the server"), "not-stored"
            )
            return [refused(rows[0][0], fault)]
    half = len(rows) // 2
    return await _inserted(rows[:half], insert) + await _inserted(rows[half:], insert)
