"""Every path that is measured: what it counts, the rows that are compared, and the curves that are drawn.

Whoever adds one writes a module with its `UNIT`, its `rows` or its `curves` (or both), what each row is in
a line (`ABOUT`), and lists it here. What it has to reach stands in goals.py.
"""

from collections.abc import Callable, Mapping

import msgspec

from benchmarks import board, burst, fanout, intake, night, pages, reads, registry
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


PATHS: dict[str, Path] = {
    "intake": Path(
        "Receipts to 50 officers over WebSocket, each of whom waits for a receipt, which comes after the "
        "durable commit, before sending the next tally.",
        intake.UNIT,
        lambda stage: intake.rows(stage, intake.Size()),
        about=intake.ABOUT,
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
    ),
    "reads": Path(
        "Answers to a GET of an election's current results, about 5 kB, on 50 connections that are kept.",
        reads.UNIT,
        lambda stage: reads.rows(stage, reads.Size()),
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
    ),
}
