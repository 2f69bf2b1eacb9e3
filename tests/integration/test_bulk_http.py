"""Many rows in one request: how bodies are read and limited, and clients that are slow or gone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from quart import Quart
from quart.typing import TestClientProtocol

from models.rights import OPERATOR
from quart_app.door.incoming import UNREAD_BYTES
from quart_app.settings import Settings
from services.bulk import Raw
from tests.desk import Desk, Official, soon, until
from tests.integration.conftest import house_of
from tests.outages import Proxy

PIECE = 16_384
ROW = {"first_name": "Ann", "last_name": "Smith", "precinct": "north-1"}


def voters(rows: int, *, start: int = 0, padding: int = 0) -> bytes:
    lines = [f'V-{number},First,Last,north-1,"{"x" * padding}"\n' for number in range(start, start + rows)]
    return ("voter_id,first_name,last_name,precinct,address\n" + "".join(lines)).encode()


@pytest.fixture
async def rita(desk: Desk) -> Official:
    return await desk.official("rita", roles=["registrar"], units=[])


class Sender:
    """A client that sends its body in pieces without a length, as the server lets it."""

    def __init__(self, app: Quart, desk: Desk, who: Official, body: bytes, **headers: str) -> None:
        self._pieces = [body[start : start + PIECE] for start in range(0, len(body), PIECE)]
        self.sent = 0
        self.leaves_after: int | None = None
        self.answered_before_all_was_sent = False
        self.answer = bytearray()
        self.status = 0
        self._waits = asyncio.Event()
        given = {"host": "localhost", **who.bearer, **headers}
        self._scope: Any = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.1"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "https",
            "path": f"{desk.path}/voters",
            "raw_path": f"{desk.path}/voters".encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 8000),
            "extensions": {},
            "state": {},
        }
        self.task = asyncio.ensure_future(app(self._scope, self._receive, self._send))

    async def _receive(self) -> Any:
        await asyncio.sleep(0)
        if self.leaves_after is not None and self.sent >= self.leaves_after:
            return {"type": "http.disconnect"}
        if self._pieces:
            piece = self._pieces.pop(0)
            self.sent += len(piece)
            return {"type": "http.request", "body": piece, "more_body": bool(self._pieces)}
        await self._waits.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.answered_before_all_was_sent |= bool(self._pieces)
        self.status = message.get("status", self.status)
        self.answer += message.get("body", b"")

    async def finished(self) -> Any:
        await soon(self.task)
        return msgspec.json.decode(self.answer)


async def post(client: TestClientProtocol, desk: Desk, who: Official, data: bytes, **headers: str) -> Any:
    return await client.post(f"{desk.path}/voters", data=data, headers={**who.bearer, **headers})


async def count(desk: Desk) -> int:
    return int((await desk.sql("SELECT count(*) FROM voters"))[0][0])


async def test_rows_are_told_apart_by_content_and_a_type_that_is_not_theirs_is_refused(
    client: TestClientProtocol, desk: Desk, rita: Official
) -> None:
    as_json = msgspec.json.encode(
        [{"voter_id": "J", "first_name": "A", "last_name": "B", "precinct": "north-1"}]
    )
    for body, named in (
        (as_json, "text/plain"),
        (voters(1), "application/octet-stream"),
        (voters(1, start=1), ""),
    ):
        answer = await post(client, desk, rita, body, **{"Content-Type": named})
        assert (await answer.get_json())["added"] == 1, named
    for body, named in ((as_json, "text/csv"), (voters(1), "application/json")):
        answer = await post(client, desk, rita, body, **{"Content-Type": named})
        assert (answer.status_code, (await answer.get_json())["code"]) == (400, "unreadable")


async def test_results_come_as_lines_for_whoever_asks_for_them(
    client: TestClientProtocol, desk: Desk, rita: Official
) -> None:
    answer = await post(client, desk, rita, voters(2500), Accept="application/x-ndjson")
    assert answer.content_type == "application/x-ndjson"
    lines = [msgspec.json.decode(line) for line in (await answer.get_data()).splitlines()]
    assert [line["row"] for line in lines] == list(range(1, 2501))
    assert answer.content_length == len(await answer.get_data())
    whole = await post(client, desk, rita, voters(2500))
    assert whole.content_length == len(await whole.get_data())
    assert (await whole.get_json())["items"][-1]["row"] == 2500
    nothing = await post(client, desk, rita, b"[]", Accept="application/x-ndjson")
    assert (nothing.status_code, await nothing.get_data()) == (200, b"")
    assert await (await post(client, desk, rita, b"[]")).get_json() == {
        "added": 0,
        "unchanged": 0,
        "refused": 0,
        "items": [],
    }


@pytest.mark.parametrize(
    "body", [b"", b"PK\x03\x04 a spreadsheet", b"\x00\x01\x02\x03", b'{"voter_id": "1"}']
)
async def test_what_holds_no_rows_is_refused_as_a_whole(
    client: TestClientProtocol, desk: Desk, rita: Official, body: bytes
) -> None:
    answer = await post(client, desk, rita, body)
    assert (answer.status_code, (await answer.get_json())["code"]) == (400, "unreadable")


async def test_what_stands_before_the_break_is_taken_and_the_rest_is_one_row(
    client: TestClientProtocol, desk: Desk, rita: Official
) -> None:
    answer = await (await post(client, desk, rita, voters(2100) + b"V-x,\xff\xff,")).get_json()
    assert (answer["added"], answer["refused"]) == (2100, 1)
    assert answer["items"][-1]["row"] == 2101
    assert answer["items"][-1]["errors"][0]["code"] == "broken-file"


async def test_bulk_may_be_larger_than_other_bodies(app: Quart, desk: Desk, rita: Official) -> None:
    body = voters(22_000, padding=400)
    assert len(body) > desk.house.settings.requests.max_body
    sender = Sender(app, desk, rita, body, **{"content-length": str(len(body))})
    assert (await sender.finished())["added"] == 22_000
    assert not sender.answered_before_all_was_sent


async def test_a_body_that_says_it_is_too_large_is_not_read(
    make_app: Callable[..., Any], settings: Settings, desk: Desk, rita: Official
) -> None:
    requests = msgspec.structs.replace(settings.requests, max_bulk=1_000_000)
    small = await make_app(msgspec.structs.replace(settings, requests=requests))
    sender = Sender(small, desk, rita, voters(30_000), **{"content-length": "1000001"})
    assert (await sender.finished())["code"] == "too-large"
    assert sender.status == 413
    assert sender.sent < 2 * UNREAD_BYTES
    assert await count(desk) == 0


async def test_a_body_without_a_length_breaks_off_where_it_is_too_large(
    make_app: Callable[..., Any], settings: Settings, desk: Desk, rita: Official
) -> None:
    requests = msgspec.structs.replace(settings.requests, max_bulk=1_000_000)
    small = await make_app(msgspec.structs.replace(settings, requests=requests))
    answer = await Sender(small, desk, rita, voters(200_000)).finished()
    assert answer["refused"] == 1
    assert "1,000,000" in answer["items"][-1]["errors"][0]["message"]
    assert await count(desk) == answer["added"] > 20_000


async def test_other_bodies_keep_their_limit_with_and_without_a_length(
    app: Quart, client: TestClientProtocol, desk: Desk, rita: Official
) -> None:
    limit = desk.house.settings.requests.max_body
    headers = {**rita.bearer, "Content-Type": "application/json"}
    answer = await client.post(f"{desk.path}/voters/search", data=b" " * (limit + 1), headers=headers)
    assert answer.status_code == 413
    sender = Sender(app, desk, rita, b" " * (3 * limit), **{"content-type": "application/json"})
    sender._scope["path"] = f"{desk.path}/voters/search"
    await sender.finished()
    assert sender.status == 413
    assert sender.sent < limit + 4 * UNREAD_BYTES


async def test_a_body_comes_no_faster_than_it_is_inserted(app: Quart, desk: Desk, rita: Official) -> None:
    body = voters(44_000, padding=50)
    async with desk.house.database.transaction() as repos:
        # Whoever registers waits behind this.
        await repos.elections.hold(desk.election)
        sender = Sender(app, desk, rita, body)
        seen = -1
        while seen != sender.sent:
            seen = sender.sent
            await asyncio.sleep(0.3)
        # Six chunks that wait to be inserted, the next six, and what waits unread.
        assert seen < 14 * len(voters(1000, padding=50)) + 2 * UNREAD_BYTES < len(body) / 2
    assert (await sender.finished())["added"] == 44_000


async def test_who_may_not_enter_sends_no_more_than_waits_unread(app: Quart, desk: Desk) -> None:
    officer = await desk.official()
    sender = Sender(app, desk, officer, voters(100_000))
    assert (await sender.finished())["code"] == "not-allowed"
    assert sender.sent < 2 * UNREAD_BYTES


RECORDED = """
    SELECT (SELECT count(*) FROM voters),
           (SELECT coalesce(sum((changes->'added'->>1)::int), 0)
            FROM audit_entries WHERE action = 'voters-registered')
"""


async def test_what_a_client_that_left_had_sent_is_in_and_recorded(
    app: Quart, desk: Desk, rita: Official
) -> None:
    body = voters(40_000)
    sender = Sender(app, desk, rita, body)
    sender.leaves_after = len(body) // 2
    await soon(sender.task)

    # Each chunk is recorded with its rows, so at every moment all that is in is in the audit trail.
    [(added, recorded)] = await desk.sql(RECORDED)
    assert 0 < added < 40_000
    assert added == recorded

    async def quiet() -> bool:
        before = await count(desk)
        await asyncio.sleep(0.3)
        return await count(desk) == before

    await until(quiet)
    added = await count(desk)
    again = await Sender(app, desk, rita, body).finished()
    assert (again["added"], again["unchanged"]) == (40_000 - added, added)


async def test_rows_that_meet_a_database_that_is_away_are_refused_and_can_be_sent_again(
    settings: Settings, make_app: Callable[..., Any], desk: Desk
) -> None:
    async with Proxy(settings.database_url or "") as cable:
        house = house_of(await make_app(settings.with_engines(cable.url, settings.redis_url or "")))

        async def rows() -> AsyncIterator[list[Raw]]:
            for start in range(1, 7001, 1000):
                yield [(row, {**ROW, "voter_id": f"V-{row}"}) for row in range(start, start + 1000)]
            await cable.cut()
            yield [(7001, {**ROW, "voter_id": "V-7001"})]

        results = []
        async for chunk in house.registration.register("tiny", rows(), OPERATOR):
            results += chunk
            if len(results) == 7001:
                await cable.mend()
    refused = {result.row for result in results if result.status == "refused"}
    assert {e.code for r in results for e in r.errors} == {"database-unavailable"}
    assert [result.row for result in results] == list(range(1, 7002))
    assert 7001 in refused
    assert await count(desk) == 7001 - len(refused)


async def test_a_stream_hears_that_its_client_left_although_it_sent_a_body(
    app: Quart, desk: Desk, rita: Official
) -> None:
    sender = Sender(app, desk, rita, b"x" * (4 * UNREAD_BYTES))
    sender._scope |= {"method": "GET", "path": f"{desk.path}/results/stream"}

    async def watched() -> bool:
        return desk.house.watchers.count == 1

    await until(watched)
    sender._waits.set()
    await soon(sender.task)
    assert desk.house.watchers.count == 0
