"""Passes: short-lived accounts for commands that are given on the server's own machine without a token."""

import datetime

import msgspec

from models.rights import OPERATOR, Role
from repositories.database import Database
from services.clock import Clock
from services.credentials import CredentialService


class Pass(msgspec.Struct, frozen=True):
    username: str
    token: str


class PassService:
    def __init__(self, database: Database, clock: Clock, credentials: CredentialService) -> None:
        self._database = database
        self._clock = clock
        self._credentials = credentials

    async def give(self, username: str, role: Role, valid_for: datetime.timedelta) -> Pass:
        """A token in this one role, of an account that is there for passes only."""
        async with self._database.transaction() as repos:
            known = await repos.people.find(username, lock=True)
            if known is None:
                await repos.people.add(username, username, [role], self._clock())
            else:
                await repos.people.change(known.id, roles=[role], disabled_at=None)
            changes = {"roles": [known.roles if known else None, [role]]}
            await repos.audit.add(OPERATOR, self._clock(), "pass-given", username, changes=changes)
        return Pass(username, (await self._credentials.issue_token(username, valid_for)).token)

    async def take_back(self, given: Pass) -> None:
        """Ends the token, and leaves the account without any role."""
        async with self._database.transaction() as repos:
            member = await repos.people.member(given.username, lock=True)
            await repos.people.change(member.id, roles=[])
            await repos.credentials.revoke_tokens(member.id)
            changes = {"roles": [member.roles, []]}
            await repos.audit.add(OPERATOR, self._clock(), "pass-taken-back", given.username, changes=changes)
