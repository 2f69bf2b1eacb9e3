"""Settings: a bad one is named; the environment overrides the file."""

import tomllib
from pathlib import Path

import pytest

from quart_app.settings import ROOT, SettingsError, load_settings

CONFIG = tomllib.loads((ROOT / "config.toml").read_text())


def written(tmp_path: Path, old: str, new: str) -> Path:
    text = (ROOT / "config.toml").read_text()
    assert old in text
    path = tmp_path / "config.toml"
    path.write_text(text.replace(old, new))
    return path


def test_the_file_holds_every_setting_with_its_default() -> None:
    settings = load_settings({})
    assert settings.intake.batch_size == CONFIG["intake"]["batch_size"]
    assert settings.live.heartbeat == CONFIG["live"]["heartbeat"]
    assert settings.hypercorn["bind"] == CONFIG["bind"]
    assert (settings.database_url, settings.redis_url) == (None, None)


def test_an_environment_variable_overrides_its_setting() -> None:
    settings = load_settings(
        {
            "TALLYSTREAM_INTAKE_BATCH_SIZE": "7",
            "TALLYSTREAM_LIVE_PAUSE": "0.5",
            "TALLYSTREAM_STORAGE_DATA": "/somewhere",
            "TALLYSTREAM_BIND": "127.0.0.1:1,127.0.0.1:2",
            "TALLYSTREAM_BACKLOG": "9",
            "TALLYSTREAM_INCLUDE_SERVER_HEADER": "true",
        }
    )
    assert settings.intake.batch_size == 7
    assert settings.live.pause == 0.5
    assert settings.data == Path("/somewhere")
    assert settings.hypercorn["bind"] == ["127.0.0.1:1", "127.0.0.1:2"]
    assert settings.hypercorn["backlog"] == 9
    assert settings.hypercorn["include_server_header"] is True


def test_the_data_folder_has_a_variable_of_its_own() -> None:
    assert load_settings({"TALLYSTREAM_DATA": "/elsewhere"}).data == Path("/elsewhere")


def test_secrets_come_from_the_environment() -> None:
    settings = load_settings({"DATABASE_URL": "postgresql://x", "REDIS_URL": "redis://y"})
    assert (settings.database_url, settings.redis_url) == ("postgresql://x", "redis://y")


def test_an_empty_address_is_none() -> None:
    assert load_settings({"DATABASE_URL": ""}).database_url is None


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("TALLYSTREAM_INTAKE_BATCH_SIZE", "many", "batch_size"),
        ("TALLYSTREAM_INTAKE_BATCH_SIZE", "0", "batch_size"),
        ("TALLYSTREAM_INTAKE_BATCH_SIZE", "1.5", "batch_size"),
        ("TALLYSTREAM_LIVE_PAUSE", "-1", "pause"),
        ("TALLYSTREAM_LIVE_PAUSE", "nan", "pause"),
        ("TALLYSTREAM_LIVE_HEARTBEAT", "0", "heartbeat"),
        ("TALLYSTREAM_LIVE_STUCK", "0", "stuck"),
        ("TALLYSTREAM_STORAGE_POOL_SIZE", "", "pool_size"),
        ("TALLYSTREAM_BACKLOG", "some", "TALLYSTREAM_BACKLOG"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(variable: str, value: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        load_settings({variable: value})


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("batch_size = 500", 'batch_size = "x"', "batch_size"),
        ("batch_size = 500", "", "batch_size"),
        ("batch_size = 500", "batch_size = 500\nbatchsize = 1", "batchsize"),
        ("max_watchers = 10000", "max_watchers = 0", "max_watchers"),
        ("[requests]", "[request]", "requests"),
    ],
)
def test_a_line_of_the_file_that_cannot_be_used_is_named(
    tmp_path: Path, old: str, new: str, named: str
) -> None:
    with pytest.raises(SettingsError, match=named):
        load_settings({"TALLYSTREAM_CONFIG": str(written(tmp_path, old, new))})


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, "[live]", "[live")
    with pytest.raises(SettingsError, match=str(path)):
        load_settings({"TALLYSTREAM_CONFIG": str(path)})


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.toml"):
        load_settings({"TALLYSTREAM_CONFIG": str(tmp_path / "absent.toml")})
