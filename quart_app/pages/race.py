"""The race over time as a drawing: where lines, ticks and labels lie (pure but for the reader's language).

All measures are in units of the drawing, which is WIDTH wide and HEIGHT high; browsers scale it.
"""

import datetime
import math
import zoneinfo
from collections.abc import Callable, Mapping, Sequence

import msgspec

from models.history import History, Point
from models.places import PartyInfo
from models.results import ContestResults
from quart_app.pages.clocks import Tick, time_ticks
from quart_app.pages.looks import Look, looks

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT = 52, 470
SHARES_TOP, SHARES_BOTTOM = 14, 270
REPORTED_TOP, REPORTED_BOTTOM = 300, 356
LABEL_GAP = 19
LABEL_LETTERS = 16
LINES = 6
ROWS = 20

# What tells lines apart without colour: each place in the race has a dash and a sign of its own.
DASHES = ("", "9 4", "2.5 3.5", "12 4 2.5 4", "5 3", "14 3 2 3 2 3")
SIGNS = (
    "M-5 0A5 5 0 1 1 5 0 5 5 0 1 1-5 0Z",
    "M-4.5-4.5H4.5V4.5H-4.5Z",
    "M0-6 5.5 4H-5.5Z",
    "M0-6.5 5.5 0 0 6.5-5.5 0Z",
    "M0 6-5.5-4H5.5Z",
    "M-2-6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z",
)


class ShareTick(msgspec.Struct, frozen=True):
    at: float
    share: float


class Line(msgspec.Struct, frozen=True):
    """One selection's share: its path, where it ends, and where its label stands."""

    name: str
    label: str
    share: float
    colour: str
    dash: str
    sign: str
    path: str
    x: float
    y: float
    label_y: float


class Row(msgspec.Struct, frozen=True):
    """A line of the table that says the same: `shares` are those of the lines, in their order."""

    at: datetime.datetime
    units_reported: int
    shares: tuple[float, ...]


class Drawing(msgspec.Struct, frozen=True):
    lines: tuple[Line, ...]
    undrawn: int
    """How many selections have no line."""
    reported: str
    """The path of precincts reported."""
    units_reported: int
    units_expected: int
    shares: tuple[ShareTick, ...]
    times: tuple[Tick, ...]
    rows: tuple[Row, ...]


def drawing(
    history: History, results: ContestResults, parties: Sequence[PartyInfo], timezone: str
) -> Drawing | None:
    """None where fewer than two moments have votes: there is no race yet."""
    points = [point for point in history.points if point.shares() is not None]
    if len(points) < 2:
        return None
    across = _across(points)
    most = _most(points, _drawn(history, results))
    lines = _lines(history, results, points, across, most, looks(parties))
    return Drawing(
        lines=lines,
        undrawn=len(history.selections) - len(lines),
        reported=_steps(points, across, history.units_expected),
        units_reported=points[-1].units_reported,
        units_expected=history.units_expected,
        shares=tuple(ShareTick(_down(share, most), share) for share in _share_ticks(most)),
        times=_times(points, timezone),
        rows=_rows(points, _drawn(history, results)),
    )


def _drawn(history: History, results: ContestResults) -> list[int]:
    """Places in the ballot of those who are drawn, the most votes first."""
    places = {code: place for place, code in enumerate(history.selections)}
    return [places[selection.code] for selection in results.selections[:LINES] if selection.code in places]


def _across(points: Sequence[Point]) -> Callable[[int], float]:
    """From a point's place to its x: by time, or one after the other where all came at once."""
    first, last = points[0].at, points[-1].at
    whole = (last - first).total_seconds()
    if not whole:
        return lambda place: LEFT + (RIGHT - LEFT) * place / (len(points) - 1)
    return lambda place: LEFT + (RIGHT - LEFT) * (points[place].at - first).total_seconds() / whole


def _most(points: Sequence[Point], drawn: Sequence[int]) -> float:
    """The share at the top of the drawing: whole tenths, and some air."""
    highest = max(shares[place] for point in points if (shares := point.shares()) for place in drawn)
    return min(1.0, math.ceil(highest * 10 + 0.2) / 10)


def _share_ticks(most: float) -> list[float]:
    step = 0.1 if most <= 0.5 else 0.2 if most < 1 else 0.25
    return [round(number * step, 2) for number in range(int(most / step + 1e-9) + 1)]


def _down(share: float, most: float) -> float:
    return round(SHARES_BOTTOM - (SHARES_BOTTOM - SHARES_TOP) * share / most, 1)


def _lines(
    history: History,
    results: ContestResults,
    points: Sequence[Point],
    across: Callable[[int], float],
    most: float,
    found: Mapping[str, Look],
) -> tuple[Line, ...]:
    by_code = {selection.code: selection for selection in results.selections}
    drawn = _drawn(history, results)
    ends = [(points[-1].shares() or ())[place] for place in drawn]
    labels = spread([_down(end, most) for end in ends])
    lines = []
    for number, (place, end) in enumerate(zip(drawn, ends, strict=True)):
        selection = by_code[history.selections[place]]
        look = found.get(selection.party or "")
        steps = [(across(at), _down((point.shares() or ())[place], most)) for at, point in enumerate(points)]
        lines.append(
            Line(
                name=selection.name,
                label=shortened(selection.name),
                share=end,
                colour=look.colour if look else "",
                dash=DASHES[number],
                sign=SIGNS[number],
                path="M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in steps),
                x=round(steps[-1][0], 1),
                y=steps[-1][1],
                label_y=labels[number],
            )
        )
    return tuple(lines)


def shortened(name: str) -> str:
    """So much of a name as there is room for; the whole one stands in the table."""
    return name if len(name) <= LABEL_LETTERS else name[: LABEL_LETTERS - 1].rstrip() + "…"


def spread(wanted: Sequence[float]) -> list[float]:
    """Heights near those wanted, at least LABEL_GAP apart, in the same order from top to bottom."""
    order = sorted(range(len(wanted)), key=lambda number: wanted[number])
    placed: dict[int, float] = {}
    lowest: float = SHARES_TOP - LABEL_GAP / 2
    for number in order:
        lowest = placed[number] = max(wanted[number], lowest + LABEL_GAP)
    highest: float = SHARES_BOTTOM + LABEL_GAP
    for number in reversed(order):
        highest = placed[number] = min(placed[number], highest - LABEL_GAP)
    return [round(placed[number], 1) for number in range(len(wanted))]


def _steps(points: Sequence[Point], across: Callable[[int], float], expected: int) -> str:
    """Precincts reported stay as many until the next one reports."""
    high = REPORTED_BOTTOM - REPORTED_TOP
    path = f"M{LEFT} {REPORTED_BOTTOM}"
    for place, point in enumerate(points):
        y = REPORTED_BOTTOM - high * min(1.0, point.units_reported / (expected or 1))
        path += f"H{across(place):.1f}V{y:.1f}"
    return f"{path}V{REPORTED_BOTTOM}Z"


def _times(points: Sequence[Point], timezone: str) -> tuple[Tick, ...]:
    zone = zoneinfo.ZoneInfo(timezone)
    return time_ticks(points[0].at.astimezone(zone), points[-1].at.astimezone(zone), LEFT, RIGHT)


def _rows(points: Sequence[Point], drawn: Sequence[int]) -> tuple[Row, ...]:
    """At most ROWS of the points, the first and the last among them."""
    count = min(ROWS, len(points))
    chosen = sorted({round(number * (len(points) - 1) / max(1, count - 1)) for number in range(count)})
    return tuple(
        Row(
            points[place].at,
            points[place].units_reported,
            tuple((points[place].shares() or ())[each] for each in drawn),
        )
        for place in chosen
    )
