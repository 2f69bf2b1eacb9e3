"""How pages write figures, times and states. `static/figures.js` writes the same ones."""

import datetime
import zoneinfo
from collections.abc import Callable, Iterable
from typing import Any

from models.results import ContestResults

NOTHING = "–"

ELECTION_WORDS = {
    "draft": "Not open yet",
    "open": "Counting",
    "closed": "Closed",
    "certified": "Certified",
    "correction": "Being corrected",
}
STATUS_WORDS = {
    "pre-election": "Not begun",
    "unofficial-partial": "Unofficial, partial",
    "unofficial-complete": "Unofficial, complete",
    "certified": "Certified",
    "correction": "Being corrected",
    "recount": "Recount",
}

_BROWSERS = (
    ("Firefox/", "Firefox"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Chrom", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)

ORDER_WORDS = {
    "given": "As they were entered",
    "alphabetical": "By last name, or by name",
    "lot": "By lot, out of the election's seed",
}
# What a move is called, and what comes of it.
MOVE_WORDS = {
    "open": (
        "Open the election",
        "From then on officers send tallies. What stands on the ballots is settled for good.",
    ),
    "close": ("Close the election", "No tally is taken any more."),
    "certify": ("Certify the results", "They are final then; only a correction can change them."),
    "correct": (
        "Correct what was certified",
        "Tallies are taken again, and everybody reads that the results are being corrected, and why.",
    ),
    "release": ("Release the results", "Everybody sees the figures then, and every change at once."),
    "withhold": ("Withhold the results", "Everybody sees only how many precincts have reported."),
}


def figure(number: int | None) -> str:
    """12,345; a dash where it is withheld or not known."""
    return NOTHING if number is None else f"{number:,}"


def percent(part: float | None) -> str:
    """66.1% of a part from 0 to 1; a dash where it is withheld or not known."""
    return NOTHING if part is None else f"{part:.1%}"


def moment(at: datetime.datetime, timezone: str) -> str:
    """Date and time in the election's own timezone."""
    return f"{at.astimezone(zoneinfo.ZoneInfo(timezone)):%Y-%m-%d %H:%M:%S}"


def utc(at: datetime.datetime) -> str:
    """Date and time where no election says whose."""
    return f"{at.astimezone(datetime.UTC):%Y-%m-%d %H:%M} UTC"


def browser(agent: str) -> str:
    """`Firefox on Linux`, of what a browser says of itself; the first name that fits is the most honest."""
    name = next((word for mark, word in _BROWSERS if mark in agent), "A browser")
    system = next((f" on {word}" for mark, word in _SYSTEMS if mark in agent), "")
    return name + system


def overall(contests: Iterable[ContestResults]) -> str:
    """The status of a whole election in words: certified when all are, partial while one is."""
    found = {contest.status for contest in contests}
    for status in ("correction", "recount", "unofficial-partial", "unofficial-complete", "pre-election"):
        if status in found:
            return STATUS_WORDS[status]
    return STATUS_WORDS["certified" if found else "pre-election"]


FILTERS: dict[str, Callable[..., Any]] = {
    "figure": figure,
    "percent": percent,
    "moment": moment,
    "utc": utc,
    "browser": browser,
    "status_words": STATUS_WORDS.__getitem__,
    "election_words": ELECTION_WORDS.__getitem__,
    "move_words": MOVE_WORDS.__getitem__,
    "order_words": ORDER_WORDS.__getitem__,
}
