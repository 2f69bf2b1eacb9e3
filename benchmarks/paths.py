"""Every path that is measured: what it counts, the rows that are compared, and the curves that are drawn.

Whoever adds one writes a module with its `UNIT`, its `rows` or its `curves` (or both), what each row is in
a line (`ABOUT`), and lists it here. What it has to reach stands in goals.py.
"""

from collections.abc import Callable, Mapping

import msgspec

from benchmarks import (
    board,
    burst,
    fanout,
    growth,
    intake,
    nchan_front,
    night,
    overload,
    pages,
    reads,
    reads_h2,
    registry,
    workers,
)
from benchmarks.measuring import Curve, Row
from benchmarks.stage import Stage


def _none(_: Stage) -> list[Row]:
    return []


def _no_curves(_: Stage) -> list[Curve]:
    return []


class Path(msgspec.Struct, frozen=True):
    """One path. Rows are measured in turn, some rounds each; curves once, by themselves, after them."""

    says: str
    """What is counted, in a sentence for whoever reads the tables."""
    unit: str
    """Of the figure of each row."""
    rows: Callable[[Stage], list[Row]] = _none
    curves: Callable[[Stage], list[Curve]] = _no_curves
    about: Mapping[str, str] = {}
    """What each row is, by its name, in a line."""
    less_is_better: bool = False
    """Of the figure, as of milliseconds."""


PATHS: dict[str, Path] = {
    "intake": Path(
        "Receipts to 50 officers over WebSocket, each of whom waits for a receipt, which comes after the "
        "durable commit, before sending the next tally.",
        intake.UNIT,
        lambda stage: intake.rows(stage, intake.Size()),
        about=intake.ABOUT,
    ),
    "growth": Path(
        "Receipts to 50 officers and answers to 50 readers of a contest's results, as an election of 20,000 "
        "precincts fills, and with more contests in elections that are otherwise alike.",
        growth.RECEIPTS,
        curves=lambda stage: growth.curves(stage, growth.Size()),
    ),
    "fanout": Path(
        "Deliveries to 2,000 viewers of server-sent events, one event at a time.",
        fanout.UNIT,
        lambda stage: fanout.rows(stage, fanout.Size()),
        about=fanout.ABOUT,
    ),
    "viewers": Path(
        "Single events to crowds of 100 to 5,000 viewers, and what each viewer takes of the server's memory.",
        fanout.UNIT,
        curves=lambda stage: fanout.curves(stage, fanout.CROWDS),
        about=fanout.ABOUT,
    ),
    "burst": Path(
        "Changes that 1,000 viewers are brought up to date with, while figures change as fast as they can.",
        burst.UNIT,
        lambda stage: burst.rows(stage, burst.Size()),
        about=burst.ABOUT,
    ),
    "night": Path(
        "Milliseconds from a tally's entry in the log until the last of 5,000 viewers has its contest's new "
        "figures, for 99 of 100 tallies, while 500 tallies a second come in.",
        night.UNIT,
        lambda stage: night.rows(stage, night.Size()),
        about=night.ABOUT,
        less_is_better=True,
    ),
    "nchan": Path(
        "The same night with nginx and Nchan in front, fed by `tallystream fan-out`.",
        nchan_front.UNIT,
        lambda stage: nchan_front.rows(stage, night.Size()),
        about=nchan_front.ABOUT,
        less_is_better=True,
    ),
    "overload": Path(
        "Milliseconds until an officer has the receipt, while readers ask for ten times the pages that the "
        "process can make.",
        overload.UNIT,
        lambda stage: overload.rows(stage, overload.Size()),
        about=overload.ABOUT,
        less_is_better=True,
    ),
    "reads": Path(
        "Answers to a GET of an election's current results, about 7 kB, on 50 connections.",
        reads.UNIT,
        lambda stage: reads.rows(stage, reads.Size()),
        about=reads.ABOUT,
    ),
    "reads-304": Path(
        "The same by readers who have the version already: a 304 without a body.",
        reads.UNIT,
        lambda stage: reads.rows(stage, reads.Size(), has_it=True),
        about=reads.ABOUT,
    ),
    "reads-h2": Path(
        "The same over HTTP/2 with TLS, on 50 connections with 10 requests under way on each.",
        reads_h2.UNIT,
        lambda stage: reads_h2.rows(stage, reads_h2.Size()),
        about=reads_h2.ABOUT,
    ),
    "reads-packed": Path(
        "The same as browsers ask for it, with everything compressed that ours compresses.",
        reads.UNIT,
        lambda stage: reads.rows(stage, reads.Size(), reads.IN_BROWSERS),
        about=reads.ABOUT,
    ),
    "workers": Path(
        "Answers to a GET of an election's current results, about 5 kB, on 100 connections that the kernel "
        "spreads over the workers; then receipts to 50 officers of one election.",
        workers.UNIT,
        lambda stage: workers.rows(stage, workers.Size()),
        about=workers.ABOUT,
    ),
    "registry": Path(
        "Voters that one request brings, each sealed, in the order of the file.",
        registry.UNIT,
        lambda stage: registry.rows(stage, registry.Size()),
    ),
    "pages": Path(
        "What Lighthouse gives the board of 33 contests in 1,327 precincts on its own slow telephone.",
        pages.UNIT,
        pages.rows,
    ),
    "board": Path(
        "What the live board takes of a core in chromium while a precinct reports 33 contests four times a "
        "second.",
        board.UNIT,
        lambda stage: board.rows(stage, board.Size()),
        less_is_better=True,
    ),
}
