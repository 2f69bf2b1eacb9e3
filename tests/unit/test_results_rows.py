"""Which rows of a results file are bad, and which files cannot be read at all."""

import pytest

from models.results_file.rows import ResultsFileError, read_rows

HEADER = "county,precinct,office,district,party,candidate,votes"
GOOD = "Wold,Ash,Mayor,,RED,Ann,12"


@pytest.mark.parametrize(
    ("votes", "reason"),
    [
        ("n/a", "The votes are 'n/a', not a number; write the count in digits."),
        ('"1,234"', "The votes are '1,234', with a thousands separator; write digits only."),
        ("12.0", "The votes are '12.0', a decimal; write a whole number."),
        ("-3", "The votes are '-3', a negative count; write the right count."),
        ("2147483648", "The votes are '2147483648', more than 2,147,483,647; write the right count."),
        ("9" * 5000, f"The votes are '{'9' * 40}…', more than 2,147,483,647; write the right count."),
        ("", "The votes are empty; write the count, and 0 where it is zero."),
        ("\u0661\u0662", "The votes are '\u0661\u0662', not a number; write the count in digits."),
        ("\x1b[2J", "The votes are '\\x1b[2J', not a number; write the count in digits."),
    ],
)
def test_votes_that_are_no_count_are_named_by_line_value_and_remedy(votes: str, reason: str) -> None:
    rows = read_rows(f"{HEADER}\n{GOOD}\nWold,Elm,Ballots Cast,,,,{votes}\n{GOOD}".encode())
    assert [(bad.line, bad.reason) for bad in rows.bad] == [(3, reason)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (HEADER, "This line repeats the header; leave it out."),
        ("Wold,Elm,Ballots Cast", "The row has 3 cells where the header has 7; add the missing ones."),
        (
            "Wold,Elm,Ballots Cast,,,,1,234",
            "The row has 8 cells where the header has 7; put a cell with a comma in quotation marks "
            "and write counts without thousands separators.",
        ),
        ("Wold, ,Ballots Cast,,,,9", "The precinct is empty; write it in every row."),
        ("Wold,Elm,,,,,9", "The office is empty; write it in every row."),
        (",Elm,Ballots Cast,,,,9", "The county is empty; write it in every row."),
        (
            "Wold,E\x07m,Ballots Cast,,,,9",
            "The precinct is 'E\\x07m', with a character that cannot be shown; remove it.",
        ),
        (
            'Wold,Elm,"Ballots Cast,,,,9',
            "The quotation marks of this line do not match; close each one on its own line "
            "and double those inside a cell.",
        ),
    ],
)
def test_a_bad_row_is_named_by_its_line_and_reason(row: str, reason: str) -> None:
    rows = read_rows(f"{HEADER}\n{GOOD}\n{row}\n{GOOD}".encode())
    assert [(bad.line, bad.reason) for bad in rows.bad] == [(3, reason)]
    assert (len(rows.good), rows.total) == (2, 3)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_in_the_file_whatever_ends_them(end: str) -> None:
    rows = read_rows(end.join([HEADER, GOOD, "", ",,,,,,", GOOD, "Wold,Ash,Mayor,,,Bo,x", ""]).encode())
    assert [row.line for row in rows.good] == [2, 5]
    assert [bad.line for bad in rows.bad] == [6]
    assert rows.total == 3


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The file is empty; give a file with a header and results."),
        (b"\xef\xbb\xbf \n", "The file is empty; give a file with a header and results."),
        (f"{HEADER}\n\n".encode(), "The file has a header and no rows below it; give a file with results."),
        (
            b"county,precinct,office,party,candidate,count\na,b,c,d,e,1\n",
            "The header has no column district, votes; line 1 has 'county', 'precinct', 'office', "
            "'party', 'candidate', 'count'. A results file needs county, precinct, office, district, party, "
            "candidate, votes.",
        ),
        (f"{HEADER},votes\n".encode(), "The header names the column votes more than once; keep one."),
        (HEADER.encode("utf-16"), "The file is UTF-16 text, not UTF-8; save it as CSV in UTF-8."),
        (HEADER.encode("utf-32"), "The file is UTF-32 text, not UTF-8; save it as CSV in UTF-8."),
        (
            f"{HEADER}\r\nWold,Ash\0".encode(),
            "Line 2 holds a NUL byte, so this is not a text file; save it as CSV in UTF-8.",
        ),
        (
            f"{HEADER}\nWold,Ash,Mayor,,,Ann,1\nWold,Ash,Mayor,,,José,1\n".encode("latin-1"),
            "Line 3 holds the byte 0xE9, which is not UTF-8; the file is perhaps Windows-1252 or Latin-1 "
            "text: save it as CSV in UTF-8.",
        ),
    ],
)
def test_a_fault_of_the_whole_file_is_explained(data: bytes, message: str) -> None:
    with pytest.raises(ResultsFileError) as caught:
        read_rows(data)
    assert caught.value.message == message


def test_a_byte_order_mark_of_utf_8_is_no_part_of_the_first_column() -> None:
    assert len(read_rows(b"\xef\xbb\xbf" + f"{HEADER}\n{GOOD}".encode()).good) == 1
