"""Curves as SVG: the same bytes for the same figures, to be read on a light ground and on a dark one."""

import io
import re
from collections.abc import Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from benchmarks.measuring import Curve

# Each stands out from white and from near black by 4 : 1 at least; the ground is left to the reader.
INK = "#767676"
COLOURS = ("#1577d1", "#c2570c", "#22863a", "#b8479d", "#7f68c9", "#0b8585", "#a8700a", "#d1415a")
MARKERS = "osD^vPX*"

INCHES = (7.2, 4.0)
LABEL_GAP = 0.055
"""Of the height of the axes: labels of two series that end together stand one below the other."""
SPREAD = 20.0
"""An axis whose greatest value is so many times its least is a logarithmic one."""


def name_of(path: str, curve: Curve) -> str:
    """Of the file, such as `growth-receipts.svg`."""
    words = re.sub(r"[^a-z0-9]+", "-", curve.title.lower()).strip("-")
    return f"{path}-{words}.svg" if not words.startswith(path) else f"{words}.svg"


def drawn(curve: Curve) -> bytes:
    """The curve, its series labelled where they end."""
    # Names of elements come from the salt: with another one for each run no two files would be alike.
    with matplotlib.rc_context({"svg.hashsalt": "tallystream", "svg.fonttype": "none"}):
        figure = Figure(figsize=INCHES, layout="constrained")
        _plot(figure.subplots(), curve)
        written = io.BytesIO()
        undated: dict[str, str | None] = {"Date": None, "Creator": None}
        figure.savefig(written, format="svg", transparent=True, metadata=undated)
    return written.getvalue()


def _plot(axes: Axes, curve: Curve) -> None:
    for number, points in enumerate(curve.points.values()):
        xs, ys = zip(*sorted(points), strict=True)
        colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
        axes.plot(xs, ys, color=colour, marker=marker, linewidth=2, markersize=5)
    _scales(axes, curve)
    _label(axes, curve)
    _dress(axes, curve)


def _scales(axes: Axes, curve: Curve) -> None:
    xs = sorted({x for points in curve.points.values() for x, _ in points})
    ys = [y for points in curve.points.values() for _, y in points]
    if _spread(xs):
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(xs, [f"{x:,.10g}" for x in xs])
    if _spread(ys):
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0, top=max(ys) * 1.1 or 1)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.10g}"))


def _spread(values: Sequence[float]) -> bool:
    return min(values) > 0 and max(values) >= SPREAD * min(values)


def _label(axes: Axes, curve: Curve) -> None:
    ends = {name: max(points) for name, points in curve.points.items()}
    into_axes = axes.transData + axes.transAxes.inverted()
    heights = {name: float(into_axes.transform(end)[1]) for name, end in ends.items()}
    lowest = 0.0
    for name in sorted(heights, key=lambda name: heights[name]):
        height = max(heights[name], lowest)
        lowest = height + LABEL_GAP
        colour = COLOURS[list(ends).index(name) % len(COLOURS)]
        axes.text(1.02, height, name, transform=axes.transAxes, color=colour, va="center", fontsize=10)


def _dress(axes: Axes, curve: Curve) -> None:
    axes.set_title(curve.title, loc="left", color=INK, fontsize=12)
    axes.set_xlabel(curve.x, color=INK)
    axes.set_ylabel(curve.y, color=INK)
    axes.tick_params(colors=INK, which="both")
    axes.grid(visible=True, axis="y", color=INK, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(INK)
