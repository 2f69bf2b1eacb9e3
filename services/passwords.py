"""Passwords: argon2id (RFC 9106, its second recommended parameters) in threads, and what is accepted.

The policy is that of NIST SP 800-63B, 3.1.1: length and a list of common ones, no rules about kinds
of characters, no expiry.
"""

import asyncio
import base64
import os
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from models.errors import FieldError, Invalid, Unavailable
from models.wording import say, say_many

MIN_LENGTH = 12
MAX_LENGTH = 256

# Threads, of 64 MiB each while they work; and how many may wait for one of them.
_AT_ONCE = 2
_WAITING = 64

_COMMON = frozenset(FREQUENCY_LISTS["passwords"]) | {"tallystream"}
_ROWS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")
# A shorter username is found in passwords by chance.
_TELLING = 4

P = ParamSpec("P")
T = TypeVar("T")


class Verdict(msgspec.Struct, frozen=True):
    """Whether a password was right, and its hash under today's parameters where they have changed."""

    right: bool
    rehashed: str | None = None


class Passwords:
    """Passwords are compared as NFKC, so that it does not matter which keyboard composed a letter."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        # Threads of our own: a client that leaves early does not make room for one more at once.
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="passwords")
        self._waiting = 0
        self._nobodys = _nobodys(self._hasher)

    async def hash(self, password: str) -> str:
        """An argon2id hash with its parameters and salt. Raises Unavailable where too many wait."""
        return await self._in_thread(self._hasher.hash, _plain(password))

    async def verify(self, stored: str | None, password: str) -> Verdict:
        """Where there is no hash the answer is no, and takes as long: nobody learns which names exist.

        Raises Unavailable where too many wait.
        """
        right = await self._in_thread(self._matches, stored or self._nobodys, _plain(password))
        if not right or stored is None:
            return Verdict(right=False)
        outdated = self._hasher.check_needs_rehash(stored)
        return Verdict(right=True, rehashed=await self.hash(password) if outdated else None)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **_: P.kwargs) -> T:
        if self._waiting >= _WAITING:
            raise Unavailable(say("Too many people sign in at this moment; try again shortly."))
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)
        finally:
            self._waiting -= 1


def _nobodys(hasher: PasswordHasher) -> str:
    """What looks like a hash of this hasher's, and is that of no password."""
    salt, digest = (
        base64.b64encode(os.urandom(length)).decode().rstrip("=")
        for length in (hasher.salt_len, hasher.hash_len)
    )
    parameters = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${parameters}${salt}${digest}"


def _plain(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, username: str, field: str = "password") -> None:
    """Raises Invalid, which says what to choose instead; never repeats the password."""
    if fault := _fault(password, username):
        raise Invalid((FieldError(field, fault, "weak-password"),))


def _fault(password: str, username: str) -> str | None:
    if len(password) < MIN_LENGTH:
        return say_many(
            "has %(number)s character; use %(least)d or more, several words for example",
            "has %(number)s characters; use %(least)d or more, several words for example",
            len(password),
            least=MIN_LENGTH,
        )
    if len(password) > MAX_LENGTH:
        return say("is longer than %(most)d characters", most=MAX_LENGTH)
    plain = _plain(password).casefold()
    if _is_guessed_first(plain):
        return say("is among those that are guessed first; use several words that do not belong together")
    if len(username) >= _TELLING and username in plain:
        return say("contains the username; leave it out")
    return None


def _is_guessed_first(plain: str) -> bool:
    """A common password: alone, several times over, with digits behind it; and what a finger walks along."""
    once = plain[: (plain + plain).find(plain, 1)]
    return (
        len(set(plain)) < 5
        or not _COMMON.isdisjoint({plain, once, plain.rstrip("0123456789!?.")})
        or any(once in row or once in row[::-1] for row in _ROWS)
    )
