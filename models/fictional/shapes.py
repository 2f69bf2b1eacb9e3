"""The map of the demo's country: a coast, districts, and in them the precincts, small where cities are."""

import math
import random
from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry

from models.codes import make_code
from models.definitions import UnitDefinition
from models.fictional.names import DISTRICTS
from models.geojson import Feature

Point = tuple[float, float]

# In an ocean where nobody lives, in degrees.
_MIDDLE = (-38.0, 41.0)
_RADII = (2.3, 1.35)
_COAST_POINTS = 240
_SAMPLES = 900
_ROUNDS = 12


def fictional_shapes(units: Sequence[UnitDefinition], *, seed: int = 2026) -> list[Feature]:
    """A shape in degrees for every precinct of the demo's country, always the same for the same seed.

    Precincts are the cells of a Voronoi diagram, so they share their borders; districts and the country
    are what their precincts cover.
    """
    rng = random.Random(f"shapes {seed}")
    precincts = [unit for unit in units if unit.kind == "precinct"]
    coast = _coast(rng)
    districts = list(dict.fromkeys(unit.parent or "" for unit in precincts))
    centres = _centres(rng, coast, len(districts))
    rural = {make_code(district.name): district.rural for district in DISTRICTS}
    points = [
        _settled(rng, coast, centres, districts.index(unit.parent or ""), rural.get(unit.parent or "", 0.5))
        for unit in precincts
    ]
    cells = _cells(points, coast)
    return [
        Feature(number, {"code": unit.code, "name": unit.name}, cell)
        for number, (unit, cell) in enumerate(zip(precincts, cells, strict=True), start=1)
    ]


def _coast(rng: random.Random) -> BaseGeometry:
    """A round country whose radius wavers slowly and, a little, fast."""
    waves = [(number, rng.uniform(0.2, 0.6) / number, rng.uniform(0, math.tau)) for number in range(2, 24)]
    ring = []
    for step in range(_COAST_POINTS):
        angle = math.tau * step / _COAST_POINTS
        radius = 1 + 0.45 * sum(size * math.sin(number * angle + phase) for number, size, phase in waves)
        ring.append(_at(radius * math.cos(angle), radius * math.sin(angle)))
    parts = shapely.get_parts(shapely.make_valid(shapely.Polygon(ring)))
    return max((part for part in parts if part.geom_type == "Polygon"), key=lambda part: part.area)


def _at(x: float, y: float) -> Point:
    return _MIDDLE[0] + _RADII[0] * x, _MIDDLE[1] + _RADII[1] * y


def _anywhere(rng: random.Random, coast: BaseGeometry) -> Point:
    west, south, east, north = coast.bounds
    while True:
        x, y = rng.uniform(west, east), rng.uniform(south, north)
        if shapely.contains_xy(coast, x, y):
            return x, y


def _centres(rng: random.Random, coast: BaseGeometry, number: int) -> list[Point]:
    """Centres of districts of about the same size, by Lloyd's algorithm over points of the land."""
    land = [_anywhere(rng, coast) for _ in range(_SAMPLES)]
    centres = land[:number]
    for _ in range(_ROUNDS):
        nearest = [_nearest(centres, point) for point in land]
        for which in range(len(centres)):
            own = [point for point, its in zip(land, nearest, strict=True) if its == which]
            if own:
                centres[which] = (sum(x for x, _ in own) / len(own), sum(y for _, y in own) / len(own))
    return centres


def _nearest(centres: Sequence[Point], point: Point) -> int:
    return min(range(len(centres)), key=lambda which: math.dist(centres[which], point))


def _settled(
    rng: random.Random, coast: BaseGeometry, centres: Sequence[Point], which: int, rural: float
) -> Point:
    """Where people of a district vote: anywhere in it, and nearer to its centre the less rural it is."""
    x0, y0 = centres[which]
    spread = rng.random() ** (0.9 - 0.6 * rural)
    while True:
        x, y = _anywhere(rng, coast)
        point = (x0 + (x - x0) * spread, y0 + (y - y0) * spread)
        if _nearest(centres, point) == which and shapely.contains_xy(coast, *point):
            return point


def _cells(points: Sequence[Point], coast: BaseGeometry) -> list[BaseGeometry]:
    if len(points) == 1:
        return [coast]
    diagram = shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=coast, ordered=True)
    return list(shapely.intersection(shapely.get_parts(diagram), coast))
