"""Rows out of a stream of bytes: a JSON array of objects, or CSV (RFC 4180) with a header line.

The two are told apart by how they begin, which must be what the sender says, if they say it. The bytes
come in pieces, cut anywhere, and are never held together; a row may have 1 MB. A fault before the first
row raises Unreadable; one further down breaks its own row, or, where nothing behind it can be read, the
rest, which is answered as one row.
"""

import asyncio
import codecs
import csv
import io
from collections.abc import AsyncIterable, AsyncIterator
from typing import Any, Literal, Protocol

import ijson
from ijson.common import ObjectBuilder

from models.errors import FieldError, TooLarge, Unreadable
from services.bulk import Broken, Raw

CHUNK_ROWS = 1000
MAX_ROW = 1_048_576
"""Bytes of one row."""

_AS_CSV = "Send a JSON array of objects, or CSV in UTF-8 (spreadsheets: save as “CSV UTF-8”)."
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


class _Fault(Exception):
    """Nothing can be read from here on."""


class _Rows(Protocol):
    rows: list[Raw]
    """Read and not taken yet."""
    count: int
    """How many were read at all."""

    def feed(self, piece: bytes) -> None:
        """Raises _Fault, Unreadable."""

    def end(self) -> None:
        """Raises _Fault, Unreadable."""


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
            raise Unreadable(f"There is nothing in it. {_AS_CSV}")
        if head.startswith(_SPREADSHEETS):
            raise Unreadable(f"This is a spreadsheet or an archive, and no text. {_AS_CSV}")
        if head.startswith(b"{"):
            raise Unreadable("This is a JSON object; rows are sent as an array of objects: [{…}, {…}].")
        found = "JSON" if head.startswith(b"[") else "CSV"
        if self._said not in (None, found):
            raise Unreadable(f"This was sent as {self._said} and begins like {found}. {_AS_CSV}")
        return _JsonRows() if found == "JSON" else _CsvRows(), head

    def _read(self, reader: _Rows, piece: bytes | None) -> list[Raw]:
        try:
            if piece is None:
                reader.end()
            else:
                reader.feed(piece)
        except _Fault as fault:
            whole = str(fault)[:1].upper() + str(fault)[1:]
            return self.break_off(f"nothing is read from here on: {fault}", Unreadable(f"{whole}. {_AS_CSV}"))
        rows, reader.rows = reader.rows, []
        return rows


class _JsonRows:
    """Objects of the one array. A field that is null is an absent one, like an empty cell of CSV."""

    def __init__(self) -> None:
        self.rows: list[Raw] = []
        self.count = 0
        self._events = ijson.sendable_list()
        self._parser = ijson.basic_parse_coro(self._events, use_float=True)
        self._unfinished = 0
        self._begun = False
        self._row: dict[str, Any] | None = None
        self._name = ""
        self._nested = _Nested()

    def feed(self, piece: bytes) -> None:
        before = self.count
        try:
            self._parser.send(piece)
        except ijson.JSONError:
            self._take()
            raise _Fault("this is not valid JSON") from None
        self._take()
        self._unfinished = self._unfinished + len(piece) if self.count == before else len(piece)
        if self._unfinished > MAX_ROW:
            raise _Fault(f"a row has more than {MAX_ROW:,} bytes")

    def end(self) -> None:
        try:
            self._parser.close()
        except ijson.JSONError:
            raise _Fault("the JSON ends too early") from None

    def _take(self) -> None:
        for kind, value in self._events:
            if self._nested.open:
                if self._nested.add(kind, value):
                    self._put(self._nested.value)
            elif kind == "map_key":
                self._name = value
            elif kind == "end_map":
                self._give(self._row or {})
                self._row = None
            elif kind == "start_map" and self._row is None:
                self._row = {}
            elif kind == "start_array" and not self._begun:
                self._begun = True
            elif kind in ("start_map", "start_array"):
                self._nested.add(kind, value)
            elif kind != "end_array":
                self._put(value)
        self._events.clear()

    def _put(self, value: Any) -> None:
        if self._row is None:
            self._give(Broken(FieldError("", "a row is a JSON object", "not-an-object")))
        elif value is not None:
            self._row[self._name] = value

    def _give(self, row: dict[str, Any]) -> None:
        self.count += 1
        self.rows.append((self.count, row))


class _Nested:
    """A list or an object within a row."""

    def __init__(self) -> None:
        self.open = 0
        self._builder = ObjectBuilder()

    def add(self, kind: str, value: Any) -> bool:
        """Whether it is complete now."""
        if not self.open:
            self._builder = ObjectBuilder()
        self.open += kind.startswith("start_")
        self.open -= kind.startswith("end_")
        self._builder.event(kind, value)
        return not self.open

    @property
    def value(self) -> Any:
        return self._builder.value


class _More(Exception):
    """The line that is needed has not come yet."""


class _Lines:
    """Lines for the CSV reader, which may go back to where a record began."""

    def __init__(self) -> None:
        self.complete = False
        self.place = 0
        self._lines: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self.place < len(self._lines):
            self.place += 1
            return self._lines[self.place - 1]
        raise StopIteration if self.complete else _More

    def add(self, lines: list[str]) -> None:
        self._lines += lines

    def drop(self, before: int) -> None:
        """Forgets the lines before a place, and goes there."""
        self._lines = self._lines[before:]
        self.place = 0

    def size(self) -> int:
        return sum(map(len, self._lines))


class _CsvRows:
    """Lines below the header. Cells may be quoted and hold line breaks; empty ones are absent fields.

    Rows without any content are passed over, and counted, so that numbers fit what a spreadsheet shows.
    """

    def __init__(self) -> None:
        self.rows: list[Raw] = []
        self.count = 0
        self._characters = codecs.getincrementaldecoder("utf-8")()
        self._newlines = io.IncrementalNewlineDecoder(None, translate=True)
        self._tail = ""
        self._lines = _Lines()
        self._records = csv.reader(self._lines, strict=True)
        self._header: list[str] | None = None

    def feed(self, piece: bytes, *, final: bool = False) -> None:
        text, fault = self._text(piece, final)
        *lines, self._tail = (self._tail + self._newlines.decode(text, final)).split("\n")
        self._lines.add([line + "\n" for line in lines])
        self._parse()
        if fault:
            raise _Fault(fault)
        if len(self._tail) + self._lines.size() > MAX_ROW:
            raise _Fault(f"a row has more than {MAX_ROW:,} characters")

    def end(self) -> None:
        self.feed(b"", final=True)
        self._lines.add([self._tail] if self._tail else [])
        self._lines.complete = True
        self._parse()
        if self.count == 0:
            raise Unreadable(f"There is no row below the header line. {_AS_CSV}")

    def _text(self, piece: bytes, final: bool) -> tuple[str, str]:
        """What can be read, and what is wrong with that which follows it."""
        fault = ""
        try:
            text = self._characters.decode(piece, final)
        except UnicodeDecodeError as error:
            text = error.object[: error.start].decode()
            fault = "this is not text in UTF-8"
        if "\x00" in text:
            text = text.partition("\x00")[0]
            fault = "this is not text: it holds a NUL character"
        return text, fault

    def _parse(self) -> None:
        while True:
            begun = self._lines.place
            try:
                self._take(next(self._records))
            except (_More, StopIteration):
                # What belongs to a record that is not complete is read again with the next lines.
                self._lines.drop(begun)
                return
            except csv.Error:
                # A quote that never ends would swallow what follows: only its own line is lost.
                self._lines.place = begun + 1
                self._bad("has quotes that cannot be read; double those within a cell, and quote it")

    def _take(self, cells: list[str]) -> None:
        if self._header is None:
            self._header = _header(cells) if any(map(str.strip, cells)) else None
            return
        filled = {place: cell for place, cell in enumerate(cells) if cell.strip()}
        if filled and max(filled) >= len(self._header):
            self._bad(f"has {len(cells)} cells, and the header line names {len(self._header)} columns")
            return
        self.count += 1
        if filled:
            self.rows.append((self.count, {self._header[place]: cell for place, cell in filled.items()}))

    def _bad(self, message: str) -> None:
        if self._header is None:
            raise Unreadable(f"The header line {message}.")
        self.count += 1
        self.rows.append((self.count, Broken(FieldError("", message, "bad-line"))))


def _header(cells: list[str]) -> list[str]:
    """The columns' names. Raises Unreadable."""
    names = [cell.strip().lower() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if len(names) == 1 and (";" in names[0] or "\t" in names[0]):
        raise Unreadable("The columns of CSV are separated by commas.")
    for place, name in enumerate(names, start=1):
        if not name:
            raise Unreadable(f"Column {place} has no name in the header line.")
        if name in names[: place - 1]:
            raise Unreadable(f"The header line names the column {name[:100]!r} twice.")
    return names
