"""Every metric of the program, with what it means. docs/operating.md says what to do when one rises."""

import platform

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from quart_app.version import VERSION
from services.pressure import Kind

SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
COMMITS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
WAITS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
LATENESS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class Instruments:
    """The metrics of one process. Those of several workers are added up, unless a gauge says otherwise."""

    def __init__(self, registry: CollectorRegistry) -> None:
        # When a series began says nothing here, and several workers do not tell.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = registry
        self._of_intake()
        self._of_viewers()
        self._of_requests()
        self._of_engines()

    def _of_intake(self) -> None:
        self.receipts = Counter(
            "tallystream_receipts_total",
            "Receipts given, again or for the first time, by channel and by what became of the tally.",
            ["channel", "status"],
            registry=self._registry,
        )
        self.refusals = Counter(
            "tallystream_refusals_total",
            "Tallies refused, by channel and by the status of the problem that said why.",
            ["channel", "status"],
            registry=self._registry,
        )
        self.batch_tallies = Histogram(
            "tallystream_batch_tallies", "Tallies in a batch.", buckets=SIZES, registry=self._registry
        )
        self.batch_commit = Histogram(
            "tallystream_batch_commit_seconds",
            "Seconds from the lock of an election's log to the commit of a batch.",
            buckets=COMMITS,
            registry=self._registry,
        )
        self.waiting = self._gauge("tallystream_intake_waiting_tallies", "Tallies that wait for a batch.")
        self.capacity = self._gauge(
            "tallystream_intake_capacity_tallies",
            "Tallies of an election that may wait before connections are no longer read.",
        )

    def _of_viewers(self) -> None:
        self.watchers = self._gauge(
            "tallystream_watchers", "Connections that are open, by kind.", labels=["kind"]
        )
        self.watchers_limit = self._gauge(
            "tallystream_watchers_limit", "Viewers that are carried at most; officers are not among them."
        )
        self.wire_lag = Histogram(
            "tallystream_wire_lag_seconds",
            "Seconds from the announcement of a commit until the last viewer's connection had the event.",
            buckets=WAITS,
            registry=self._registry,
        )
        self.figures_age = self._gauge(
            "tallystream_figures_age_seconds",
            "Seconds since the oldest figures shown were last known to be the newest.",
            mode="livemax",
        )

    def _of_requests(self) -> None:
        self.answers = Counter(
            "tallystream_http_answers_total",
            "Answers to HTTP requests, by kind of request and class of status.",
            ["kind", "status"],
            registry=self._registry,
        )
        self.shed = Counter(
            "tallystream_shed_total",
            "Requests turned away because there are too many, by kind.",
            ["kind"],
            registry=self._registry,
        )
        for kind in Kind:
            self.shed.labels(kind)
        self.loop_lag = Histogram(
            "tallystream_loop_lag_seconds",
            "Seconds by which the event loop was late, looked at ten times a second.",
            buckets=LATENESS,
            registry=self._registry,
        )

    def _of_engines(self) -> None:
        self.connections = self._gauge(
            "tallystream_database_connections_in_use", "Database connections in use.", labels=["pool"]
        )
        self.connections_limit = self._gauge(
            "tallystream_database_connections_limit", "Database connections at most.", labels=["pool"]
        )
        self.redis_connected = self._gauge(
            "tallystream_redis_connected",
            "1 while other processes are heard over Redis, 0 where a worker hears nobody.",
            mode="livemin",
        )
        self.redis_losses = Counter(
            "tallystream_redis_losses_total",
            "Times that the connection to Redis was lost; each is followed by a reconnect.",
            registry=self._registry,
        )
        self.build = self._gauge(
            "tallystream_build_info", "1; the version is in the labels.", "livemax", ["version", "python"]
        )
        self.build.labels(VERSION, platform.python_version()).set(1)

    def _gauge(
        self, name: str, meaning: str, mode: str = "livesum", labels: list[str] | None = None
    ) -> Gauge:
        return Gauge(name, meaning, labels or (), registry=self._registry, multiprocess_mode=mode)  # type: ignore[arg-type]
