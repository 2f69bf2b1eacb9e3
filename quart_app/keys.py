"""The program's secret keys: from the environment, or made once and kept in the data folder.

`TALLYSTREAM_PERSONAL_KEYS` (base64 of 32 bytes each, separated by commas, the newest first),
`TALLYSTREAM_LOOKUP_KEY` and `TALLYSTREAM_COOKIE_KEY`. All processes of one database need the same.
"""

import base64
import logging
import os
import secrets
from pathlib import Path

import msgspec

from quart_app.settings import SECRETS, Settings, SettingsError
from services.vault import KEY_BYTES, Keys, VaultError, read_key

_FILE = "keys.json"

_logger = logging.getLogger(__name__)


class _Texts(msgspec.Struct, frozen=True):
    personal_keys: str
    lookup_key: str
    cookie_key: str


def keys_of(settings: Settings) -> Keys:
    """The keys that the environment names; those it does not name are made once. Raises SettingsError."""
    texts, places = dict(settings.secrets), {name: variable(name) for name in SECRETS}
    if not all(texts.get(name) for name in SECRETS):
        path = settings.data / _FILE
        kept = _kept(path)
        for name in SECRETS:
            if not texts.get(name):
                texts[name], places[name] = getattr(kept, name), f"{name} in {path}"
    return Keys(
        tuple(_key(places["personal_keys"], text) for text in texts["personal_keys"].split(",")),
        _key(places["lookup_key"], texts["lookup_key"]),
        _key(places["cookie_key"], texts["cookie_key"]),
    )


def _key(place: str, text: str) -> bytes:
    try:
        return read_key(text)
    except VaultError as error:
        raise SettingsError(f"{place} is not usable: {error}.") from None


def _kept(path: Path) -> _Texts:
    """The keys of this data folder. Raises SettingsError."""
    try:
        if not path.exists():
            _make(path)
        return msgspec.json.decode(path.read_bytes(), type=_Texts)
    except (OSError, msgspec.DecodeError) as error:
        raise SettingsError(f"{path} cannot be used for keys: {error}") from None


def _make(path: Path) -> None:
    """Several processes may start at once: the first to link its file wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mine = path.with_name(f"keys-{secrets.token_hex(8)}.json")
    with os.fdopen(os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.encode(_Texts(*(fresh_key() for _ in SECRETS))))
        file.flush()
        # What they seal must not outlive them in a crash.
        os.fsync(file.fileno())
    try:
        os.link(mine, path)
    except FileExistsError:
        pass
    finally:
        mine.unlink()


def fresh_key() -> str:
    """A new key, as the environment wants it."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def variable(secret: str) -> str:
    """The environment's name for a secret."""
    return f"TALLYSTREAM_{secret.upper()}"


def warn_of_kept_keys(settings: Settings) -> None:
    """Logs a warning where the database is one that others may share, and keys are known only here."""
    kept = [variable(name) for name in SECRETS if not settings.secrets.get(name)]
    if settings.database_url and kept:
        _logger.warning(
            "DATABASE_URL names a database, but the environment has no %s: they are kept in %s. "
            "Without that file the personal data is lost, and other machines need the same keys; "
            "see docs/operating.md, Keys.",
            ", ".join(kept),
            settings.data / _FILE,
        )
