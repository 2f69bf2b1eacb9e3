"""Officials, the places they report for, and the tokens of their programs."""

import datetime
import hashlib
import secrets
from collections.abc import Iterable

from models.errors import FieldError, Invalid, NotSignedIn, UnknownUnit
from models.people import ROLES
from models.rights import Identity
from repositories.database import Database, Repositories
from services.clock import Clock

TOKEN_PREFIX = "ts_"


class OfficialService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(
        self, username: str, roles: Iterable[str], precincts: Iterable[str], election: str | None = None
    ) -> None:
        """Adds an official, or gives an existing one further roles and precincts.

        `precincts` are codes of units; a unit above precincts stands for all of them. Raises Invalid,
        and UnknownUnit for a code that no election (or not the one named) has.
        """
        roles = list(roles)
        if unknown := set(roles) - set(ROLES):
            message = f"{sorted(unknown)[0]!r} is none of {', '.join(ROLES)}"
            raise Invalid((FieldError("role", message, "unknown-role"),))
        _check_username(username)
        async with self._database.transaction() as repos:
            official = await repos.people.put_official(username, roles, self._clock())
            units = [await _unit(repos, code, election) for code in precincts]
            await repos.people.assign(official, units)

    async def issue_token(self, username: str, valid_for: datetime.timedelta) -> str:
        """A new bearer token, shown this once: only its hash is kept. Raises UnknownOfficial."""
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        at = self._clock()
        async with self._database.transaction() as repos:
            official = await repos.people.official_id(username)
            await repos.people.add_token(official, _hash(token), at, at + valid_for)
        return token

    async def root_officer_token(self, election: str, valid_for: datetime.timedelta) -> str:
        """A short-lived token of an officer for the whole election, for replays on the server's machine."""
        username = f"replay-{election}"[:64]
        async with self._database.transaction() as repos:
            state = await repos.elections.get(election)
            root, _ = await repos.elections.unit(state.id, None)
            official = await repos.people.put_official(username, ["officer"], self._clock())
            await repos.people.assign(official, [root])
        return await self.issue_token(username, valid_for)

    async def identify(self, token: str) -> Identity:
        """Whose token this is. Raises NotSignedIn for one that is unknown or has expired."""
        async with self._database.transaction() as repos:
            identity = await repos.people.by_token(_hash(token), self._clock())
        if identity is None:
            raise NotSignedIn("This token is not known or has expired.")
        return identity


async def _unit(repos: Repositories, code: str, election: str | None) -> int:
    found = await repos.people.units_named(code, election)
    if not found:
        raise UnknownUnit(code)
    if len(found) > 1:
        elections = ", ".join(sorted(name for _, name in found))
        message = f"{code!r} is a unit of several elections ({elections}); name the election"
        raise Invalid((FieldError("precinct", message, "ambiguous-precinct"),))
    return found[0][0]


def _check_username(username: str) -> None:
    allowed = "abcdefghijklmnopqrstuvwxyz0123456789._-"
    if not username or len(username) > 64 or not username[0].isalnum() or set(username) - set(allowed):
        message = "is 1 to 64 lower-case letters, digits, dots, hyphens or underscores"
        raise Invalid((FieldError("username", message, "invalid-username"),))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
