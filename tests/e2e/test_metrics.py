"""/metrics of a server with several workers: whichever is asked tells of all, and counts do not go back."""

import os
import signal
from collections.abc import Callable

import httpx
import msgspec
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.parser import text_string_to_metric_families

from quart_app.settings import load_settings
from quart_app.wiring import Services
from tests.building import a_tally, tiny_election
from tests.desk import define, until
from tests.e2e.running import Server

TOKEN = "read-the-figures"
ACCEPTED = {"channel": "http", "status": "accepted"}


Figures = dict[str, list[tuple[dict[str, str], float]]]
"""Every sample by its name, each with its labels."""


def scraped(server: Server) -> Figures:
    """What a scrape finds over a connection of its own; whichever worker takes it answers."""
    answer = httpx.get(f"{server.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    found: Figures = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def receipts(figures: Figures) -> float:
    return sum(value for labels, value in figures.get("tallystream_receipts_total", []) if labels == ACCEPTED)


def workers(figures: Figures) -> set[int]:
    return {int(labels["pid"]) for labels, _ in figures["process_start_time_seconds"]}


def by_worker(server: Server) -> dict[int, float]:
    """Receipts that each worker has given, as its own file says."""
    (folder,) = server.log.parent.glob("metrics-*")
    given = {}
    for file in folder.glob("counter_*.db"):
        families = MultiProcessCollector.merge([str(file)])  # type: ignore[no-untyped-call]
        samples = [s for family in families for s in family.samples]
        found = sum(s.value for s in samples if s.name == "tallystream_receipts_total")
        given[int(file.stem.rpartition("_")[2])] = found
    return given


async def test_a_scrape_adds_up_all_workers_and_nothing_is_forgotten_when_one_dies(
    make_server: Callable[..., Server], desk: Services
) -> None:
    officer = await (await define(desk, tiny_election())).official()
    server = make_server(environ={"TALLYSTREAM_METRICS_TOKEN": TOKEN})
    server.start(workers=2)
    tally, sent = msgspec.to_builtins(a_tally()), 0

    async def both_have_given_some() -> bool:
        nonlocal sent
        # Each over a connection of its own, which the kernel gives to either worker.
        async with httpx.AsyncClient(base_url=server.url, headers=officer.bearer) as client:
            answer = await client.post("/api/v1/elections/tiny/tallies", json=tally)
        assert answer.status_code == 200
        sent += 1
        return len([given for given in by_worker(server).values() if given]) == 2

    await until(both_have_given_some)
    figures = scraped(server)
    assert receipts(figures) == sent == sum(by_worker(server).values())
    assert len(workers(figures)) == 2

    killed = min(workers(figures))
    os.kill(killed, signal.SIGKILL)
    limit = load_settings({}).live.max_watchers

    async def another_is_there() -> bool:
        try:
            figures = scraped(server)
        except httpx.TransportError:
            # The connection went to the one that was just killed.
            return False
        assert receipts(figures) == sent
        living = workers(figures)
        carried = figures["tallystream_watchers_limit"]
        return killed not in living and len(living) == 2 and carried == [({}, 2 * limit)]

    await until(another_is_there)


async def test_the_folder_of_figures_goes_with_its_server(make_server: Callable[..., Server]) -> None:
    server = make_server(environ={"TALLYSTREAM_METRICS_TOKEN": TOKEN})
    server.start(workers=2)
    assert len(list(server.log.parent.glob("metrics-*"))) == 1
    server.stop()
    assert list(server.log.parent.glob("metrics-*")) == []
