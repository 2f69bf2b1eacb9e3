"""Figures as CSV: the same as in the JSON beside them, whole, named and kept apart from other elections."""

import csv
import io
from typing import Any

import pytest
from quart.typing import TestClientProtocol as Client

from quart_app.api import exports
from quart_app.wiring import Services
from tests.building import ALL, a_tally, every_tally, tiny_election, unbalanced
from tests.desk import Desk, define


async def rows(client: Client, address: str) -> list[dict[str, str]]:
    response = await client.get(address)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/csv; charset=utf-8")
    text = (await response.get_data(as_text=False)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def as_text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


async def test_the_results_as_csv_are_those_of_the_json(client: Client, desk: Desk) -> None:
    await desk.receipts(*every_tally())
    found = await (await client.get(f"{desk.path}/results")).get_json()
    wanted = [
        {
            "contest": contest["contest"],
            "selection": selection["code"],
            **{name: as_text(selection[name]) for name in ("votes", "share", "rank", "margin", "standing")},
            **{
                name: as_text(contest[name])
                for name in ("status", "version", "turnout", "released", "updated_at")
            },
        }
        for contest in found["contests"]
        for selection in contest["selections"]
    ]
    given = await rows(client, f"{desk.path}/results.csv")
    assert [{name: row[name] for name in wanted[0]} for row in given] == wanted
    assert {row["election"] for row in given} == {"tiny"}
    one = await rows(client, f"{desk.path}/contests/council/results.csv")
    assert one == [row for row in given if row["contest"] == "council"]


async def test_a_file_of_a_test_says_so_in_every_row(client: Client, house: Services) -> None:
    desk = await define(house, tiny_election(is_test=True))
    await desk.receipts(a_tally())
    for path in ("results.csv", "contests/president/units.csv", "units/north/results.csv", "log.csv"):
        assert {row["is_test"] for row in await rows(client, f"{desk.path}/{path}")} == {"true"}


async def test_every_precinct_is_in_the_file_however_many_are_read_at_once(
    client: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "PAGE", 2)
    await desk.receipts(*(a_tally(precinct) for precinct in ALL))
    given = await rows(client, f"{desk.path}/contests/president/units.csv")
    assert [row["precinct"] for row in given] == list(ALL)
    assert given[0] | {"votes.ada": "40", "votes.ben": "30", "votes.cy": "5", "seq": "4"} == given[0]


async def test_the_log_is_in_the_file_up_to_where_it_ended(
    client: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "PAGE", 2)
    await desk.receipts(a_tally(), unbalanced("north-2"))
    await desk.receipts(a_tally(revision=2, reason="counted again"))
    given = await rows(client, f"{desk.path}/log.csv")
    assert [row["seq"] for row in given] == ["1", "2", "3", "4", "5", "6"]
    assert [row["kind"] for row in given] == [*["election"] * 3, *["tally"] * 3]
    assert given[0]["checks"].split()[:3] == ["all-zero=0", "balance=0", "ceiling=0"]
    assert given[0]["checks"].split()[3] == "duplicate-vector=off"
    assert given[4]["checks"] == "balance"
    assert (given[5]["votes"], given[5]["supersedes"]) == ("ada=40 ben=30 cy=5", "4")
    assert given[5]["reason"] == "counted again"
    assert [row["seq"] for row in await rows(client, f"{desk.path}/log.csv?after=4")] == ["5", "6"]
    assert await rows(client, f"{desk.path}/log.csv?after=99") == []


async def test_the_race_is_in_the_file_as_in_the_json(client: Client, desk: Desk) -> None:
    await desk.receipts(a_tally("north-1"))
    await desk.receipts(a_tally("north-2"))
    found = await (await client.get(f"{desk.path}/contests/president/history")).get_json()
    given = await rows(client, f"{desk.path}/contests/president/history.csv")
    assert [int(row["seq"]) for row in given] == [point["seq"] for point in found["points"]]
    assert [int(row["votes.ada"]) for row in given] == [point["votes"][0] for point in found["points"]]
    assert given[-1]["votes.ada"] == "80"


async def test_a_unit_has_the_results_of_what_is_on_its_ballots(client: Client, desk: Desk) -> None:
    await desk.receipts(*every_tally())
    found = await (await client.get(f"{desk.path}/units/north/results")).get_json()
    assert found["unit"]["code"] == "north"
    assert [contest["contest"] for contest in found["contests"]] == ["president", "council"]
    given = await rows(client, f"{desk.path}/units/north/results.csv")
    assert {row["unit"] for row in given} == {"north"}
    assert [row["votes"] for row in given] == [
        str(selection["votes"]) for contest in found["contests"] for selection in contest["selections"]
    ]


@pytest.mark.parametrize(
    "path",
    ["results.csv", "contests/president/results.csv", "units/north/results", "units/north/results.csv"],
)
async def test_an_unchanged_file_is_not_sent_again(client: Client, desk: Desk, path: str) -> None:
    first = await client.get(f"{desk.path}/{path}")
    same = await client.get(f"{desk.path}/{path}", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, await same.get_data(as_text=False)) == (304, b"")
    await desk.receipts(a_tally())
    newer = await client.get(f"{desk.path}/{path}", headers={"If-None-Match": first.headers["ETag"]})
    assert newer.status_code == 200


async def test_a_file_has_the_name_of_what_is_in_it(client: Client, desk: Desk) -> None:
    for path, name in (
        ("results.csv", "tiny-results.csv"),
        ("contests/president/results.csv?unit=north", "tiny-president-north.csv"),
        ("contests/president/units.csv", "tiny-president-precincts.csv"),
        ("log.csv", "tiny-log.csv"),
    ):
        disposition = (await client.get(f"{desk.path}/{path}")).headers["Content-Disposition"]
        assert f'filename="{name}"' in disposition


async def test_only_the_headers_of_a_long_file_can_be_asked_for(client: Client, desk: Desk) -> None:
    for path in ("log.csv", "contests/president/units.csv"):
        response = await client.head(f"{desk.path}/{path}")
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith("text/csv")


async def test_a_file_of_nothing_is_not_found(client: Client, desk: Desk) -> None:
    for path in (
        "contests/none/units.csv",
        "contests/none/results.csv",
        "units/none/results",
        "units/none/results.csv",
    ):
        response = await client.get(f"{desk.path}/{path}")
        assert (response.status_code, response.content_type) == (404, "application/problem+json")
    assert (await client.get(f"{desk.path}/log.csv?after=x")).status_code == 422


DRAFTED = (
    "results.csv",
    "contests/president/results.csv",
    "contests/president/results.csv?unit=north-1",
    "contests/president/history.csv",
    "units/north-1/results",
    "units/north-1/results.csv",
)


@pytest.mark.parametrize("path", DRAFTED)
async def test_nobody_keeps_what_a_draft_consists_of(client: Client, house: Services, path: str) -> None:
    await house.elections.define(tiny_election(), opened=False)
    answer = await client.get(f"/api/v1/elections/tiny/{path}", headers={"If-None-Match": "*"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, no-store")
    assert "ETag" not in answer.headers
