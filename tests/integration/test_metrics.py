"""/metrics: who may read it, and that every figure moves with what it is about."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families
from quart import Quart
from quart.typing import TestClientProtocol as Client

from models.errors import Unreadable
from models.rights import Role
from models.wording import say
from quart_app.settings import Settings
from services.signals import shed
from tests.building import a_tally, unbalanced
from tests.desk import Desk, soon, until
from tests.sessions import cookie
from tests.sockets import client_of, said
from tests.streams import Stream

TOKEN = "read-the-figures"
BEARER = {"Authorization": f"Bearer {TOKEN}"}

Figures = dict[str, float]
"""Every sample by its name and labels, as Prometheus would write it."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Those of the other tests, with a token for figures."""
    return msgspec.structs.replace(settings, metrics_token=TOKEN)


async def scraped(client: Client) -> Figures:
    response = await client.get("/metrics", headers=BEARER)
    assert response.status_code == 200
    return read(await response.get_data(as_text=True))


def read(text: str) -> Figures:
    return {
        sample.name + "".join(f" {key}={value}" for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def moved(before: Figures, after: Figures) -> Figures:
    return {name: value - before.get(name, 0.0) for name, value in after.items()}


# ---- who may read ----


async def test_the_token_of_the_environment_opens_it_and_no_cache_keeps_it(client: Client) -> None:
    response = await client.get("/metrics", headers=BEARER)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.content_type == "text/plain; version=0.0.4; charset=utf-8"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer réad"},
    ],
    ids=["none", "another", "empty", "basic", "not ascii"],
)
async def test_without_that_token_it_is_a_401(client: Client, desk: Desk, headers: dict[str, str]) -> None:
    response = await client.get("/metrics", headers=headers)
    assert response.status_code == 401
    assert response.content_type == "application/problem+json"


async def test_an_administrator_who_is_signed_in_may_read_it_and_nobody_else(
    app: Quart, client: Client, desk: Desk
) -> None:
    for role in Role:
        official = await desk.official(str(role), roles=(role,), units=())
        for headers in (official.bearer, await cookie(app, desk, official.identity)):
            response = await client.get("/metrics", headers=headers, scheme="https")
            assert response.status_code == (200 if role == Role.ADMINISTRATOR else 403), role


async def test_where_no_token_is_set_none_opens_it(
    make_app: Callable[..., Any], settings: Settings, desk: Desk
) -> None:
    app = await make_app(msgspec.structs.replace(settings, metrics_token=""))
    for headers in (BEARER, {"Authorization": "Bearer "}):
        assert (await client_of(app).get("/metrics", headers=headers)).status_code == 401


async def test_the_token_of_the_environment_opens_nothing_else(client: Client, desk: Desk) -> None:
    for path in ("/api/v1/audit", "/admin", f"{desk.path}/results"):
        assert (await client.get(path, headers=BEARER)).status_code == 401, path


# ---- what it tells ----


async def test_every_answer_to_a_tally_is_counted_by_channel_and_by_what_became_of_it(
    client: Client, desk: Desk
) -> None:
    before = await scraped(client)
    unreadable = Unreadable(say("This is not JSON."))
    await desk.send(a_tally(), unbalanced("north-2"), a_tally("north-1", "measure"), unreadable)
    after = moved(before, await scraped(client))
    assert after["tallystream_receipts_total channel=ws status=accepted"] == 1
    assert after["tallystream_receipts_total channel=ws status=quarantined"] == 1
    assert after["tallystream_refusals_total channel=ws status=422"] == 1
    assert after["tallystream_refusals_total channel=ws status=400"] == 1
    assert after["tallystream_batch_tallies_count"] == after["tallystream_batch_commit_seconds_count"] == 1
    assert after["tallystream_batch_tallies_sum"] == 2
    assert after["tallystream_batch_commit_seconds_sum"] > 0


async def test_a_frame_that_is_no_tally_is_counted_as_refused(client: Client, desk: Desk) -> None:
    officer = await desk.official()
    before = await scraped(client)
    async with client.websocket(f"{desk.path}/tallies/ws", headers=officer.bearer) as ws:
        await said(ws)
        await ws.send("not JSON")
        assert (await said(ws))["status"] == 400
    after = moved(before, await scraped(client))
    assert after["tallystream_refusals_total channel=ws status=400"] == 1


async def test_a_tally_over_http_is_counted_with_its_channel_and_its_answer(
    client: Client, desk: Desk
) -> None:
    officer = await desk.official()
    before = await scraped(client)
    sent = msgspec.to_builtins(a_tally())
    await client.post(f"{desk.path}/tallies", json=sent, headers=officer.bearer)
    after = moved(before, await scraped(client))
    assert after["tallystream_receipts_total channel=http status=accepted"] == 1
    assert after["tallystream_http_answers_total kind=tally status=2xx"] == 1


async def test_officers_and_viewers_are_counted_while_they_are_there(client: Client, desk: Desk) -> None:
    officer = await desk.official()
    assert _watchers(await scraped(client)) == {}
    async with (
        client.websocket(f"{desk.path}/tallies/ws", headers=officer.bearer) as sending,
        client.websocket(f"{desk.path}/results/ws") as following,
        Stream(client, f"{desk.path}/results/stream") as stream,
    ):
        await said(sending)
        await following.send('{"type": "subscribe"}')
        await said(following)
        await stream.event("results")
        figures = await scraped(client)
        assert figures["tallystream_http_answers_total kind=stream status=2xx"] == 1
        assert _watchers(figures) == {
            "officer_socket": 1,
            "results_socket": 1,
            "public_stream": 1,
        }

    async def gone() -> bool:
        return _watchers(await scraped(client)) == {}

    await until(gone)


def _watchers(figures: Figures) -> dict[str, float]:
    kinds = {name.partition("kind=")[2]: value for name, value in figures.items() if "watchers kind" in name}
    assert set(kinds) == {"public_stream", "staff_stream", "results_socket", "officer_socket"}
    return {kind: value for kind, value in kinds.items() if value}


async def test_the_way_from_the_commit_to_the_wire_is_timed_where_somebody_watches(
    client: Client, desk: Desk
) -> None:
    before = await scraped(client)
    async with Stream(client, f"{desk.path}/results/stream") as stream:
        await stream.event("results")
        await desk.receipts(a_tally())

        async def timed() -> bool:
            found = moved(before, await scraped(client))
            return found["tallystream_wire_lag_seconds_count"] == 1

        await until(timed)


async def test_answers_ahead_of_the_framework_are_counted_with_the_others(client: Client, desk: Desk) -> None:
    await client.get(f"{desk.path}/results")
    before = await scraped(client)
    tag = (await client.get(f"{desk.path}/results")).headers["ETag"]
    await client.get(f"{desk.path}/results", headers={"If-None-Match": tag})
    await client.get(f"{desk.path}/units")
    await client.get("/nowhere")
    after = moved(before, await scraped(client))
    assert after["tallystream_http_answers_total kind=results status=2xx"] == 1
    assert after["tallystream_http_answers_total kind=results status=3xx"] == 1
    assert after["tallystream_http_answers_total kind=read status=2xx"] == 1
    assert after["tallystream_http_answers_total kind=read status=4xx"] == 1
    # The scrape before.
    assert after["tallystream_http_answers_total kind=staff status=2xx"] == 1


async def test_what_is_shed_is_counted_by_kind(client: Client, desk: Desk) -> None:
    before = await scraped(client)
    shed.send(desk.house.overload, kind="read")
    after = moved(before, await scraped(client))
    assert after["tallystream_shed_total kind=read"] == 1
    assert after["tallystream_shed_total kind=tally"] == 0


async def test_it_tells_how_the_engines_and_the_process_are(client: Client, desk: Desk) -> None:
    await desk.house.results.feed("tiny")

    async def connected() -> bool:
        return (await scraped(client))["tallystream_redis_connected"] == 1

    await until(connected)
    figures = await scraped(client)
    settings = desk.house.settings
    assert figures["tallystream_intake_waiting_tallies"] == 0
    assert figures["tallystream_intake_capacity_tallies"] == settings.intake.capacity
    assert figures["tallystream_watchers_limit"] == settings.live.max_watchers
    assert figures["tallystream_database_connections_limit pool=reading"] == settings.storage.pool_size
    assert figures["tallystream_database_connections_limit pool=intake"] == settings.intake.pool_size
    assert figures["tallystream_figures_age_seconds"] > 0
    assert any(name.startswith("process_resident_memory_bytes pid=") for name in figures)
    assert any(name.startswith("tallystream_build_info python=") for name in figures)
    async with desk.house.database.transaction() as repos:
        await repos.elections.get("tiny")
        in_use = (await scraped(client))["tallystream_database_connections_in_use pool=reading"]
    assert in_use == 1


async def test_the_event_loop_is_looked_at_all_the_time(client: Client, desk: Desk) -> None:
    before = await scraped(client)

    async def looked() -> bool:
        return moved(before, await scraped(client))["tallystream_loop_lag_seconds_count"] >= 2

    await until(looked)


async def test_two_applications_in_one_process_count_apart(
    make_app: Callable[..., Any], client: Client, desk: Desk
) -> None:
    other = client_of(await make_app())
    await desk.receipts(a_tally())
    assert (await scraped(client))["tallystream_receipts_total channel=ws status=accepted"] == 1
    assert "tallystream_receipts_total channel=ws status=accepted" not in await scraped(other)


async def test_no_label_tells_an_election_a_place_a_path_or_a_person(client: Client, desk: Desk) -> None:
    olga = await desk.official("olga")
    await desk.send(a_tally(), unbalanced("north-2", "council"), by=olga)
    await asyncio.gather(*(client.get(f"{desk.path}/units/{number}") for number in range(20)))
    await client.get("/a/path/of/its/own")
    response = await soon(client.get("/metrics", headers=BEARER))
    text = (await response.get_data(as_text=True)).lower()
    for word in ("tiny", "north", "president", "council", "olga", "/api", "path/of"):
        assert word not in text, word
    assert len(text.splitlines()) < 400
