"""What stands before the demo's night begins: the election with its candidates, and its officials."""

import asyncio
import datetime
import itertools
import secrets
from collections.abc import AsyncIterator

import msgspec

from models.candidates import Decision
from models.fictional import NOT_ENOUGH, FictionalElection
from models.rights import OPERATOR, Role
from quart_app.wiring import Services
from services.bulk import Raw

TOKEN_VALID_FOR = datetime.timedelta(days=1)


class Scene(msgspec.Struct, frozen=True):
    """The election's code, a token of each officer by username, and who signs in with the password."""

    code: str
    tokens: dict[str, str]
    staff: list[str]
    password: str

    @property
    def accounts(self) -> str:
        """The usernames as a sentence has them."""
        return f"{', '.join(self.staff[:-1])} or {self.staff[-1]}"


async def set_scene(house: Services, script: FictionalElection) -> Scene:
    password = secrets.token_urlsafe(12)
    officers = [official for official in script.officials if official.role == Role.OFFICER]
    others = [official for official in script.officials if official.role != Role.OFFICER]
    # Hashing passwords takes processors, and the rest takes the database.
    code, staff = await asyncio.gather(_open(house, script), house.enrolment.staff(others, password))
    usernames = await house.enrolment.officers(code, officers)
    tokens = await house.credentials.issue_tokens(usernames, TOKEN_VALID_FOR, name="election night")
    by_officer = dict(zip((officer.username for officer in officers), tokens, strict=True))
    return Scene(code, by_officer, staff, password)


async def _open(house: Services, script: FictionalElection) -> str:
    """Defines the election and opens it, its results released; returns its code."""
    code = await _define(house, script)
    await _nominate(house, script, code)
    await house.elections.move(code, "open")
    await house.elections.move(code, "release")
    return code


async def _define(house: Services, script: FictionalElection) -> str:
    """Writes the election under a code that is still free: demo, demo-2, …"""
    taken = {election.code for election in await house.elections.all()}
    codes = (f"demo-{number}" if number > 1 else "demo" for number in itertools.count(1))
    code = next(code for code in codes if code not in taken)
    await house.elections.define(msgspec.structs.replace(script.definition, code=code))
    return code


async def _nominate(house: Services, script: FictionalElection, code: str) -> None:
    """Files the candidates, and decides on each as a registrar would."""
    filings = [msgspec.to_builtins(candidacy.filing) for candidacy in script.candidacies]
    async for _ in house.candidates.file_many(code, _chunk(filings), OPERATOR):
        pass
    for candidacy in script.candidacies:
        if candidacy.selection is None:
            decision = Decision(change="reject", reason=NOT_ENOUGH)
        else:
            decision = Decision(change="qualify", selection=candidacy.selection)
        await house.decisions.decide(code, candidacy.filing.code, decision, OPERATOR)


async def _chunk(rows: list[dict[str, object]]) -> AsyncIterator[list[Raw]]:
    yield list(enumerate(rows, start=1))
