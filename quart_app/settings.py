"""Settings: config.toml, then TALLYSTREAM_*, then DATABASE_URL and REDIS_URL; validated once at start."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

ROOT = Path(__file__).resolve().parent.parent

SECRETS = ("personal_keys", "lookup_key", "cookie_key")
"""What comes from the environment only, as `TALLYSTREAM_PERSONAL_KEYS` and so on."""

Positive = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
SomeSeconds = Annotated[float, msgspec.Meta(gt=0)]


class SettingsError(Exception):
    """A setting that cannot be used; the message names it."""


class StorageSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    data: str
    pool_size: Positive


class IntakeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    batch_size: Positive
    capacity: Positive
    pool_size: Positive


class LiveSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pause: Seconds
    heartbeat: SomeSeconds
    max_watchers: Positive
    stuck: SomeSeconds


class OverloadSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    late: SomeSeconds
    requests: Positive
    officers: Positive


class RequestSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    max_body: Positive
    max_bulk: Positive
    proxies: Annotated[int, msgspec.Meta(ge=0)]
    origins: list[str]
    limits: bool


class SessionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hours: SomeSeconds
    fresh: SomeSeconds
    sweep: SomeSeconds


class Settings(msgspec.Struct, frozen=True):
    """What each setting means stands beside it in config.toml."""

    storage: StorageSettings
    intake: IntakeSettings
    live: LiveSettings
    overload: OverloadSettings
    requests: RequestSettings
    sessions: SessionSettings
    hypercorn: dict[str, Any]
    database_url: str | None = None
    redis_url: str | None = None
    secrets: dict[str, str] = {}
    """Keys that the environment names; see `quart_app/keys.py`."""
    metrics_token: str = ""
    """Whoever sends it may read /metrics; where there is none, only administrators may."""

    @property
    def data(self) -> Path:
        return Path(self.storage.data)

    def with_engines(self, database_url: str, redis_url: str) -> "Settings":
        return msgspec.structs.replace(self, database_url=database_url, redis_url=redis_url)


_TABLES: dict[str, type[msgspec.Struct]] = {
    "storage": StorageSettings,
    "intake": IntakeSettings,
    "live": LiveSettings,
    "overload": OverloadSettings,
    "requests": RequestSettings,
    "sessions": SessionSettings,
}


def load_settings(environ: Mapping[str, str] = os.environ, path: Path = ROOT / "config.toml") -> Settings:
    """Raises SettingsError."""
    path = Path(environ.get("TALLYSTREAM_CONFIG", path))
    try:
        config = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read as settings: {error}") from error
    tables = {name: config.pop(name, {}) for name in _TABLES}
    if data := environ.get("TALLYSTREAM_DATA"):
        tables["storage"]["data"] = data
    return Settings(
        **{name: _table(name, tables[name], environ) for name in _TABLES},
        hypercorn={key: _hypercorn_value(key, value, environ) for key, value in config.items()},
        database_url=environ.get("DATABASE_URL") or None,
        redis_url=environ.get("REDIS_URL") or None,
        secrets={name: environ.get(f"TALLYSTREAM_{name}".upper(), "") for name in SECRETS},
        metrics_token=_metrics_token(environ),
    )


def _metrics_token(environ: Mapping[str, str]) -> str:
    token = environ.get("TALLYSTREAM_METRICS_TOKEN", "")
    if not token.isascii() or any(character.isspace() for character in token):
        raise SettingsError(
            "TALLYSTREAM_METRICS_TOKEN is not usable: a header cannot carry it; take letters and figures."
        )
    return token


def _hypercorn_value(key: str, value: Any, environ: Mapping[str, str]) -> Any:
    """A key of Hypercorn's, or what the environment says in its place; lists are separated by commas."""
    variable = f"TALLYSTREAM_{key}".upper()
    if variable not in environ:
        return value
    given = environ[variable].split(",") if isinstance(value, list) else environ[variable]
    try:
        return msgspec.convert(given, type(value), strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{variable} is not usable: {error}") from None


def _table(name: str, values: dict[str, Any], environ: Mapping[str, str]) -> Any:
    for field in msgspec.structs.fields(_TABLES[name]):
        variable = f"TALLYSTREAM_{name}_{field.name}".upper()
        if variable in environ:
            given = environ[variable]
            values[field.name] = given.split(",") if isinstance(values.get(field.name), list) else given
    try:
        return msgspec.convert(values, _TABLES[name], strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"The setting [{name}] is not usable: {error}") from None
