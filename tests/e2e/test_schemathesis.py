"""schemathesis holds a running server against /openapi.json, with all its checks, as every role.

Endless streams and WebSockets are left out, which it cannot read; other tests do. So are, for whoever
comes with a session, the routes that would end it.
"""

import asyncio
import datetime
import re
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.rights import OPERATOR, Role
from quart_app.auth import COOKIE
from quart_app.wiring import Services
from services.bulk import ADDED, Raw, RowResult
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
# That text is CSV with a header and a row below it is nothing that a schema can say.
CSV = """
[[operations]]
include-name = "POST /api/v1/elections/{{election}}/{rows}"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "409", "422", "429"]
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
"path.voter" = {voter}
"path.token" = 4711
"path.session" = 4711
"""


VOTERS = {"open": 1, "draft": 2}
"""The elections, and the id of the one voter of each."""
CANDIDATE = {"code": "PHL-101", "contest": "president", "first_name": "Ada", "last_name": "Abel"}
VOTER = {"voter_id": "V-1", "first_name": "Vera", "last_name": "Vole", "precinct": "north-1"}


@pytest.fixture
async def server(desk: Services, make_server: Callable[..., Server]) -> Server:
    """A server with an open election and one that is a draft, each with a candidate and a voter."""
    for code in VOTERS:
        await desk.elections.define(tiny_election(code, is_test=True))
        await taken(desk.candidates.file_many(code, rows(CANDIDATE), OPERATOR))
        await taken(desk.registration.register(code, rows(VOTER), OPERATOR))
    for change in ("open", "release"):
        await desk.elections.move("open", change)
    await desk.officials.create("mary", MemberEdit(name="Mary", roles=["reviewer"]), OPERATOR)
    made = make_server(environ={"TALLYSTREAM_REQUESTS_LIMITS": "false"})
    await asyncio.to_thread(made.start)
    return made


async def rows(row: dict[str, Any]) -> AsyncIterator[list[Raw]]:
    yield [(1, row)]


async def taken(results: AsyncIterator[list[RowResult]]) -> None:
    assert [result.status async for chunk in results for result in chunk] == [ADDED]


async def held_against_its_document(
    server: Server, config: Path, *options: str, without: str = ENDLESS
) -> str:
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
    return output


def let_in(output: str) -> bool:
    """Whether the credentials were sent and good: only where a password is asked for, all was 401."""
    refused = re.search(r"401 Unauthorized \((\d+)", output)
    return refused is None or int(refused[1]) <= 2


def config(folder: Path, election: str | None, auth: str = "") -> Path:
    """schemathesis' settings; `auth` are its keys for a security scheme of the document."""
    path = folder / "schemathesis.toml"
    existing = EXISTING.format(election=election, voter=VOTERS[election]) if election else ""
    rows = "".join(CSV.format(rows=rows) for rows in ("candidates", "voters", "units"))
    path.write_text(CHECKS + existing + auth + rows)
    return path


@pytest.mark.parametrize("role", Role)
async def test_the_api_does_what_its_document_says_to_programs(
    role: Role, server: Server, desk: Services, tmp_path: Path
) -> None:
    await desk.officials.add("olga", [role], ["country"] if role == Role.OFFICER else [], "open")
    issued = await desk.credentials.issue_token("olga", datetime.timedelta(hours=1))
    auth = f'[auth.openapi.token]\nbearer = "{issued.token}"\n'
    assert let_in(await held_against_its_document(server, config(tmp_path, "open", auth)))


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.REGISTRAR])
async def test_the_api_does_what_its_document_says_to_those_who_have_just_signed_in(
    role: Role, server: Server, desk: Services, tmp_path: Path
) -> None:
    await desk.officials.add("olga", [role], [], password=PASSWORD)
    async with httpx.AsyncClient(verify=False, base_url=server.tls_url) as client:
        begun = await client.post("/api/v1/sessions", json={"username": "olga", "password": PASSWORD})
    assert begun.status_code == 201
    auth = f'[auth.openapi.session]\napi_key = "{begun.cookies[COOKIE]}"\n'
    settings = config(tmp_path, "draft", auth)
    assert let_in(await held_against_its_document(server, settings, without=f"{ENDLESS}|{ENDS_A_SESSION}"))


async def test_the_api_does_what_its_document_says_to_the_public(server: Server, tmp_path: Path) -> None:
    await held_against_its_document(server, config(tmp_path, "open"))
    await held_against_its_document(server, config(tmp_path, None))
