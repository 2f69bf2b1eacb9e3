"""Tables as CSV (RFC 4180), for spreadsheets and for programs that read the same files."""

import csv
import datetime
import io
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from urllib.parse import quote

from quart import Response

from quart_app.answers import LIVE, PRIVATE, bytes_response

MEDIA = "text/csv"
CSV = f"{MEDIA}; charset=utf-8; header=present"

# Without it Excel takes the file for one in the encoding of its country, and spoils every name in it.
# LibreOffice, Numbers, pandas, R and DuckDB pass over it; Python's csv does with `encoding="utf-8-sig"`.
BYTE_ORDER_MARK = "\ufeff"

# A cell of text that begins with one of these is a formula to some spreadsheet, the wide ones in Asia.
_FORMULAS = tuple("=+-@＝＋－＠")
_CONTROLS = tuple(map(chr, (*range(32), 127)))

NOT_MODIFIED = 304
# Seconds in which a long table has to be taken: a slow telephone has 10 MB of it by then.
LONGEST = 900

Cell = str | int | float | bool | datetime.datetime | datetime.date | None
Row = Sequence[Cell]


def csv_response(name: str, header: Sequence[str], rows: Iterable[Row], *, cache: str = LIVE) -> Response:
    """A whole table as a file `name.csv`; `header` has field names, which are English in every language."""
    return named(bytes_response(table(header, rows), cache=cache), name)


def csv_stream(
    name: str, header: Sequence[str], pages: AsyncIterable[Iterable[Row]], *, private: bool = False
) -> Response:
    """The same for a table that comes a page of rows at a time; `private` for what only staff may see."""
    response = Response(_chunks(header, pages), headers={"Cache-Control": PRIVATE if private else LIVE})
    response.timeout = LONGEST
    return named(response, name)


def table(header: Sequence[str], rows: Iterable[Row]) -> bytes:
    """The bytes of a table, ready to be kept."""
    return BYTE_ORDER_MARK.encode() + _lines((header, *rows))


async def _chunks(header: Sequence[str], pages: AsyncIterable[Iterable[Row]]) -> AsyncIterator[bytes]:
    yield table(header, ())
    async for rows in pages:
        yield _lines(rows)


def _lines(rows: Iterable[Row]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([written(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def written(cell: Cell) -> str | int | float:
    """A cell as the file has it: numbers stay numbers, and no text is taken for a formula."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case int() | float():
            return cell
        case datetime.datetime():
            return cell.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
        case datetime.date():
            return cell.isoformat()
    return harmless(cell)


def harmless(text: str) -> str:
    """Text with an apostrophe before it where a spreadsheet would compute it (OWASP, CSV Injection)."""
    return f"'{text}" if text.startswith(_CONTROLS) or text.lstrip().startswith(_FORMULAS) else text


def named(response: Response, name: str) -> Response:
    """The answer, which holds a table, as a file `name.csv`."""
    if response.status_code != NOT_MODIFIED:
        response.content_type = CSV
    # RFC 6266: the plain name for old programs, the encoded one for names beyond ASCII.
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)
    response.headers["Content-Disposition"] = (
        f"attachment; filename=\"{plain}.csv\"; filename*=UTF-8''{quote(name, safe='')}.csv"
    )
    return response
