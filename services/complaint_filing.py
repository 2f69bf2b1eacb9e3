"""Filing a complaint, and what its filer can do with the code: read it again, and take it back.

Nobody writes down who files: neither the address nor, of somebody who has signed in, the name. What
filers say of themselves is sealed with the rest.
"""

import hmac
import secrets
from collections.abc import Sequence

from models.complaints import ComplaintFiled, ComplaintFiling, OwnComplaint
from models.errors import FieldError, Invalid, UnknownContest, UnknownUnit, WrongCode
from models.lifecycles import COMPLAINT_MOVES, ComplaintStatus, move
from models.results import ElectionState
from models.rights import Actor
from models.wording import say
from repositories.complaints import ComplaintRow, SealedAttachment
from repositories.database import Database, Repositories
from services.attachments import AttachmentChecks
from services.clock import Clock
from services.complaint_sealing import ComplaintSealing
from services.signals import complaint_changed
from services.vault import Vault

FILER = Actor(None, "", "", "api")
"""As whom the audit trail names whoever files."""

# Without letters and digits that are taken for each other; 4 times 5 of them are 100 random bits.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS, _LETTERS = 4, 5


class ComplaintFilings:
    """What the public does with complaints."""

    def __init__(self, database: Database, clock: Clock, vault: Vault, checks: AttachmentChecks) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._checks = checks
        self._sealing = ComplaintSealing(vault)

    async def file(
        self, election: str, filing: ComplaintFiling, attachments: Sequence[bytes] = ()
    ) -> ComplaintFiled:
        """Stores a complaint with its attachments, each the bytes of a file, and gives it the next number.

        Raises UnknownElection, Invalid for a unit or contest that is not there and for attachments that
        are not taken (fields `attachments[0]`, …), TooLarge, and Unavailable.
        """
        async with self._database.snapshot() as repos:
            await _places(repos, await repos.elections.get(election), filing)
        files = await self._checks.prepare(attachments)
        sealed = [self._sealing.seal_attachment(file) for file in files]
        code = _new_code()
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_still(election)
            number = await self._add(repos, state, filing, sealed, code)
        await complaint_changed.send_async(self, election=election)
        return ComplaintFiled(
            election=state.code,
            is_test=state.is_test,
            number=number,
            status=ComplaintStatus.FILED,
            address=f"/api/v1/elections/{state.code}/complaints/{number}",
            code=code,
        )

    async def own(self, election: str, number: int, code: str) -> OwnComplaint:
        """A complaint as its filer sees it. Raises UnknownElection, UnknownComplaint and WrongCode."""
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            row = await repos.complaints.find(state.id, number)
        self._require(row, code)
        return self._sealing.own(state, row)

    async def withdraw(self, election: str, number: int, code: str) -> OwnComplaint:
        """Takes a complaint back that nobody has begun on; what was written stays, sealed.

        Raises UnknownElection, UnknownComplaint, WrongCode and IllegalTransition.
        """
        at = self._clock()
        async with self._database.transaction() as repos:
            state = await repos.elections.get(election)
            row = await repos.complaints.find(state.id, number, lock=True)
            self._require(row, code)
            subject = say("The complaint %(number)s", number=number)
            status = move(COMPLAINT_MOVES, subject, row.status, ComplaintStatus.WITHDRAWN)
            change = await repos.complaints.next_change(state.id)
            await repos.complaints.change(row.id, status=status, changed_at=at, change=change)
            await repos.complaints.add_step(row.id, at, None, status)
            changes = {"status": [row.status, status]}
            await repos.audit.add(
                FILER, at, "complaint-withdrawn", str(number), election=state.id, changes=changes
            )
            own = self._sealing.own(state, await repos.complaints.find(state.id, number))
        await complaint_changed.send_async(self, election=election)
        return own

    async def _add(
        self,
        repos: Repositories,
        state: ElectionState,
        filing: ComplaintFiling,
        attachments: list[SealedAttachment],
        code: str,
    ) -> int:
        at = self._clock()
        places = await _places(repos, state, filing)
        # Last of all that is waited for: nobody else files until the commit.
        number, change = await repos.complaints.next_number(state.id)
        complaint = await repos.complaints.add(
            election_id=state.id,
            number=number,
            change=change,
            category=filing.category,
            role=filing.role,
            status=ComplaintStatus.FILED,
            code_hash=self._hash(code),
            personal=self._sealing.seal(filing),
            outcome="",
            filed_at=at,
            changed_at=at,
            **places,
        )
        await repos.complaints.attach(complaint, attachments)
        await repos.complaints.add_step(complaint, at, None, ComplaintStatus.FILED)
        changes = {"category": [None, filing.category], "attachments": [None, len(attachments)]}
        await repos.audit.add(FILER, at, "complaint-filed", str(number), election=state.id, changes=changes)
        return number

    def _require(self, row: ComplaintRow, code: str) -> None:
        if not hmac.compare_digest(self._hash(code), row.code_hash):
            raise WrongCode

    def _hash(self, code: str) -> bytes:
        plain = "".join(filter(str.isalnum, code.upper()))
        return self._vault.digest("complaint-code", plain.encode())


async def _places(
    repos: Repositories, state: ElectionState, filing: ComplaintFiling
) -> dict[str, int | None]:
    """Ids of the unit and contest that a complaint names. Raises Invalid."""
    places: dict[str, int | None] = {"unit_id": None, "contest_id": None}
    faults = []
    if filing.unit:
        try:
            places["unit_id"], _ = await repos.elections.unit(state.id, filing.unit)
        except UnknownUnit as error:
            message = say("is no unit of this election; leave it out where you do not know its code")
            faults.append(FieldError("unit", message, error.code))
    if filing.contest:
        try:
            places["contest_id"] = await repos.elections.contest_id(state.id, filing.contest)
        except UnknownContest as error:
            message = say("is no contest of this election; leave it out where you do not know its code")
            faults.append(FieldError("contest", message, error.code))
    if faults:
        raise Invalid(tuple(faults))
    return places


def _new_code() -> str:
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS)) for _ in range(_GROUPS))
    return "-".join(groups)
