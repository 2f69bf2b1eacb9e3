"""schemathesis holds a running server against /openapi.json, with all its checks, as every role.

Endless streams and WebSockets are left out, which it cannot read; other tests do. So are, for whoever
comes with a session, the routes that would end it.
"""

import asyncio
import datetime
import re
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from models.rights import OPERATOR, Role
from quart_app.wiring import Services
from services.officials import MemberEdit
from tests.building import tiny_election
from tests.e2e.running import Server

PUBLIC = "public"
PASSWORD = "seven quiet otters"
ENDLESS = "(/stream|/ws)$"
ENDS_A_SESSION = "^/api/v1/sessions$"
EXAMPLES = 5
LEAST = 60
"""Operations that there are at least; fewer tried would mean that the document was not read."""

# A tally for a precinct that does not exist fits the schema and is 422: no schema knows the election.
# Without a token, with If-Match made up, in a draft and after too many tries, refusals are right.
CHECKS = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "412", "422", "428", "429"]

[checks.missing_required_header]
expected-statuses = ["401", "403", "404", "409", "415", "422", "428"]

[checks.negative_data_rejection]
expected-statuses = ["4xx"]
"""
# What stands in addresses: things that exist, so that more than a 404 is tried.
EXISTING = """
[parameters]
"path.election" = "{election}"
"path.contest" = "president"
"path.unit" = "north-1"
"path.party" = "RED"
"path.selection" = "ada"
"path.candidate" = "PHL-101"
"path.username" = "mary"
"path.voter" = 1
"path.token" = 4711
"path.session" = 4711
"""


@pytest.fixture
async def server(desk: Services, make_server: Callable[..., Server]) -> Server:
    """A server with an open election and one that is a draft."""
    await desk.elections.define(tiny_election("open", is_test=True), opened=True, released=True)
    await desk.elections.define(tiny_election("draft"))
    await desk.officials.create("mary", MemberEdit(name="Mary", roles=["reviewer"]), OPERATOR)
    made = make_server(environ={"TALLYSTREAM_REQUESTS_LIMITS": "false"})
    await asyncio.to_thread(made.start)
    return made


async def held_against_its_document(
    server: Server, config: Path, *options: str, without: str = ENDLESS
) -> None:
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)]
    command += ["run", f"{server.url}/openapi.json", "--url", server.url, "--checks", "all"]
    command += ["--exclude-path-regex", without, "--max-examples", str(EXAMPLES), "--seed", "1"]
    command += ["--continue-on-failure", "--no-color", *options]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=config.parent,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output = (await process.communicate())[0].decode()
    assert process.returncode == 0, output
    tested = re.search(r"Tested: (\d+)", output)
    assert tested is not None and int(tested[1]) >= LEAST, output


def config(folder: Path, election: str | None) -> Path:
    path = folder / "schemathesis.toml"
    path.write_text(CHECKS + (EXISTING.format(election=election) if election else ""))
    return path


@pytest.mark.parametrize("role", Role)
async def test_the_api_does_what_its_document_says_to_programs(
    role: Role, server: Server, desk: Services, tmp_path: Path
) -> None:
    await desk.officials.add("olga", [role], ["country"] if role == Role.OFFICER else [], "open")
    issued = await desk.credentials.issue_token("olga", datetime.timedelta(hours=1))
    # Most of it is closed to most roles: made-up requests are enough there, every edge of each field is not.
    phases = "examples,coverage,fuzzing,stateful" if role == Role.ADMINISTRATOR else "examples,fuzzing"
    token = f"Authorization: Bearer {issued.token}"
    await held_against_its_document(server, config(tmp_path, "open"), "-H", token, "--phases", phases)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.REGISTRAR])
async def test_the_api_does_what_its_document_says_to_those_who_have_just_signed_in(
    role: Role, server: Server, desk: Services, tmp_path: Path
) -> None:
    await desk.officials.add("olga", [role], [], password=PASSWORD)
    async with httpx.AsyncClient(verify=False, base_url=server.tls_url) as client:
        begun = await client.post("/api/v1/sessions", json={"username": "olga", "password": PASSWORD})
    assert begun.status_code == 201
    cookie = begun.headers["Set-Cookie"].partition(";")[0]
    await held_against_its_document(
        server, config(tmp_path, "draft"), "-H", f"Cookie: {cookie}", without=f"{ENDLESS}|{ENDS_A_SESSION}"
    )


async def test_the_api_does_what_its_document_says_to_the_public(server: Server, tmp_path: Path) -> None:
    await held_against_its_document(server, config(tmp_path, "open"))
    await held_against_its_document(server, config(tmp_path, None))
