"""Announcements over a real Redis Cluster: across processes, through failovers and moves of their slot."""

import datetime
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from quart import Quart
from quart_rate_limiter import RateLimit

from quart_app.door.taking import TakingStore
from quart_app.settings import Settings
from services.announcements import Announcement
from services.broker import Broker
from services.redis_connection import NotACluster, RedisConnection
from services.relay import ONE_SLOT
from tests.browser import edit_member
from tests.building import a_tally, tiny_election
from tests.clusters import Cluster, running_cluster, until
from tests.complaining import Staff, file
from tests.desk import define
from tests.integration.conftest import house_of
from tests.sockets import client_of, closing, said
from tests.streams import Stream

TWO = RateLimit(2, datetime.timedelta(minutes=1))


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with running_cluster() as running:
        yield running


class Ear:
    """A process' listener, which remembers."""

    def __init__(self) -> None:
        self.heard: list[Announcement] = []
        self.members: list[int] = []
        self.complaints: list[str] = []
        self.healed = 0

    def hear(self, announcement: Announcement) -> None:
        self.heard.append(announcement)

    def hear_rights(self, members: frozenset[int]) -> None:
        self.members += members

    def hear_complaint(self, election: str) -> None:
        self.complaints.append(election)

    def heal(self) -> None:
        self.healed += 1


class Process:
    """A broker with an ear, on some Redis."""

    def __init__(self, url: str) -> None:
        self.ear = Ear()
        self.broker = Broker(url, [self.ear], [self.ear], [self.ear])

    async def connected(self) -> bool:
        return self.broker.connected

    async def silent(self) -> bool:
        return not self.broker.connected

    async def announce(self, seq: int) -> None:
        await self.broker.announce(self, Announcement("tiny", seq, frozenset()))

    async def hears(self, seq: int) -> bool:
        return any(announcement.seq == seq for announcement in self.ear.heard)


@pytest.fixture
async def processes(cluster: Cluster) -> AsyncIterator[list[Process]]:
    """Three processes, each of which knows the cluster by another node."""
    made = [Process(node.url) for node in cluster.primaries]
    for process in made:
        process.broker.start()
    for process in made:
        await until(process.connected)
    yield made
    for process in made:
        await process.broker.close()


async def assert_all_hear_of(processes: list[Process], seq: int) -> None:
    """Says it until everybody has heard: a hint may be lost while a cluster makes up its mind."""
    speaker, *others = processes

    async def heard() -> bool:
        await speaker.announce(seq)
        return all([await other.hears(seq) for other in others])

    await until(heard)


async def test_every_process_hears_everything_once_and_its_own_without_the_cluster(
    processes: list[Process],
) -> None:
    speaker = processes[0]
    await speaker.announce(7)
    await speaker.broker.announce_rights(speaker, frozenset({3}))
    await speaker.broker.announce_complaint(speaker, "tiny")
    # What comes after it on the same channels has come through when this is heard.
    for other in processes[1:]:
        await until(lambda other=other: other.hears(7))
    await processes[1].announce(8)
    await until(lambda: speaker.hears(8))
    for process in processes:
        assert [announcement.seq for announcement in process.ear.heard] == [7, 8]
        await until(lambda process=process: _is(process.ear.members, [3]))
        await until(lambda process=process: _is(process.ear.complaints, ["tiny"]))


async def _is(found: list[Any], expected: list[Any]) -> bool:
    return found == expected


async def test_a_process_holds_one_subscription_and_only_where_the_channels_are(
    cluster: Cluster, processes: list[Process]
) -> None:
    subscribers = {}
    for node in cluster.nodes:
        listed = (await node.ask("CLIENT LIST", "TYPE", "PUBSUB")) or []
        subscribers[node.place] = [int(client["ssub"]) for client in listed]
    assert subscribers.pop(cluster.owner.place) == [2] * len(processes)
    assert all(found == [] for found in subscribers.values())


async def test_announcements_go_on_when_the_node_that_carried_them_is_killed(
    cluster: Cluster, processes: list[Process]
) -> None:
    healed = [process.ear.healed for process in processes]
    cluster.owner.kill()
    for process in processes:
        await until(process.silent)
    for process in processes:
        await until(process.connected)
    assert (await cluster.replica.ask("ROLE"))[0] == b"master"
    await assert_all_hear_of(processes, 9)
    assert all(process.ear.healed > before for process, before in zip(processes, healed, strict=True))


async def test_announcements_follow_their_slot_to_another_node(
    cluster: Cluster, processes: list[Process]
) -> None:
    healed = [process.ear.healed for process in processes]
    await cluster.move_slot(cluster.others[1])

    async def all_healed() -> bool:
        return all(process.ear.healed > before for process, before in zip(processes, healed, strict=True))

    await until(all_healed)
    await assert_all_hear_of(processes, 10)
    assert (await cluster.others[1].ask("PUBSUB SHARDCHANNELS")) != []
    assert (await cluster.owner.ask("PUBSUB SHARDCHANNELS")) == []


async def test_rate_limits_are_counted_together_wherever_in_the_cluster_their_keys_are(
    cluster: Cluster,
) -> None:
    stores = [TakingStore(node.url) for node in cluster.primaries]
    holders = [f"holder {number}" for number in range(12)]
    for taken in (0, 0, 1):
        waits = [await stores[taken].take(holder, TWO) for holder in holders]
        assert waits == [0] * len(holders) if taken == 0 else all(wait > 0 for wait in waits)
    await cluster.move_slot(cluster.others[1])
    assert [await stores[2].take(ONE_SLOT, TWO) for _ in range(2)] == [0, 0]
    assert await stores[1].take(ONE_SLOT, TWO) > 0
    for store in stores:
        await store.after_serving()


async def test_one_node_of_several_that_the_url_names_is_enough(cluster: Cluster) -> None:
    dead, *alive = cluster.primaries
    dead.kill()
    login, _, place = dead.url.rpartition("@")
    process = Process(f"{login}@{','.join([place, *(node.place for node in alive)])}")
    process.broker.start()
    await until(process.connected)
    await process.broker.close()


async def test_several_servers_that_are_no_cluster_are_refused_by_name(settings: Settings) -> None:
    url = settings.redis_url or ""
    place = url.rpartition("@")[2].removesuffix("/0")
    connection = RedisConnection(url.replace(place, f"{place},{place}"), seconds=5)
    with pytest.raises(NotACluster, match="REDIS_URL names several servers"):
        await connection.client()
    await connection.aclose()


@pytest.fixture
def settings_on_cluster(settings: Settings, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """On the cluster, and nobody looks for anything by himself: whatever is noticed was heard."""
    monkeypatch.setattr("services.keeping.SILENCE_SECONDS", 600)
    rarely = msgspec.structs.replace(settings.sessions, sweep=3600)
    return msgspec.structs.replace(settings, redis_url=cluster.url, sessions=rarely)


async def test_two_applications_on_a_cluster_show_each_others_tallies_complaints_and_rights(
    settings_on_cluster: Settings, make_app: Callable[..., Any], cluster: Cluster
) -> None:
    here, there = [await make_app(settings_on_cluster) for _ in range(2)]
    desk = await define(house_of(here), tiny_election())
    rosa = await Staff.of(client_of(here), desk, "rosa")
    olga = await desk.official("olga", roles=["officer", "auditor"], units=["north-1", "south"])
    for app in (here, there):
        await until(lambda app=app: _hears(app))
    client = client_of(there)
    async with (
        Stream(client, f"{desk.path}/results/stream?contest=president") as results,
        Stream(client, f"{desk.path}/complaints/stream", rosa.official.bearer) as complaints,
        client.websocket(f"{desk.path}/tallies/ws", headers=olga.bearer) as officer,
    ):
        await results.event("results")
        await complaints.block()
        assert (await said(officer))["type"] == "welcome"
        [receipt] = await desk.receipts(a_tally())
        assert (await results.event("results")).id == receipt.seq
        await file(desk)
        assert (await complaints.event("complaint")).data["number"] == 1
        await edit_member(desk.house, "olga", roles=["auditor"])
        assert await closing(officer) == 1008
        await _killed_and_healed(cluster, here, there)
        [receipt] = await desk.receipts(a_tally("north-2"))
        assert (await results.event("results")).id == receipt.seq


async def _killed_and_healed(cluster: Cluster, *apps: Quart) -> None:
    cluster.owner.kill()
    for app in apps:
        await until(lambda app=app: _is_deaf(app))
    for app in apps:
        await until(lambda app=app: _hears(app))


async def _hears(app: Quart) -> bool:
    return house_of(app).broker.connected


async def _is_deaf(app: Quart) -> bool:
    return not house_of(app).broker.connected
