"""What is refused under pressure, simulated: a process that takes what comes turn by turn, and a clock."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.pressure import BEARABLE, LINE, LOOKS, SHARE, Kind, Pressure

LATE = 0.1
REQUESTS = 400
LOOK_SECONDS = 0.1
REFUSAL_SECONDS = 0.000_1
# What one of each costs the processor; measured ones are within a factor of three of these.
COST = {
    Kind.STREAM: 0.000_4,
    Kind.READ: 0.003,
    Kind.STAFF: 0.003,
    Kind.SIGN_IN: 0.003,
    Kind.RESULTS: 0.000_12,
    Kind.TALLY: 0.000_5,
}
# Connections of which each can have one request waiting; whoever has none waits outside.
CONNECTIONS = 4000
# Tallies come over sockets that are open.
COMPUTED = Kind.READ, Kind.STAFF, Kind.SIGN_IN


class Process:
    """Takes everything that came during one turn in the next one, which lasts as long as that costs."""

    def __init__(self, dearness: float = 1.0, seed: int = 1, counted: Sequence[Kind] = COMPUTED) -> None:
        self.pressure = Pressure(LATE, REQUESTS)
        self.now = 0.0
        self.turns: list[float] = []
        self.served: Counter[Kind] = Counter()
        self.shed: Counter[Kind] = Counter()
        self._dearness = dearness
        self._counted = counted
        self._chance = random.Random(seed)
        self._turn = 0.001
        self._looked = 0.0

    def forget(self) -> None:
        """Counts from now on."""
        self.turns, self.served, self.shed = [], Counter(), Counter()

    def run(self, seconds: float, offered: Mapping[Kind, float]) -> None:
        """So many requests a second of each kind, for so long."""
        end = self.now + seconds
        while self.now < end:
            self._take(self._arrived(offered))
            self.now += self._turn
            self.turns.append(self._turn)
            if self.now - self._looked >= LOOK_SECONDS:
                self.pressure.look(self._turn, self.now - self._looked)
                self._looked = self.now

    def stand_still(self, seconds: float) -> None:
        """One long step, such as a large file that is read."""
        self.now += seconds
        self.pressure.look(seconds, self.now - self._looked)
        self._looked = self.now

    def _arrived(self, offered: Mapping[Kind, float]) -> list[Kind]:
        arrived = []
        for kind, rate in offered.items():
            number = rate * self._turn
            arrived += [kind] * (int(number) + (self._chance.random() < number % 1))
        self._chance.shuffle(arrived)
        return arrived[:CONNECTIONS]

    def _take(self, arrived: list[Kind]) -> None:
        under_way, cost = 0, 0.000_5
        for kind in arrived:
            if self._chance.random() < self.pressure.refused(kind, under_way):
                self.shed[kind] += 1
                cost += REFUSAL_SECONDS
            else:
                self.served[kind] += 1
                under_way += kind in self._counted
                cost += COST[kind] * self._dearness * self._chance.expovariate(1.0)
        self._turn = cost

    def part_shed(self, kind: Kind) -> float:
        return self.shed[kind] / max(1, self.shed[kind] + self.served[kind])


# What keeps a core busy for a second: three fifths reading, one fifth staff, one fifth tallies.
CAPACITY = {Kind.READ: 200.0, Kind.STAFF: 60.0, Kind.SIGN_IN: 6.0, Kind.TALLY: 400.0}


def times(load: float) -> dict[Kind, float]:
    """The public comes in masses; there are only so many officers and members of staff."""
    rest = sum(CAPACITY[kind] * COST[kind] for kind in CAPACITY if kind is not Kind.READ)
    return {**CAPACITY, Kind.READ: (load - rest) / COST[Kind.READ]}


@pytest.mark.parametrize("load", [0.5, 0.9])
def test_while_it_can_carry_what_comes_nothing_is_refused(load: float) -> None:
    process = Process()
    process.run(60, times(load))
    assert not process.shed and process.pressure.level() == 0


@pytest.mark.parametrize(("load", "dearness"), [(2, 0.3), (2, 1), (2, 10), (5, 0.3), (10, 1), (10, 10)])
def test_above_that_readers_are_refused_and_nobody_who_matters_more(load: float, dearness: float) -> None:
    """It settles, whatever a request costs: a turn takes what is bearable, and swings little about it."""
    process = Process(dearness)
    offered = {kind: rate / dearness for kind, rate in times(load).items()}
    process.run(20, offered)
    process.forget()
    process.run(60, offered)
    assert process.part_shed(Kind.READ) > 1 - 1.3 / load
    assert process.served[Kind.READ] > 0
    assert process.part_shed(Kind.STAFF) == process.part_shed(Kind.TALLY) == 0
    assert sorted(process.turns)[len(process.turns) * 99 // 100] < 4 * LATE


def test_at_the_first_moment_of_a_flood_what_is_under_way_is_bounded() -> None:
    """Before any delay was seen: the room does it alone, and a turn is bounded by it."""
    process = Process()
    process.run(3, times(10))
    most = REQUESTS * SHARE[Kind.READ] * COST[Kind.READ]
    assert max(process.turns) < 2 * most
    assert not process.shed[Kind.TALLY]


def test_when_all_of_staff_comes_too_it_is_refused_next_and_officers_are_not() -> None:
    process = Process()
    offered = {**times(2), Kind.STAFF: 2000.0}
    process.run(20, offered)
    process.forget()
    process.run(60, offered)
    shed = [process.part_shed(kind) for kind in (Kind.READ, Kind.STAFF, Kind.TALLY)]
    assert shed[0] > 0.98 and 0.98 > shed[1] > 0.5 and shed[2] == 0


def test_where_refusing_alone_takes_all_its_time_officers_are_still_served() -> None:
    """The limit of what a process can do for itself: a proxy in front has to keep such a flood away."""
    process = Process()
    process.run(60, {**times(10), Kind.RESULTS: 12_000.0})
    assert process.part_shed(Kind.TALLY) == 0


def test_officers_alone_can_be_too_many_and_then_they_are_told() -> None:
    process = Process(counted=[Kind.TALLY])
    process.run(120, {Kind.TALLY: 8000.0})
    assert process.part_shed(Kind.TALLY) > 0.2
    assert process.served[Kind.TALLY] > 0


def test_a_rush_of_viewers_is_taken_in_and_a_flood_of_them_is_not() -> None:
    process = Process()
    process.run(1, {Kind.STREAM: 2000.0})
    assert not process.shed
    process.run(60, {Kind.STREAM: 7500.0})
    assert 0.6 < process.part_shed(Kind.STREAM) < 1


@pytest.mark.parametrize("load", [2, 10, 100])
def test_when_the_load_has_gone_nobody_is_refused_any_more(load: float) -> None:
    process = Process()
    process.run(60, times(load))
    assert process.shed
    process.run(5, times(0.5))
    process.forget()
    process.run(60, times(0.5))
    assert not process.shed and process.pressure.level() == 0


def test_a_load_that_comes_and_goes_does_not_keep_it_closed() -> None:
    process = Process()
    for _ in range(10):
        process.run(5, times(10))
        process.run(5, times(0.5))
        process.forget()
        process.run(1, times(0.5))
        assert not process.shed


def test_one_long_step_is_no_load() -> None:
    process = Process()
    for _ in range(20):
        process.run(2, times(0.5))
        process.stand_still(3.0)
        assert process.pressure.level() == 0


def test_somebody_is_always_let_in_alone_so_that_it_never_stays_closed() -> None:
    pressure = Pressure(LATE, REQUESTS)
    for _ in range(1000):
        pressure.look(100.0, 1.0)
    assert all(pressure.level(kind) == 1 for kind in Kind)
    assert all(pressure.refused(kind, 0) == 0 for kind in Kind if kind is not Kind.STREAM)


LOOKED = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 10)), max_size=200)


@given(
    LOOKED, st.integers(0, 5000), st.floats(0.001, 10), st.integers(1, 10_000), st.sampled_from([*Kind][1:])
)
def test_what_matters_more_is_never_refused_more(
    looks: list[tuple[float, float]], under_way: int, late: float, requests: int, kind: Kind
) -> None:
    pressure = Pressure(late, requests)
    for turn, elapsed in looks:
        pressure.look(turn, elapsed)
    less = [*Kind][[*Kind].index(kind) - 1]
    assert 0 <= pressure.refused(kind, under_way) <= pressure.refused(less, under_way) <= 1
    assert pressure.refused(kind, under_way) <= pressure.refused(kind, under_way + 1)


@given(LOOKED)
def test_from_every_state_it_is_at_ease_again_within_seconds(looks: list[tuple[float, float]]) -> None:
    pressure = Pressure(LATE, REQUESTS)
    for turn, elapsed in looks:
        pressure.look(turn, elapsed)
    for _ in range(LOOKS + 40):
        pressure.look(0.001, LOOK_SECONDS)
    assert all(pressure.level(kind) == 0 for kind in Kind)


@given(LOOKED, st.integers(0, 5000), st.integers(0, 5000), st.integers(1, 10_000))
def test_who_waits_keeps_away_only_those_who_would_wait_behind(
    looks: list[tuple[float, float]], under_way: int, waiting: int, requests: int
) -> None:
    pressure = Pressure(LATE, requests)
    for turn, elapsed in looks:
        pressure.look(turn, elapsed)
    for kind in Kind:
        refused = pressure.refused(kind, under_way, waiting)
        if kind in LINE:
            assert refused <= pressure.refused(kind, under_way, waiting + 1) <= 1
        else:
            assert refused == pressure.refused(kind, under_way)
    assert pressure.refused(Kind.FILE, under_way, waiting) <= pressure.refused(Kind.READ, under_way, waiting)


def test_the_line_is_short_again_where_the_process_is_late() -> None:
    pressure = Pressure(LATE, REQUESTS)
    assert pressure.refused(Kind.READ, 16, REQUESTS * 3 // 4) == 0 < pressure.refused(Kind.READ, 16, 301)
    assert pressure.refused(Kind.READ, 16, REQUESTS) == 1
    for _ in range(1000):
        pressure.look(100.0, 1.0)
    assert pressure.line(Kind.READ) == pressure.line(Kind.FILE) == 1


def test_kinds_stand_in_the_order_in_which_they_matter() -> None:
    for figures in (BEARABLE, SHARE):
        assert [*figures] == [*Kind]
        assert [*figures.values()] == sorted(figures.values())
