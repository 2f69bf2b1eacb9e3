"""Three real counties, imported and replayed by the commands that a user types, figure for figure."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from quart_app.embedded import Engines
from tests.e2e.officers import current, whole_log
from tests.e2e.running import Server
from tests.e2e.truth import assert_database_is_true
from tests.facts import PRESIDENTS


def tallystream(server: Server, *words: str) -> str:
    command = [sys.executable, "-m", "quart_app", *words]
    done = subprocess.run(command, env=server.environ, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("county", "precincts", "tallies"),
    [("adams-2024", 51, 408), ("centre-2020", 87, 527), ("allegheny-2024", 1_327, 10_152)],
)
async def test_a_county_is_imported_and_replayed_exactly(
    server: Server, clean: Engines, real_data: Path, county: str, precincts: int, tallies: int
) -> None:
    file = str(real_data / "elections" / f"{county}.csv")
    tallystream(server, "import", file, "--election", county, "--open", "--release")
    printed = tallystream(server, "replay", file, "--election", county, "--url", server.url, "--json")
    figures = json.loads(printed.splitlines()[-1])
    assert (figures["acked"], figures["refused"], figures["quarantined"]) == (tallies, 0, 0)

    contests = await current(server.url, county)
    votes = {s["code"]: s["votes"] for s in contests["president"]["selections"]}
    assert votes == PRESIDENTS[county]
    assert contests["president"]["units_expected"] == precincts
    for contest in contests.values():
        assert contest["units_reported"] == contest["units_expected"]
        assert contest["quarantined_units"] == 0 and contest["status"] == "unofficial-complete"
    assert sum(contest["units_reported"] for contest in contests.values()) == tallies

    entries = await whole_log(server.url, county)
    assert sum(entry["kind"] == "tally" for entry in entries) == tallies
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    await assert_database_is_true(clean.database_url)
