"""`tallystream import-shapes`: whole files, spoiled files, and the map that comes of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from quart.typing import TestClientProtocol as Client

from quart_app.settings import Settings
from tests.building import ALL
from tests.commands import Tallystream
from tests.desk import Desk

PLACES = {"north-1": (10, 46), "north-2": (11, 46), "south-1": (10, 45), "south-2": (11, 45)}


def square(west: float, south: float, size: float = 1) -> dict[str, Any]:
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def squares(property: str = "code") -> list[dict[str, Any]]:
    """The four precincts of the tiny election as squares of a degree, north above south."""
    return [feature(square(*PLACES[code]), **{property: code}) for code in ALL]


@pytest.fixture
def tallystream(settings: Settings) -> Tallystream:
    return Tallystream(settings)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shapes.geojson"


def collection(features: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def write(file: Path, features: Any) -> Path:
    return spoil(file, collection(features).decode())


def spoil(file: Path, content: str) -> Path:
    file.write_text(content)
    return file


async def stored(desk: Desk) -> dict[str, str]:
    rows = await desk.sql(
        "SELECT u.code, s.path FROM unit_shapes s JOIN reporting_units u ON u.id = s.unit_id ORDER BY u.code"
    )
    return {row.code: row.path for row in rows}


async def test_units_get_their_shapes_and_those_above_what_their_units_cover(
    desk: Desk, tallystream: Tallystream, file: Path
) -> None:
    result = await tallystream.beside("import-shapes", write(file, squares()), "--election", "tiny")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "tiny has shapes: 4 units of the file, named by 'code', "
        "and 3 put together of those below; 0 without.\n"
    )
    paths = await stored(desk)
    assert sorted(paths) == ["country", "north", "north-1", "north-2", "south", "south-1", "south-2"]
    (whole,) = await desk.sql("SELECT max(east) AS width, max(south) AS height FROM unit_shapes")
    # Two degrees of longitude in the latitude of 46° are shorter than two of latitude.
    assert (whole.width, whole.height) == (695, 1000)


async def test_an_import_is_in_the_audit_trail_and_not_in_the_log(
    desk: Desk, tallystream: Tallystream, file: Path, client: Client
) -> None:
    head = await desk.house.log.head("tiny")
    await tallystream.beside("import-shapes", write(file, squares("name")), "--election", "tiny")
    entry = (await desk.house.audit.before(limit=1, election="tiny"))[0]
    assert (entry.action, entry.subject, entry.username) == ("shapes-imported", "tiny", "operator")
    assert entry.changes == {"units": [None, 7], "property": [None, "name"]}
    assert await desk.house.log.head("tiny") == head


async def test_another_import_takes_the_place_of_the_first(
    desk: Desk, tallystream: Tallystream, file: Path
) -> None:
    await tallystream.beside("import-shapes", write(file, squares()), "--election", "tiny")
    result = await tallystream.beside("import-shapes", write(file, squares()[:1]), "--election", "tiny")
    assert sorted(await stored(desk)) == ["country", "north", "north-1"]
    assert result.stderr.splitlines()[0] == "no shape: North-2 (north-2)"
    assert result.stdout.endswith("and 2 put together of those below; 4 without.\n")


async def test_a_feature_of_no_unit_is_named_and_nothing_is_imported(
    desk: Desk, tallystream: Tallystream, file: Path
) -> None:
    write(file, [*squares(), feature(square(20, 45), code="west-1"), feature(square(21, 45))])
    result = await tallystream.beside("import-shapes", file, "--election", "tiny")
    assert (result.exit_code, result.stdout, await stored(desk)) == (1, "", {})
    assert result.stderr.splitlines()[:2] == [
        "feature 5: there is no unit 'west-1'",
        "feature 6: it does not have this property",
    ]
    assert "Nothing was imported: 2 features of shapes.geojson matched no unit by 'code'" in result.stderr
    skipped = await tallystream.beside("import-shapes", file, "--election", "tiny", "--skip-unknown")
    assert skipped.exit_code == 0
    assert len(await stored(desk)) == 7


async def test_the_property_that_finds_the_most_units_is_taken_or_the_one_that_is_named(
    desk: Desk, tallystream: Tallystream, file: Path
) -> None:
    features = [feature(square(*PLACES[code]), district="north", label=code.upper()) for code in ALL[:2]]
    found = await tallystream.beside("import-shapes", write(file, features), "--election", "tiny")
    assert "2 units of the file, named by 'district'" not in found.stdout
    assert "named by 'label'" in found.stdout
    words = ("--election", "tiny", "--property", "district")
    named = await tallystream.beside("import-shapes", write(file, features), *words)
    assert "1 unit of the file, named by 'district'" in named.stdout


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        ([], "The file holds no feature."),
        (
            [feature({"type": "Point", "coordinates": [1, 2]}, code="north-1")],
            "Feature 1 is a Point; units are",
        ),
        ([feature(None, code="north-1")], "Feature 1 has no geometry; give it one, or leave it out."),
        (
            [*squares(), feature(square(456_789, 123_456), code="x")],
            "Feature 5 reaches to 456,790.0, 123,457.0:",
        ),
        (
            [feature({"type": "Polygon", "coordinates": [[1, 2]]}, code="x")],
            "The geometry of feature 1 cannot be",
        ),
        (
            [feature({"type": "Polygon", "coordinates": []}, code="x")],
            "Feature 1 has a geometry without corners",
        ),
        ([{"type": "Feature", "geometry": 5}], "The geometry of feature 1 cannot be read"),
        ([{"type": "Feature"}], "Feature 1 cannot be read: Object missing required field `geometry`"),
        ([feature(square(1, 2), code="west")], "No feature is named after a unit of this election"),
    ],
)
async def test_a_file_that_cannot_be_taken_is_one_line_that_names_the_feature(
    desk: Desk, tallystream: Tallystream, file: Path, features: Any, reason: str
) -> None:
    result = await tallystream.beside("import-shapes", write(file, features), "--election", "tiny")
    assert (result.exit_code, result.stdout, await stored(desk)) == (1, "", {})
    assert result.stderr.startswith(f"Error: shapes.geojson: {reason}")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("content", ["", "[]", "{", '{"type": "Topology"}', "\ud7ff\x00"])
async def test_what_is_no_geojson_is_said_in_a_line(
    desk: Desk, tallystream: Tallystream, file: Path, content: str
) -> None:
    result = await tallystream.beside("import-shapes", spoil(file, content), "--election", "tiny")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: shapes.geojson: This is not a GeoJSON FeatureCollection")


async def test_a_file_that_is_too_large_is_not_read(desk: Desk, tallystream: Tallystream, file: Path) -> None:
    with file.open("wb") as huge:
        huge.truncate(64 * 1024 * 1024 + 1)
    result = await tallystream.beside("import-shapes", file, "--election", "tiny")
    assert result.exit_code == 1
    assert "larger than 67,108,864 bytes" in result.stderr


async def test_an_election_that_is_not_there_has_no_shapes(
    tallystream: Tallystream, file: Path, desk: Desk
) -> None:
    result = await tallystream.beside("import-shapes", write(file, squares()), "--election", "none")
    assert (result.exit_code, result.stderr) == (1, "Error: There is no election 'none'.\n")
