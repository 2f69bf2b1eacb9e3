"""How numbers, shares, dates and times are written, in the language of whoever is asking.

Digits are those of the Latin script everywhere: officers read figures back by telephone, and type them.
`static/figures.js` writes the same ones.
"""

import copy
import datetime
import functools
import zoneinfo
from decimal import ROUND_HALF_UP, Decimal

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import NumberPattern, format_decimal, format_percent

from quart_app.languages.asked import language

NOTHING = "–"

_TENTH = Decimal("0.1")


def figure(number: int | None) -> str:
    """12,345; a dash where it is withheld or not known."""
    return NOTHING if number is None else _whole(number, language().code)


@functools.lru_cache(maxsize=65536)
def _whole(number: int, code: str) -> str:
    return format_decimal(number, locale=code)


def percent(part: float | None) -> str:
    """66.1% of a part from 0 to 1; a dash where it is withheld or not known."""
    return NOTHING if part is None else _share(part, language().code)


@functools.lru_cache(maxsize=4096)
def _share(part: float, code: str) -> str:
    # As browsers round: a half goes up, and it is the binary number that stands in the middle or beside it.
    tenths = Decimal(part * 100).quantize(_TENTH, ROUND_HALF_UP)
    return str(_percent_pattern(code).apply(tenths / 100, code))


@functools.cache
def _percent_pattern(code: str) -> NumberPattern:
    from_cldr: NumberPattern = copy.copy(Locale.parse(code).percent_formats[None])
    from_cldr.frac_prec = (1, 1)
    return from_cldr


def fine_percent(part: float) -> str:
    """0.5% or 0.25% of a part from 0 to 1, with no more digits than it takes: for what somebody has set."""
    return str(_fine_pattern(language().code).apply(Decimal(str(part)), language().code))


@functools.cache
def _fine_pattern(code: str) -> NumberPattern:
    pattern: NumberPattern = copy.copy(_percent_pattern(code))
    pattern.frac_prec = (0, 2)
    return pattern


def whole_percent(part: float) -> str:
    """40% of a part from 0 to 1: for the ticks of a scale."""
    return str(format_percent(part, locale=language().locale))


def moment(at: datetime.datetime, timezone: str) -> str:
    """Date and time in the election's own timezone."""
    return _date_and_time(at, zoneinfo.ZoneInfo(timezone))


def utc(at: datetime.datetime) -> str:
    """Date and time where no election says whose."""
    return f"{_date_and_time(at, datetime.UTC)} UTC"


def _date_and_time(at: datetime.datetime, timezone: datetime.tzinfo) -> str:
    # Browsers do not agree on the space before AM and PM, so it is a plain one everywhere.
    return format_datetime(at, "medium", timezone, locale=language().locale).replace("\u202f", " ")


def day(date: datetime.date) -> str:
    """A date in words."""
    return format_date(date, "long", locale=language().locale)
