"""schemathesis holds a running server against /openapi.json, with all its checks, as every role.

Endless streams and WebSockets are left out, which it cannot read; other tests do.
"""

import asyncio
import datetime
import re
import sys
from pathlib import Path

import pytest

from models.rights import Role
from quart_app.wiring import Services
from tests.building import tiny_election
from tests.e2e.running import Server

PUBLIC = "public"
# A tally for a precinct that does not exist fits the schema and is 422: no schema knows the election.
# Without a token, and with If-Match made up, refusals are what is right.
CHECKS = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "412", "422", "428"]
"""
# What stands in addresses: things that exist, so that more than a 404 is tried. Without, all is made up.
EXISTING = """
[parameters]
"path.election" = "tiny"
"path.contest" = "president"
"path.unit" = "north-1"
"path.party" = "RED"
"path.selection" = "ada"
"path.candidate" = "PHL-101"
"path.username" = "olga"
"""
ENDLESS = "(/stream|/ws)$"
EXAMPLES = 8


@pytest.fixture
async def server(desk: Services, make_server: type[Server]) -> Server:
    await desk.elections.define(tiny_election(is_test=True), opened=True, released=True)
    await desk.elections.define(tiny_election("adams-2024"))
    made = make_server(environ={"TALLYSTREAM_REQUESTS_LIMITS": "false"})
    await asyncio.to_thread(made.start)
    return made


async def run(server: Server, config: Path, *options: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)]
    command += ["run", f"{server.url}/openapi.json"]
    command += ["--url", server.url, "--checks", "all", "--exclude-path-regex", ENDLESS]
    command += ["--max-examples", str(EXAMPLES), "--seed", "1", "--workers", "2", "--no-color", *options]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=config.parent,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


@pytest.mark.parametrize("parameters", [EXISTING, ""], ids=["existing", "made-up"])
@pytest.mark.parametrize("role", [*Role, PUBLIC])
async def test_the_api_does_what_its_document_says(
    role: str, parameters: str, server: Server, desk: Services, tmp_path: Path
) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(CHECKS + parameters)
    options = []
    if role != PUBLIC:
        units = ["country"] if role == Role.OFFICER else []
        await desk.officials.add("olga", [role], units, "tiny")
        issued = await desk.credentials.issue_token("olga", datetime.timedelta(hours=1))
        options = ["-H", f"Authorization: Bearer {issued.token}"]
    status, output = await run(server, config, *options)
    assert status == 0, output
    # It read the document and tried what stands there.
    tested = re.search(r"Tested: (\d+)", output)
    assert tested is not None and int(tested[1]) >= 12, output
