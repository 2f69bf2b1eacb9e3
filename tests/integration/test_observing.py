"""Observers' figures through the API: sums of what counts, cached like results, withheld like them."""

import asyncio
import csv
import io
from pathlib import Path
from typing import Any

import msgspec
import pytest
from quart.typing import TestClientProtocol as Client

from models.definitions import UnitDefinition
from quart_app.wiring import Services
from services import observing
from services.kept import Kept
from tests.building import REGISTERED, a_tally, every_tally, tiny_election, unbalanced
from tests.desk import Desk, define
from tests.integration.test_intake import real
from tests.office import Office

SECRET = 1_234_567_891
TURNOUT = "0.617"
"""Of two thousand million registered voters."""


@pytest.fixture(autouse=True)
def without_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for a figure here has just sent it."""
    monkeypatch.setattr(observing, "PAUSE_SECONDS", 0)


async def asked(client: Client, address: str, status: int = 200, **headers: str) -> Any:
    response = await client.get(address, headers=headers)
    assert response.status_code == status, address
    return await response.get_json()


async def rows(client: Client, address: str) -> list[dict[str, str]]:
    text = await (await client.get(address)).get_data(as_text=True)
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


async def back_in_time(desk: Desk, at: str, precinct: str = "%") -> None:
    """Makes tallies older than they are, past the triggers that keep them as they came; `at` is SQL."""
    await desk.sql(
        "WITH past AS (SELECT set_config('session_replication_role', 'replica', true)) "
        f"UPDATE tallies SET submitted_at = {at} FROM reporting_units u, past "
        "WHERE u.id = unit_id AND u.code LIKE :precinct",
        precinct=precinct,
    )


async def test_progress_is_told_by_hour_and_by_unit(desk: Desk, client: Client) -> None:
    await desk.receipts(a_tally("north-1"), a_tally("north-1", "council"), a_tally("south-1"))
    found = await asked(client, f"{desk.path}/progress")
    assert (found["unit"]["code"], found["contest"], found["timezone"]) == ("country", "president", "UTC")
    assert (found["units_reported"], found["units_expected"], found["ballots_cast"]) == (2, 4, 160)
    assert found["turnout"] == 0.64
    last = found["hours"][-1]
    assert (last["tallies_so_far"], last["precincts_so_far"], last["ballots_so_far"]) == (3, 2, 160)
    assert last["turnout"] == 0.64
    assert [(u["code"], u["tallies_counted"], u["tallies_expected"]) for u in found["units"]] == [
        ("north", 2, 4),
        ("south", 1, 6),
    ]


async def test_progress_below_a_unit_is_that_units_own(desk: Desk, client: Client) -> None:
    await desk.receipts(a_tally("north-1"), a_tally("south-1"), a_tally("south-2"))
    south = await asked(client, f"{desk.path}/progress?unit=south")
    assert (south["units_reported"], south["hours"][-1]["ballots_so_far"]) == (2, 160)
    assert [unit["code"] for unit in south["units"]] == ["south-1", "south-2"]
    precinct = await asked(client, f"{desk.path}/progress?unit=south-1")
    assert (precinct["units"], precinct["units_reported"], precinct["ballots_cast"]) == ([], 1, 80)


async def test_a_correction_leaves_its_precinct_in_the_hour_in_which_it_reported(
    desk: Desk, client: Client
) -> None:
    await desk.receipts(a_tally("north-1"), a_tally("north-2"))
    await back_in_time(desk, "submitted_at - interval '5 hours'")
    await desk.receipts(
        a_tally("north-1", revision=2, reason="counted again", ballots_cast=70, undervotes=0, overvotes=0,
                votes={"ada": 34, "ben": 30, "cy": 5}),
        a_tally("south-1"),
    )  # fmt: skip
    found = await asked(client, f"{desk.path}/progress")
    assert [(hour["precincts"], hour["ballots_cast"]) for hour in found["hours"]] == [(2, 150), (1, 80)]
    assert found["hours"][-1]["ballots_so_far"] == found["ballots_cast"] == 230


async def test_what_is_held_for_review_has_not_reported(desk: Desk, client: Client) -> None:
    await desk.receipts(unbalanced("north-1"))
    found = await asked(client, f"{desk.path}/progress")
    assert (found["hours"], found["units_reported"], found["units"][0]["held"]) == ([], 0, 1)


@pytest.mark.parametrize(
    ("timezone", "hours"),
    [
        ("America/New_York", ["2026-11-01T01:00:00-04:00", "2026-11-01T01:00:00-05:00"]),
        ("Asia/Kolkata", ["2026-11-01T11:00:00+05:30"]),
    ],
)
async def test_hours_are_those_of_the_elections_clock_on_the_night_when_one_comes_twice(
    desk: Desk, client: Client, timezone: str, hours: list[str]
) -> None:
    await desk.sql("UPDATE elections SET timezone = :zone", zone=timezone)
    await desk.receipts(a_tally("north-1"), a_tally("north-2"))
    for precinct, at in (("north-1", "2026-11-01T05:45:00Z"), ("north-2", "2026-11-01T06:15:00Z")):
        await back_in_time(desk, f"CAST('{at}' AS timestamptz)", precinct)
    found = await asked(client, f"{desk.path}/progress")
    assert [hour["at"] for hour in found["hours"]] == hours


async def test_units_come_in_pages(desk: Desk, client: Client) -> None:
    first = await asked(client, f"{desk.path}/progress?limit=1")
    assert [unit["code"] for unit in first["units"]] == ["north"]
    second = await asked(client, first["next"])
    assert [unit["code"] for unit in second["units"]] == ["south"]
    assert (await asked(client, second["next"]))["units"] == []


@pytest.mark.parametrize("contest", ["president", "council", "measure"])
async def test_statistics_follow_every_tally(desk: Desk, client: Client, contest: str) -> None:
    for tally in every_tally():
        await desk.receipts(tally)
        results = await asked(client, f"{desk.path}/contests/{contest}/results")
        found = await asked(client, f"{desk.path}/contests/{contest}/integrity")
        assert found["version"] == results["version"]
        assert found["turnout_and_share"]["precincts"] == results["units_reported"]
        if results["units_reported"]:
            assert found["turnout_and_share"]["selection"] == results["selections"][0]["code"]
        assert found["last_digits"]["p_value"] is found["identical_votes"]["groups"] is None


async def test_the_figures_of_the_statistics_are_there_as_csv(desk: Desk, client: Client) -> None:
    await desk.receipts(a_tally("north-1"), a_tally("south-1"))
    found = await rows(client, f"{desk.path}/contests/president/integrity.csv")
    assert [(r["precinct"], r["votes"], r["turnout"], r["share"], r["alike"]) for r in found] == [
        ("north-1", "ada=40 ben=30 cy=5", "0.8", "0.5263", "2"),
        ("south-1", "ada=40 ben=30 cy=5", "0.5333", "0.5263", "2"),
    ]
    hours = await rows(client, f"{desk.path}/progress.csv")
    assert hours[-1]["precincts_so_far"] == "2" and hours[-1]["is_test"] == "false"


async def test_a_real_county_is_told_as_it_voted(house: Services, client: Client, real_data: Path) -> None:
    desk, _ = await real(house, real_data, "adams-2024")
    progress = await asked(client, f"{desk.path}/progress?limit=1000")
    assert sum(hour["tallies"] for hour in progress["hours"]) == 408
    assert sum(unit["tallies_counted"] for unit in progress["units"]) == 408
    assert progress["hours"][-1]["ballots_so_far"] == progress["ballots_cast"] == 61_039
    assert progress["hours"][-1]["turnout"] == progress["turnout"] == 0.803
    found = await asked(client, f"{desk.path}/contests/president/integrity")
    told, digits, same = (found[name] for name in ("turnout_and_share", "last_digits", "identical_votes"))
    counts = await rows(client, f"{desk.path}/contests/president/integrity.csv")
    votes = [int(each.partition("=")[2]) for row in counts for each in row["votes"].split()]
    assert sum(digits["digits"]) == digits["counts"] == sum(each >= 100 for each in votes)
    assert 0 < digits["p_value"] < 1
    assert (told["selection"], told["precincts"]) == ("trump-and-vance", 51)
    assert len(told["points"]) == 51 and -1 < told["correlation"] < 1
    assert (same["precincts"], same["groups"]) == (51, [])


@pytest.mark.parametrize(
    "path", ["progress", "progress.csv", "contests/president/integrity", "contests/president/integrity.csv"]
)
async def test_who_has_the_newest_figures_is_told_so(desk: Desk, client: Client, path: str) -> None:
    await desk.receipts(a_tally("north-1"))
    first = await client.get(f"{desk.path}/{path}")
    again = {"If-None-Match": first.headers["ETag"]}
    assert first.headers["Cache-Control"].startswith("public")
    assert (await client.get(f"{desk.path}/{path}", headers=again)).status_code == 304
    await desk.receipts(a_tally("north-2"))
    assert (await client.get(f"{desk.path}/{path}", headers=again)).status_code == 200


async def test_while_results_are_withheld_only_staff_see_more_than_who_has_reported(
    house: Services, client: Client
) -> None:
    desk = await define(
        house, tiny_election(registered=dict.fromkeys(REGISTERED, 2_000_000_000)), released=False
    )
    zeros = {"overvotes": 0, "undervotes": 0, "write_ins": 0}
    await desk.receipts(a_tally(votes={"ada": SECRET, "ben": 0, "cy": 0}, ballots_cast=SECRET, **zeros))
    auditor, officer = await desk.official("anna", roles=["auditor"]), await desk.official("otto")
    for path in (
        "progress",
        "progress.csv",
        "contests/president/integrity",
        "contests/president/integrity.csv",
    ):
        seen = await client.get(f"{desk.path}/{path}", headers=auditor.bearer)
        assert TURNOUT in await seen.get_data(as_text=True), path
        assert seen.headers["Cache-Control"] == "private, no-store" and "ETag" not in seen.headers
        for headers in ({}, officer.bearer):
            hidden = await client.get(f"{desk.path}/{path}", headers=headers)
            body = await hidden.get_data(as_text=True)
            assert str(SECRET) not in body and TURNOUT not in body, path
    progress = await asked(client, f"{desk.path}/progress")
    assert (progress["released"], progress["ballots_cast"], progress["turnout"]) == (False, None, None)
    hour = progress["hours"][0]
    assert (hour["precincts"], hour["ballots_cast"], hour["ballots_so_far"], hour["turnout"]) == (
        1,
        None,
        None,
        None,
    )
    assert [(u["units_reported"], u["turnout"], u["held"]) for u in progress["units"]] == [
        (1, None, None),
        (0, None, None),
    ]
    found = await asked(client, f"{desk.path}/contests/president/integrity")
    statistics = ("last_digits", "turnout_and_share", "identical_votes")
    assert [found[name] for name in statistics] == [None] * 3


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("progress?unit=atlantis", 404, "unknown-unit"),
        ("progress.csv?unit=elsewhere", 404, "unknown-unit"),
        ("progress?limit=0", 422, "invalid"),
        ("contests/none/integrity", 404, "unknown-contest"),
        ("contests/none/integrity.csv", 404, "unknown-contest"),
    ],
)
async def test_what_is_not_there_is_told_as_such(
    house: Services, desk: Desk, client: Client, path: str, status: int, code: str
) -> None:
    await house.elections.define(tiny_election("another"), opened=True, released=True)
    problem = await asked(client, f"{desk.path}/{path}", status)
    assert problem["code"] == code


async def test_a_unit_of_another_election_is_unknown_here(
    house: Services, desk: Desk, client: Client
) -> None:
    other = tiny_election("another")
    west = UnitDefinition(code="west", name="West", kind="district", parent="country")
    lone = UnitDefinition(code="west-1", name="West 1", kind="precinct", parent="west", voters_registered=9)
    await house.elections.define(msgspec.structs.replace(other, units=(*other.units, west, lone)))
    assert (await asked(client, "/api/v1/elections/another/progress?unit=west"))["unit"]["name"] == "West"
    await asked(client, f"{desk.path}/progress?unit=west", 404)


async def test_an_election_without_units_has_no_progress(empty_draft: Office, client: Client) -> None:
    found = await asked(client, "/api/v1/elections/made/progress")
    assert (found["unit"], found["units"], found["hours"]) == (None, [], [])


async def test_a_draft_has_progress_and_statistics_with_nothing_in_them(
    draft: Office, client: Client
) -> None:
    found = await asked(client, "/api/v1/elections/made/progress")
    assert [(unit["code"], unit["tallies_counted"]) for unit in found["units"]] == [
        ("north", 0),
        ("south", 0),
    ]
    seen = await draft.get("/contests/president/integrity")
    assert seen.body["turnout_and_share"]["points"] == []


async def test_what_is_kept_is_read_once_for_all_who_ask_at_once() -> None:
    kept: Kept[int] = Kept(most=2, heaviest=10, weight=lambda value: value)
    reads = 0

    async def read() -> int:
        nonlocal reads
        reads += 1
        await asyncio.sleep(0)
        return 4

    held = await asyncio.gather(*(kept.of("a", 1, read) for _ in range(20)))
    assert [(each.version, each.value) for each in held] == [(1, 4)] * 20
    assert reads == 1
    await kept.of("a", 2, read)
    assert reads == 2
    await kept.of("a", 1, read)
    assert reads == 2


async def test_what_was_just_read_serves_for_a_pause_unless_it_must_be_newer() -> None:
    kept: Kept[int] = Kept(most=2, heaviest=10, weight=lambda value: value)
    values = iter(range(9))

    async def read() -> int:
        return next(values)

    await kept.of("a", 1, read)
    paused = await kept.of("a", 5, read, least=1, pause=600)
    assert (paused.version, paused.value) == (1, 0)
    newer = await kept.of("a", 5, read, least=3, pause=600)
    assert (newer.version, newer.value) == (5, 1)
    assert (await kept.of("a", 6, read, least=3)).value == 2


async def test_a_pause_never_keeps_what_was_withheld(
    desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "PAUSE_SECONDS", 600)
    await desk.receipts(a_tally("north-1"))
    for name in ("progress", "contests/president/integrity"):
        first = await client.get(f"{desk.path}/{name}")
        await desk.receipts(a_tally("north-2", revision=1) if name == "progress" else a_tally("south-1"))
        again = await client.get(f"{desk.path}/{name}", headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304
    await desk.house.elections.move("tiny", "withhold", "an error in the list")
    assert (await asked(client, f"{desk.path}/progress"))["hours"][0]["ballots_cast"] is None
    assert (await asked(client, f"{desk.path}/contests/president/integrity"))["last_digits"] is None
    await desk.house.elections.move("tiny", "release")
    assert (await asked(client, f"{desk.path}/progress"))["units_reported"] == 3


async def test_what_is_kept_is_bounded_in_number_and_in_weight() -> None:
    kept: Kept[int] = Kept(most=2, heaviest=10, weight=lambda value: value)

    async def weighing(value: int) -> int:
        return value

    for key, value in (("a", 1), ("b", 1), ("c", 1)):
        await kept.of(key, 1, lambda value=value: weighing(value))
    assert len(kept) == 2
    await kept.of("d", 1, lambda: weighing(50))
    assert len(kept) == 1


async def test_what_cannot_be_read_is_not_kept() -> None:
    kept: Kept[int] = Kept(most=2, heaviest=10, weight=lambda value: value)

    async def fails() -> int:
        raise LookupError

    with pytest.raises(LookupError):
        await kept.of("a", 1, fails)
    assert len(kept) == 0
