"""The program's keys: made once and for the owner only, the same for all, and named where they are bad."""

import base64
import json
import multiprocessing
import os
import re
import stat
from pathlib import Path

import pytest

from quart_app.keys import fresh_key, keys_of
from quart_app.settings import Settings, SettingsError, load_settings


def settings_of(folder: Path, **secrets: str) -> Settings:
    environ = {f"TALLYSTREAM_{name}".upper(): value for name, value in secrets.items()}
    return load_settings({"TALLYSTREAM_DATA": str(folder), **environ})


def test_keys_are_made_once_for_the_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    made = keys_of(settings_of(folder))
    [file] = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert keys_of(settings_of(folder)) == made
    assert [len(key) for key in (*made.personal, made.lookup, made.cookies)] == [32, 32, 32]
    assert len({*made.personal, made.lookup, made.cookies}) == 3


def test_each_folder_has_keys_of_its_own(tmp_path: Path) -> None:
    assert keys_of(settings_of(tmp_path / "a")) != keys_of(settings_of(tmp_path / "b"))


def _keys_in_a_process(folder: Path, start: object) -> str:
    start.wait()  # type: ignore[attr-defined]
    made = keys_of(settings_of(folder))
    return repr((made.personal, made.lookup, made.cookies))


def test_processes_that_start_at_once_get_the_same(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, context.Pool(2) as pool:
        start = manager.Barrier(2)
        found = pool.starmap(_keys_in_a_process, [(tmp_path / "data", start)] * 2)
    assert len(set(found)) == 1
    assert [file.name for file in (tmp_path / "data").iterdir()] == ["keys.json"]


def test_with_all_keys_in_the_environment_nothing_is_written(tmp_path: Path) -> None:
    given = {name: fresh_key() for name in ("personal_keys", "lookup_key", "cookie_key")}
    made = keys_of(settings_of(tmp_path / "data", **given))
    assert base64.b64encode(made.lookup).decode() == given["lookup_key"]
    assert not (tmp_path / "data").exists()


def test_what_the_environment_does_not_name_is_kept_in_the_folder(tmp_path: Path) -> None:
    kept = keys_of(settings_of(tmp_path))
    cookie_key = fresh_key()
    mixed = keys_of(settings_of(tmp_path, cookie_key=cookie_key))
    assert (mixed.personal, mixed.lookup) == (kept.personal, kept.lookup)
    assert base64.b64encode(mixed.cookies).decode() == cookie_key


def test_several_keys_for_personal_data_stand_the_newest_first(tmp_path: Path) -> None:
    new, old = fresh_key(), fresh_key()
    made = keys_of(settings_of(tmp_path, personal_keys=f"{new}, {old}"))
    assert [base64.b64encode(key).decode() for key in made.personal] == [new, old]


@pytest.mark.parametrize("name", ["personal_keys", "lookup_key", "cookie_key"])
@pytest.mark.parametrize(
    "bad",
    ["short", "c2hvcnQ=", "🔑", fresh_key()[:-1], f"{fresh_key()},"],
    ids=["short", "padded", "emoji", "cut", "comma"],
)
def test_a_bad_key_of_the_environment_is_named_and_not_shown(tmp_path: Path, name: str, bad: str) -> None:
    with pytest.raises(SettingsError) as refused:
        keys_of(settings_of(tmp_path, **{name: bad}))
    assert f"TALLYSTREAM_{name.upper()} is not usable" in str(refused.value)
    assert bad not in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"personal_keys": 5, "lookup_key": "", "cookie_key": ""}', b"\xff\xfe", b"{}"],
)
def test_a_file_that_holds_no_keys_is_named_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "keys.json").write_bytes(content)
    with pytest.raises(SettingsError, match=re.escape(str(tmp_path / "keys.json"))):
        keys_of(settings_of(tmp_path))
    assert (tmp_path / "keys.json").read_bytes() == content


def test_a_bad_key_in_the_file_is_named_with_its_file(tmp_path: Path) -> None:
    keys_of(settings_of(tmp_path))
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "lookup_key": "c2hvcnQ="}))
    with pytest.raises(SettingsError, match=r"lookup_key in .*keys\.json is not usable"):
        keys_of(settings_of(tmp_path))


def test_a_folder_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=re.escape(os.fspath(tmp_path / "file"))):
        keys_of(settings_of(tmp_path / "file" / "data"))
