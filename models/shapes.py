"""The shapes of units: their table, and how outlines in degrees become the short paths of a map.

A map fits into a box of BOX units. All units of one level of the tree are simplified together, so that
neighbours keep one border; a unit without a shape of its own is what its children cover together.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

BOX = 1000
"""The longer side of a map, in its own whole units."""

# Characters that the paths of one level may have together, where simplifying can bring them there: with
# them a map of all precincts stays below 100 kB.
_MOST_CHARACTERS = 80_000
# Square roots of areas in units of the box: what simplifying takes away (Visvalingam and Whyatt, 1993).
_TOLERANCES = (0.7, 1.5, 3, 6)


class UnitShape(Base):
    """A unit on the map of its election: a path of SVG, a point for its name, and the box around it."""

    __tablename__ = "unit_shapes"

    unit_id: Mapped[int] = mapped_column(
        ForeignKey("reporting_units.id", ondelete="CASCADE"), primary_key=True
    )
    path: Mapped[str]
    label_x: Mapped[int] = mapped_column(Integer)
    label_y: Mapped[int] = mapped_column(Integer)
    west: Mapped[int] = mapped_column(Integer)
    north: Mapped[int] = mapped_column(Integer)
    east: Mapped[int] = mapped_column(Integer)
    south: Mapped[int] = mapped_column(Integer)


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """A unit as a map draws it, in whole units of the box from its north-west corner."""

    path: str
    label_x: int
    label_y: int
    west: int
    north: int
    east: int
    south: int


class UnitOutline(msgspec.Struct, frozen=True):
    """A unit with its outline."""

    code: str
    name: str
    outline: Outline


def draw(shapes: Mapping[str, BaseGeometry], parents: Mapping[str, str | None]) -> dict[str, Outline]:
    """An outline for each unit that has one, by code.

    `shapes` are valid and in degrees of WGS 84; `parents` are those of all units.
    """
    codes = list(shapes)
    projected = _projected([shapes[code] for code in codes])
    levels = _levels(dict(zip(codes, projected, strict=True)), parents)
    outlines: dict[str, Outline] = {}
    for level in levels:
        outlines |= _simplified(level)
    return outlines


def _projected(shapes: Sequence[BaseGeometry]) -> Sequence[BaseGeometry]:
    """Degrees to units of the box, by the equidistant cylindrical projection:

    x = longitude * cos(middle latitude), y = -latitude (Snyder, Map Projections: A Working Manual, USGS
    Professional Paper 1395, 1987, p. 90). Lengths are right along the middle parallel and all meridians,
    which suits the area of an election. What lies on both sides of the 180th meridian stays together.
    """
    west, south, east, north = shapely.total_bounds(shapes)
    if east - west > 180:
        shapes = shapely.transform(shapes, lambda xy: xy + (xy < 0) * [360, 0])
        west, south, east, north = shapely.total_bounds(shapes)
    narrowing = math.cos(math.radians((south + north) / 2))
    wide, high = (east - west) * narrowing, north - south
    scale = BOX / max(wide, high)
    moved: Sequence[BaseGeometry] = shapely.transform(
        shapes, lambda xy: (xy - [west, north]) * [narrowing * scale, -scale]
    )
    return moved


def _levels(
    shapes: dict[str, BaseGeometry], parents: Mapping[str, str | None]
) -> list[dict[str, BaseGeometry]]:
    """The shapes by their depth in the tree, the deepest first, with those that come of children."""
    children: dict[str, list[str]] = {}
    for code, parent in parents.items():
        if parent is not None:
            children.setdefault(parent, []).append(code)
    depths = _depths(parents)
    levels: list[dict[str, BaseGeometry]] = []
    known = dict(shapes)
    for depth in range(max(depths.values(), default=0), -1, -1):
        level: dict[str, BaseGeometry] = {}
        for code in (code for code, its in depths.items() if its == depth):
            if code not in known and (below := [known[c] for c in children.get(code, ()) if c in known]):
                known[code] = shapely.union_all(below)
            if code in known:
                level[code] = known[code]
        levels.append(level)
    return levels


def _depths(parents: Mapping[str, str | None]) -> dict[str, int]:
    depths: dict[str, int] = {}

    def depth(code: str) -> int:
        if code not in depths:
            parent = parents[code]
            depths[code] = 0 if parent is None else depth(parent) + 1
        return depths[code]

    for code in parents:
        depth(code)
    return depths


def _simplified(level: Mapping[str, BaseGeometry]) -> dict[str, Outline]:
    """The finest outlines of a level that are short enough together, or the coarsest."""
    outlines: dict[str, Outline] = {}
    for tolerance in _TOLERANCES if level else ():
        simple = shapely.coverage_simplify(list(level.values()), tolerance)
        outlines = {code: outline(shape) for code, shape in zip(level, simple, strict=True)}
        if sum(len(one.path) for one in outlines.values()) <= _MOST_CHARACTERS:
            break
    return outlines


def outline(shape: BaseGeometry) -> Outline:
    """A polygon, or several, in units of the box. What is too small to be seen becomes a speck."""
    label = shapely.point_on_surface(shape)
    x, y = round(label.x), round(label.y)
    rings = [_ring(ring) for polygon in polygons(shape) for ring in (polygon.exterior, *polygon.interiors)]
    seen = [ring for ring in rings if len(ring) > 2] or [[(x - 1, y - 1), (x + 1, y - 1), (x, y + 1)]]
    xs, ys = ([point[axis] for ring in seen for point in ring] for axis in (0, 1))
    return Outline(
        path="".join(map(_path, seen)),
        label_x=x,
        label_y=y,
        west=min(xs),
        north=min(ys),
        east=max(xs),
        south=max(ys),
    )


def polygons(shape: BaseGeometry) -> list[Any]:
    """The polygons of a shape, without what else mending it may have left: lines and points."""
    return [part for part in shapely.get_parts(shapely.get_parts(shape)) if part.geom_type == "Polygon"]


def _ring(ring: BaseGeometry) -> list[tuple[int, int]]:
    """The corners of a ring on whole units, each once, and none on a straight line between others."""
    corners: list[tuple[int, int]] = []
    for x, y in shapely.get_coordinates(ring):
        corner = (round(x), round(y))
        while len(corners) > 1 and _straight(corners[-2], corners[-1], corner):
            corners.pop()
        if not corners or corners[-1] != corner:
            corners.append(corner)
    return corners[:-1] if len(corners) > 1 and corners[0] == corners[-1] else corners


def _straight(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> bool:
    return (b[0] - a[0]) * (c[1] - b[1]) == (b[1] - a[1]) * (c[0] - b[0])


def _path(corners: Sequence[tuple[int, int]]) -> str:
    """A closed path of relative steps: SVG 2, section 9.3, with no separator that can be left out."""
    steps = [step for (x0, y0), (x1, y1) in pairwise(corners) for step in (x1 - x0, y1 - y0)]
    written = "".join(f"{step}" if step < 0 else f" {step}" for step in steps).removeprefix(" ")
    return f"M{corners[0][0]} {corners[0][1]}l{written}z"
