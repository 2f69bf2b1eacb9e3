"""The register of voters: many rows at once with bad ones among them, finding, changing, removing, moving."""

import asyncio
import csv
import gc
import io
import itertools
import time
from typing import Any

import msgspec
import pytest
from quart.typing import TestClientProtocol

from models.rights import OPERATOR
from services.registration import Registration
from tests.building import ALL, tiny_election
from tests.desk import Desk, Official, define, until

ANN = {
    "voter_id": "V-1",
    "first_name": "Ann",
    "last_name": "Ång Smith",
    "precinct": "north-1",
    "email": "Ann.Smith@example.org",
    "mobile": "+1 (717) 555-0101",
    "address": "1 Main Street\nGettysburg",
}


def entry(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "voter_id": f"V-{number}",
        "first_name": f"First{number}",
        "last_name": f"Last{number % 100}",
        "precinct": ALL[number % 4],
        **changes,
    }


class Office:
    """A registrar at work."""

    def __init__(self, client: TestClientProtocol, desk: Desk, registrar: Official) -> None:
        self.client = client
        self.desk = desk
        self.registrar = registrar

    async def ask(self, method: str, path: str, status: int = 200, **given: Any) -> Any:
        headers = {**self.registrar.bearer, **given.pop("headers", {})}
        answer = await self.client.open(f"{self.desk.path}{path}", method=method, headers=headers, **given)
        body = await answer.get_data()
        assert answer.status_code == status, body[:2000]
        return msgspec.json.decode(body)

    async def register(self, *rows: Any) -> Any:
        return await self.ask("POST", "/voters", data=msgspec.json.encode(rows))

    async def registered(self, **changes: Any) -> int:
        """One voter; returns the id."""
        answer = await self.register({**ANN, **changes})
        assert answer["added"] == 1, answer
        return int(answer["items"][0]["code"])

    async def edition(self, voter: int) -> str:
        answer = await self.client.get(f"{self.desk.path}/voters/{voter}", headers=self.registrar.bearer)
        return str(answer.headers["ETag"])

    async def put(self, voter: int, status: int = 200, *, etag: str | None = None, **fields: Any) -> Any:
        headers = {"If-Match": await self.edition(voter) if etag is None else etag}
        return await self.ask("PUT", f"/voters/{voter}", status, json=fields, headers=headers)


@pytest.fixture
async def office(client: TestClientProtocol, desk: Desk) -> Office:
    return Office(client, desk, await desk.official("rita", roles=["registrar"], units=[]))


async def test_twenty_thousand_voters_with_bad_rows_among_them_come_back_row_by_row(office: Office) -> None:
    rows = [entry(number) for number in range(1, 20_001)]
    wrong = {
        17: ({"precinct": "nowhere"}, "precinct", "unknown-precinct"),
        999: ({"precinct": "north"}, "precinct", "unknown-precinct"),
        1000: ({"email": "no address"}, "email", "invalid"),
        1001: ({"last_name": ""}, "last_name", "missing"),
        7777: ({"first_name": "x" * 201}, "first_name", "invalid"),
        12_345: ({"voter_id": "V-1"}, "voter_id", "already-registered"),
        20_000: ({"shoe_size": "44"}, "shoe_size", "unknown-field"),
    }
    for row, (change, _, _) in wrong.items():
        rows[row - 1].update(change)
    written = io.StringIO()
    table = csv.DictWriter(written, [*ANN, "shoe_size"])
    table.writeheader()
    table.writerows(rows)

    answer = await office.ask("POST", "/voters", data=written.getvalue().encode())

    assert (answer["added"], answer["unchanged"], answer["refused"]) == (19_993, 0, 7)
    assert [item["row"] for item in answer["items"]] == list(range(1, 20_001))
    refused = {item["row"]: item["errors"] for item in answer["items"] if item["status"] == "refused"}
    assert {row: [(e["field"], e["code"]) for e in errors] for row, errors in refused.items()} == {
        row: [(field, code)] for row, (_, field, code) in wrong.items()
    }
    assert (await office.desk.sql("SELECT count(*) FROM voters"))[0][0] == 19_993

    again = await office.ask("POST", "/voters", data=written.getvalue().encode())
    assert (again["added"], again["unchanged"], again["refused"]) == (0, 19_993, 7)
    entries = await office.desk.sql("SELECT changes FROM audit_entries WHERE action = 'voters-registered'")
    # An entry for each chunk that added something, none for the second call.
    assert len(entries) == 20
    assert sum(row.changes["added"][1] for row in entries) == 19_993


async def test_the_same_number_with_other_content_is_refused_and_says_what_to_do(office: Office) -> None:
    voter = await office.registered()
    for change in ({"first_name": "Anna"}, {"precinct": "south-1"}, {"address": ""}):
        (item,) = (await office.register({**ANN, **change}))["items"]
        assert item["status"] == "refused"
        assert item["code"] == str(voter)
        assert item["errors"][0]["code"] == "already-registered"
        assert "PUT" in item["errors"][0]["message"]
    assert (await office.register(ANN))["unchanged"] == 1


async def test_twins_in_one_call_are_one_voter(office: Office) -> None:
    answer = await office.register(ANN, ANN, {**ANN, "first_name": "Anna"}, {**ANN, "voter_id": "v-1"})
    assert [item["status"] for item in answer["items"]] == ["added", "unchanged", "refused", "refused"]


async def test_two_registrars_who_send_the_same_register_it_once_and_never_block_each_other(
    office: Office,
) -> None:
    rows = [entry(number) for number in range(3000)]
    answers = await asyncio.gather(
        *(office.register(*order) for order in (rows, rows[::-1], rows[1500:] + rows[:1500]))
    )
    assert sum(answer["added"] for answer in answers) == 3000
    assert sum(answer["unchanged"] for answer in answers) == 6000


@pytest.mark.parametrize(
    "search",
    [
        {"voter_id": " v-1"},
        {"last_name": "ÅNG  smith"},
        {"email": "ann.smith@EXAMPLE.org"},
        {"mobile": "17175550101"},
        {"last_name": "Ång Smith", "precinct": "north-1", "mobile": "+1-717-555-0101"},
    ],
)
async def test_a_voter_is_found_by_what_is_known_however_it_is_written(
    office: Office, search: dict[str, str]
) -> None:
    voter = await office.registered()
    await office.register(*(entry(number) for number in range(2, 30)))
    found = await office.ask("POST", "/voters/search", json=search)
    assert [one["id"] for one in found["voters"]] == [voter]
    assert found["voters"][0].items() >= ANN.items()


@pytest.mark.parametrize(
    "search",
    [
        {"voter_id": "V-"},
        {"last_name": "Smith"},
        {"mobile": "x"},
        {"email": "ann.smith@example.org", "last_name": "Jones"},
        {"last_name": "Ång Smith", "precinct": "north-2"},
    ],
)
async def test_what_does_not_fit_as_a_whole_finds_nobody(office: Office, search: dict[str, str]) -> None:
    await office.registered()
    assert (await office.ask("POST", "/voters/search", json=search))["voters"] == []


async def test_what_is_found_comes_in_pages(office: Office) -> None:
    await office.register(*(entry(number) for number in range(1000)))
    seen: list[str] = []
    after: int | None = 0
    while after is not None:
        search = {"last_name": "Last7", "limit": 4, "after": after}
        found = await office.ask("POST", "/voters/search", json=search)
        seen += [one["voter_id"] for one in found["voters"]]
        after = found["after"]
    assert sorted(seen) == sorted(f"V-{number}" for number in range(7, 1000, 100))


async def test_the_register_is_listed_in_pages_by_precinct(office: Office) -> None:
    await office.register(*(entry(number) for number in range(40)))
    first = await office.ask("GET", "/voters?precinct=south-1&limit=6")
    rest = await office.ask("GET", first["next"].removeprefix(office.desk.path))
    numbers = [one["voter_id"] for one in first["voters"] + rest["voters"]]
    assert sorted(numbers) == sorted(f"V-{number}" for number in range(2, 40, 4))
    assert rest["next"] is None
    await office.ask("GET", "/voters?precinct=nowhere", 422)


async def test_a_change_is_held_against_what_was_read(office: Office) -> None:
    voter = await office.registered()
    etag = await office.edition(voter)
    changed = await office.put(voter, etag=etag, **{**ANN, "last_name": "Jones", "precinct": "south-2"})
    assert (changed["last_name"], changed["precinct"]) == ("Jones", "south-2")
    assert (await office.put(voter, 412, etag=etag, **ANN))["code"] == "stale"
    assert (await office.ask("PUT", f"/voters/{voter}", 428, json=ANN))["code"] == "condition-needed"
    await office.ask("GET", f"/voters/{2**63}", 404)
    found = await office.ask("POST", "/voters/search", json={"last_name": "jones"})
    assert [one["id"] for one in found["voters"]] == [voter]
    assert (await office.ask("POST", "/voters/search", json={"last_name": ANN["last_name"]}))["voters"] == []
    assert (await office.register({**ANN, "last_name": "Jones", "precinct": "south-2"}))["unchanged"] == 1


async def test_a_change_to_a_number_that_somebody_has_is_a_conflict(office: Office) -> None:
    await office.registered()
    other = await office.registered(voter_id="V-2")
    assert (await office.put(other, 409, **ANN))["code"] == "already-registered"
    assert (await office.put(other, 422, **{**ANN, "precinct": "north"}))["code"] == "unknown-precinct"


async def test_the_audit_trail_names_the_fields_and_nothing_personal(office: Office) -> None:
    voter = await office.registered()
    await office.put(voter, **{**ANN, "email": "new@example.org", "precinct": "south-1"})
    await office.ask("POST", f"/voters/{voter}/removal", json={"reason": "moved away"})
    rows = await office.desk.sql(
        "SELECT action, subject, changes, reason FROM audit_entries WHERE username = 'rita' ORDER BY id"
    )
    assert [row.action for row in rows] == ["voters-registered", "voter-changed", "voter-removed"]
    assert rows[1].changes == {
        "email": ["(not shown)", "(not shown)"],
        "precinct": ["north-1", "south-1"],
    }
    assert (rows[2].subject, rows[2].reason) == (str(voter), "moved away")


async def test_a_removed_voter_stays_to_be_seen_and_the_number_is_free_again(office: Office) -> None:
    voter = await office.registered()
    assert (await office.ask("POST", f"/voters/{voter}/removal", 422, json={"reason": " "}))["errors"]
    removed = await office.ask("POST", f"/voters/{voter}/removal", json={"reason": "died"})
    assert removed["removed_at"] and removed["removal_reason"] == "died"
    assert (await office.ask("POST", f"/voters/{voter}/removal", 409, json={"reason": "x"}))[
        "code"
    ] == "voter-removed"
    assert (await office.put(voter, 409, **ANN))["code"] == "voter-removed"
    again = await office.registered()
    assert again != voter
    found = await office.ask("POST", "/voters/search", json={"voter_id": "V-1"})
    assert [one["id"] for one in found["voters"]] == [voter, again]
    assert [one["id"] for one in (await office.ask("GET", "/voters"))["voters"]] == [again]


async def test_a_whole_precinct_moves(office: Office) -> None:
    await office.register(*(entry(number) for number in range(41)))
    gone = await office.registered(voter_id="gone")
    await office.ask("POST", f"/voters/{gone}/removal", json={"reason": "died"})
    move = {"to": "south-2", "reason": "the polling place has burnt down"}
    assert await office.ask("POST", "/units/north-1/voters/move", json=move) == {"moved": 11}
    assert await office.ask("POST", "/units/north-1/voters/move", json=move) == {"moved": 0}
    assert len((await office.ask("GET", "/voters?precinct=south-2"))["voters"]) == 21
    assert (await office.ask("GET", f"/voters/{gone}"))["precinct"] == "north-1"
    unchanged = await office.register(entry(0, precinct="south-2"))
    assert unchanged["unchanged"] == 1


@pytest.mark.parametrize(
    ("unit", "to", "status", "code"),
    [
        ("north", "south-1", 404, "unknown-unit"),
        ("nowhere", "south-1", 404, "unknown-unit"),
        ("north-1", "south", 422, "unknown-precinct"),
        ("north-1", "north-1", 422, "same-precinct"),
    ],
)
async def test_voters_move_from_one_precinct_to_another_only(
    office: Office, unit: str, to: str, status: int, code: str
) -> None:
    answer = await office.ask("POST", f"/units/{unit}/voters/move", status, json={"to": to, "reason": "x"})
    assert answer["code"] == code


async def test_the_register_closes_with_the_polls(office: Office) -> None:
    voter = await office.registered()
    await office.desk.sql("UPDATE elections SET status = 'closed'")
    refused = await office.ask("POST", "/voters", 409, data=msgspec.json.encode([ANN]))
    assert refused["code"] == "register-closed"
    assert (await office.put(voter, 409, **ANN))["code"] == "register-closed"
    await office.ask("POST", f"/voters/{voter}/removal", 409, json={"reason": "x"})
    await office.ask("POST", "/units/north-1/voters/move", 409, json={"to": "south-1", "reason": "x"})
    assert (await office.ask("GET", f"/voters/{voter}"))["voter_id"] == "V-1"


async def test_rows_behind_the_close_of_the_register_are_refused(office: Office) -> None:
    async def body() -> Any:
        # Six chunks are inserted at a time; these come when the first are answered.
        for start in range(1, 601, 100):
            yield [(row, entry(row)) for row in range(start, start + 100)]
        await until(some_are_in)
        await office.desk.sql("UPDATE elections SET status = 'closed'")
        yield [(601, entry(601))]

    async def some_are_in() -> bool:
        return (await office.desk.sql("SELECT count(*) FROM voters"))[0][0] == 600

    registration: Registration = office.desk.house.registration
    results = [r async for chunk in registration.register("tiny", body(), OPERATOR) for r in chunk]
    assert [r.status for r in results[:600]] == ["added"] * 600
    assert results[-1].errors[0].code == "register-closed"


async def test_elections_do_not_see_each_others_voters(office: Office) -> None:
    voter = await office.registered()
    await define(office.desk.house, tiny_election("other"))
    other = Office(office.client, Desk(office.desk.house, "other"), office.registrar)
    assert (await other.ask("GET", f"/voters/{voter}", 404))["code"] == "unknown-voter"
    assert (await other.ask("POST", "/voters/search", json={"voter_id": "V-1"}))["voters"] == []
    await other.ask("POST", f"/voters/{voter}/removal", 404, json={"reason": "x"})
    await other.registered()


@pytest.mark.parametrize("roles", [["officer"], ["auditor", "reviewer"], ["voter"]])
async def test_personal_data_is_for_registrars_only(office: Office, roles: list[str]) -> None:
    voter = await office.registered()
    office.registrar = await office.desk.official("olaf", roles=roles)
    for method, path, body in (
        ("POST", "/voters", [ANN]),
        ("GET", "/voters", None),
        ("POST", "/voters/search", {}),
        ("GET", f"/voters/{voter}", None),
        ("PUT", f"/voters/{voter}", ANN),
        ("POST", f"/voters/{voter}/removal", {"reason": "x"}),
        ("POST", "/units/north-1/voters/move", {"to": "south-1", "reason": "x"}),
    ):
        assert (await office.ask(method, path, 403, json=body))["code"] == "not-allowed"


async def test_sealing_many_lets_others_have_their_turn(office: Office) -> None:
    turns: list[float] = []

    async def watch() -> None:
        while True:
            # Of the processor, whatever else this machine does.
            turns.append(time.thread_time())
            await asyncio.sleep(0)

    chunk = [(row, entry(row, email=f"{row}@example.org")) for row in range(5000)]
    # A collection of the whole test run's garbage would count as well.
    gc.disable()
    watching = asyncio.create_task(watch())
    read = await office.desk.house.registration._read(chunk, dict.fromkeys(ALL, 1))
    watching.cancel()
    gc.enable()
    assert len(read) == 5000
    assert max(later - earlier for earlier, later in itertools.pairwise(turns)) < 0.03
