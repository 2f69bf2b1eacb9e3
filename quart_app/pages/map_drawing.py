"""A map as it is drawn: shapes where the election has them, tiles where it has none, by what fills them."""

from collections.abc import Mapping, Sequence
from itertools import groupby

import msgspec

from models.progress import MapUnit
from models.shapes import UnitOutline
from models.tiles import tile
from quart_app.pages.map_colours import Fill, Palette

# Names stand on a map of so few units, where they fit.
_NAMED = 40
_LETTER = 22
_PAD = 6
# The size of patterns; on small tiles they are as much smaller as lets two of them stand side by side.
_PATTERN = 1.25
_PATTERN_SIDE = 24


class Drawn(msgspec.Struct, frozen=True):
    """One unit on a map."""

    unit: MapUnit
    path: str


class Layer(msgspec.Struct, frozen=True):
    """All units with one fill."""

    fill: Fill
    units: list[Drawn]

    @property
    def path(self) -> str:
        """All of them as one path; they do not overlap."""
        return "".join(drawn.path for drawn in self.units)


class Label(msgspec.Struct, frozen=True):
    x: int
    y: int
    name: str


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A map, in whole units. `line` is the width of a fine line, `pattern` the size of patterns; `blank` is
    where nobody votes on this."""

    left: int
    top: int
    width: int
    height: int
    line: float
    pattern: float
    layers: list[Layer]
    held: str
    blank: str
    labels: list[Label]
    shaped: bool


def picture(units: Sequence[MapUnit], outlines: Sequence[UnitOutline], palette: Palette) -> Picture:
    """Draws the units that have an outline, or all of them as tiles where none has."""
    known = {unit.code for unit in units}
    if any(outline.code in known for outline in outlines):
        return _shapes(units, outlines, palette)
    return _tiles(units, palette)


def _shapes(units: Sequence[MapUnit], outlines: Sequence[UnitOutline], palette: Palette) -> Picture:
    paths = {one.code: one.outline.path for one in outlines}
    known = {unit.code for unit in units}
    left = min(one.outline.west for one in outlines) - _PAD
    top = min(one.outline.north for one in outlines) - _PAD
    width = max(one.outline.east for one in outlines) + _PAD - left
    height = max(one.outline.south for one in outlines) + _PAD - top
    scale = max(width, height) / 1000
    return Picture(
        left=left,
        top=top,
        width=width,
        height=height,
        line=scale,
        pattern=scale * _PATTERN,
        layers=_layers(units, paths, palette),
        held=_held(units, paths),
        blank="".join(one.outline.path for one in outlines if one.code not in known),
        labels=_labels(outlines, scale),
        shaped=True,
    )


def _labels(outlines: Sequence[UnitOutline], scale: float) -> list[Label]:
    if len(outlines) > _NAMED:
        return []
    return [
        Label(one.outline.label_x, one.outline.label_y, one.name)
        for one in outlines
        if len(one.name) * _LETTER * scale * 0.55 <= one.outline.east - one.outline.west
    ]


def _tiles(units: Sequence[MapUnit], palette: Palette) -> Picture:
    groups = [[unit.code for unit in group] for _, group in groupby(units, key=lambda unit: unit.parent)]
    tiles = tile(groups)
    side = tiles.side
    paths = {code: f"M{x} {y}h{side}v{side}h-{side}z" for code, (x, y) in tiles.places.items()}
    return Picture(
        left=-2,
        top=-2,
        width=tiles.width + 4,
        height=tiles.height + 4,
        line=1,
        pattern=min(_PATTERN, side / _PATTERN_SIDE),
        layers=_layers(units, paths, palette),
        held=_held(units, paths),
        blank="",
        labels=[],
        shaped=False,
    )


def _layers(units: Sequence[MapUnit], paths: Mapping[str, str], palette: Palette) -> list[Layer]:
    layers: dict[Fill, list[Drawn]] = {}
    for unit in units:
        if path := paths.get(unit.code):
            layers.setdefault(palette.fill(unit), []).append(Drawn(unit, path))
    return [Layer(fill, drawn) for fill, drawn in layers.items()]


def _held(units: Sequence[MapUnit], paths: Mapping[str, str]) -> str:
    return "".join(paths.get(unit.code, "") for unit in units if unit.held)
