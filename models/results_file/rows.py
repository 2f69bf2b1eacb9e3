"""The rows of a precinct results file: bytes in, rows and faults out.

The shape is OpenElections' (one row per precinct, office, district, party and candidate). Columns are
found by name; only those in `COLUMNS` are read. Every physical line is one row, so that a quotation
mark left open spoils its own line and not the rest of the file.
"""

import codecs
import csv
import io
import operator
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from models.submissions import MAX_COUNT

COLUMNS = ("county", "precinct", "office", "district", "party", "candidate", "votes")

_NEEDED = ("county", "precinct", "office")
_MAX_TEXT = 200
_SHOWN = 40
_COLUMNS_SHOWN = 20

_THOUSANDS = re.compile(r"-?[0-9]{1,3}([,' \u00a0\u2009\u202f\u2019][0-9]{3})+(\.[0-9]+)?")
_NEGATIVE = re.compile(r"[-\u2212][0-9.,]+|\([0-9.,]+\)")
_DECIMAL = re.compile(r"[0-9]*[.,][0-9]*")

_FOREIGN_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


class ResultsFileError(ValueError):
    """The file as a whole cannot be read; `message` is one or two sentences for its owner."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadRow(msgspec.Struct, frozen=True):
    """A row that is left out, and why. Lines are counted as in the file: the header is line 1."""

    line: int
    reason: str


class Row(NamedTuple):
    line: int
    county: str
    precinct: str
    office: str
    district: str
    party: str
    candidate: str
    figure: int


class Rows(msgspec.Struct, frozen=True):
    """`lost` are the bad rows whose place is known all the same; their figure is 0 and means nothing."""

    good: list[Row]
    lost: list[Row]
    bad: list[BadRow]

    @property
    def total(self) -> int:
        return len(self.good) + len(self.bad)


class _Fault(Exception):
    """Why a row is bad."""


def shown(value: str) -> str:
    """A value as a message may show it: shortened, escaped and in quotation marks."""
    return repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "…")


def read_rows(data: bytes) -> Rows:
    """Reads every row; rows whose cells are all empty are passed over.

    Raises ResultsFileError where the file is not UTF-8 text, has not all columns, or has no rows.
    """
    lines = io.StringIO(_decoded(data), newline=None)
    header = _Header(next(lines, ""))
    good: list[Row] = []
    lost: list[Row] = []
    bad: list[BadRow] = []
    for number, line in enumerate(lines, start=2):
        if not line.strip(', \t\n"'):
            continue
        try:
            good.append(_row(number, _cells(line), header))
        except _Fault as fault:
            bad.append(BadRow(number, str(fault)))
            lost.extend(_place(number, line, header))
    if not good and not bad:
        raise ResultsFileError("The file has a header and no rows below it; give a file with results.")
    return Rows(good, lost, bad)


def _decoded(data: bytes) -> str:
    for mark, encoding in _FOREIGN_MARKS:
        if data.startswith(mark):
            raise ResultsFileError(f"The file is {encoding} text, not UTF-8; save it as CSV in UTF-8.")
    nul = data.find(b"\0")
    if nul >= 0:
        raise ResultsFileError(
            f"Line {_line_at(data, nul)} holds a NUL byte, so this is not a text file; "
            "save it as CSV in UTF-8."
        )
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line, byte = _line_at(error.object, error.start), error.object[error.start]
        raise ResultsFileError(
            f"Line {line} holds the byte 0x{byte:02X}, which is not UTF-8; "
            "the file is perhaps Windows-1252 or Latin-1 text: save it as CSV in UTF-8."
        ) from error
    if not text.strip():
        raise ResultsFileError("The file is empty; give a file with a header and results.")
    return text


def _line_at(data: bytes, position: int) -> int:
    before = data[:position]
    return 1 + before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n")


class _Header:
    """Where in a row each of `COLUMNS` stands."""

    def __init__(self, line: str) -> None:
        try:
            self.names = [cell.strip().lower() for cell in _cells(line)]
        except _Fault as fault:
            raise ResultsFileError(f"The header cannot be read: {fault}") from fault
        missing = [name for name in COLUMNS if name not in self.names]
        if missing:
            raise ResultsFileError(
                f"The header has no column {_listed(missing)}; line 1 has {_found(self.names)}. "
                f"A results file needs {_listed(COLUMNS)}."
            )
        twice = [name for name in COLUMNS if self.names.count(name) > 1]
        if twice:
            raise ResultsFileError(f"The header names the column {_listed(twice)} more than once; keep one.")
        self.places = [self.names.index(name) for name in COLUMNS]
        self.pick = operator.itemgetter(*self.places)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def _found(names: Sequence[str]) -> str:
    more = f" and {len(names) - _COLUMNS_SHOWN} more" if len(names) > _COLUMNS_SHOWN else ""
    return _listed([shown(name) for name in names[:_COLUMNS_SHOWN]]) + more


def _cells(line: str) -> list[str]:
    try:
        return next(csv.reader((line,), strict=True), [])
    except csv.Error as error:
        raise _Fault(
            "The quotation marks of this line do not match; "
            "close each one on its own line and double those inside a cell."
        ) from error


def _row(number: int, cells: list[str], header: _Header) -> Row:
    if len(cells) != len(header.names):
        raise _Fault(_wrong_width(cells, header))
    *names, votes = header.pick(cells)
    if not votes.isdecimal() and _repeats(cells, header):
        raise _Fault("This line repeats the header; leave it out.")
    county, precinct, office, district, party, candidate = map(_text, COLUMNS, names)
    return Row(number, county, precinct, office, district, party, candidate, _count(votes.strip()))


def _wrong_width(cells: list[str], header: _Header) -> str:
    found, wanted = len(cells), len(header.names)
    if found < wanted:
        return f"The row has {found} cells where the header has {wanted}; add the missing ones."
    return (
        f"The row has {found} cells where the header has {wanted}; "
        "put a cell with a comma in quotation marks and write counts without thousands separators."
    )


def _repeats(cells: list[str], header: _Header) -> bool:
    return [cell.strip().lower() for cell in cells] == header.names


def _text(column: str, cell: str) -> str:
    text = " ".join(cell.split())
    if not text and column in _NEEDED:
        raise _Fault(f"The {column} is empty; write it in every row.")
    if len(text) > _MAX_TEXT:
        raise _Fault(f"The {column} is {shown(text)}, {len(text)} characters; write at most {_MAX_TEXT}.")
    if not text.isprintable():
        raise _Fault(f"The {column} is {shown(text)}, with a character that cannot be shown; remove it.")
    return text


def _count(cell: str) -> int:
    if cell.isascii() and cell.isdecimal():
        digits = cell.lstrip("0") or "0"
        if len(digits) <= len(str(MAX_COUNT)) and (count := int(digits)) <= MAX_COUNT:
            return count
        raise _Fault(f"The votes are {shown(cell)}, more than {MAX_COUNT:,}; write the right count.")
    raise _Fault(_not_a_count(cell))


def _not_a_count(cell: str) -> str:
    if not cell:
        return "The votes are empty; write the count, and 0 where it is zero."
    if _THOUSANDS.fullmatch(cell):
        return f"The votes are {shown(cell)}, with a thousands separator; write digits only."
    if _NEGATIVE.fullmatch(cell):
        return f"The votes are {shown(cell)}, a negative count; write the right count."
    if _DECIMAL.fullmatch(cell):
        return f"The votes are {shown(cell)}, a decimal; write a whole number."
    return f"The votes are {shown(cell)}, not a number; write the count in digits."


def _place(number: int, line: str, header: _Header) -> Iterator[Row]:
    """A bad row without its count, if it says which precinct and office it belongs to."""
    try:
        cells = next(csv.reader((line,)), [])
    except csv.Error:
        return
    county, precinct, office, district, party, candidate = (
        " ".join(cells[place].split()) if place < len(cells) else "" for place in header.places[:-1]
    )
    if county and precinct and office:
        yield Row(number, county, precinct, office, district, party, candidate, 0)
