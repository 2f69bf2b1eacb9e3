"""How cost grows: tallies in and results out as an election fills, and with more contests.

Each point is a database of its own, filled through the product's intake, and every measurement has a
fresh copy of it: what it adds, the next one does not meet. All points are measured in turn.
"""

import contextlib
import functools
import itertools
import time
from collections.abc import Iterator

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import intake
from benchmarks.copies import copied, new_database
from benchmarks.filling import fill
from benchmarks.load.officers import Officers
from benchmarks.load.readers import answer, read
from benchmarks.load.wire import Response, WrongAnswer, request
from benchmarks.measuring import Compared, Curve, Measured, Row, compare
from benchmarks.stage import Election, Running, Stage
from benchmarks.wide import Wide, code_of, wide_election

RECEIPTS = "receipts/s"
READS = "results GET/s"
OF_ONE = "GET of one contest/s"

NEW_VERSIONS = 10
"""Changes after each of which the results are asked for once."""
# Longer than the product rests between two readings of its totals; that is not what is measured.
REST_SECONDS = 0.1


class Size(msgspec.Struct, frozen=True):
    stored: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)
    precincts: int = 20_000
    on_each_ballot: int = 54
    """Contests; times the precincts, some tens of thousands of tallies more than are ever stored."""
    contests: tuple[int, ...] = (10, 100, 1_000)
    of_contests: tuple[int, int, int] = (10_000, 10, 1_000)
    """For these: precincts, contests on each ballot, and tallies stored before."""
    officers: int = 50
    readers: int = 50
    warm_up: float = 0.5
    seconds: float = 2.0
    rounds: int = 3


class Point(msgspec.Struct, frozen=True):
    """An election with so many tallies stored, up to the log's `head`, in a database that nobody changes."""

    place: Stage
    election: Election
    wide: Wide
    stored: int
    head: int


def curves(stage: Stage, size: Size) -> list[Curve]:
    """Medians of all rounds. Raises WrongAnswer."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(), transient=True, auto_refresh=False) as progress:
        with filling_up(stage, size, progress) as points:
            by_stored = _measured(points, size, progress)
        with more_contests(stage, size, progress) as points:
            by_contests = _measured(points, size, progress)
    return [*_as_it_fills(by_stored), *_with_contests(by_contests)]


def _as_it_fills(by_stored: Compared) -> Iterator[Curve]:
    title, x = "As the election fills", "tallies stored"
    yield _curve(by_stored, title, x, "a second", {RECEIPTS: RECEIPTS, READS: READS})
    times = {"receipt_us": "a receipt", "read_us": "a results GET"}
    yield _curve(by_stored, f"{title}: the server's processor time", x, "µs", times)
    yield _curve(by_stored, f"{title}: the first GET after a receipt", x, "ms", {"new_ms": "results GET"})


def _with_contests(by_contests: Compared) -> Iterator[Curve]:
    title, x = "With more contests", "contests"
    yield _curve(by_contests, title, x, "a second", {RECEIPTS: RECEIPTS, READS: OF_ONE})
    yield _curve(by_contests, f"{title}: the first GET after a receipt", x, "ms", {"new_ms": "results GET"})
    yield _curve(
        by_contests, f"{title}: the results of all", x, "kB", {"whole_kB": "results of all contests"}
    )


def _curve(compared: Compared, title: str, x: str, y: str, series: dict[str, str]) -> Curve:
    """The series by the detail that each shows; every row's name is its x."""
    rows = sorted((float(name), row) for name, row in compared.rows.items())
    points = {
        shown: [(at, row.figure if detail == RECEIPTS else row.details[detail]) for at, row in rows]
        for detail, shown in series.items()
    }
    return Curve(title, x, y, points)


# ---- the points ----


@contextlib.contextmanager
def filling_up(stage: Stage, size: Size, progress: Progress) -> Iterator[dict[str, Point]]:
    """One election that is filled to the last point; on the way a copy is left at each."""
    wide = wide_election("filling", size.precincts, size.on_each_ballot, size.on_each_ballot)
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(new_database(stage))
        election = place.defined(wide.definition, ())
        points: dict[str, Point] = {}
        for start, end in itertools.pairwise((0, *size.stored)):
            if start:
                place = stack.enter_context(copied(place))
            head = _filled(place, election, wide, (start, end), progress)
            points[str(end)] = Point(place, election, wide, end, head)
        yield points


@contextlib.contextmanager
def more_contests(stage: Stage, size: Size, progress: Progress) -> Iterator[dict[str, Point]]:
    """Elections with as many tallies, each precinct with as many contests, and more of them in all."""
    precincts, on_each_ballot, stored = size.of_contests
    with contextlib.ExitStack() as stack:
        points = {}
        for contests in size.contests:
            place = stack.enter_context(new_database(stage))
            wide = wide_election(f"contests-{contests}", precincts, contests, on_each_ballot)
            election = place.defined(wide.definition, ())
            head = _filled(place, election, wide, (0, stored), progress)
            points[str(contests)] = Point(place, election, wide, stored, head)
        yield points


def _filled(
    place: Stage, election: Election, wide: Wide, numbers: tuple[int, int], progress: Progress
) -> int:
    task = progress.add_task(f"growth: filling to {numbers[1]:,}", total=numbers[1] - numbers[0])

    def done(more: int) -> None:
        progress.update(task, advance=more, refresh=True)

    try:
        return fill(place, election, wide, *numbers, done)
    finally:
        progress.remove_task(task)


# ---- what is measured at one of them ----


def _measured(points: dict[str, Point], size: Size, progress: Progress) -> Compared:
    rows = [Row(name, functools.partial(measure, point, size)) for name, point in points.items()]
    task = progress.add_task("growth", total=len(rows) * size.rounds)

    def done(name: str, number: int) -> None:
        progress.update(task, advance=1, description=f"growth: {name}, round {number} done", refresh=True)

    compared = compare(RECEIPTS, rows, size.rounds, done)
    progress.remove_task(task)
    return compared


def measure(point: Point, size: Size) -> Measured:
    """Receipts a second and GETs a second of one server, on a copy of its own. Raises WrongAnswer."""
    numbers = range(point.stored, point.wide.tallies)
    with copied(point.place) as here, here.serving(intake.HYPERCORN) as running:
        frames = intake.frames_of([point.wide.tally(number) for number in numbers[: most(size)]])
        socket = f"{point.election.path}/tallies/ws"
        with Officers(running.port, socket, point.election.bearer, size.officers) as officers:
            waits, payloads = _new_versions(running, point.election, officers, frames)
            payloads += officers.send(frames, size.warm_up).payloads
            used = running.cpu_seconds()
            answered = officers.send(frames, size.seconds)
            used = running.cpu_seconds() - used
        reads, whole = _reads(running, point.election, size)
        receipts = list(intake.receipts_of([*payloads, *answered.payloads]))
        here.run(intake.audit(here, point.election, receipts, after=point.head))
    number = len(answered.payloads)
    details = {**reads, "receipt_us": used / number * 1e6, "new_ms": sorted(waits)[len(waits) // 2] * 1000}
    return Measured(number / answered.seconds, {**details, "whole_kB": whole / 1000})


def most(size: Size) -> int:
    """Tallies that one measurement can take at the very most, as nothing here takes more a second."""
    return int((size.warm_up + size.seconds) * 25_000) + NEW_VERSIONS


def _new_versions(
    running: Running, election: Election, officers: Officers, frames: Iterator[bytes]
) -> tuple[list[float], list[bytes]]:
    """How long the first GET takes that asks after a receipt, and has to show what the receipt is for."""
    waits, payloads = [], []
    for sent in itertools.islice(frames, NEW_VERSIONS):
        time.sleep(REST_SECONDS)
        payloads.append(officers.ask(sent))
        [receipt] = intake.receipts_of(payloads[-1:])
        begun = time.perf_counter()
        first = answer(running.port, request("GET", f"{election.path}/results"))
        waits.append(time.perf_counter() - begun)
        if version_of(first) < receipt.seq:
            raise WrongAnswer(f"after receipt {receipt.seq} the results were those of {version_of(first)}")
    return waits, payloads


def _reads(running: Running, election: Election, size: Size) -> tuple[dict[str, float], int]:
    """GETs a second of the first contest's results, and the bytes of the results of all."""
    asked = request("GET", f"{election.path}/contests/{code_of(0)}/results")
    version_of(answer(running.port, asked))
    expected = answer(running.port, asked)
    read(running.port, asked, expected, size.readers, size.warm_up)
    used = running.cpu_seconds()
    answers, seconds = read(running.port, asked, expected, size.readers, size.seconds)
    used = running.cpu_seconds() - used
    whole = answer(running.port, request("GET", f"{election.path}/results"))
    return {READS: answers / seconds, "read_us": used / answers * 1e6}, len(whole.body)


class _Versioned(msgspec.Struct):
    version: int


def version_of(response: Response) -> int:
    if response.status != 200:
        raise WrongAnswer(f"{response.status}, and no results: {response.body[:200]!r}")
    return msgspec.json.decode(response.body, type=_Versioned).version
