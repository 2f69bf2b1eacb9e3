"""Files for spreadsheets: nothing in them is computed, and nothing of them is lost."""

import csv
import datetime
import io
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app.spreadsheets import Cell, Row, csv_response, csv_stream, harmless, table


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))


def test_a_table_has_a_header_and_lines_that_end_as_the_standard_says() -> None:
    assert table(("code", "votes"), [("ada", 12)]) == b"\xef\xbb\xbfcode,votes\r\nada,12\r\n"


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        (None, ""),
        (True, "true"),
        (-3, "-3"),
        (0.25, "0.25"),
        (datetime.datetime(2024, 11, 5, 20, 0, tzinfo=datetime.UTC), "2024-11-05T20:00:00Z"),
        (datetime.date(2024, 11, 5), "2024-11-05"),
        ('Ann "Bee", Jr.', 'Ann "Bee", Jr.'),
    ],
)
def test_a_cell_reads_as_what_it_is(cell: Cell, written: str) -> None:
    assert read(table(("x",), [(cell,)])) == [["x"], [written]]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r", "  =1", "＝1", "\n-2"])
def test_text_that_a_spreadsheet_would_compute_is_text(text: str) -> None:
    assert read(table(("x",), [(text,)]))[1] == [f"'{text}"]


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2)))
def test_whatever_stands_in_cells_comes_back(rows: list[list[str]]) -> None:
    assert read(table(("a", "b"), rows))[1:] == [[harmless(cell) for cell in row] for row in rows]


def test_a_file_has_a_name_and_says_what_it_is() -> None:
    response = csv_response("tiny-wahl-ä", ("x",), [])
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["Content-Disposition"] == (
        "attachment; filename=\"tiny-wahl-_.csv\"; filename*=UTF-8''tiny-wahl-%C3%A4.csv"
    )


async def test_a_long_table_comes_in_pages_and_is_the_same() -> None:
    async def pages() -> AsyncIterator[list[Row]]:
        yield [("a", 1)]
        yield [("b", 2)]

    response = csv_stream("long", ("code", "votes"), pages())
    assert await response.get_data(as_text=False) == table(("code", "votes"), [("a", 1), ("b", 2)])
