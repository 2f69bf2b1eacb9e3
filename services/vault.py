"""Personal data at rest: sealed with AES-256-GCM (NIST SP 800-38D), found by keyed hashes.

A sealed value is one byte of format, the first four bytes of the SHA-256 of its key, twelve random
bytes of nonce, and the ciphertext with its tag. Its kind (`voter`, `member`, `candidate`) is
authenticated with it, so that a value cannot be moved to another table. The first key seals, all of
them open: put a new key in front, run `tallystream reseal`, and take the old one away.

Lookup hashes are HMAC-SHA-256 under a key of their own, which does not rotate with the others.
"""

import base64
import binascii
import hashlib
import hmac
import os
import unicodedata
from typing import TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32

_FORMAT = b"\x01"
_NONCE_BYTES = 12
_TAG_BYTES = 16
_ID_BYTES = 4
_HEAD = 1 + _ID_BYTES + _NONCE_BYTES

T = TypeVar("T")

_encode = msgspec.msgpack.Encoder().encode


class VaultError(Exception):
    """A key that cannot be used, or a sealed value that none of the keys opens."""


class Keys(msgspec.Struct, frozen=True):
    """The program's secrets. Never encoded, logged or shown."""

    personal: tuple[bytes, ...]
    """32 bytes each; the first seals."""
    lookup: bytes
    cookies: bytes

    def __repr__(self) -> str:
        return f"Keys({len(self.personal)} for personal data)"


def read_key(text: str) -> bytes:
    """A key from 32 bytes of base64. Raises VaultError."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise VaultError("a key is not base64") from None
    if len(key) != KEY_BYTES:
        raise VaultError(f"a key has {len(key)} bytes in base64; it needs {KEY_BYTES}")
    return key


class Vault:
    def __init__(self, keys: Keys) -> None:
        self._ciphers = {_id(key): AESGCM(key) for key in keys.personal}
        self._newest = _id(keys.personal[0])
        self._lookup = keys.lookup

    @property
    def head(self) -> bytes:
        """How values begin that the newest key has sealed."""
        return _FORMAT + self._newest

    def seal(self, kind: str, value: msgspec.Struct) -> bytes:
        return self._seal(kind, _encode(value))

    def open(self, kind: str, sealed: bytes, to: type[T]) -> T:
        """Raises VaultError where no key fits, or the value was changed or is of another kind."""
        return msgspec.msgpack.decode(self._open(kind, sealed), type=to)

    def reseal(self, kind: str, sealed: bytes) -> bytes:
        """The same value under the newest key. Raises VaultError likewise."""
        return self._seal(kind, self._open(kind, sealed))

    def _seal(self, kind: str, data: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        head = self.head + nonce
        return head + self._ciphers[self._newest].encrypt(nonce, data, _bound(kind, head))

    def _open(self, kind: str, sealed: bytes) -> bytes:
        head, ciphertext = sealed[:_HEAD], sealed[_HEAD:]
        if len(sealed) < _HEAD + _TAG_BYTES:
            raise VaultError("a sealed value was cut short")
        cipher = self._ciphers.get(head[1 : 1 + _ID_BYTES])
        if head[:1] != _FORMAT or cipher is None:
            raise VaultError("no key at hand opens this; is TALLYSTREAM_PERSONAL_KEYS complete?")
        try:
            return cipher.decrypt(head[1 + _ID_BYTES :], ciphertext, _bound(kind, head))
        except InvalidTag:
            raise VaultError("a sealed value was changed, or moved from elsewhere") from None

    def is_current(self, sealed: bytes) -> bool:
        """Whether the newest key sealed it."""
        return sealed.startswith(self.head)

    def lookup(self, kind: str, text: str) -> bytes:
        """The keyed hash, 32 bytes, by which a value of this kind is found.

        Case, spaces and the ways in which Unicode writes the same letters (NFKC) do not matter.
        """
        plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        return self.digest(kind, " ".join(plain.split()).encode())

    def digest(self, kind: str, data: bytes) -> bytes:
        """A keyed hash of exact bytes, 32 bytes."""
        return hmac.digest(self._lookup, kind.encode() + b"\x00" + data, hashlib.sha256)


def _id(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()[:_ID_BYTES]


def _bound(kind: str, head: bytes) -> bytes:
    return kind.encode() + b"\x00" + head
