"""Rows out of bytes that are cut anywhere, and chunks of them inserted next to each other."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
import pytest

from models.errors import DatabaseAway, DomainError, FieldError, TooLarge, Unreadable
from services.bulk import ADDED, MAX_ROW, REFUSED, Broken, Raw, RowResult, in_chunks, read_row
from services.bulk_rows import read_rows

GOOD_CSV = (
    '\ufeffcode,name,note\r\nA-1,Zoë,"two\r\nlines, ""quoted"""\r\nA-2,Łucja,\r\n\r\nA-3,,"x"\r\n'
).encode()
GOOD_JSON = '\ufeff [{"code":"A-1","name":"Zoë \\n"},\n {"code":"A-2","n":[1,{"a":[]}]},{}]\n'.encode()


async def pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def rows(data: bytes, size: int = 65_536) -> list[Raw]:
    return [raw async for chunk in read_rows(pieces(data, size)) for raw in chunk]


def faults(read: list[Raw]) -> dict[int, str]:
    return {row: fields.fault.code for row, fields in read if isinstance(fields, Broken)}


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 64, 65_536])
async def test_csv_may_be_cut_anywhere(size: int) -> None:
    assert await rows(GOOD_CSV, size) == [
        (1, {"code": "A-1", "name": "Zoë", "note": 'two\nlines, "quoted"'}),
        (2, {"code": "A-2", "name": "Łucja"}),
        (4, {"code": "A-3", "note": "x"}),
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 64, 65_536])
async def test_json_may_be_cut_anywhere(size: int) -> None:
    assert await rows(GOOD_JSON, size) == [
        (1, {"code": "A-1", "name": "Zoë \n"}),
        (2, {"code": "A-2", "n": [1, {"a": []}]}),
        (3, {}),
    ]


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
async def test_every_kind_of_line_break_ends_a_row(newline: bytes) -> None:
    data = newline.join([b"code,name", b"a,b", b"c,d"])
    assert await rows(data, 3) == [(1, {"code": "a", "name": "b"}), (2, {"code": "c", "name": "d"})]


async def test_a_null_is_an_absent_field_like_an_empty_cell() -> None:
    assert await rows(b'[{"a": null, "b": 1}]') == [(1, {"b": 1})]


async def test_rows_come_in_chunks_of_a_thousand() -> None:
    data = b"n\n" + b"".join(b"%d\n" % n for n in range(2500))
    chunks = [chunk async for chunk in read_rows(pieces(data, 100))]
    assert [len(chunk) for chunk in chunks] == [1000, 1000, 500]
    assert [row for chunk in chunks for row, _ in chunk] == list(range(1, 2501))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "nothing in it"),
        (b" \r\n ", "nothing in it"),
        ("\ufeff".encode(), "nothing in it"),
        (b"PK\x03\x04\x14\x00\x06\x00", "CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "spreadsheet"),
        ("code,name\na,b\n".encode("utf-16"), "CSV UTF-8"),
        ("code,name\na,b\n".encode("utf-16-le"), "NUL"),
        (b"\x00\x00\x00\x00\x00", "NUL"),
        ("Straße,Köln\n".encode("latin-1"), "UTF-8"),
        (b'{"code": "a"}', "array of objects"),
        (b'[{"a": 2', "too early"),
        (b"[nonsense]", "not valid JSON"),
        (b"code,name\n", "no row below"),
        (b"null", "no row below"),
        (b"code;name\na;b\n", "commas"),
        (b"code,,name\na,b,c\n", "Column 2"),
        (b"code,Code\na,b\n", "twice"),
        (b'code,"na"me\na,b\n', "quotes"),
        (b"a" * (MAX_ROW + 1), "1,048,576"),
        (b'["' + b"a" * (MAX_ROW + 1), "1,048,576"),
    ],
)
@pytest.mark.parametrize("size", [1000, 65_536])
async def test_what_is_no_table_is_refused_as_a_whole(data: bytes, says: str, size: int) -> None:
    with pytest.raises(Unreadable, match=says):
        await rows(data, size)


@pytest.mark.parametrize("size", [1, 65_536])
async def test_a_bad_line_of_csv_costs_only_itself(size: int) -> None:
    data = b'code,name\na,"x"y\nb,z\nc,1,2,3\nd,never "ends\ne,"never ends\nf,z\ng,"fine"\n'
    read = await rows(data, size)
    assert faults(read) == {1: "bad-line", 3: "bad-line", 5: "bad-line"}
    assert [fields.get("code") for _, fields in read] == [None, "b", None, "d", None, "f", "g"]


async def test_cells_behind_the_last_column_may_be_empty_and_the_last_ones_left_out() -> None:
    assert await rows(b"a,b,,\n1,2,,\n3\n,,,\n") == [(1, {"a": "1", "b": "2"}), (2, {"a": "3"})]


async def test_a_row_of_json_that_is_no_object_costs_only_itself() -> None:
    read = await rows(b'[{"a": 1}, 7, "x", null, [{"a": 2}], {"a": 3}]')
    assert faults(read) == dict.fromkeys((2, 3, 4, 5), "not-an-object")
    assert [fields for _, fields in read if fields] == [{"a": 1}, {"a": 3}]


@pytest.mark.parametrize("size", [1, 65_536])
@pytest.mark.parametrize(
    "data",
    [
        b'[{"a":1},{"a":2},{"a":',
        b'[{"a":1},{"a":2},{"a":1] ]',
        b'[{"a":1},{"a":2}] and more',
        b'[{"a":1},{"a":2},{"a":99999999999999999999999999}]',
        b'[{"a":1},{"a":2},{"a":1e999}]',
        b'[{"a":1},{"a":2},{"a":"\xff"}]',
        b"a\n1\n2\n\xff\n4\n",
        b"a\n1\n2\n\x00\n4\n",
        b"a\n1\n2\n\xc3",
        b"a\n1\n2\n" + b"x" * (MAX_ROW + 1),
    ],
)
async def test_the_broken_rest_is_one_row_that_says_where(data: bytes, size: int) -> None:
    if len(data) > MAX_ROW:
        size = 65_536
    read = await rows(data, size)
    assert [(row, int(fields["a"])) for row, fields in read[:2]] == [(1, 1), (2, 2)]
    assert faults(read) == {3: "broken-file"}
    assert len(read) == 3


async def test_deeply_nested_json_takes_no_more_memory_than_its_bytes() -> None:
    read = await rows(b'[{"a":1},' + b"[" * 2_000_000)
    assert faults(read) == {2: "broken-file"}


async def test_a_body_that_is_too_large_breaks_off_where_it_does() -> None:
    async def coming(data: bytes) -> AsyncIterator[bytes]:
        yield data
        raise TooLarge("This is more than 10 bytes.")

    read = [raw async for chunk in read_rows(coming(b"a\n1\n2\n3")) for raw in chunk]
    assert faults(read) == {3: "broken-file"}
    with pytest.raises(TooLarge):
        await anext(read_rows(coming(b"a\n")))


class Thing(msgspec.Struct, forbid_unknown_fields=True):
    code: Annotated[str, msgspec.Meta(max_length=3)]
    count: int = 0


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, {"code"}),
        ({"code": "long", "count": "x", "more": "1"}, {"code", "count", "more"}),
        ({"code": "a\x00"}, {"code"}),
        ({"code": "a", "b\x00": "a"}, {"b"}),
        ({"code": ["a"]}, {"code"}),
        ({"code": "a", "count": "9" * 5000}, {"count"}),
    ],
)
def test_every_bad_field_of_a_row_is_named(fields: dict[str, Any], wrong: set[str]) -> None:
    read = read_row((1, fields), Thing)
    assert isinstance(read, tuple)
    assert {error.field for error in read} == wrong


def test_numbers_may_come_as_text() -> None:
    assert read_row((1, {"code": "a", "count": "12"}), Thing) == Thing("a", 12)


# ---- inserting ----


async def chunks_of(rows: int, each: int) -> AsyncIterator[list[Raw]]:
    for start in range(1, rows + 1, each):
        yield [(row, {"n": row}) for row in range(start, min(rows + 1, start + each))]


async def stored(rows: list[Raw]) -> list[RowResult]:
    return [RowResult(row, ADDED) for row, _ in rows]


async def test_chunks_are_inserted_next_to_each_other_and_answered_in_order() -> None:
    under_way, most = 0, 0

    async def insert(rows: list[Raw]) -> list[RowResult]:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.02 / rows[0][0])
        under_way -= 1
        return await stored(rows)

    results = [r async for chunk in in_chunks(chunks_of(95, 10), insert, at_once=4) for r in chunk]
    assert [result.row for result in results] == list(range(1, 96))
    assert most == 4


async def test_one_row_that_cannot_be_stored_costs_no_other() -> None:
    async def insert(rows: list[Raw]) -> list[RowResult]:
        if any(row in (7, 64) for row, _ in rows):
            raise RuntimeError("secret content of a row")
        return await stored(rows)

    results = [r async for chunk in in_chunks(chunks_of(100, 50), insert) for r in chunk]
    refused = {result.row: result for result in results if result.status == REFUSED}
    assert set(refused) == {7, 64}
    assert refused[7].errors[0].code == "not-stored"
    assert "secret" not in refused[7].errors[0].message
    assert len(results) == 100


@pytest.mark.parametrize("error", [DatabaseAway(), Unreadable("Bad.", (FieldError("a", "is bad", "bad"),))])
async def test_what_befalls_a_chunk_is_answered_for_each_of_its_rows(error: DomainError) -> None:
    async def insert(rows: list[Raw]) -> list[RowResult]:
        if rows[0][0] == 11:
            raise error
        return await stored(rows)

    results = [r async for chunk in in_chunks(chunks_of(30, 10), insert) for r in chunk]
    assert [r.row for r in results if r.status == REFUSED] == list(range(11, 21))
    assert {r.errors[0].code for r in results if r.errors} == {"bad" if error.errors else error.code}


async def test_broken_rows_are_answered_and_never_inserted() -> None:
    async def broken() -> AsyncIterator[list[Raw]]:
        yield [(1, {"a": 1}), (2, Broken(FieldError("", "is bad", "bad-line"))), (3, {"a": 3})]

    seen: list[Raw] = []

    async def insert(rows: list[Raw]) -> list[RowResult]:
        seen.extend(rows)
        return await stored(rows)

    results = [r async for chunk in in_chunks(broken(), insert) for r in chunk]
    assert [row for row, _ in seen] == [1, 3]
    assert [(r.row, r.status) for r in results] == [(1, ADDED), (2, REFUSED), (3, ADDED)]


async def test_who_is_cancelled_waits_for_the_chunks_under_way() -> None:
    begun, finished = asyncio.Event(), []

    async def never_more() -> AsyncIterator[list[Raw]]:
        yield [(1, {})]
        yield [(2, {})]
        await asyncio.Event().wait()

    async def insert(rows: list[Raw]) -> list[RowResult]:
        begun.set()
        await asyncio.sleep(0.05)
        finished.append(rows[0][0])
        return await stored(rows)

    async def consume() -> None:
        async for _ in in_chunks(never_more(), insert, at_once=2):
            pass

    task = asyncio.create_task(consume())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert finished == [1, 2]


def test_results_leave_out_what_they_do_not_say() -> None:
    assert json.loads(msgspec.json.encode(RowResult(1, ADDED, "a"))) == {
        "row": 1,
        "status": "added",
        "code": "a",
    }


async def test_what_is_sent_as_the_other_kind_is_refused() -> None:
    for data, said in ((b'[{"code": "a"}]', "CSV"), (b"code\na\n", "JSON")):
        with pytest.raises(Unreadable, match=f"sent as {said}"):
            await anext(read_rows(pieces(data, 100), said=said))
