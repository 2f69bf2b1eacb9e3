"""Three real counties, imported and replayed by the commands that a user types, figure for figure."""

import datetime
import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from quart_app.embedded import Engines
from quart_app.wiring import Services
from tests.e2e.officers import ANY_CERTIFICATE, current, whole_log
from tests.e2e.running import Server
from tests.e2e.truth import assert_database_is_true
from tests.facts import PRESIDENTS


def tallystream(server: Server, *words: str) -> str:
    command = [sys.executable, "-m", "quart_app", *words]
    done = subprocess.run(command, env=server.environ, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def accept_all(server: Server, desk: Services, election: str) -> int:
    """Accepts everything that is held, as a reviewer who looked at each; how many there were."""
    await desk.officials.add("rita", ["reviewer"], [], election)
    issued = await desk.credentials.issue_token("rita", datetime.timedelta(hours=1))
    address = f"{server.url}/api/v1/elections/{election}/review"
    headers = {"Authorization": f"Bearer {issued.token}"}
    async with httpx.AsyncClient(verify=ANY_CERTIFICATE, headers=headers) as client:
        queue = await client.get(address, params={"limit": 200})
        assert queue.status_code == 200, queue.text
        cases = queue.json()["cases"]
        for case in cases:
            verdict = {"decision": "accept", "reason": "it is so on the sheet"}
            answer = await client.post(f"{address}/{case['seq']}", json=verdict)
            assert answer.status_code == 201, answer.text
    return len(cases)


# What is held depends on the order in which fifty officers come; docs/checks.md says what and why.
@pytest.mark.parametrize(
    ("county", "precincts", "tallies", "most_held"),
    [("adams-2024", 51, 408, 0), ("centre-2020", 87, 527, 20), ("allegheny-2024", 1_327, 10_152, 10)],
)
async def test_a_county_is_imported_replayed_and_reviewed_exactly(
    server: Server,
    desk: Services,
    clean: Engines,
    real_data: Path,
    county: str,
    precincts: int,
    tallies: int,
    most_held: int,
) -> None:
    file = str(real_data / "elections" / f"{county}.csv")
    tallystream(server, "import", file, "--election", county, "--open", "--release")
    printed = tallystream(server, "replay", file, "--election", county, "--url", server.url, "--json")
    figures = json.loads(printed.splitlines()[-1])
    assert (figures["acked"], figures["refused"]) == (tallies, 0)
    assert figures["quarantined"] <= most_held
    assert await accept_all(server, desk, county) == figures["quarantined"]

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
