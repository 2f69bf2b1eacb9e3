"""Tables of a path's rows, of its curves' points, and of its goals: for a terminal, and in Markdown."""

from collections.abc import Mapping

import msgspec
from rich.table import Table

from benchmarks.goals import GOALS
from benchmarks.measuring import OURS, Compared, Curve


class Cells(msgspec.Struct, frozen=True):
    """A table of text; the first column is words, and the others are figures unless they are `words` too."""

    headings: list[str]
    rows: list[list[str]]
    words: int = 1


def of_rows(compared: Compared) -> Cells:
    """The rows, the fastest first, and how many times as fast ours is."""
    details = list(dict.fromkeys(key for row in compared.rows.values() for key in row.details))
    rows = []
    for name, row in compared.rows.items():
        ratio = "" if name == OURS else f"{compared.times_ours(name):.2f} ×"
        further = [_short(row.details[key]) if key in row.details else "" for key in details]
        rows.append([name, _short(row.figure), ratio, *further])
    return Cells(["row", compared.unit, "ours is", *(key.replace("_", " ") for key in details)], rows)


def of_points(curve: Curve) -> Cells:
    """A line for each x, a column for each series."""
    series = {name: dict(points) for name, points in curve.points.items()}
    xs = sorted({x for points in series.values() for x in points})
    rows = [
        [f"{x:,.10g}", *(_short(points[x]) if x in points else "" for points in series.values())] for x in xs
    ]
    return Cells([curve.x, *series], rows)


def of_goals(paths: Mapping[str, Compared]) -> Cells:
    """Every goal of the paths measured, what was reached, and whether that is enough."""
    rows = []
    for path, compared in paths.items():
        for goal in GOALS.get(path, ()):
            reached = goal.reached(compared)
            said = [reached.figure, "yes" if reached.met else "no"] if reached else ["not measured", ""]
            rows.append([path, goal.says, *said])
    return Cells(["path", "goal", "reached", "met"], rows, words=2)


def _short(value: float) -> str:
    return f"{value:,.1f}" if abs(value) < 100 else f"{value:,.0f}"


def on_terminal(title: str, cells: Cells) -> Table:
    shown = Table(title=title, title_justify="left")
    for number, heading in enumerate(cells.headings):
        words = number < cells.words
        # Long headings would make a terminal's width too small for the figures.
        shown.add_column(
            heading if words else heading.replace(" ", "\n"),
            justify="left" if words else "right",
            no_wrap=True,
        )
    for row in cells.rows:
        shown.add_row(*row)
    return shown


def in_markdown(cells: Cells) -> str:
    ruler = [" --- " if number < cells.words else " ---: " for number in range(len(cells.headings))]
    lines = [_line(cells.headings), f"|{'|'.join(ruler)}|", *(_line(row) for row in cells.rows)]
    return "\n".join(lines)


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
