"""What observers see as drawings: where columns, dots, lines and ticks lie (pure but for ticks of time).

All measures are in units of a drawing, which is WIDTH wide; browsers scale it. It is as wide as letters of
14 units stay legible on a small telephone. Every drawing has a table beside it that says the same.
"""

import datetime
import math
from collections.abc import Iterable, Sequence

import msgspec

from models.integrity.digits import LastDigits
from models.integrity.shares import TurnoutAndShare
from models.integrity.vectors import IdenticalVotes, SizeClass
from models.reporting import Hour
from quart_app.pages.clocks import Tick, time_ticks

WIDTH = 400
LEFT, RIGHT = 48, 388
TOP, BOTTOM = 12, 192
# Of the two frames of hours: all so far above, hour by hour below.
SO_FAR_BOTTOM, HOURS_TOP, HOURS_BOTTOM = 118, 152, 222

MOST_TICKS = 5
# Dots that are drawn: of more precincts, those that lie nearly on one place are one dot.
MOST_DOTS = 3_000
# Where the axis of turnout ends: what lies beyond stands at its edge, so that no slip hides all others.
MOST_TURNOUT = 2.0
# As low as a part of a column may be and still be seen.
LEAST_PART = 3.0
# Hours that a time axis has at least, so that a single one is no wall.
LEAST_HOURS = 4
_HOUR = datetime.timedelta(hours=1)


class NumberTick(msgspec.Struct, frozen=True):
    """Where a number stands on an axis."""

    at: float
    value: float


class Column(msgspec.Struct, frozen=True):
    """A bar that stands on the ground: `part` of its height, from the ground, is told apart."""

    x: float
    y: float
    width: float
    height: float
    part: float = 0


class HoursPlot(msgspec.Struct, frozen=True):
    so_far: str
    """The path of all precincts that had reported by then."""
    so_far_ticks: tuple[NumberTick, ...]
    columns: tuple[Column, ...]
    ticks: tuple[NumberTick, ...]
    times: tuple[Tick, ...]


class DigitsPlot(msgspec.Struct, frozen=True):
    columns: tuple[Column, ...]
    expected: float
    ticks: tuple[NumberTick, ...]


class CloudPlot(msgspec.Struct, frozen=True):
    dots: str
    fit: tuple[float, float, float, float] | None
    """Both ends of the line of least squares."""
    turnouts: tuple[NumberTick, ...]
    shares: tuple[NumberTick, ...]


class SizesPlot(msgspec.Struct, frozen=True):
    columns: tuple[Column, ...]
    sizes: tuple[SizeClass, ...]
    ticks: tuple[NumberTick, ...]


def hours_plot(hours: Sequence[Hour], expected: int) -> HoursPlot | None:
    """Precincts reported by the hour; None before the first."""
    hours = [hour for hour in hours if hour.precincts]
    if not hours:
        return None
    first = hours[0].at
    last = max(hours[-1].at + _HOUR, first + LEAST_HOURS * _HOUR)
    whole = (last - first) / _HOUR
    one = (RIGHT - LEFT) / whole
    most = max(hour.precincts for hour in hours)
    columns = []
    for hour in hours:
        height = (HOURS_BOTTOM - HOURS_TOP) * hour.precincts / _top(most)
        x = LEFT + one * ((hour.at - first) / _HOUR)
        columns.append(_column(x, HOURS_BOTTOM, one, height))
    return HoursPlot(
        so_far=_so_far(hours, first, one, max(expected, hours[-1].precincts_so_far)),
        so_far_ticks=_share_ticks(1.0, SO_FAR_BOTTOM, TOP, count=2),
        columns=tuple(columns),
        ticks=_number_ticks(_top(most), HOURS_BOTTOM, HOURS_TOP, most=2),
        times=time_ticks(first, last, LEFT, RIGHT),
    )


def _so_far(hours: Sequence[Hour], first: datetime.datetime, one: float, expected: int) -> str:
    """During an hour the line rises from what was there before it to what was there at its end."""
    high = SO_FAR_BOTTOM - TOP
    path, before = f"M{LEFT} {SO_FAR_BOTTOM}", float(SO_FAR_BOTTOM)
    for hour in hours:
        begins = LEFT + one * ((hour.at - first) / _HOUR)
        y = SO_FAR_BOTTOM - high * hour.precincts_so_far / expected
        path += f"L{begins:.1f} {before:.1f}L{begins + one:.1f} {y:.1f}"
        before = y
    return f"{path}H{RIGHT}V{SO_FAR_BOTTOM}Z"


def digits_plot(found: LastDigits) -> DigitsPlot | None:
    """How often each digit occurs; None where it is too little to say anything."""
    if found.chi_square is None:
        return None
    most, one = _top(max(found.digits)), (RIGHT - LEFT) / len(found.digits)
    heights = [(BOTTOM - TOP) * each / most for each in found.digits]
    return DigitsPlot(
        columns=tuple(
            _column(LEFT + one * place, BOTTOM, one, height) for place, height in enumerate(heights)
        ),
        expected=_up(found.counts / len(found.digits), most),
        ticks=_number_ticks(most, BOTTOM, TOP),
    )


def cloud_plot(found: TurnoutAndShare) -> CloudPlot | None:
    """A dot for each precinct; None where it is too little to say anything."""
    if found.precincts < found.needed:
        return None
    most = min(MOST_TURNOUT, max(1.0, *(point.turnout for point in found.points)))
    dots = [(LEFT + (RIGHT - LEFT) * min(p.turnout, most) / most, _up(p.share, 1)) for p in found.points]
    return CloudPlot(
        dots="".join(f"M{x:g} {y:g}h0" for x, y in _apart(dots)),
        fit=_line(found, most),
        turnouts=_share_ticks(most, LEFT, RIGHT),
        shares=_share_ticks(1.0, BOTTOM, TOP),
    )


def _apart(dots: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The dots on a grid that is as coarse as it must be for MOST_DOTS."""
    for grid in (0.5, 1, 2, 4, 8):
        placed = {(round(x / grid) * grid, round(y / grid) * grid) for x, y in dots}
        if len(placed) <= MOST_DOTS:
            break
    return sorted(placed)


def _line(found: TurnoutAndShare, most: float) -> tuple[float, float, float, float] | None:
    """The line as far as there are precincts, and no share beyond none or all."""
    if found.slope is None or found.intercept is None:
        return None
    turnouts = [min(point.turnout, most) for point in found.points]
    ends = [min(turnouts), max(turnouts)]
    shares = [min(1.0, max(0.0, found.intercept + found.slope * end)) for end in ends]
    (x1, x2), (y1, y2) = (
        [round(LEFT + (RIGHT - LEFT) * end / most, 1) for end in ends],
        [_up(share, 1) for share in shares],
    )
    return x1, y1, x2, y2


def sizes_plot(found: IdenticalVotes) -> SizesPlot | None:
    """Precincts by their votes, and how many share theirs; None where it is too little to say anything."""
    if found.sizes is None:
        return None
    most = _top(max(size.precincts for size in found.sizes))
    one = (RIGHT - LEFT) / len(found.sizes)
    high = (BOTTOM - TOP) / most
    columns = []
    for place, size in enumerate(found.sizes):
        height = high * size.precincts
        part = min(height, max(LEAST_PART, high * size.alike)) if size.alike else 0
        columns.append(_column(LEFT + one * place, BOTTOM, one, height, part))
    return SizesPlot(tuple(columns), found.sizes, _number_ticks(most, BOTTOM, TOP))


def _column(x: float, ground: float, one: float, height: float, part: float = 0) -> Column:
    """A column in a place `one` wide, with some air on both sides where there is room."""
    air = min(4.0, one / 8)
    return Column(
        round(x + air, 1),
        round(ground - height, 1),
        round(one - 2 * air, 1),
        round(height, 1),
        round(part, 1),
    )


def _up(value: float, most: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * value / most, 1)


def _step(most: float, count: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, ... that needs no more than `count` steps."""
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            if most / step <= count:
                return step
        power *= 10


def _top(most: int) -> int:
    """Where an axis ends that has room for `most`: a whole number of steps."""
    step = _step(most, MOST_TICKS)
    return max(1, math.ceil(most / step)) * step


def _number_ticks(top: int, zero: float, end: float, most: int = MOST_TICKS) -> tuple[NumberTick, ...]:
    step = _step(top, most)
    values: Iterable[int] = range(0, top + 1, step)
    return tuple(NumberTick(round(zero + (end - zero) * value / top, 1), value) for value in values)


def _share_ticks(most: float, zero: float, end: float, count: int = MOST_TICKS) -> tuple[NumberTick, ...]:
    """Ticks of parts from 0 on, 20% apart, or 50% where that were too many."""
    step = 0.2 if most / 0.2 <= count + 0.01 else 0.5
    values = [round(step * number, 1) for number in range(int(most / step + 0.001) + 1)]
    return tuple(NumberTick(round(zero + (end - zero) * value / most, 1), value) for value in values)
