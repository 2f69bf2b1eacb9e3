"""Reading shapes from GeoJSON (RFC 7946), and finding out whose shapes they are (pure)."""

import collections
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import shapely
from shapely.geometry.base import BaseGeometry

from models.codes import make_code
from models.places import UnitInfo
from models.shapes import polygons
from models.submissions import NOT_READ

MAX_BYTES = 64 * 1024 * 1024
"""Of a file; simplify a larger one first."""

_SHAPES = ("Polygon", "MultiPolygon")
# Of properties that name as many units, the first of these, then the first in the file.
_LIKELY = ("code", "id", "unit", "precinct", "geoid", "name")
_DEGREES = (
    "GeoJSON has longitude and latitude in degrees (WGS 84); convert the file, as with "
    "ogr2ogr -t_srs EPSG:4326"
)


class ShapesFileError(ValueError):
    """The file cannot be read; `message` is one or two sentences for its owner."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Feature(msgspec.Struct, frozen=True):
    """A feature of a file, counted from 1: what is said of it, and its valid shape in degrees."""

    number: int
    properties: dict[str, str]
    shape: Any
    """A Polygon or MultiPolygon of shapely."""


class UnknownFeature(msgspec.Struct, frozen=True):
    """A feature that belongs to no unit, and why."""

    number: int
    reason: str


class Matches(msgspec.Struct, frozen=True):
    """Which property told the units apart, the shape of each unit by its code, and what matched none."""

    property: str
    shapes: dict[str, Any]
    unknown: list[UnknownFeature]


class _Collection(msgspec.Struct):
    type: str
    features: list[msgspec.Raw]


class _Feature(msgspec.Struct):
    type: str
    geometry: msgspec.Raw
    properties: dict[str, Any] | None = None
    id: str | int | float | None = None


class _Geometry(msgspec.Struct):
    type: str


def read_features(content: bytes) -> list[Feature]:
    """The features of a FeatureCollection. Raises ShapesFileError, which names the feature and the remedy."""
    if len(content) > MAX_BYTES:
        raise ShapesFileError(
            f"The file has {len(content):,} bytes, and {MAX_BYTES:,} are the most; simplify the shapes, "
            "as with mapshaper -simplify 10% keep-shapes."
        )
    try:
        collection = msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"), type=_Collection)
    except NOT_READ as error:
        raise ShapesFileError(f"This is not a GeoJSON FeatureCollection: {error}.") from error
    if collection.type != "FeatureCollection":
        raise ShapesFileError(f"This is a GeoJSON {collection.type!r}; it must be a FeatureCollection.")
    if not collection.features:
        raise ShapesFileError("The file holds no feature.")
    return [_feature(number, raw) for number, raw in enumerate(collection.features, start=1)]


def _feature(number: int, raw: msgspec.Raw) -> Feature:
    try:
        feature = msgspec.json.decode(raw, type=_Feature)
    except NOT_READ as error:
        raise ShapesFileError(f"Feature {number} cannot be read: {error}.") from error
    said = {"id": feature.id, **(feature.properties or {})}
    properties = {name: str(value) for name, value in said.items() if isinstance(value, str | int)}
    return Feature(number, properties, _shape(number, feature.geometry))


def _shape(number: int, raw: msgspec.Raw) -> BaseGeometry:
    if bytes(raw) == b"null":
        raise ShapesFileError(f"Feature {number} has no geometry; give it one, or leave it out.")
    try:
        kind = msgspec.json.decode(raw, type=_Geometry).type
        if kind not in _SHAPES:
            raise ShapesFileError(
                f"Feature {number} is a {kind}; units are areas, so it must be a Polygon or MultiPolygon."
            )
        shape = shapely.from_geojson(bytes(raw))
    except (*NOT_READ, shapely.GEOSException) as error:
        reason = str(error).splitlines()[0]
        raise ShapesFileError(f"The geometry of feature {number} cannot be read: {reason}.") from error
    return _mended(number, shape)


def _mended(number: int, shape: BaseGeometry) -> BaseGeometry:
    west, south, east, north = shape.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        # Comparisons with NaN are false, so an empty shape comes here too.
        if shape.is_empty:
            raise ShapesFileError(f"Feature {number} has a geometry without corners; leave it out.")
        raise ShapesFileError(f"Feature {number} reaches to {east:,.1f}, {north:,.1f}: {_DEGREES}.")
    parts = polygons(shapely.make_valid(shapely.force_2d(shape)))
    if not parts:
        raise ShapesFileError(f"Feature {number} covers no area; draw it again, or leave it out.")
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def match_features(
    features: Sequence[Feature], units: Sequence[UnitInfo], *, named_by: str | None = None
) -> Matches:
    """Finds each feature's unit by a property that holds its code, or else its name.

    Without `named_by` it is the property that finds the most units. Several features of one unit are put
    together. Raises ShapesFileError where no property finds any.
    """
    book = _Book(units)
    candidates = _candidates(features) if named_by is None else [named_by]
    scores = {name: book.found(features, name) for name in candidates}
    best = max(candidates, key=lambda name: scores[name], default=None)
    if best is None or not scores[best]:
        tried = ", ".join(repr(name) for name in candidates) or "none at all"
        raise ShapesFileError(
            f"No feature is named after a unit of this election; the properties tried are {tried}. "
            "Name the one that holds codes or names of units with --property."
        )
    shapes: dict[str, list[BaseGeometry]] = {}
    unknown = []
    for feature in features:
        code, reason = book.find(feature.properties.get(best))
        if code is None:
            unknown.append(UnknownFeature(feature.number, reason))
        else:
            shapes.setdefault(code, []).append(feature.shape)
    return Matches(best, {code: _joined(parts) for code, parts in shapes.items()}, unknown)


def _joined(parts: list[BaseGeometry]) -> BaseGeometry:
    return parts[0] if len(parts) == 1 else shapely.union_all(parts)


def _candidates(features: Iterable[Feature]) -> list[str]:
    names = list(dict.fromkeys(name for feature in features for name in feature.properties))
    return sorted(names, key=lambda n: _LIKELY.index(n.lower()) if n.lower() in _LIKELY else len(_LIKELY))


class _Book:
    """Units by code, and by what their name would be as a code."""

    def __init__(self, units: Sequence[UnitInfo]) -> None:
        self._codes = {unit.code for unit in units}
        self._names = collections.defaultdict(list)
        for unit in units:
            self._names[make_code(unit.name)].append(unit.code)

    def found(self, features: Iterable[Feature], name: str) -> int:
        """How many units a property tells apart."""
        return len({code for one in features if (code := self.find(one.properties.get(name))[0])})

    def find(self, value: str | None) -> tuple[str | None, str]:
        """The unit's code, or None and the reason."""
        if value is None:
            return None, "it does not have this property"
        code = make_code(value)
        if code in self._codes:
            return code, ""
        named = self._names.get(code, [])
        if len(named) == 1:
            return named[0], ""
        if named:
            return None, f"{len(named)} units are called {value!r}; use their codes: {', '.join(named)}"
        return None, f"there is no unit {value!r}"
