"""The JSON routes: shapes, pages walked to the end, caching, the hot front door beside the plain views."""

import datetime
import json
from typing import Any

import msgspec
import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from models.places import ContestInfo, PartyInfo, PrecinctTally, UnitInfo
from models.results import ContestResults
from quart_app.access import public
from quart_app.api.elections import ElectionInfo
from quart_app.api.results import ElectionResults
from tests.building import a_tally, every_tally, tiny_election
from tests.desk import Desk, define, soon

LIVE = "public, max-age=1, stale-while-revalidate=5"


async def get(client: Client, path: str, **headers: str) -> Any:
    response = await client.get(path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    assert response.status_code == 200, (path, await response.get_data())
    return await response.get_json()


async def walked(client: Client, path: str, name: str, limit: int) -> list[Any]:
    """All items, page after page, by following `next`; the Link header says the same."""
    items: list[Any] = []
    following: str | None = f"{path}?limit={limit}"
    while following:
        response = await client.get(following)
        page = await response.get_json()
        assert len(page[name]) <= limit
        items += page[name]
        following = page["next"]
        assert response.headers.get("Link") == (f'<{following}>; rel="next"' if following else None)
    return items


@pytest.mark.parametrize(
    ("name", "kind", "key", "number"),
    [
        ("contests", ContestInfo, "code", 3),
        ("units", UnitInfo, "code", 7),
        ("parties", PartyInfo, "code", 2),
        ("contests/president/units", PrecinctTally, "precinct", 4),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 1000])
async def test_pages_are_walked_to_the_end_without_gap_or_repeat(
    desk: Desk, client: Client, name: str, kind: Any, key: str, number: int, limit: int
) -> None:
    await desk.receipts(*every_tally())
    what = "tallies" if kind is PrecinctTally else name
    items = await walked(client, f"{desk.path}/{name}", what, limit)
    assert len(items) == number
    assert len({item[key] for item in items}) == number
    assert [msgspec.to_builtins(msgspec.convert(item, kind)) for item in items] == items


async def test_elections_are_the_newest_first_and_come_in_pages(desk: Desk, client: Client) -> None:
    older = msgspec.structs.replace(tiny_election("older"), date=datetime.date(2020, 11, 3))
    newer = msgspec.structs.replace(tiny_election("newer"), date=datetime.date(2028, 11, 7))
    for definition in (older, newer):
        await desk.house.elections.define(definition)
    items = await walked(client, "/api/v1/elections", "elections", 1)
    assert [item["code"] for item in items] == ["newer", "tiny", "older"]
    assert [item["status"] for item in items] == ["draft", "open", "draft"]
    msgspec.convert(items, list[ElectionInfo])


async def test_an_election_tells_its_state(desk: Desk, client: Client) -> None:
    assert await get(client, desk.path) == {
        "code": "tiny",
        "name": "A tiny election",
        "date": "2026-11-03",
        "timezone": "UTC",
        "is_test": False,
        "status": "open",
        "released": True,
        "ballot_seed": None,
    }


async def test_units_lead_up_the_tree(desk: Desk, client: Client) -> None:
    units = {unit["code"]: unit for unit in (await get(client, f"{desk.path}/units"))["units"]}
    assert units["north-1"]["parent"] == "north"
    assert units["north"]["parent"] == "country"
    assert units["country"]["parent"] is None
    assert units["north-1"]["voters_registered"] == 100


async def test_results_have_the_documented_shape(desk: Desk, client: Client) -> None:
    [receipt] = await desk.receipts(a_tally())
    found = await get(client, f"{desk.path}/contests/president/results")
    assert json.loads(msgspec.json.encode(msgspec.convert(found, ContestResults))) == found
    assert (found["election"], found["contest"], found["name"]) == ("tiny", "president", "President")
    assert (found["version"], found["status"]) == (receipt.seq, "unofficial-partial")
    assert (found["units_reported"], found["units_expected"]) == (1, 4)
    assert (found["ballots_cast"], found["turnout"], found["voters_registered"]) == (80, 0.8, 570)
    assert found["selections"][0] == {
        "code": "ada",
        "name": "Ada",
        "party": "BLU",
        "votes": 40,
        "share": 0.526,
        "rank": 1,
        "margin": 10,
        "standing": "leads",
    }
    every = await get(client, f"{desk.path}/results")
    assert [contest["contest"] for contest in every["contests"]] == ["president", "council", "measure"]
    assert every["contests"][0] == found
    msgspec.convert(every, ElectionResults)


async def test_results_of_a_unit_are_those_below_it(desk: Desk, client: Client) -> None:
    await desk.receipts(*every_tally())
    path = f"{desk.path}/contests/president/results"
    north = await get(client, f"{path}?unit=north")
    assert (north["unit"], north["units_expected"], north["ballots_cast"]) == ("north", 2, 160)
    precinct = await get(client, f"{path}?unit=north-1")
    assert (precinct["units_expected"], precinct["ballots_cast"], precinct["turnout"]) == (1, 80, 0.8)
    measure = await get(client, f"{desk.path}/contests/measure/results")
    assert (measure["units_expected"], measure["is_measure"]) == (2, True)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/v1/elections/nowhere", "unknown-election"),
        ("/api/v1/elections/nowhere/results", "unknown-election"),
        ("/api/v1/elections/nowhere/contests", "unknown-election"),
        ("/api/v1/elections/nowhere/units", "unknown-election"),
        ("/api/v1/elections/nowhere/parties", "unknown-election"),
        ("/api/v1/elections/nowhere/log", "unknown-election"),
        ("/api/v1/elections/nowhere/log/stream", "unknown-election"),
        ("/api/v1/elections/nowhere/results/stream", "unknown-election"),
        ("/api/v1/elections/tiny/contests/mayor/results", "unknown-contest"),
        ("/api/v1/elections/tiny/contests/mayor/results?unit=north", "unknown-contest"),
        ("/api/v1/elections/tiny/contests/mayor/units", "unknown-contest"),
        ("/api/v1/elections/tiny/contests/president/results?unit=nowhere", "unknown-unit"),
        ("/api/v1/elections/tiny/contests/measure/results?unit=north", "unknown-unit"),
        ("/api/v1/elections/tiny/results/stream?contest=mayor", "unknown-contest"),
        ("/api/v1/nothing", "not-found"),
    ],
)
async def test_what_does_not_exist_is_a_problem_with_a_code(
    desk: Desk, client: Client, path: str, code: str
) -> None:
    response = await soon(client.get(path))
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"
    problem = json.loads(await response.get_data())
    assert (problem["type"], problem["status"], problem["code"]) == ("about:blank", 404, code)
    assert problem["title"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("units?limit=0", "limit"),
        ("units?limit=1001", "limit"),
        ("units?limit=many", "limit"),
        ("units?after=" + "x" * 201, "after"),
        ("log?after=-1", "after"),
        ("log?after=99999999999999999999", "after"),
        ("log?limit=0", "limit"),
    ],
)
async def test_a_query_that_cannot_be_used_names_its_field(
    desk: Desk, client: Client, query: str, field: str
) -> None:
    response = await client.get(f"{desk.path}/{query}")
    assert response.status_code == 422
    problem = json.loads(await response.get_data())
    assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/elections/a%00b",
        "/api/v1/elections/a%00b/results",
        "/api/v1/elections/tiny/contests/a%00b/results?unit=north",
        "/api/v1/elections/tiny/contests/a%00b/units",
        "/api/v1/elections/tiny/contests/president/results?unit=%00",
        "/api/v1/elections/tiny/units?after=%00",
        "/api/v1/elections/tiny/contests/president/units?after=%00",
        "/api/v1/elections/a%FF%FEb",
    ],
)
async def test_no_address_makes_the_server_stumble(desk: Desk, client: Client, path: str) -> None:
    response = await client.get(path)
    assert response.status_code in (400, 404)
    assert response.content_type == "application/problem+json"


async def test_a_method_that_is_not_there_says_which_are(desk: Desk, client: Client) -> None:
    response = await client.delete(desk.path)
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert json.loads(await response.get_data())["code"] == "method-not-allowed"


async def test_a_fault_of_ours_is_told_without_its_insides(
    app: Quart, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/api/v1/broken")
    @public
    async def broken() -> str:
        raise RuntimeError("the secret is 4711")

    response = await client.get("/api/v1/broken")
    body = await response.get_data(as_text=True)
    assert (response.status_code, response.content_type) == (500, "application/problem+json")
    assert json.loads(body)["code"] == "internal-error"
    assert "4711" not in body
    assert "Traceback" not in body
    assert "4711" in caplog.text


HOT = ["results", "contests/president/results"]


@pytest.mark.parametrize("path", HOT)
async def test_the_front_door_and_the_plain_view_give_the_same_bytes_and_headers(
    desk: Desk, client: Client, path: str
) -> None:
    await desk.receipts(a_tally())
    # A cookie sends a request past the front door; it means nothing to the view.
    hot = await client.get(f"{desk.path}/{path}")
    plain = await client.get(f"{desk.path}/{path}", headers={"Cookie": "a=b"})
    for first, second in ((hot, plain),):
        assert await first.get_data() == await second.get_data()
        assert lowered(first) == lowered(second)
    tag = {"If-None-Match": hot.headers["ETag"]}
    hot = await client.get(f"{desk.path}/{path}", headers=tag)
    plain = await client.get(f"{desk.path}/{path}", headers={**tag, "Cookie": "a=b"})
    assert (hot.status_code, plain.status_code) == (304, 304)
    assert lowered(hot) == lowered(plain)


def lowered(response: Any) -> dict[str, str]:
    """Headers without `content-length: 0`, which means nothing on a 304."""
    found = {name.lower(): value for name, value in response.headers.items()}
    return {name: value for name, value in found.items() if (name, value) != ("content-length", "0")}


@pytest.mark.parametrize("path", HOT)
async def test_results_carry_their_version_and_are_not_sent_twice(
    desk: Desk, client: Client, path: str
) -> None:
    first = await client.get(f"{desk.path}/{path}")
    assert first.headers["Cache-Control"] == LIVE
    assert first.headers["ETag"] == '"v3"'
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    for tags in ('"v3"', 'W/"v3"', '"v1", "v3"', "*"):
        again = await client.get(f"{desk.path}/{path}", headers={"If-None-Match": tags})
        assert (again.status_code, await again.get_data()) == (304, b"")
        assert again.headers["ETag"] == '"v3"'
    [receipt] = await desk.receipts(a_tally())
    changed = await client.get(f"{desk.path}/{path}", headers={"If-None-Match": '"v3"'})
    assert (changed.status_code, changed.headers["ETag"]) == (200, f'"v{receipt.seq}"')


async def test_a_contest_that_did_not_move_keeps_its_version(desk: Desk, client: Client) -> None:
    [receipt] = await desk.receipts(a_tally())
    council = await client.get(f"{desk.path}/contests/council/results", headers={"If-None-Match": '"v3"'})
    assert council.status_code == 304
    every = await get(client, f"{desk.path}/results")
    assert [contest["version"] for contest in every["contests"]] == [receipt.seq, 3, 3]


@pytest.mark.parametrize("path", [*HOT, "log", "units", "contests/president/units"])
async def test_head_gives_the_headers_of_get(desk: Desk, client: Client, path: str) -> None:
    """The server, not the application, leaves out the body."""
    await desk.receipts(a_tally())
    whole = await client.get(f"{desk.path}/{path}")
    head = await client.head(f"{desk.path}/{path}")
    assert head.status_code == 200
    assert lowered(head) == lowered(whole)


@pytest.mark.parametrize("path", ["results/stream", "log/stream"])
async def test_head_of_a_stream_ends(desk: Desk, client: Client, path: str) -> None:
    head = await soon(client.head(f"{desk.path}/{path}"))
    assert (head.status_code, await head.get_data()) == (200, b"")
    assert head.headers["Content-Type"].startswith("text/event-stream")


async def test_a_reader_sees_what_the_sender_was_just_told(desk: Desk, client: Client) -> None:
    for number, precinct in enumerate(("north-1", "north-2", "south-1", "south-2"), start=1):
        await desk.receipts(a_tally(precinct))
        found = await get(client, f"{desk.path}/contests/president/results")
        assert found["units_reported"] == number


async def test_precinct_tallies_come_as_lines_of_json_too(desk: Desk, client: Client) -> None:
    await desk.receipts(*every_tally())
    path = f"{desk.path}/contests/president/units"
    response = await client.get(path, headers={"Accept": "application/x-ndjson"})
    assert response.content_type == "application/x-ndjson"
    # What curl sends of itself is no wish for lines.
    assert (await client.get(path, headers={"Accept": "*/*"})).content_type == "application/json"
    assert response.headers["Vary"] == "Accept, Accept-Encoding"
    lines = [json.loads(line) for line in (await response.get_data()).splitlines()]
    assert lines == (await get(client, path))["tallies"]
    assert lines[0]["votes"] == {"ada": 40, "ben": 30, "cy": 5}
    assert list(lines[0]["votes"]) == ["ada", "ben", "cy"]


async def test_lines_of_json_can_be_followed_to_the_end_too(desk: Desk, client: Client) -> None:
    await desk.receipts(*every_tally())
    precincts: list[str] = []
    following: str | None = f"{desk.path}/contests/president/units?limit=2"
    while following:
        response = await client.get(following, headers={"Accept": "application/x-ndjson"})
        precincts += [json.loads(line)["precinct"] for line in (await response.get_data()).splitlines()]
        link = response.headers.get("Link")
        following = link.partition(">")[0].strip("<") if link else None
    assert precincts == ["north-1", "north-2", "south-1", "south-2"]


async def test_the_log_is_walked_from_the_start_and_goes_on_later_where_it_ended(
    desk: Desk, client: Client
) -> None:
    await desk.receipts(*every_tally())
    seqs: list[int] = []
    following = f"{desk.path}/log?limit=4"
    while entries := (page := await get(client, following))["entries"]:
        seqs += [entry["seq"] for entry in entries]
        following = page["next"]
    assert seqs == list(range(1, 14))
    await desk.receipts(a_tally(revision=2, reason="recount"))
    assert [entry["seq"] for entry in (await get(client, following))["entries"]] == [14]


async def test_the_log_tells_what_happened_and_why(desk: Desk, client: Client) -> None:
    await desk.receipts(a_tally())
    await desk.receipts(a_tally(revision=2, reason="recount"))
    entries = (await get(client, f"{desk.path}/log"))["entries"]
    assert [entry.get("change") for entry in entries] == ["created", "opened", "released", None, None]
    assert entries[4]["supersedes"] == [4]
    assert (entries[4]["reason"], entries[4]["kind"]) == ("recount", "tally")


async def test_a_test_election_says_so_everywhere(house: Any, client: Client) -> None:
    desk = await define(house, tiny_election("trial", is_test=True))
    assert (await get(client, desk.path))["is_test"] is True
    every = await get(client, f"{desk.path}/results")
    assert every["is_test"] is True
    assert all(contest["is_test"] for contest in every["contests"])
