"""Passwords: argon2id (RFC 9106, its second recommended parameters) in threads, and what is accepted.

The policy is that of NIST SP 800-63B, 3.1.1: length and a list of common ones, no rules about kinds
of characters, no expiry.
"""

import asyncio
import secrets

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from models.errors import FieldError, Invalid

MIN_LENGTH = 12
MAX_LENGTH = 256

# Each takes 64 MiB while it works.
_AT_ONCE = 2

_COMMON = frozenset(FREQUENCY_LISTS["passwords"])


class Verdict(msgspec.Struct, frozen=True):
    """Whether a password was right, and its hash under today's parameters where they have changed."""

    right: bool
    rehashed: str | None = None


class Passwords:
    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """An argon2id hash with its parameters and salt."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> Verdict:
        """Where there is no hash the answer is no, and takes as long: nobody learns which names exist."""
        if stored is None:
            if self._nobodys is None:
                self._nobodys = await self.hash(secrets.token_urlsafe())
            await self._matches(self._nobodys, password)
            return Verdict(right=False)
        if not await self._matches(stored, password):
            return Verdict(right=False)
        outdated = self._hasher.check_needs_rehash(stored)
        return Verdict(right=True, rehashed=await self.hash(password) if outdated else None)

    async def _matches(self, stored: str, password: str) -> bool:
        async with self._turns:
            try:
                return await asyncio.to_thread(self._hasher.verify, stored, password)
            except (VerificationError, InvalidHashError):
                return False


def check_password(password: str, username: str, field: str = "password") -> None:
    """Raises Invalid, which says what to choose instead; never repeats the password."""
    if fault := _fault(password, username):
        raise Invalid((FieldError(field, fault, "weak-password"),))


def _fault(password: str, username: str) -> str | None:
    if len(password) < MIN_LENGTH:
        return f"has {len(password)} characters; use {MIN_LENGTH} or more, several words for example"
    if len(password) > MAX_LENGTH:
        return f"is longer than {MAX_LENGTH} characters"
    plain = password.casefold()
    if len(set(plain)) < 5 or plain in _COMMON or plain.rstrip("0123456789!?.") in _COMMON:
        return "is among those that are guessed first; use several words that do not belong together"
    if username and username in plain:
        return "contains the username; leave it out"
    return None
