"""Counting: signals as they come, and every second what the services can be asked for.

The parts that are measured know nothing of it. A signal is sent once for a batch or a broadcast, never
for each tally or viewer.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from models.batch import Receipt
from models.errors import DomainError
from quart_app.errors import problem_of
from quart_app.metrics.answers import Answers, Kinds
from quart_app.metrics.instruments import Instruments
from quart_app.wiring import Services
from services.signals import batch_committed, results_sent, shed, tallies_answered
from services.tasks import end

# The event loop is looked at so often,
TICK_SECONDS = 0.1
# and services are asked with every so many looks.
SAMPLE_TICKS = 10

_logger = logging.getLogger(__name__)


class Sampling:
    """Fills the instruments with what one process does. Start it where an event loop runs."""

    def __init__(self, instruments: Instruments, house: Services, answers: Answers) -> None:
        self._instruments = instruments
        self._house = house
        self._answers = answers
        self._answered: Kinds = Counter()
        self._connected = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        for signal, receiver, sender in self._receivers():
            signal.connect(receiver, sender, weak=False)
        self._task = asyncio.create_task(self._tick(), name="metrics")

    async def close(self) -> None:
        for signal, receiver, _ in self._receivers():
            signal.disconnect(receiver)
        if self._task is not None:
            await end([self._task])

    def _receivers(self) -> list[tuple[Any, Any, object]]:
        """Several services may live in one process (tests): each hears only its own senders."""
        return [
            (batch_committed, self._committed, self._house.intake),
            (tallies_answered, self._tallies_answered, self._house.intake),
            (results_sent, self._sent, self._house.broadcasters),
            (shed, self._shed, self._house.overload),
        ]

    # ---- what is told ----

    async def _committed(self, _sender: object, size: int, seconds: float) -> None:
        with _harmless():
            self._instruments.batch_tallies.observe(size)
            self._instruments.batch_commit.observe(seconds)

    async def _tallies_answered(
        self, _sender: object, channels: Sequence[str], answers: Sequence[Receipt | DomainError]
    ) -> None:
        with _harmless():
            counted = Counter(
                (channel, answer.status if isinstance(answer, Receipt) else problem_of(answer).status)
                for channel, answer in zip(channels, answers, strict=True)
            )
            for (channel, status), number in counted.items():
                # A receipt's status is a word, a problem's is a number.
                kind = self._instruments.receipts if isinstance(status, str) else self._instruments.refusals
                kind.labels(channel, status).inc(number)

    def _sent(self, _sender: object, seconds: float) -> None:
        with _harmless():
            self._instruments.wire_lag.observe(seconds)

    def _shed(self, _sender: object, kind: str) -> None:
        with _harmless():
            self._instruments.shed.labels(kind).inc()

    # ---- what is asked ----

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        ticks = 0
        while True:
            due = loop.time() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            with _harmless():
                self._instruments.loop_lag.observe(max(0.0, loop.time() - due))
                self._look_at_redis()
                if ticks % SAMPLE_TICKS == 0:
                    self.sample()
            ticks += 1

    def sample(self) -> None:
        """Asks the services how things stand."""
        instruments, house = self._instruments, self._house
        instruments.waiting.set(house.intake.waiting)
        instruments.capacity.set(house.settings.intake.capacity)
        instruments.figures_age.set(house.results.lag)
        instruments.redis_connected.set(house.broker.connected)
        self._count_watchers()
        for pool, database in house.databases.items():
            instruments.connections.labels(pool).set(database.in_use)
            instruments.connections_limit.labels(pool).set(database.size)
        self._take_answers()

    def _count_watchers(self) -> None:
        watchers = self._house.watchers
        gauge = self._instruments.watchers
        gauge.labels("public_stream").set(watchers.public_streams.count)
        gauge.labels("staff_stream").set(watchers.staff_streams.count)
        gauge.labels("results_socket").set(watchers.result_sockets.count)
        gauge.labels("officer_socket").set(watchers.officer_sockets.count)
        self._instruments.watchers_limit.set(watchers.limit)

    def _take_answers(self) -> None:
        now = self._answers.all()
        for (kind, status), number in (now - self._answered).items():
            self._instruments.answers.labels(kind, status).inc(number)
        self._answered = now

    def _look_at_redis(self) -> None:
        """Whoever has lost it tries again after a second, so no loss is over between two looks."""
        connected = self._house.broker.connected
        if self._connected and not connected:
            self._instruments.redis_losses.inc()
        self._connected = connected


@contextlib.contextmanager
def _harmless() -> Iterator[None]:
    """What cannot be counted is logged, and stops nobody."""
    try:
        yield
    except Exception:
        _logger.exception("something could not be counted")
