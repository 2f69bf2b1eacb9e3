"""Rounds, medians and ratios."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

OURS = "ours"

Details = dict[str, float]


class Measured(msgspec.Struct, frozen=True):
    """One measurement of one row. `details` are further figures, by a name that ends in their unit."""

    figure: float
    details: Details


class Row(msgspec.Struct, frozen=True):
    """Something that is compared, and how to measure it once."""

    name: str
    measure: Callable[[], Measured]


class Figures(msgspec.Struct, frozen=True):
    """What the rounds of one row gave: medians, and the single figures."""

    figure: float
    details: Details
    rounds: list[float]


class Compared(msgspec.Struct, frozen=True):
    """One path's rows, the best first, and its curves."""

    unit: str
    rows: dict[str, Figures]
    curves: tuple["Curve", ...] = ()
    less_is_better: bool = False

    def times_ours(self, name: str) -> float:
        """How many times as good ours is as this row."""
        times = self.rows[OURS].figure / self.rows[name].figure
        return 1 / times if self.less_is_better else times

    def as_json(self) -> dict[str, Any]:
        return {
            "unit": self.unit,
            "rows": {name: round(row.figure, 1) for name, row in self.rows.items()},
            "details": {
                name: {
                    **{key: round(value, 2) for key, value in row.details.items()},
                    "rounds": [round(figure, 1) for figure in row.rounds],
                }
                for name, row in self.rows.items()
            },
            "curves": msgspec.to_builtins(self.curves),
            "less_is_better": self.less_is_better,
        }

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "Compared":
        """What `as_json` made of it, without what was rounded away."""
        rows = {}
        for name, figure in found["rows"].items():
            details = dict(found["details"][name])
            rows[name] = Figures(figure, rounds=details.pop("rounds"), details=details)
        curves = msgspec.convert(found.get("curves", ()), tuple[Curve, ...])
        return cls(found["unit"], rows, curves, found.get("less_is_better", False))


class Curve(msgspec.Struct, frozen=True):
    """A figure against something that grows: points (x, y) of each series. `x` and `y` name their units."""

    title: str
    x: str
    y: str
    points: dict[str, list[tuple[float, float]]]


def compare(
    unit: str,
    rows: Sequence[Row],
    rounds: int,
    done: Callable[[str, int], None] = lambda *_: None,
    *,
    less_is_better: bool = False,
) -> Compared:
    """Measures all rows once, and all again: whatever else the machine does meets them alike.

    `done` is told the row and the round, from 1, after each measurement.
    """
    measured: dict[str, list[Measured]] = {row.name: [] for row in rows}
    for number in range(1, rounds + 1):
        for row in rows:
            measured[row.name].append(row.measure())
            done(row.name, number)
    figures = {name: _median(all_rounds) for name, all_rounds in measured.items()}
    best_first = sorted(figures.items(), key=lambda item: item[1].figure, reverse=not less_is_better)
    return Compared(unit, dict(best_first), less_is_better=less_is_better)


def _median(rounds: list[Measured]) -> Figures:
    return Figures(
        statistics.median(measured.figure for measured in rounds),
        {key: statistics.median(measured.details[key] for measured in rounds) for key in rounds[0].details},
        [measured.figure for measured in rounds],
    )


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that at least so many percent of the values do not exceed (nearest rank)."""
    ranked = sorted(values)
    rank = -(-len(ranked) * percent // 100)
    return ranked[max(0, int(rank) - 1)]
