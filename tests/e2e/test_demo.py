"""The demo, as `make demo SECONDS=…` runs it."""

import asyncio
import contextlib
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

from models.rights import OPERATOR
from quart_app.embedded import Engines
from quart_app.wiring import Services
from tests.desk import Desk
from tests.e2e.running import free_port
from tests.e2e.truth import assert_database_is_true

# The demo serves TLS on the port that lies this far behind the other.
TLS_OFFSET = 443


def port_with_a_free_one_behind() -> int:
    while True:
        port = free_port()
        with contextlib.suppress(OSError, OverflowError), socket.socket() as behind:
            behind.bind(("127.0.0.1", port + TLS_OFFSET))
            return port


_STRANGERS = """
    SELECT count(*) FROM tallies t WHERE NOT EXISTS (
        SELECT 1 FROM member_units u JOIN members m ON m.id = u.member_id
        WHERE u.member_id = t.official_id AND u.unit_id = t.unit_id AND m.roles = '{officer}'
    )
"""
_OFFICERS = "SELECT count(DISTINCT official_id) FROM tallies"
_STANDING = "SELECT status, count(*), count(selection_id) FROM candidates GROUP BY status ORDER BY status"
_CHOICES_OF_NOBODY = """
    SELECT count(*) FROM selections s JOIN contests c ON c.id = s.contest_id
    WHERE NOT c.is_measure AND NOT EXISTS (SELECT 1 FROM candidates WHERE selection_id = s.id)
"""


async def test_a_night_ends_by_itself_with_a_line_that_sums_it_up(
    clean: Engines, tmp_path: Path, desk: Services
) -> None:
    environ = {
        **os.environ,
        "DATABASE_URL": clean.database_url,
        "REDIS_URL": clean.redis_url,
        "TALLYSTREAM_DATA": str(tmp_path),
    }
    command = [sys.executable, "-m", "quart_app", "demo", "--precincts", "60", "--seconds", "4"]
    command += ["--port", str(port_with_a_free_one_behind())]
    done = await asyncio.to_thread(
        subprocess.run, command, env=environ, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "https://localhost:" in done.stdout
    last = done.stdout.strip().splitlines()[-1]
    assert last.startswith("Election night over: 240 tallies from 60 precincts, ")
    assert "mistakes" in last and "corrected" in last
    await assert_database_is_true(clean.database_url)
    await assert_officers_sent_for_precincts_of_their_own(Desk(desk, "demo"))
    await assert_candidates_stand_behind_every_choice(Desk(desk, "demo"))
    assert await Desk(desk, "demo").sql("SELECT count(*), count(DISTINCT unit_id) FROM voters") == [(600, 60)]
    await assert_each_role_signs_in(desk, done.stdout)


async def assert_officers_sent_for_precincts_of_their_own(desk: Desk) -> None:
    ((strangers,),) = await desk.sql(_STRANGERS)
    ((officers,),) = await desk.sql(_OFFICERS)
    assert (strangers, officers) == (0, 26)


async def assert_candidates_stand_behind_every_choice(desk: Desk) -> None:
    ((nobodys,),) = await desk.sql(_CHOICES_OF_NOBODY)
    assert nobodys == 0
    qualified, rejected = await desk.sql(_STANDING)
    assert qualified.status == "qualified" and qualified[1] == qualified[2] > 50
    assert tuple(rejected) == ("rejected", 12, 0)


async def assert_each_role_signs_in(house: Services, output: str) -> None:
    line = re.search(
        r"^Sign in at https://localhost:\d+/login as (.*) with the password (\S+)$", output, re.M
    )
    assert line is not None and line[1] == "admin, registrar, reviewer or auditor"
    roles = {
        username: (await house.sign_in.sign_in(username, line[2], OPERATOR)).roles
        for username in re.findall(r"\w+", line[1].replace(" or ", " "))
    }
    assert roles.pop("admin") == ["administrator"]
    assert roles == {username: [username] for username in roles}
