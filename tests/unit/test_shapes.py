"""Geometry of maps: projection, shared borders, paths, tiles, and the demo's country."""

import re

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from models.fictional import fictional_election
from models.fictional.shapes import fictional_shapes
from models.geojson import Feature, ShapesFileError, match_features, read_features
from models.places import UnitInfo
from models.shapes import BOX, draw, outline
from models.tiles import tile

# A region of two counties of two precincts each.
PARENTS = {"region": None, "east": "region", "west": "region", "e1": "east", "e2": "east", "w1": "west"}


def points(path: str) -> list[list[tuple[int, int]]]:
    """The corners of each ring of a path, as numbers of the box."""
    rings = []
    for ring in re.findall(r"M(-?\d+) (-?\d+)l([^z]*)z", path):
        x, y = int(ring[0]), int(ring[1])
        corners = [(x, y)]
        steps = [int(step) for step in re.findall(r"-?\d+", ring[2])]
        for dx, dy in zip(steps[::2], steps[1::2], strict=True):
            x, y = x + dx, y + dy
            corners.append((x, y))
        rings.append(corners)
    return rings


def test_a_map_is_as_wide_as_its_degrees_are_at_its_middle() -> None:
    drawing = draw({"region": shapely.box(10, 59, 14, 61)}, {"region": None})
    # cos 60° is a half.
    region = drawing["region"]
    assert (region.west, region.north, region.east, region.south) == (0, 0, BOX, 1000)


def test_north_is_up() -> None:
    drawing = draw({"e1": shapely.box(0, 1, 1, 2), "e2": shapely.box(0, 0, 1, 1)}, PARENTS)
    assert drawing["e1"].south == drawing["e2"].north == 500


def test_what_lies_on_both_sides_of_the_180th_meridian_stays_together() -> None:
    drawing = draw({"e1": shapely.box(179, 0, 180, 1), "e2": shapely.box(-180, 0, -179, 1)}, PARENTS)
    assert (drawing["e1"].east, drawing["e2"].west) == (500, 500)


def test_a_unit_without_a_shape_is_what_those_below_it_cover() -> None:
    shapes = {"e1": shapely.box(0, 0, 1, 1), "e2": shapely.box(1, 0, 2, 1), "w1": shapely.box(4, 0, 5, 1)}
    drawing = draw(shapes, PARENTS)
    (ring,) = points(drawing["east"].path)
    assert set(ring) == {(0, 0), (400, 0), (400, 200), (0, 200)}
    assert len(points(drawing["region"].path)) == 2


def test_a_unit_keeps_its_own_shape_whatever_lies_below() -> None:
    shapes = {"east": shapely.box(0, -2, 4, 2), "e1": shapely.box(0, 0, 1, 1)}
    assert draw(shapes, PARENTS)["east"].east == BOX


def test_neighbours_keep_one_border_when_they_are_simplified() -> None:
    border = [(5 + (step % 2) * 0.002, step / 100) for step in range(1001)]
    west = shapely.Polygon([(0, 0), *border, (0, 10)])
    east = shapely.Polygon([(10, 0), *border, (10, 10)])
    drawing = draw({"e1": west, "e2": east}, PARENTS)
    west_ring, east_ring = (set(points(drawing[code].path)[0]) for code in ("e1", "e2"))
    assert len(west_ring) < 20
    assert len(west_ring & east_ring) == len(west_ring) - 2 == len(east_ring) - 2


def test_a_hole_is_a_ring_of_its_own() -> None:
    shape = shapely.box(0, 0, 100, 100).difference(shapely.box(40, 40, 60, 60))
    assert len(points(outline(shape).path)) == 2


def test_what_is_too_small_to_be_seen_is_a_speck() -> None:
    speck = outline(shapely.box(10.1, 10.1, 10.2, 10.2))
    assert speck.path == "M9 9l2 0-1 2z"
    assert (speck.west, speck.east, speck.label_x) == (9, 11, 10)


@given(st.lists(st.tuples(st.integers(0, BOX), st.integers(0, BOX)), min_size=3, max_size=12, unique=True))
def test_a_path_has_the_corners_of_its_shape(corners: list[tuple[int, int]]) -> None:
    shape = shapely.convex_hull(shapely.MultiPoint(corners))
    if shape.geom_type == "Polygon" and shape.area > 1:
        found = {corner for ring in points(outline(shape).path) for corner in ring}
        assert found == {(round(x), round(y)) for x, y in shape.exterior.coords}


# ---- whose shape it is ----


def unit(code: str, name: str) -> UnitInfo:
    return UnitInfo(code, name, "precinct", None, None)


def feature(number: int, **properties: str) -> Feature:
    return Feature(number, properties, shapely.box(number, 0, number + 1, 1))


UNITS = [
    unit("aleppo", "Aleppo"),
    unit("avalon-ward-1", "Avalon Ward 1"),
    unit("n-1", "Same"),
    unit("n-2", "Same"),
]


def test_a_feature_is_found_by_code_or_by_a_name_however_it_is_written() -> None:
    matches = match_features([feature(1, NAME="ALEPPO"), feature(2, NAME="Avalon  Ward 1")], UNITS)
    assert (matches.property, sorted(matches.shapes)) == ("NAME", ["aleppo", "avalon-ward-1"])


def test_a_name_that_several_units_have_asks_for_codes() -> None:
    matches = match_features([feature(1, name="Aleppo"), feature(2, name="Same")], UNITS)
    (unknown,) = matches.unknown
    assert unknown.reason == "2 units are called 'Same'; use their codes: n-1, n-2"


def test_of_properties_that_say_the_same_the_likelier_is_taken() -> None:
    matches = match_features([feature(1, label="aleppo", code="aleppo")], UNITS)
    assert matches.property == "code"


def test_several_features_of_one_unit_are_put_together() -> None:
    matches = match_features([feature(1, code="aleppo"), feature(2, code="aleppo")], UNITS)
    assert matches.shapes["aleppo"].bounds == (1, 0, 3, 1)


def test_a_file_of_other_places_says_which_properties_were_tried() -> None:
    with pytest.raises(ShapesFileError, match="the properties tried are 'code', 'label'"):
        match_features([feature(1, label="x", code="y")], UNITS)


DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    "feature",
    [
        b'{"type": "Feature", "geometry": %b}' % DEEP,
        b'{"type": "Feature", "geometry": null, "properties": {"name": %b}}' % DEEP,
        b'{"type": "Feature", "geometry": {"type": "Polygon", "coordinates": %b}}' % DEEP,
        b'{"type": "Feature", "geometry": null, "properties": {"name": "\xff"}}',
        b'{"type": "Feature", "geometry": {"type": "\xff"}}',
    ],
    ids=["geometry", "property", "coordinates", "name", "kind"],
)
def test_what_nests_too_deep_or_is_no_text_is_said_in_words(feature: bytes) -> None:
    with pytest.raises(ShapesFileError):
        read_features(b'{"type": "FeatureCollection", "features": [%b]}' % feature)


# ---- tiles ----


@given(st.lists(st.integers(1, 60), min_size=1, max_size=40))
def test_tiles_never_lie_on_each_other_and_stay_in_their_box(sizes: list[int]) -> None:
    groups = [[f"{group}-{number}" for number in range(size)] for group, size in enumerate(sizes)]
    tiles = tile(groups)
    corners = list(tiles.places.values())
    assert len(corners) == sum(sizes)
    for x, y in corners:
        assert 0 <= x <= tiles.width - tiles.side and 0 <= y <= tiles.height - tiles.side
    pitch = tiles.side + 1
    cells = {(x // pitch, y // pitch) for x, y in corners}
    overlaps = [
        (a, b)
        for a in corners[:80]
        for b in corners[:80]
        if a != b and abs(a[0] - b[0]) < tiles.side and abs(a[1] - b[1]) < tiles.side
    ]
    assert overlaps == [] and cells


def test_tiles_of_one_group_stand_row_by_row() -> None:
    tiles = tile([["a", "b", "c", "d"]])
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = (tiles.places[code] for code in "abcd")
    assert ay == by == cy < dy
    assert ax == dx < bx < cx


def test_a_map_of_nothing_is_empty() -> None:
    assert tile([]).places == {}


# ---- the demo's country ----


@pytest.mark.parametrize("precincts", [1, 2, 40, 300])
def test_the_demos_country_is_covered_by_its_precincts_and_always_the_same(precincts: int) -> None:
    units = fictional_election(precincts=precincts).definition.units
    features = fictional_shapes(units)
    assert [one.properties["code"] for one in features] == [u.code for u in units if u.kind == "precinct"]
    shapes = [one.shape for one in features]
    assert all(shape.is_valid and shape.area > 0 for shape in shapes)
    assert shapely.union_all(shapes).area == pytest.approx(sum(shape.area for shape in shapes))
    again = fictional_shapes(units)
    assert all(one.shape.equals(other.shape) for one, other in zip(features, again, strict=True))
