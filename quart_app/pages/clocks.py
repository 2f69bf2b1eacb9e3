"""Ticks of time for drawings: round times of the election's own clock, said as the reader's language does."""

import datetime
import math

import msgspec
from babel.dates import format_date, format_datetime, format_skeleton, get_datetime_format

from quart_app.languages import language

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(_MINUTE * number for number in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * number for number in (1, 2, 3, 6, 12)),
    *(_DAY * number for number in (1, 2, 7, 14, 28)),
)
MOST_TICKS = 5


class Tick(msgspec.Struct, frozen=True):
    at: float
    label: str


def time_ticks(
    first: datetime.datetime, last: datetime.datetime, left: float, right: float
) -> tuple[Tick, ...]:
    """Round times between two moments of one zone, which lie at `left` and `right`.

    Only the first of them where so little time went by that there are none.
    """
    whole = (last - first).total_seconds()
    if whole < MOST_TICKS:
        return (Tick(left, _time(first, 1)),)
    step = next((step for step in _STEPS if whole / step <= MOST_TICKS), _STEPS[-1])
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + datetime.timedelta(seconds=math.ceil((first - midnight).total_seconds() / step) * step)
    ticks = []
    while at <= last:
        x = left + (right - left) * (at - first).total_seconds() / whole
        ticks.append(Tick(round(x, 1), _time(at, step)))
        at += datetime.timedelta(seconds=step)
    return tuple(ticks)


def _time(at: datetime.datetime, step: int) -> str:
    locale = language().locale
    if step >= _DAY:
        return str(format_skeleton("MMMd", at, locale=locale))
    return format_datetime(at, "HH:mm:ss" if step < _MINUTE else "HH:mm", locale=locale)


def hour_words(at: datetime.datetime) -> str:
    """Day, hour and minute in the zone that the moment is of: `Nov 5, 2024, 20:00`, as ticks have it."""
    locale = language().locale
    parts = {"0": format_datetime(at, "HH:mm", locale=locale), "1": format_date(at, "medium", locale=locale)}
    words = str(get_datetime_format("medium", locale=locale)).replace("'", "")
    return words.replace("{0}", parts["0"]).replace("{1}", parts["1"])
