"""The race over time through the API: equal to the results, cached like them, withheld like them."""

import pytest
from quart.typing import TestClientProtocol as Client

from quart_app.wiring import Services
from services import history
from tests.building import a_tally, every_tally, tiny_election, unbalanced
from tests.desk import Desk, define

SECRET = 1_234_567_891


def path(desk: Desk, contest: str = "president") -> str:
    return f"{desk.path}/contests/{contest}/history"


async def test_a_contest_tells_how_its_totals_came_to_be(desk: Desk, client: Client) -> None:
    await desk.receipts(a_tally("north-1"), unbalanced("south-1"))
    await desk.receipts(
        a_tally("north-1", revision=2, reason="counted again", votes={"ada": 35, "ben": 35, "cy": 5})
    )
    found = await (await client.get(path(desk))).get_json()
    assert (found["election"], found["contest"], found["units_expected"]) == ("tiny", "president", 4)
    assert found["selections"] == ["ada", "ben", "cy"]
    assert [(p["seq"], p["units_reported"], p["votes"]) for p in found["points"]] == [
        (4, 1, [40, 30, 5]),
        (6, 1, [35, 35, 5]),
    ]


@pytest.mark.parametrize("contest", ["president", "council", "measure"])
async def test_its_last_point_has_the_results_after_every_batch(
    desk: Desk, client: Client, contest: str
) -> None:
    for tally in every_tally():
        await desk.receipts(tally)
        results = await (await client.get(f"{desk.path}/contests/{contest}/results")).get_json()
        found = await (await client.get(path(desk, contest))).get_json()
        assert found["version"] == results["version"]
        assert len(found["points"]) == results["units_reported"]
        if found["points"]:
            last = found["points"][-1]
            votes = dict(zip(found["selections"], last["votes"], strict=True))
            assert votes == {s["code"]: s["votes"] for s in results["selections"]}
            for name in ("units_reported", "ballots_cast", "write_ins"):
                assert last[name] == results[name]


async def test_races_that_are_too_large_to_be_kept_together_are_folded_anew(
    house: Services, desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "TALLIES_KEPT", 2)
    for tally in every_tally():
        await desk.receipts(tally)
        for contest in ("president", "council", "measure"):
            found = await (await client.get(path(desk, contest))).get_json()
            results = await (await client.get(f"{desk.path}/contests/{contest}/results")).get_json()
            assert len(found["points"]) == results["units_reported"]
    assert len(house.history._kept) == 1


async def test_who_has_the_newest_history_is_told_so(desk: Desk, client: Client) -> None:
    await desk.receipts(a_tally("north-1"))
    first = await client.get(path(desk))
    again = {"If-None-Match": first.headers["ETag"]}
    assert first.headers["Cache-Control"].startswith("public")
    assert (await client.get(path(desk), headers=again)).status_code == 304
    await desk.receipts(a_tally("north-2"))
    assert (await client.get(path(desk), headers=again)).status_code == 200


async def test_a_history_is_withheld_from_the_public_and_not_from_staff(
    house: Services, client: Client
) -> None:
    registered = dict.fromkeys(("north-1", "north-2", "south-1", "south-2"), 2_000_000_000)
    desk = await define(house, tiny_election(registered=registered), released=False)
    votes = {"ada": SECRET, "ben": 0, "cy": 0}
    zeros = {"overvotes": 0, "undervotes": 0, "write_ins": 0}
    await desk.receipts(a_tally(votes=votes, ballots_cast=SECRET, **zeros))
    staff = await desk.official("anna", roles=["auditor"])
    seen = await client.get(path(desk), headers=staff.bearer)
    assert str(SECRET) in await seen.get_data(as_text=True)
    assert seen.headers["Cache-Control"] == "private, no-store"
    hidden = await client.get(path(desk))
    assert (await hidden.get_json())["points"] == []
    officer = await desk.official("otto")
    assert str(SECRET) not in await (await client.get(path(desk), headers=officer.bearer)).get_data(
        as_text=True
    )
    await desk.house.elections.move("tiny", "release")
    assert str(SECRET) in await (await client.get(path(desk))).get_data(as_text=True)


async def test_a_contest_that_is_not_there_has_no_history(desk: Desk, client: Client) -> None:
    assert (await client.get(path(desk, "none"))).status_code == 404
