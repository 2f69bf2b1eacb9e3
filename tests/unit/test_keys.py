"""The secret keys: printed for the environment, and what is said where they are known to one folder only."""

import logging
from pathlib import Path

import pytest
from click.testing import CliRunner

from quart_app.cli import commands
from quart_app.keys import keys_of, warn_of_kept_keys
from quart_app.settings import load_settings

URL = "postgresql://ada:secret@db.example/votes"


def printed() -> dict[str, str]:
    result = CliRunner().invoke(commands, ["keys"])
    assert result.exit_code == 0
    lines = (line.removeprefix("export ").partition("=") for line in result.stdout.splitlines())
    return {name: value for name, _, value in lines}


def test_printed_keys_are_those_that_the_environment_takes(tmp_path: Path) -> None:
    environ = printed()
    settings = load_settings({**environ, "TALLYSTREAM_DATA": str(tmp_path)})
    keys = keys_of(settings)
    assert len({*keys.personal, keys.lookup, keys.cookies}) == 3
    assert not list(tmp_path.iterdir())
    assert not environ.items() & printed().items()


def test_a_shared_database_with_keys_of_one_folder_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    environ = {"DATABASE_URL": URL, "TALLYSTREAM_DATA": str(tmp_path)}
    one = {"TALLYSTREAM_LOOKUP_KEY": printed()["TALLYSTREAM_LOOKUP_KEY"]}
    warn_of_kept_keys(load_settings({**environ, **one}))
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "no TALLYSTREAM_PERSONAL_KEYS, TALLYSTREAM_COOKIE_KEY: " in record.getMessage()
    assert str(tmp_path / "keys.json") in record.getMessage()
    assert "secret" not in record.getMessage() and one["TALLYSTREAM_LOOKUP_KEY"] not in record.getMessage()


def test_no_warning_where_the_environment_names_all_keys_or_no_database(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = {"TALLYSTREAM_DATA": str(tmp_path)}
    warn_of_kept_keys(load_settings({**data, "DATABASE_URL": URL, **printed()}))
    warn_of_kept_keys(load_settings(data))
    assert not caplog.records
