"""Rows out of a stream of bytes: a JSON array of objects, or CSV (RFC 4180) with a header line.

The two are told apart by how they begin, which must be what the sender says, if they say it. The bytes
come in pieces, cut anywhere, and are never held together; a row may have 1 MB. A fault before the first
row raises Unreadable; one further down breaks its own row, or, where nothing behind it can be read, the
rest, which is answered as one row.
"""

import asyncio
import codecs
from collections.abc import AsyncIterable, AsyncIterator
from typing import Literal, Protocol

from models.errors import FieldError, TooLarge, Unreadable
from models.wording import say
from services.bulk import AS_CSV, Broken, BrokenOff, Raw
from services.bulk_csv import CsvRows
from services.bulk_json import JsonRows

CHUNK_ROWS = 1000

# How ZIP archives (.xlsx, .ods) and OLE files (.xls) begin.
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_HEAD_BYTES = 4


async def read_rows(
    pieces: AsyncIterable[bytes], *, said: Literal["JSON", "CSV"] | None = None
) -> AsyncIterator[list[Raw]]:
    """Chunks of at most 1,000 rows. Raises Unreadable, and TooLarge of `pieces` before the first row."""
    table = _Table(said)
    waiting: list[Raw] = []
    try:
        async for piece in pieces:
            waiting += table.feed(piece)
            while len(waiting) >= CHUNK_ROWS:
                yield waiting[:CHUNK_ROWS]
                waiting = waiting[CHUNK_ROWS:]
            # Reading 64 KB takes a few milliseconds; then others get a turn.
            await asyncio.sleep(0)
        waiting += table.end()
    except TooLarge as error:
        waiting += table.break_off(error.title, error)
    for start in range(0, len(waiting), CHUNK_ROWS):
        yield waiting[start : start + CHUNK_ROWS]


class _Rows(Protocol):
    rows: list[Raw]
    """Read and not taken yet."""
    count: int
    """How many were read at all."""

    def feed(self, piece: bytes) -> None:
        """Raises BrokenOff, Unreadable."""

    def end(self) -> None:
        """Raises BrokenOff, Unreadable."""


class _Table:
    """Finds out what comes, and hands it to who can read it."""

    def __init__(self, said: str | None) -> None:
        self._said = said
        self._head = b""
        self._reader: _Rows | None = None
        self._over = False

    def feed(self, piece: bytes) -> list[Raw]:
        if self._over:
            return []
        if self._reader is None:
            self._head = (self._head + piece).removeprefix(codecs.BOM_UTF8).lstrip()
            if len(self._head) < _HEAD_BYTES:
                return []
            self._reader, piece = self._begin()
        return self._read(self._reader, piece)

    def end(self) -> list[Raw]:
        if self._over:
            return []
        if self._reader is not None:
            return self._read(self._reader, None)
        self._reader, piece = self._begin()
        return self._read(self._reader, piece) + self.end()

    def break_off(self, message: str, otherwise: Exception) -> list[Raw]:
        """The rest is one refused row. Raises `otherwise` where there was no row before."""
        reader = self._reader
        if reader is None or reader.count == 0:
            raise otherwise
        self._over = True
        rows, reader.rows = reader.rows, []
        return [*rows, (reader.count + 1, Broken(FieldError("", message, "broken-file")))]

    def _begin(self) -> tuple[_Rows, bytes]:
        head, self._head = self._head, b""
        if not head:
            raise Unreadable(say("There is nothing in it. %(remedy)s", remedy=AS_CSV))
        if head.startswith(_SPREADSHEETS):
            raise Unreadable(
                say("This is a spreadsheet or an archive, and no text. %(remedy)s", remedy=AS_CSV)
            )
        if head.startswith(b"{"):
            raise Unreadable(say("This is a JSON object; rows are sent as an array of objects: [{…}, {…}]."))
        found = "JSON" if head.startswith(b"[") else "CSV"
        if self._said not in (None, found):
            message = say(
                "This was sent as %(said)s and begins like %(found)s. %(remedy)s",
                said=self._said,
                found=found,
                remedy=AS_CSV,
            )
            raise Unreadable(message)
        return JsonRows() if found == "JSON" else CsvRows(), head

    def _read(self, reader: _Rows, piece: bytes | None) -> list[Raw]:
        try:
            if piece is None:
                reader.end()
            else:
                reader.feed(piece)
        except BrokenOff as fault:
            message = say("nothing is read from here on. %(fault)s", fault=fault.title)
            whole = say("%(fault)s %(remedy)s", fault=fault.title, remedy=AS_CSV)
            return self.break_off(message, Unreadable(whole))
        rows, reader.rows = reader.rows, []
        return rows
