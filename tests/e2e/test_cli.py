"""`tallystream watch` and `tallystream replay` at a real server, also at one that will not have them."""

import asyncio
import datetime
import json
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from models.results_file import ResultsFile
from quart_app.wiring import Services
from tests.e2e.running import Server, free_port, opened


def run(server: Server, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "quart_app", *words]
    return subprocess.run(
        command, env=server.environ, capture_output=True, text=True, timeout=60, check=False
    )


async def test_a_watcher_sees_the_results_and_ctrl_c_ends_it_well(
    server: Server, desk: Services, adams: ResultsFile
) -> None:
    await opened(desk, adams)
    command = [sys.executable, "-m", "quart_app", "watch", "adams-2024", "--url", server.tls_url]
    # What is no terminal would be shown the last state only.
    environ = {**server.environ, "FORCE_COLOR": "1", "TERM": "xterm", "PYTHONUNBUFFERED": "1"}
    # Whoever runs the tests in the background of a shell has them ignore Ctrl-C, and all that they start.
    watching = await asyncio.create_subprocess_exec(
        *command,
        env=environ,
        stdout=asyncio.subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert watching.stdout is not None
    seen = b""
    while b"TRUMP and VANCE" not in seen:
        chunk = await watching.stdout.read(65_536)
        assert chunk, "the watcher ended"
        seen += chunk
    watching.send_signal(signal.SIGINT)
    await watching.communicate()
    assert watching.returncode == 0
    assert b"connected" in seen


async def test_a_replay_says_its_figures_in_the_last_line(
    server: Server, desk: Services, adams: ResultsFile, real_data: Path
) -> None:
    await opened(desk, adams)
    file = str(real_data / "elections" / "adams-2024.csv")
    done = run(server, "replay", file, "--election", "adams-2024", "--url", server.tls_url, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    figures = json.loads(done.stdout.splitlines()[-1])
    assert (figures["acked"], figures["refused"], figures["quarantined"]) == (408, 0, 0)
    assert figures["p99_ms"] >= figures["p50_ms"] > 0
    view = await desk.results.current("adams-2024")
    assert view.contest("president").results.units_reported == 51


async def test_a_replay_where_two_people_enter_each_tally_says_that_the_second_one_is_awaited(
    server: Server, desk: Services, adams: ResultsFile, real_data: Path
) -> None:
    definition = msgspec.structs.replace(adams.election, double_entry=True)
    await desk.elections.define(definition, opened=True, released=True)
    command = ["replay", str(real_data / "elections" / "adams-2024.csv"), "--election", "adams-2024"]
    for _ in range(2):
        done = run(server, *command, "--url", server.url, "--json")
        assert json.loads(done.stdout.splitlines()[-1])["awaiting"] == 408
        assert "Awaiting the second one's entry: 408. Replay the file again with the --token" in done.stderr
    root = next(unit.code for unit in adams.election.units if unit.parent is None)
    await desk.officials.add("otto", ["officer"], [root], "adams-2024")
    token = (await desk.credentials.issue_token("otto", datetime.timedelta(hours=1))).token
    done = run(server, *command, "--url", server.url, "--token", token, "--json")
    figures = json.loads(done.stdout.splitlines()[-1])
    assert (figures["acked"], figures["awaiting"], figures["quarantined"], done.stderr) == (408, 0, 0, "")
    view = await desk.results.current("adams-2024")
    assert view.contest("president").results.units_reported == 51


async def test_tallies_that_are_refused_are_counted_and_the_first_reasons_shown(
    server: Server, desk: Services, adams: ResultsFile, real_data: Path
) -> None:
    await opened(desk, adams)
    await desk.elections.move("adams-2024", "close")
    file = str(real_data / "elections" / "adams-2024.csv")
    done = run(server, "replay", file, "--election", "adams-2024", "--url", server.url, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout.splitlines()[-1])["refused"] == 408
    assert len(done.stderr.splitlines()) == 5
    assert "is closed; tallies are taken only while it is open" in done.stderr


async def test_who_is_no_officer_is_turned_away(
    server: Server, desk: Services, adams: ResultsFile, real_data: Path
) -> None:
    await opened(desk, adams)
    await desk.officials.add("ada", ["auditor"], [])
    token = (await desk.credentials.issue_token("ada", datetime.timedelta(hours=1))).token
    file = str(real_data / "elections" / "adams-2024.csv")
    done = run(server, "replay", file, "--election", "adams-2024", "--url", server.url, "--token", token)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: This is for officer; you are signed in as ada (auditor).\n"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["--election", "adams-2024", "--token", "bad"],
            "Error: This token is not known, was revoked or has expired.\n",
        ),
        (["--election", "nowhere"], "Error: There is no election 'nowhere'.\n"),
    ],
)
def test_a_replay_that_is_turned_away_is_one_line(
    server: Server, real_data: Path, words: list[str], line: str
) -> None:
    file = str(real_data / "elections" / "adams-2024.csv")
    done = run(server, "replay", file, "--url", server.url, *words)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", line)


@pytest.mark.parametrize("words", [["watch", "adams-2024"], ["replay", "FILE", "--election", "adams-2024"]])
def test_a_server_that_is_not_there_is_one_line(server: Server, real_data: Path, words: list[str]) -> None:
    file = str(real_data / "elections" / "adams-2024.csv")
    url = f"https://localhost:{free_port()}"
    done = run(server, *(file if word == "FILE" else word for word in words), "--url", url)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Error: Cannot connect to {url}: Connection refused.\n"


def test_a_watcher_of_an_unknown_election_is_told_so(server: Server) -> None:
    done = run(server, "watch", "nowhere", "--url", server.tls_url)
    assert (done.returncode, done.stderr) == (1, "Error: There is no election 'nowhere'.\n")


def test_a_server_says_that_its_keys_are_known_to_its_folder_only(server: Server) -> None:
    lines = server.log.read_text().splitlines()
    assert sum("keys.json" in line and "docs/operating.md" in line for line in lines) == 1
