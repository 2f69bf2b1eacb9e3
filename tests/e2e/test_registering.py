"""`tallystream register` at a real server: files in, counts and refused rows out."""

import json
import secrets
from pathlib import Path

import msgspec
import pytest

from models.voters import VoterSearch
from quart_app.wiring import Services
from tests.building import tiny_election
from tests.desk import Desk
from tests.e2e.running import Server
from tests.e2e.terminal import Terminal, typed
from tests.e2e.test_cli import run

VOTERS = """voter_id,first_name,last_name,precinct
V-1,Ada,Lovelace,north-1
V-2,Bob,,north-2
V-3,Cy,Young,nowhere
V-4,Dora,Maar,south-1
"""
UNITS = [
    {"code": "west", "name": "West", "kind": "district", "parent": "country"},
    {"code": "west-1", "name": "West 1", "kind": "precinct", "parent": "west"},
]
PASSES = "SELECT l.username, m.roles FROM members m JOIN logins l ON l.member_id = m.id"


@pytest.fixture
async def draft(desk: Services) -> Desk:
    """The tiny election, as a draft."""
    await desk.elections.define(tiny_election())
    return Desk(desk, "tiny")


@pytest.fixture
def voters(tmp_path: Path) -> str:
    file = tmp_path / "voters.csv"
    file.write_text(VOTERS)
    return str(file)


def words(server: Server, what: str, *more: str) -> tuple[str, ...]:
    return ("--what", what, "--election", "tiny", "--url", server.tls_url, *more)


async def test_rows_are_counted_and_the_refused_ones_shown(server: Server, draft: Desk, voters: str) -> None:
    done = run(server, "register", voters, *words(server, "voters"))
    assert (done.returncode, done.stdout) == (1, "4 rows: 2 added, 0 unchanged, 2 refused.\n")
    second, third, last = done.stderr.splitlines()
    assert second.startswith("row 2 (last_name: ")
    assert third == "row 3 (precinct: this election has no precinct 'nowhere')"
    assert last == "Error: 2 rows refused; correct them and send the file again."
    (found,) = await draft.house.voters.search("tiny", VoterSearch(last_name="lovelace"))
    assert (found.voter_id, found.precinct) == ("V-1", "north-1")


async def test_a_file_that_is_sent_again_changes_nothing(
    server: Server, draft: Desk, voters: str, tmp_path: Path
) -> None:
    file = tmp_path / "good.json"
    lines = [line.split(",") for line in VOTERS.splitlines()]
    rows = [dict(zip(lines[0], line, strict=True)) for line in (lines[1], lines[4])]
    file.write_text(json.dumps(rows))
    first = run(server, "register", str(file), *words(server, "voters"))
    again = run(server, "register", str(file), *words(server, "voters"))
    assert (first.returncode, first.stdout) == (0, "2 rows: 2 added, 0 unchanged, 0 refused.\n")
    assert (again.returncode, again.stdout) == (0, "2 rows: 0 added, 2 unchanged, 0 refused.\n")


async def test_with_a_token_every_refused_row_is_told_as_json(
    server: Server, draft: Desk, tmp_path: Path
) -> None:
    registrar = await draft.official("rita", roles=["registrar"], units=[])
    file = tmp_path / "candidates.csv"
    rows = [f"C-{number},nowhere,Ann,Other" for number in range(30)]
    file.write_text("\n".join(["code,contest,first_name,last_name", "C-100,president,Ann,Other", *rows]))
    done = run(
        server, "register", str(file), *words(server, "candidates", "--token", registrar.token, "--json")
    )
    report = json.loads(done.stdout)
    assert (done.returncode, report["added"], report["unchanged"], report["refused"]) == (1, 1, 0, 30)
    assert [item["row"] for item in report["items"]] == list(range(2, 32))
    assert {item["errors"][0]["code"] for item in report["items"]} == {"unknown-contest"}
    assert [tuple(row) for row in await draft.sql(PASSES)] == [("rita", ["registrar"])]


async def test_the_pass_for_units_is_an_administrators_and_is_taken_back(
    server: Server, draft: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "units.json"
    file.write_bytes(msgspec.json.encode(UNITS))
    done = run(server, "register", str(file), *words(server, "units"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "2 rows: 2 added, 0 unchanged, 0 refused.\n"
    assert [tuple(row) for row in await draft.sql(PASSES)] == [("register-tiny", [])]
    assert not await draft.sql("SELECT * FROM tokens")
    actions = [row.action for row in await draft.sql("SELECT action FROM audit_entries ORDER BY id")]
    assert actions[-4:][0] == "pass-given" and actions[-1] == "pass-taken-back"


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (["--token", "bad"], "Error: This token is not known, was revoked or has expired.\n"),
        (["--election", "nowhere"], "Error: There is no election 'nowhere'.\n"),
    ],
)
@pytest.mark.parametrize("rows", [0, 200_000])
async def test_who_is_turned_away_is_told_why_before_or_after_the_file_was_read(
    server: Server, draft: Desk, tmp_path: Path, more: list[str], line: str, rows: int
) -> None:
    file = tmp_path / "voters.csv"
    file.write_text(VOTERS + "".join(f"N-{n},Nobody,{secrets.token_hex(20)},north-1\n" for n in range(rows)))
    done = run(server, "register", str(file), *words(server, "voters", *more))
    assert (done.returncode, done.stdout, done.stderr) == (1, "", line)


async def test_an_officers_token_is_not_enough(server: Server, draft: Desk, voters: str) -> None:
    officer = await draft.official("otto")
    done = run(server, "register", voters, *words(server, "voters", "--token", officer.token))
    assert done.returncode == 1
    assert "you are signed in as otto (officer)" in done.stderr and done.stderr.count("\n") == 1
    assert await draft.house.voters.page("tiny") == []


async def test_a_terminal_shows_how_much_of_the_file_is_sent(
    server: Server, draft: Desk, voters: str
) -> None:
    registrar = await draft.official("rita", roles=["registrar"], units=[])
    environ = {**server.environ, "TERM": "xterm", "COLUMNS": "100"}
    terminal = Terminal(
        environ, "register", voters, *words(server, "voters", "--token", registrar.token, "--json")
    )
    assert await typed(terminal) == 1
    size = len(VOTERS)
    assert f"{size}/{size} bytes" in terminal.seen and "voters.csv" in terminal.seen
