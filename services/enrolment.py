"""Many officials at once, in one transaction: those of the demo, who are known by their e-mail addresses."""

import asyncio
from collections.abc import Sequence

from models.editions import changed
from models.fictional.officials import Official
from models.personal import MemberContact
from models.rights import OPERATOR
from repositories.database import Database, Repositories
from repositories.people import MemberRow
from services.clock import Clock
from services.passwords import Passwords
from services.signals import telling_rights
from services.vault import Vault

_KIND = "member"


class EnrolmentService:
    def __init__(self, database: Database, clock: Clock, vault: Vault, passwords: Passwords) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._passwords = passwords

    async def officers(self, election: str, officials: Sequence[Official]) -> list[str]:
        """Adds officers, each for their precincts; returns their usernames. Raises UnknownElection."""
        usernames = []
        async with telling_rights(self) as told, self._database.transaction() as repos:
            state = await repos.elections.get(election)
            precincts = (await repos.elections.book(state)).precincts
            for official in officials:
                member, username = await self._member(repos, official)
                told.add(member)
                await repos.people.assign(member, [precincts[code].id for code in official.precincts])
                changes = {"precincts": [None, list(official.precincts)]}
                await repos.audit.add(
                    OPERATOR, self._clock(), "member-changed", username, election=state.id, changes=changes
                )
                usernames.append(username)
        return usernames

    async def staff(self, officials: Sequence[Official], password: str) -> list[str]:
        """Adds officials who sign in with this password from now on; returns their usernames."""
        usernames = []
        hashes = await asyncio.gather(*(self._passwords.hash(password) for _ in officials))
        async with telling_rights(self) as told, self._database.transaction() as repos:
            for official, hashed in zip(officials, hashes, strict=True):
                member, username = await self._member(repos, official)
                told.add(member)
                await repos.people.set_password(member, hashed, self._clock())
                await repos.credentials.end_sessions(member)
                await repos.audit.add(OPERATOR, self._clock(), "password-changed", username)
                usernames.append(username)
        return usernames

    async def _member(self, repos: Repositories, official: Official) -> tuple[int, str]:
        """The official's account, an earlier one if there is; under another name where theirs is taken."""
        username, number = official.username, 1
        while (known := await repos.people.find(username, lock=True)) is not None:
            if self._is(known, official):
                roles = sorted({*known.roles, official.role})
                await repos.people.change(known.id, roles=roles, disabled_at=None)
                before = {"roles": known.roles, "disabled": known.disabled_at is not None}
                if changes := changed(before, {"roles": roles, "disabled": False}):
                    await repos.audit.add(
                        OPERATOR, self._clock(), "member-changed", username, changes=changes
                    )
                return known.id, username
            number += 1
            username = f"{official.username}-{number}"
        member = await repos.people.add(
            username,
            official.name,
            [official.role],
            self._clock(),
            personal=self._vault.seal(_KIND, MemberContact(official.email)),
            email_hash=self._vault.lookup("email", official.email),
        )
        changes = {"roles": [None, [official.role]]}
        await repos.audit.add(OPERATOR, self._clock(), "member-added", username, changes=changes)
        return member, username

    def _is(self, known: MemberRow, official: Official) -> bool:
        contact = self._vault.open(_KIND, known.personal, MemberContact) if known.personal else None
        return contact is not None and contact.email == official.email
