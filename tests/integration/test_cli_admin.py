"""The election authority's commands: the schema, moves, officials, tokens; and results as printed."""

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from quart_app.embedded import Engines
from quart_app.settings import Settings
from repositories.database import asyncpg_url
from tests.commands import Tallystream

FILE = """county,precinct,office,district,party,candidate,votes
Ada,North,Registered Voters,,,,100
Ada,North,Ballots Cast,,,,60
Ada,North,Mayor,,CIV,Ann,40
Ada,North,Mayor,,HRV,Bob,20
"""


@pytest.fixture
def tallystream(settings: Settings) -> Tallystream:
    return Tallystream(settings)


@pytest.fixture
def counted(tallystream: Tallystream, tmp_path: Path) -> str:
    """Code of an open election whose only tally is counted, not released."""
    file = tmp_path / "ada.csv"
    file.write_text(FILE)
    result = tallystream("import", file, "--election", "ada-2024", "--open", "--with-tallies")
    assert result.exit_code == 0, result.stderr
    return "ada-2024"


@pytest.fixture
async def empty_database(migrated: Engines) -> AsyncIterator[str]:
    """The URL of a database without any schema."""
    engine = create_async_engine(asyncpg_url(migrated.database_url), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text("CREATE DATABASE without_schema"))
        yield make_url(migrated.database_url).set(database="without_schema").render_as_string(False)
        await connection.execute(text("DROP DATABASE without_schema WITH (FORCE)"))
    await engine.dispose()


def test_an_empty_database_is_migrated_once(tallystream: Tallystream, empty_database: str) -> None:
    first = tallystream("migrate", DATABASE_URL=empty_database)
    assert first.exit_code == 0 and "it was empty" in first.stdout
    second = tallystream("migrate", DATABASE_URL=empty_database)
    assert second.exit_code == 0 and "the newest schema, already" in second.stdout


def test_commands_on_an_empty_database_say_that_it_must_be_migrated(
    tallystream: Tallystream, empty_database: str
) -> None:
    result = tallystream("results", "ada-2024", DATABASE_URL=empty_database)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.endswith("run: tallystream migrate\n") and result.stderr.count("\n") == 1


def test_an_import_migrates_an_empty_database_first(
    tallystream: Tallystream, empty_database: str, tmp_path: Path
) -> None:
    file = tmp_path / "ada.csv"
    file.write_text(FILE)
    result = tallystream("import", file, "--election", "ada-2024", DATABASE_URL=empty_database)
    assert (result.exit_code, result.stderr) == (0, "")


def test_an_election_is_moved_along_its_lifecycle(tallystream: Tallystream, counted: str) -> None:
    assert tallystream("election", counted, "release").stdout.endswith("its results are released.\n")
    assert tallystream("election", counted, "close", "--reason", "All are in.").exit_code == 0
    result = tallystream("election", counted, "certify")
    assert result.stdout == "ada-2024 is certified; its results are released.\n"


def test_a_move_that_is_not_allowed_is_one_line(tallystream: Tallystream, counted: str) -> None:
    result = tallystream("election", counted, "certify")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: The election 'ada-2024' is open and cannot become certified; allowed: close, release.\n"
    )


@pytest.mark.parametrize("words", [("results",), ("election", "open"), ("election", "release")])
def test_an_election_that_does_not_exist_is_one_line(
    tallystream: Tallystream, words: tuple[str, ...]
) -> None:
    command, *rest = words
    result = tallystream(command, "nowhere", *rest)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: There is no election 'nowhere'.\n"


def test_a_token_names_its_official(tallystream: Tallystream, counted: str) -> None:
    added = tallystream("official", "add", "ada", "--role", "officer", "--precinct", "north")
    assert (added.exit_code, added.stdout) == (0, "ada: officer for north\n")
    result = tallystream("token", "ada", "--days", "2")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("ts_") and result.stdout.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("official", "add", "Ada!", "--role", "officer"),
        ("official", "add", "ada", "--role", "officer", "--precinct", "nowhere"),
        ("token", "nobody"),
    ],
)
def test_what_cannot_be_given_is_explained_in_one_line(
    tallystream: Tallystream, counted: str, words: tuple[str, ...]
) -> None:
    result = tallystream(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1


def test_results_as_csv_have_a_row_for_each_selection(tallystream: Tallystream, counted: str) -> None:
    result = tallystream("results", counted, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [(row["selection"], row["party"], row["votes"], row["share"], row["rank"]) for row in rows] == [
        ("ann", "CIV", "40", "0.667", "1"),
        ("bob", "HRV", "20", "0.333", "2"),
    ]
    assert {(row["election"], row["contest"], row["units_reported"], row["turnout"]) for row in rows} == {
        ("ada-2024", "mayor", "1", "0.6")
    }


def test_results_as_a_table_show_votes_before_their_release_to_whoever_runs_the_server(
    tallystream: Tallystream, counted: str
) -> None:
    result = tallystream("results", counted)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Mayor" in result.stdout and "66.7%" in result.stdout
    assert "1 of 1 precincts · turnout 60.0%" in result.stdout


def test_results_of_an_unknown_contest_are_one_line(tallystream: Tallystream, counted: str) -> None:
    result = tallystream("results", counted, "--contest", "president")
    assert (result.exit_code, result.stderr) == (1, "Error: This election has no contest 'president'.\n")


def test_results_as_json_are_those_of_the_api(tallystream: Tallystream, counted: str) -> None:
    shown = json.loads(tallystream("results", counted, "--format", "json").stdout)
    contest = json.loads(tallystream("results", counted, "--contest", "mayor", "--format", "json").stdout)
    assert shown["contests"] == [contest]
    assert (shown["election"], shown["version"]) == ("ada-2024", 3)
    assert [selection["votes"] for selection in contest["selections"]] == [40, 20]


def test_a_wrong_password_is_one_line(tallystream: Tallystream, settings: Settings) -> None:
    url = make_url(settings.database_url or "").set(password="wrong").render_as_string(False)
    result = tallystream("results", "ada-2024", DATABASE_URL=url)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1
    assert "wrong" not in result.stderr


def test_a_setting_that_cannot_be_used_is_named(tallystream: Tallystream) -> None:
    result = tallystream("results", "ada-2024", TALLYSTREAM_LIVE_PAUSE="soon")
    assert result.exit_code == 1
    assert "[live]" in result.stderr and result.stderr.count("\n") == 1


# ---- certifying takes two ----

PASSWORD = "copper lantern seldom weeps"
FOUR = f"ada\n{PASSWORD}\nben\n{PASSWORD}\n"


@pytest.fixture
async def closed(tallystream: Tallystream, tmp_path: Path, settings: Settings) -> str:
    """An election that is no test, counted whole and closed; two administrators have a password."""
    file = tmp_path / "ada.csv"
    file.write_text(FILE)
    imported = await tallystream.beside("import", file, "--election", "ada-2024", "--open", "--with-tallies")
    assert imported.exit_code == 0
    assert (await tallystream.beside("election", "ada-2024", "close")).exit_code == 0
    for username in ("ada", "ben"):
        words = ("official", "add", username, "--role", "administrator")
        assert (await tallystream.beside(*words, stdin=f"{PASSWORD}\n")).exit_code == 0
    # What is imported from a file is a test.
    engine = create_async_engine(asyncpg_url(settings.database_url or ""))
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE elections SET is_test = false"))
    await engine.dispose()
    return "ada-2024"


def test_two_administrators_certify_with_their_passwords(tallystream: Tallystream, closed: str) -> None:
    result = tallystream("election", closed, "certify", stdin=FOUR)
    assert (result.stdout, result.exit_code) == ("ada-2024 is certified; its results are withheld.\n", 0)


@pytest.mark.parametrize(
    ("stdin", "told"),
    [
        ("", "nobody asks"),
        (f"ada\n{PASSWORD}\n", "nobody confirms"),
        (FOUR.replace("ben", "ada"), "another administrator confirms"),
        (FOUR.replace("copper", "Copper", 1), "do not belong together"),
        (FOUR.replace("ben", "nobody"), "do not belong together"),
    ],
)
def test_one_of_them_does_not_certify(tallystream: Tallystream, closed: str, stdin: str, told: str) -> None:
    result = tallystream("election", closed, "certify", stdin=stdin)
    assert (result.exit_code, result.stdout) == (1, "")
    assert told in result.stderr and result.stderr.count("\n") == 1
    assert tallystream("election", closed, "certify", stdin=FOUR).exit_code == 0


def test_who_is_no_administrator_certifies_nothing(tallystream: Tallystream, closed: str) -> None:
    words = ("official", "add", "cy", "--role", "auditor", "--password")
    assert tallystream(*words, stdin=f"{PASSWORD}\n").exit_code == 0
    result = tallystream("election", closed, "certify", stdin=FOUR.replace("ben", "cy"))
    assert (result.exit_code, "cy is no administrator" in result.stderr) == (1, True)


def test_a_password_tried_too_often_waits_here_too(tallystream: Tallystream, closed: str) -> None:
    wrong = FOUR.replace("copper", "Copper", 1)
    told = [tallystream("election", closed, "certify", stdin=wrong).stderr for _ in range(7)]
    assert "Too many failed sign-ins" in told[-1]
