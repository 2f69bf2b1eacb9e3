"""How often a password may be tried: seldom enough for nobody to guess it, and nobody is kept out by others.

A lock by name alone would let anybody keep an official out on election night. So there are three counts:

- A name from one place, which is an address (of IPv6 a /64, which one client has whole): five failures in
  a row are free, then the place waits 1, 2, 4 … seconds up to 15 minutes.
- A name from all the places together from which nobody has signed in under it for 30 days: a hundred
  failures in a row are free (NIST SP 800-63B, 3.2.2), then there is one try a minute. Whoever has many
  addresses gains no more by them, and whoever sits where they signed in before does not notice.
- A session that gives its password again counts for itself alone.

A session that exists, a token and a one-time token for a new password are never affected, and a new
password clears the count of its name. What remains: somebody at an official's own address, in the same
office, can make the next sign-in from there wait up to 15 minutes.

A try is counted in one statement before the password is looked at, so that many at once gain nothing, and
whether a name exists makes no difference.
"""

import datetime
import ipaddress
import math

import msgspec

from models.errors import TooMany
from models.wording import say
from repositories.database import Database, Repositories
from services.clock import Clock
from services.vault import Vault

FREE_TRIES = 5
MAX_LOCK = datetime.timedelta(minutes=15)
FREE_ANYWHERE = 100
LOCK_ANYWHERE = datetime.timedelta(minutes=1)
# After a rest so long the count begins anew.
FORGOTTEN = datetime.timedelta(days=1)
# A place where nobody has signed in for so long is not known any more.
KNOWN = datetime.timedelta(days=30)


class Subject(msgspec.Struct, frozen=True):
    """What a try counts for: its own key, and, from places that are not known, the name's."""

    own: bytes
    name: bytes | None = None


def lock_of(failures: int) -> datetime.timedelta:
    """How long a place or session waits after so many failures in a row: 1, 2, 4 … seconds from the sixth."""
    if failures <= FREE_TRIES:
        return datetime.timedelta(0)
    return min(MAX_LOCK, datetime.timedelta(seconds=2 ** min(failures - FREE_TRIES - 1, 20)))


def lock_anywhere(failures: int) -> datetime.timedelta:
    """How long a name waits, everywhere where it is not known, after so many failures in a row."""
    return LOCK_ANYWHERE if failures > FREE_ANYWHERE else datetime.timedelta(0)


def place_of(address: str) -> str:
    """As much of an address as one client cannot choose at will: of IPv6 the /64.

    A proxy may name it with its port; what is no address counts as it is written.
    """
    host, _, port = address.rpartition(":")
    bare = host if port.isdigit() and (host.endswith("]") or ":" not in host) else address
    try:
        ip = ipaddress.ip_address(bare.strip("[]"))
    except ValueError:
        return address[:64]
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.IPv6Network((int(ip), 64), strict=False))
    return str(ip)


class Tries:
    def __init__(self, database: Database, clock: Clock, vault: Vault) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault

    def at_place(self, username: str, address: str) -> Subject:
        place = f"{username}\x00{place_of(address)}".encode()
        return Subject(self._vault.digest("sign-in-place", place), self._name(username))

    def in_session(self, session_id: int) -> Subject:
        return Subject(self._vault.digest("sign-in-session", str(session_id).encode()))

    def _name(self, username: str) -> bytes:
        return self._vault.digest("sign-in-name", username.encode())

    async def count(self, subject: Subject) -> Subject:
        """Counts a try that is about to be made, and returns what it counts for.

        Raises TooMany, and then it does not count.
        """
        at = self._clock()
        async with self._database.transaction() as repos:
            counted = await repos.tries.count(subject.own, at, at - FORGOTTEN)
            if counted is None:
                raise await _locked(repos, subject.own, at)
            if lock := lock_of(counted.failures):
                await repos.tries.lock(subject.own, at + lock)
            if counted.succeeded_at is not None and at - counted.succeeded_at <= KNOWN:
                return Subject(subject.own)
            if subject.name is not None:
                await self._count_anywhere(repos, subject.name, at)
        return subject

    async def _count_anywhere(self, repos: Repositories, name: bytes, at: datetime.datetime) -> None:
        counted = await repos.tries.count(name, at, at - FORGOTTEN)
        if counted is None:
            raise await _locked(repos, name, at)
        if lock := lock_anywhere(counted.failures):
            await repos.tries.lock(name, at + lock)

    async def succeed(self, repos: Repositories, subject: Subject) -> None:
        """The try that was counted for `subject` went well."""
        at = self._clock()
        await repos.tries.succeed(subject.own, at)
        if subject.name is not None:
            await repos.tries.take_back(subject.name)
        await repos.tries.tidy(at - FORGOTTEN, at - KNOWN)

    async def begin_anew(self, repos: Repositories, username: str) -> None:
        """There is a new password: what was guessed about the old one counts no more."""
        await repos.tries.forget(self._name(username))


async def _locked(repos: Repositories, key: bytes, at: datetime.datetime) -> TooMany:
    until = await repos.tries.locked_until(key)
    seconds = max(1, math.ceil((until - at).total_seconds())) if until is not None else 1
    message = say(
        "Too many failed sign-ins under this name; wait %(seconds)s s before the next.", seconds=seconds
    )
    return TooMany(message, seconds)
