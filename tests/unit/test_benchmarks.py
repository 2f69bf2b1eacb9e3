"""The parts of the benchmarks that could tell a wrong figure."""

import datetime
from typing import Any

import msgspec
import pytest

from benchmarks import fanout, intake, reads, registry
from benchmarks.load.viewers import Event
from benchmarks.load.websocket import PING, TEXT, frame, masked, take_frame
from benchmarks.load.wire import Response, WrongAnswer, request
from benchmarks.measuring import Measured, Row, compare, percentile
from benchmarks.peers.ready import Ready
from models.results import ContestCount, ElectionState, contest_results

RECEIPT = (
    b'{"type":"receipt","ref":"a","seq":3,"revision":1,"status":"accepted","checks":[],"leaf_hash":"00"}'
)
RECEIPTS = b'{"type":"receipts","items":[%s]}'


def rows(**figures: list[float]) -> list[Row]:
    """Rows that measure the figures given, one a round."""
    return [
        Row(name, iter([Measured(figure, {"p50_ms": 1.0}) for figure in values]).__next__)
        for name, values in figures.items()
    ]


def test_the_figure_of_a_row_is_the_median_of_its_rounds() -> None:
    compared = compare("receipts/s", rows(ours=[10, 90, 30]), rounds=3)
    assert compared.rows["ours"].figure == 30
    assert compared.rows["ours"].rounds == [10, 90, 30]


def test_rows_are_measured_in_turn_in_every_round() -> None:
    done: list[tuple[str, int]] = []
    compare("", rows(ours=[1, 1], book=[1, 1]), rounds=2, done=lambda row, number: done.append((row, number)))
    assert done == [("ours", 1), ("book", 1), ("ours", 2), ("book", 2)]


def test_the_fastest_row_stands_first_and_the_ratio_says_how_many_times_as_fast_ours_is() -> None:
    compared = compare("", rows(book=[5], ours=[20], nginx=[100]), rounds=1)
    assert list(compared.rows) == ["nginx", "ours", "book"]
    assert (compared.times_ours("book"), compared.times_ours("nginx")) == (4, 0.2)


@pytest.mark.parametrize(("percent", "expected"), [(1, 1), (50, 50), (99, 99), (100, 100)])
def test_a_percentile_is_the_value_of_its_rank(percent: float, expected: int) -> None:
    assert percentile(range(100, 0, -1), percent) == expected


def test_a_percentile_of_one_value_is_that_value() -> None:
    assert percentile([7.0], 99) == 7.0


def test_a_frame_is_masked_as_in_the_example_of_rfc_6455() -> None:
    assert masked(b"Hello", bytes.fromhex("37fa213d")) == bytes.fromhex("7f9f4d5158")


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_a_frame_says_its_length_and_holds_its_payload(size: int) -> None:
    payload = bytes(number % 251 for number in range(size))
    sent = frame(payload)
    body = sent[len(sent) - size :]
    key = sent[len(sent) - size - 4 : len(sent) - size]
    assert sent[0] == 0x80 | TEXT
    assert sent[1] & 0x80
    assert masked(body, key) == payload
    unmasked = bytes([sent[0], sent[1] & 0x7F]) + sent[2 : len(sent) - size - 4] + payload
    assert take_frame(unmasked) == (TEXT, payload, b"")


def test_a_frame_that_is_not_whole_yet_is_left_alone() -> None:
    whole = b"\x81\x7e\x00\x80" + b"x" * 128
    assert [take_frame(whole[:size]) for size in range(len(whole))] == [None] * len(whole)
    assert take_frame(whole + b"\x89\x00") == (TEXT, b"x" * 128, b"\x89\x00")
    assert take_frame(b"\x89\x00") == (PING, b"", b"")


@pytest.mark.parametrize("sent", [b"\x01\x01a", b"\x81\x81abcde"], ids=["a fragment", "masked"])
def test_a_frame_that_a_server_may_not_send_is_a_wrong_answer(sent: bytes) -> None:
    with pytest.raises(WrongAnswer):
        take_frame(sent)


def test_a_request_with_a_body_says_its_length() -> None:
    assert request("POST", "/a", {"X": "1"}, b"{}").endswith(b"X: 1\r\nContent-Length: 2\r\n\r\n{}")


@pytest.mark.parametrize(
    "payload",
    [
        b'{"type":"problem","status":422,"code":"unknown-selection"}',
        RECEIPT.replace(b"accepted", b"quarantined"),
        RECEIPT.replace(b'"seq":3', b'"seq":"3"'),
    ],
    ids=["a problem", "a quarantined tally", "another shape"],
)
def test_only_the_receipt_of_an_accepted_tally_counts(payload: bytes) -> None:
    assert [receipt.seq for receipt in intake.receipts_of([RECEIPT])] == [3]
    for answer in (payload, RECEIPTS % (RECEIPT + b"," + payload)):
        with pytest.raises(WrongAnswer):
            list(intake.receipts_of([answer]))


def test_an_answer_to_many_tallies_counts_as_all_its_receipts() -> None:
    second = RECEIPT.replace(b'"seq":3', b'"seq":4')
    answers = [RECEIPTS % (RECEIPT + b"," + second), RECEIPT.replace(b'"seq":3', b'"seq":5')]
    assert [receipt.seq for receipt in intake.receipts_of(answers)] == [3, 4, 5]


COUNT = ContestCount(
    code=fanout.CONTEST,
    name="President",
    is_measure=False,
    vote_variation="plurality",
    votes_allowed=1,
    number_elected=1,
    units_expected=1,
    units_reported=1,
    quarantined_units=0,
    voters_registered=None,
    voters_registered_reported=0,
    ballots_cast=0,
    overvotes=0,
    undervotes=0,
    write_ins=0,
    rejected_ballots=0,
    version=7,
    updated_at=None,
    selections=(),
)
NOW = datetime.datetime(2026, 11, 3, tzinfo=datetime.UTC)
OPEN = ElectionState(1, "e", "E", NOW.date(), "UTC", True, "open", True, 0, NOW)
EVENT = Event(fanout.CONTEST, 7, 3, 0, 0, 0, msgspec.json.encode(contest_results(OPEN, COUNT)))


def test_a_delivery_is_right_if_every_viewer_got_every_event_once_and_whole() -> None:
    fanout.check([EVENT], 3, range(7, 8))
    with pytest.raises(WrongAnswer, match="event 8 once and whole"):
        fanout.check([EVENT], 3, range(7, 9))


@pytest.mark.parametrize(
    "other",
    [{"deliveries": 2}, {"repeats": 1}, {"late": 1}, {"different": 1}, {"data": b"{}"}],
    ids=["missing", "twice", "after a newer one", "another", "no results"],
)
def test_one_viewer_without_the_event_spoils_a_delivery(other: dict[str, Any]) -> None:
    with pytest.raises(WrongAnswer, match="of 3 viewers got event 7"):
        fanout.check([EVENT._replace(**other)], 3, range(7, 8))


ANSWER_HEADERS = {"etag": '"7"', "content-type": "application/json", "content-encoding": "br"}
ASKED = reads.Asked("/results", {}, Ready('"7"', ANSWER_HEADERS, b"{}"), False)


def answered(status: int, body: bytes, *without: str) -> Response:
    headers = [f"{name}: {value}\r\n" for name, value in ANSWER_HEADERS.items() if name not in without]
    return Response(f"HTTP/1.1 {status} \r\n{''.join(headers)}\r\n".encode(), body)


def test_only_the_bytes_of_ours_are_right() -> None:
    whole = answered(200, b"{}")
    assert reads.right(whole, ASKED) is whole
    for wrong in (answered(200, b"[]"), answered(500, b"{}")):
        with pytest.raises(WrongAnswer, match="other bytes than the results"):
            reads.right(wrong, ASKED)


@pytest.mark.parametrize("name", ANSWER_HEADERS)
def test_an_answer_without_a_header_that_ours_has_is_wrong(name: str) -> None:
    with pytest.raises(WrongAnswer, match=f"lacks headers that ours has: {name}"):
        reads.right(answered(200, b"{}", name), ASKED)


def test_who_has_the_version_already_gets_no_body_and_no_header_about_one() -> None:
    bare = answered(304, b"", "content-type", "content-encoding")
    assert reads.right(bare, ASKED, 304) is bare
    for wrong in (answered(304, b"{}"), answered(200, b"{}")):
        with pytest.raises(WrongAnswer, match="other bytes than the results"):
            reads.right(wrong, ASKED, 304)
    with pytest.raises(WrongAnswer, match="etag"):
        reads.right(answered(304, b"", *ANSWER_HEADERS), ASKED, 304)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (413, b'{"code":"too-large"}'),
        (200, b'{"added":1,"refused":1,"items":[{"row":1,"status":"added"},{"row":2,"status":"refused"}]}'),
        (200, b'{"added":2,"refused":0,"items":[{"row":2,"status":"added"},{"row":1,"status":"added"}]}'),
        (200, b'{"added":2,"refused":0,"items":[{"row":1,"status":"added"}]}'),
    ],
    ids=["a problem", "a refused row", "another order", "a row without an answer"],
)
def test_only_an_answer_for_every_voter_counts(status: int, body: bytes) -> None:
    with pytest.raises(WrongAnswer):
        registry.check(Response(b"HTTP/1.1 %d \r\n\r\n" % status, body), 2)
