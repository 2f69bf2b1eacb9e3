"""What is said at a scrape: all workers' figures, and what the operating system knows of each of them."""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import cast

from prometheus_client import CollectorRegistry, Metric, ProcessCollector, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from quart import current_app

from quart_app.metrics.answers import Answers
from quart_app.metrics.instruments import Instruments
from quart_app.metrics.sampling import Sampling
from quart_app.wiring import Services

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment's name for the folder of all workers' figures; prometheus-client reads it when imported."""

EXTENSION = "tallystream_metrics"


class Metrics:
    """The figures of this process, and the way to those of all workers beside it."""

    def __init__(self, house: Services, answers: Answers) -> None:
        own = CollectorRegistry()
        self._sampling = Sampling(Instruments(own), house, answers)
        folder = os.environ.get(FOLDER)
        self._exposed = _of_workers(Path(folder)) if folder else own
        Processes((lambda: _living(Path(folder))) if folder else _only_this, self._exposed)

    def start(self) -> None:
        self._sampling.start()

    async def text(self) -> bytes:
        """Prometheus' text format, with this process as it is now and others as they were within a second."""
        self._sampling.sample()
        return await asyncio.to_thread(generate_latest, self._exposed)

    async def close(self) -> None:
        await self._sampling.close()


class Processes(Collector):
    """prometheus-client's metrics of a process, for each process by its `pid`."""

    def __init__(self, pids: Callable[[], Iterable[str]], registry: CollectorRegistry) -> None:
        self._pids = pids
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for pid in self._pids():
            for found in ProcessCollector(pid=lambda pid=pid: pid, registry=None).collect():  # type: ignore[misc]
                family = families.setdefault(found.name, Metric(found.name, found.documentation, found.type))
                for sample in found.samples:
                    family.add_sample(sample.name, {"pid": pid}, sample.value)
        yield from families.values()


def measured() -> Metrics:
    """The metrics of the application that handles this request."""
    return cast(Metrics, current_app.extensions[EXTENSION])


def _of_workers(folder: Path) -> CollectorRegistry:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
    return registry


def _living(folder: Path) -> list[str]:
    """Workers whose gauges count; the supervisor takes away those of the dead."""
    return sorted(file.stem.rpartition("_")[2] for file in folder.glob("gauge_livesum_*.db"))


def _only_this() -> list[str]:
    return [str(os.getpid())]
