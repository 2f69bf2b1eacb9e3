"""`tallystream import`: whole files, spoiled files, and what it leaves in the database."""

import json
from pathlib import Path

import pytest

from quart_app.settings import Settings
from tests.commands import Tallystream

HEADER = "county,precinct,office,district,party,candidate,votes"
SOUND = [
    "Ada,North,Registered Voters,,,,100",
    "Ada,North,Ballots Cast,,,,60",
    "Ada,North,Mayor,,CIV,Ann,40",
    "Ada,North,Mayor,,HRV,Bob,20",
    "Ada,South,Registered Voters,,,,200",
    "Ada,South,Ballots Cast,,,,90",
    "Ada,South,Mayor,,CIV,Ann,50",
    "Ada,South,Mayor,,HRV,Bob,40",
]


@pytest.fixture
def tallystream(settings: Settings) -> Tallystream:
    return Tallystream(settings)


def write(folder: Path, lines: list[str], encoding: str = "utf-8") -> Path:
    file = folder / "results.csv"
    file.write_bytes("".join(f"{line}\n" for line in lines).encode(encoding))
    return file


def test_an_imported_election_is_a_draft(tallystream: Tallystream, tmp_path: Path) -> None:
    result = tallystream("import", write(tmp_path, [HEADER, *SOUND]), "--election", "ada-2024")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "ada-2024 is a draft: 1 contest, 2 precincts, 2 tallies in the file.\n"
    shown = json.loads(tallystream("results", "ada-2024", "--format", "json").stdout)
    assert (shown["name"], shown["election_status"], shown["date"]) == ("Ada 2024", "draft", "2024-11-05")


def test_an_election_can_be_opened_released_and_counted_at_once(
    tallystream: Tallystream, tmp_path: Path
) -> None:
    file = write(tmp_path, [HEADER, *SOUND])
    words = ("--name", "Ada votes", "--date", "2026-05-03", "--open", "--release", "--with-tallies")
    result = tallystream("import", file, "--election", "ada", *words)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "2 tallies recorded, 0 of them quarantined." in result.stdout
    shown = json.loads(tallystream("results", "ada", "--format", "json").stdout)
    assert (shown["name"], shown["date"], shown["election_status"]) == ("Ada votes", "2026-05-03", "open")
    votes = {selection["code"]: selection["votes"] for selection in shown["contests"][0]["selections"]}
    assert votes == {"ann": 90, "bob": 60}


def test_tallies_need_an_open_election(tallystream: Tallystream, tmp_path: Path) -> None:
    file = write(tmp_path, [HEADER, *SOUND])
    result = tallystream("import", file, "--election", "ada-2024", "--with-tallies")
    assert result.exit_code == 2
    assert "--with-tallies needs --open" in result.stderr


def test_an_election_that_exists_is_not_made_again(tallystream: Tallystream, tmp_path: Path) -> None:
    file = write(tmp_path, [HEADER, *SOUND])
    tallystream("import", file, "--election", "ada-2024")
    result = tallystream("import", file, "--election", "ada-2024")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: There is already an election 'ada-2024'.\n"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Ada,South,Mayor,,CIV,Ann,many", "line 8: The votes are 'many', not a number"),
        (HEADER, "line 8: This line repeats the header; leave it out."),
        ('Ada,South,Mayor,,CIV,Ann,"1,050"', "line 8: The votes are '1,050', with a thousands separator"),
        ("Ada,South,Mayor,,CIV,Ann,1,050", "line 8: The row has 8 cells where the header has 7"),
        ("Ada,South,Mayor,,CIV,Ann,-5", "line 8: The votes are '-5', a negative count"),
        ("Ada,South,Mayor,,CIV,Ann,5.5", "line 8: The votes are '5.5', a decimal"),
    ],
)
def test_a_bad_row_is_named_by_line_and_reason_and_nothing_is_imported(
    tallystream: Tallystream, tmp_path: Path, row: str, reason: str
) -> None:
    file = write(tmp_path, [HEADER, *SOUND[:6], row, *SOUND[7:]])
    result = tallystream("import", file, "--election", "ada-2024", "--open", "--with-tallies")
    assert (result.exit_code, result.stdout) == (1, "")
    assert reason in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: Nothing was imported: results.csv has ")
    assert "There is no election 'ada-2024'." in tallystream("results", "ada-2024").stderr


@pytest.mark.parametrize(
    ("lines", "encoding", "reason"),
    [
        ([], "utf-8", "The file is empty"),
        ([HEADER], "utf-8", "The file has a header and no rows"),
        ([HEADER.replace(",votes", ""), *SOUND], "utf-8", "The header has no column votes"),
        ([HEADER, "Ada,Café,Mayor,,CIV,Ann,5"], "latin-1", "Line 2 holds the byte 0xE9"),
        ([HEADER, *SOUND], "utf-16", "The file is UTF-16 text"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_is_one_line(
    tallystream: Tallystream, tmp_path: Path, lines: list[str], encoding: str, reason: str
) -> None:
    file = write(tmp_path, lines, encoding)
    result = tallystream("import", file, "--election", "ada-2024", "--skip-bad-rows")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: results.csv: {reason}")
    assert result.stderr.count("\n") == 1


def test_bad_rows_are_left_out_when_wanted(tallystream: Tallystream, tmp_path: Path) -> None:
    file = write(tmp_path, [HEADER, *SOUND[:7], "Ada,South,Mayor,,HRV,Bob,many"])
    words = ("--skip-bad-rows", "--open", "--with-tallies")
    result = tallystream("import", file, "--election", "ada-2024", *words)
    assert result.exit_code == 0
    assert "line 9: The votes are 'many'" in result.stderr
    shown = json.loads(tallystream("results", "ada-2024", "--format", "json").stdout)
    assert (shown["contests"][0]["units_reported"], shown["contests"][0]["units_expected"]) == (1, 2)


def test_a_file_of_nothing_but_bad_rows_leaves_nothing_to_import(
    tallystream: Tallystream, tmp_path: Path
) -> None:
    file = write(tmp_path, [HEADER, "Ada,North,Mayor,,CIV,Ann,many"])
    result = tallystream("import", file, "--election", "ada-2024", "--skip-bad-rows")
    assert result.exit_code == 1
    assert result.stderr.endswith(
        "Error: Nothing was imported: without its bad rows results.csv holds no contest.\n"
    )


def test_of_very_many_bad_rows_the_first_are_listed(tallystream: Tallystream, tmp_path: Path) -> None:
    file = write(tmp_path, [HEADER, *SOUND, *[HEADER] * 150])
    result = tallystream("import", file, "--election", "ada-2024")
    assert result.stderr.count("repeats the header") == 100
    assert "\nand 50 more bad rows\n" in result.stderr


def test_a_dry_run_shows_what_would_be_made_and_makes_nothing(
    tallystream: Tallystream, tmp_path: Path
) -> None:
    result = tallystream("import", write(tmp_path, [HEADER, *SOUND]), "--election", "ada-2024", "--dry-run")
    assert (result.exit_code, result.stderr) == (0, "")
    row = next(line for line in result.stdout.splitlines() if "Mayor" in line)
    assert row.split()[1::2] == ["mayor", "Mayor", "2", "2", "2"]
    assert tallystream("results", "ada-2024").exit_code == 1


def test_a_dry_run_of_a_spoiled_file_fails_as_the_import_would(
    tallystream: Tallystream, tmp_path: Path
) -> None:
    file = write(tmp_path, [HEADER, *SOUND, HEADER])
    result = tallystream("import", file, "--election", "ada-2024", "--dry-run")
    assert result.exit_code == 1
    assert "line 10: This line repeats the header" in result.stderr
    assert (
        tallystream("import", file, "--election", "ada-2024", "--dry-run", "--skip-bad-rows").exit_code == 0
    )


@pytest.mark.parametrize("code", ["Ada 2024", "ada_2024", "-ada", "ada--2024", "a" * 101, ""])
def test_a_code_is_lower_case_letters_digits_and_single_hyphens(
    tallystream: Tallystream, tmp_path: Path, code: str
) -> None:
    result = tallystream("import", write(tmp_path, [HEADER, *SOUND]), "--election", code)
    assert result.exit_code == 2
    assert "is not a code" in result.stderr


def test_a_date_that_nothing_tells_is_asked_for(tallystream: Tallystream, tmp_path: Path) -> None:
    result = tallystream("import", write(tmp_path, [HEADER, *SOUND]), "--election", "ada")
    assert result.exit_code == 1
    assert "give --date" in result.stderr


def test_a_real_county_is_imported_with_its_tallies(tallystream: Tallystream, real_data: Path) -> None:
    file = real_data / "elections" / "adams-2024.csv"
    result = tallystream("import", file, "--election", "adams-2024", "--open", "--with-tallies")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "408 tallies recorded, 0 of them quarantined." in result.stdout
    shown = json.loads(
        tallystream("results", "adams-2024", "--contest", "president", "--format", "json").stdout
    )
    assert (shown["units_reported"], shown["units_expected"], shown["ballots_cast"]) == (51, 51, 61_039)
    votes = {selection["code"]: selection["votes"] for selection in shown["selections"]}
    assert votes == {
        "trump-and-vance": 40_248,
        "harris-and-walz": 19_842,
        "oliver-and-ter-maat": 342,
        "stein-and-ware": 218,
    }
