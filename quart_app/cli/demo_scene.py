"""What stands before the demo's night begins: an election with candidates and voters, and its officials."""

import asyncio
import datetime
import itertools
import secrets
from collections.abc import AsyncIterator, Sequence

import msgspec

from models.candidates import Decisions, FilingDecision
from models.fictional import NOT_ENOUGH, FictionalElection
from models.fictional.shapes import fictional_shapes
from models.rights import OPERATOR, Role
from quart_app.cli.running import Failure, in_brackets
from quart_app.wiring import Services
from services.bulk import REFUSED, Raw, RowResult

TOKEN_VALID_FOR = datetime.timedelta(days=1)

_ROWS = 500


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
    await _register(house, script, code)
    await house.elections.move(code, "open")
    await house.elections.move(code, "release")
    return code


async def _define(house: Services, script: FictionalElection) -> str:
    """Writes the election under a code that is still free: demo, demo-2, …"""
    taken = {election.code for election in await house.elections.all()}
    codes = (f"demo-{number}" if number > 1 else "demo" for number in itertools.count(1))
    code = next(code for code in codes if code not in taken)
    await house.elections.define(msgspec.structs.replace(script.definition, code=code))
    await house.shapes.replace(code, fictional_shapes(script.definition.units), named_by="code")
    return code


async def _nominate(house: Services, script: FictionalElection, code: str) -> None:
    """Files the candidates, and decides on each as a registrar would."""
    filings = [candidacy.filing for candidacy in script.candidacies]
    await _taken(house.candidates.file_many(code, _chunks(filings), OPERATOR))
    rejected = [candidacy.filing.code for candidacy in script.candidacies if candidacy.selection is None]
    await house.decisions.decide_many(
        code, Decisions(codes=rejected, change="reject", reason=NOT_ENOUGH), OPERATOR
    )
    for candidacy in script.candidacies:
        if candidacy.selection is not None:
            decision = FilingDecision(change="qualify", selection=candidacy.selection)
            await house.decisions.decide(code, candidacy.filing.code, decision, OPERATOR)


async def _register(house: Services, script: FictionalElection, code: str) -> None:
    await _taken(house.registration.register(code, _chunks(script.voters), OPERATOR))


async def _chunks(rows: Sequence[msgspec.Struct]) -> AsyncIterator[list[Raw]]:
    numbered = list(enumerate(map(msgspec.to_builtins, rows), start=1))
    for first in range(0, len(numbered), _ROWS):
        yield numbered[first : first + _ROWS]


async def _taken(results: AsyncIterator[list[RowResult]]) -> None:
    """Raises Failure where a row was refused."""
    async for chunk in results:
        for result in chunk:
            if result.status == REFUSED:
                raise Failure(f"A row of the demo was refused{in_brackets(result.errors)}")
