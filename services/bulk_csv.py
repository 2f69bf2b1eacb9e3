"""Rows of CSV (RFC 4180) that comes in pieces, cut anywhere."""

import codecs
import csv
import io

from models.errors import FieldError, Unreadable
from models.wording import Figure, say, say_many
from services.bulk import AS_CSV, MAX_ROW, Broken, BrokenOff, Raw

MAX_COLUMNS = 100
"""Nothing of ours has a tenth as many."""


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


class CsvRows:
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
            raise BrokenOff(fault)
        if len(self._tail) + self._lines.size() > MAX_ROW:
            raise BrokenOff(say("A row has more than %(most)s characters.", most=Figure(MAX_ROW)))

    def end(self) -> None:
        self.feed(b"", final=True)
        self._lines.add([self._tail] if self._tail else [])
        self._lines.complete = True
        self._parse()
        if self.count == 0:
            raise Unreadable(say("There is no row below the header line. %(remedy)s", remedy=AS_CSV))

    def _text(self, piece: bytes, final: bool) -> tuple[str, str | None]:
        """What can be read, and what is wrong with that which follows it."""
        fault = None
        try:
            text = self._characters.decode(piece, final)
        except UnicodeDecodeError as error:
            text = error.object[: error.start].decode()
            fault = say("This is not text in UTF-8.")
        if "\x00" in text:
            text = text.partition("\x00")[0]
            fault = say("This is not text: it holds a NUL character.")
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
                self._bad(say("has quotes that cannot be read; double those within a cell, and quote it"))

    def _take(self, cells: list[str]) -> None:
        if self._header is None:
            self._header = _header(cells) if any(map(str.strip, cells)) else None
            return
        filled = {place: cell for place, cell in enumerate(cells) if cell.strip()}
        if filled and max(filled) >= len(self._header):
            message = say(
                "has more cells than the header line has columns: %(cells)s, not %(columns)s",
                cells=Figure(len(cells)),
                columns=Figure(len(self._header)),
            )
            self._bad(message)
            return
        self.count += 1
        if filled:
            self.rows.append((self.count, {self._header[place]: cell for place, cell in filled.items()}))

    def _bad(self, message: str) -> None:
        if self._header is None:
            raise Unreadable(say("The header line %(message)s.", message=message))
        self.count += 1
        self.rows.append((self.count, Broken(FieldError("", message, "bad-line"))))


def _header(cells: list[str]) -> list[str]:
    """The columns' names. Raises Unreadable."""
    names = [cell.strip().lower() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if len(names) == 1 and (";" in names[0] or "\t" in names[0]):
        raise Unreadable(say("The columns of CSV are separated by commas."))
    if len(names) > MAX_COLUMNS:
        raise Unreadable(
            say_many(
                "The header line names %(number)s column; there are at most %(most)s.",
                "The header line names %(number)s columns; there are at most %(most)s.",
                len(names),
                most=Figure(MAX_COLUMNS),
            )
        )
    for place, name in enumerate(names, start=1):
        if not name:
            raise Unreadable(say("Column %(place)d has no name in the header line.", place=place))
        if name in names[: place - 1]:
            raise Unreadable(say("The header line names the column %(name)r twice.", name=name[:100]))
    return names
