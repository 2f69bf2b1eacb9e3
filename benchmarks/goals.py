"""What each path has to reach on a machine of two cores, as the project has set it for itself.

A run tells of each goal what was reached and whether that is enough. Nothing fails where it is not: what
else a machine does meanwhile would decide it as well.
"""

from collections.abc import Mapping

import msgspec

from benchmarks.measuring import OURS, Compared


class Reached(msgspec.Struct, frozen=True):
    """A goal's figure in one run, as it is written, and whether it is enough."""

    figure: str
    met: bool


class Times(msgspec.Struct, frozen=True):
    """A row's figure is at least so many times another's."""

    least: float
    other: str
    row: str = OURS

    @property
    def says(self) -> str:
        return f"{self.row} at least {self.least:g} × {self.other}"

    def reached(self, compared: Compared) -> Reached | None:
        """None where one of the rows was not measured; so below."""
        if not {self.row, self.other} <= compared.rows.keys():
            return None
        figure = compared.rows[self.row].figure / compared.rows[self.other].figure
        return Reached(f"{figure:.2f} ×", figure >= self.least)


class AtMost(msgspec.Struct, frozen=True):
    """A row's figure, or a further one of it such as its milliseconds, is no greater than this."""

    most: float
    detail: str | None = None
    row: str = OURS

    @property
    def says(self) -> str:
        of = f"{self.detail.replace('_', ' ')} of {self.row}" if self.detail else self.row
        return f"{of} at most {self.most:,.10g}"

    def reached(self, compared: Compared) -> Reached | None:
        row = compared.rows.get(self.row)
        if row is None:
            return None
        figure = row.details.get(self.detail) if self.detail else row.figure
        return None if figure is None else Reached(f"{figure:,.1f}", figure <= self.most)


class Keeps(msgspec.Struct, frozen=True):
    """A curve's last point is at least this share of its first, whatever lies between."""

    least: float
    series: str

    @property
    def says(self) -> str:
        return f"{self.series} at the end at least {self.least:g} × what it is at the beginning"

    def reached(self, compared: Compared) -> Reached | None:
        found = [curve.points[self.series] for curve in compared.curves if self.series in curve.points]
        if not found:
            return None
        ordered = sorted(found[0])
        figure = ordered[-1][1] / ordered[0][1]
        return Reached(f"{figure:.2f} ×", figure >= self.least)


Goal = Times | AtMost | Keeps

GOALS: Mapping[str, tuple[Goal, ...]] = {
    "intake": (
        Times(40, "book"),
        Times(5, "session-per-message"),
        Times(0.9, "fastapi-group-commit"),
        Times(1, "pgbench", row="frames-of-100"),
    ),
    "growth": (Keeps(0.8, "receipts/s"), Keeps(0.9, "results GET/s")),
    "workers": (Times(1.7, OURS, row="two-workers"),),
    "fanout": (Times(3.5, "book"), Times(1.1, "starlette-shared-queue")),
    "burst": (Times(1, "nchan"),),
    "night": (AtMost(1_000, "p99_ms"), AtMost(20, "kB_per_viewer")),
    "reads": (
        Times(1.8, "plain-view"),
        Times(1.5, "flask-gunicorn"),
        Times(0.8, "nginx-static", row="nginx-cache"),
    ),
    "pages": (AtMost(100, "all_kB"), AtMost(3_000, "slow_3g_ms")),
    "board": (AtMost(20),),
}
