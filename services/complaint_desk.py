"""The desk for complaints: who sees to which and until when, notes, and decisions.

Who may do so is decided elsewhere (`models/complaints.py`, DESK and DESK_READERS). Every change stands in
the complaint's private history and in the audit trail, which has no word of what is private.
"""

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from models.complaints import (
    COMPLAINT_AFTER,
    DESK,
    OPEN,
    ComplaintChange,
    ComplaintDecision,
    DeskCase,
    DeskComplaint,
    DeskEdit,
    DeskSearch,
)
from models.editions import hold_against
from models.errors import ComplaintClosed, FieldError, Invalid, UnknownUnit
from models.lifecycles import COMPLAINT_MOVES, move
from models.results import ElectionState
from models.rights import Actor
from models.wording import say
from repositories.complaints import ComplaintRow
from repositories.database import Database, Repositories
from services.attachments import Attachment
from services.clock import Clock
from services.complaint_rules import assignee_of, check_day, check_decision, today_in
from services.complaint_sealing import ComplaintSealing
from services.signals import complaint_changed
from services.vault import Vault

# What the audit trail calls a decision.
_MOVED: dict[ComplaintChange, str] = {
    "review": "complaint-under-review",
    "uphold": "complaint-upheld",
    "dismiss": "complaint-dismissed",
}

# Complaints that an export reads at once.
PAGE = 500


class ExportedComplaint(msgspec.Struct, frozen=True):
    """A row of the desk's table: the complaint, all of its text, and its outcome."""

    listed: DeskComplaint
    text: str
    outcome: str


class ComplaintDesk:
    """What staff do with complaints."""

    def __init__(self, database: Database, clock: Clock, vault: Vault) -> None:
        self._database = database
        self._clock = clock
        self._sealing = ComplaintSealing(vault)

    # ---- reading ----

    async def page(self, election: str, search: DeskSearch) -> list[DeskComplaint]:
        """Complaints that fit, by number. Raises UnknownElection, and Invalid for an unknown unit."""
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            rows = await self._search(repos, state, search)
        return [self._sealing.listed(state, row) for row in rows]

    async def get(self, election: str, number: int) -> DeskCase:
        """Everything about one. Raises UnknownElection and UnknownComplaint."""
        async with self._database.snapshot() as repos:
            return await self._case(repos, await repos.elections.get(election), number)

    async def staff(self) -> list[str]:
        """Usernames of those whom a complaint can be assigned to."""
        async with self._database.snapshot() as repos:
            return await repos.people.usernames(DESK)

    async def attachment(self, election: str, number: int, position: int, by: Actor) -> Attachment:
        """A file that was attached; that somebody took it stands in the audit trail.

        Raises UnknownElection, UnknownComplaint and UnknownAttachment.
        """
        async with self._database.transaction() as repos:
            state = await repos.elections.get(election)
            row = await repos.complaints.find(state.id, number)
            stored = await repos.complaints.attachment(row.id, position)
            changes = {"attachment": [None, position]}
            await self._record(repos, state, by, "complaint-attachment-read", number, changes)
        return self._sealing.open_attachment(stored)

    async def export(
        self, election: str, search: DeskSearch, by: Actor
    ) -> AsyncIterator[list[ExportedComplaint]]:
        """All that fit, in pages; that somebody took them stands in the audit trail.

        Raises, before the first page, UnknownElection, and Invalid for an unknown unit.
        """
        async with self._database.transaction() as repos:
            state = await repos.elections.get(election)
            await self._search(repos, state, msgspec.structs.replace(search, limit=1))
            await repos.audit.add(by, self._clock(), "complaints-exported", "", election=state.id)
        return self._pages(election, msgspec.structs.replace(search, limit=PAGE))

    async def _pages(self, election: str, search: DeskSearch) -> AsyncIterator[list[ExportedComplaint]]:
        more = True
        while more:
            async with self._database.snapshot() as repos:
                state = await repos.elections.get(election)
                rows = await self._search(repos, state, search)
            yield [
                ExportedComplaint(self._sealing.listed(state, row), self._sealing.text(row), row.outcome)
                for row in rows
            ]
            more = len(rows) == PAGE
            search = msgspec.structs.replace(search, after=rows[-1].number if rows else 0)

    # ---- changing ----

    async def settle(self, election: str, number: int, edit: DeskEdit, expected: str, by: Actor) -> DeskCase:
        """Says who sees to a complaint and until when; `expected` is the edition that was read.

        Raises UnknownElection, UnknownComplaint, Stale, ComplaintClosed, and Invalid for somebody who does
        not work on complaints and for a day before it was filed.
        """
        async with self._database.transaction() as repos:
            state, row = await self._hold(repos, election, number, expected)
            if row.status not in OPEN:
                raise ComplaintClosed(number, row.status)
            assignee = await assignee_of(repos, edit.assignee) if edit.assignee != row.assignee else None
            if edit.due_on != row.due_on:
                check_day(state, row, edit.due_on)
            await self._settle(repos, state, row, edit, assignee, by)
            after = await self._case(repos, state, number)
        await complaint_changed.send_async(self, election=election)
        return after

    async def note(self, election: str, number: int, text: str, by: Actor) -> DeskCase:
        """Adds a note, at any time. Raises UnknownElection and UnknownComplaint."""
        async with self._database.transaction() as repos:
            state = await repos.elections.get(election)
            row = await repos.complaints.find(state.id, number, lock=True)
            await self._change(repos, state, row)
            await self._step(repos, row, by, "noted", text=text)
            await self._record(repos, state, by, "complaint-noted", number, {})
            after = await self._case(repos, state, number)
        await complaint_changed.send_async(self, election=election)
        return after

    async def decide(
        self, election: str, number: int, decision: ComplaintDecision, expected: str, by: Actor
    ) -> DeskCase:
        """Begins to look into a complaint, upholds or dismisses it; `expected` is the edition that was read.

        Of two who do so at once the second is refused. Raises UnknownElection, UnknownComplaint, Invalid,
        IllegalTransition, and Stale where somebody else changed something of it.
        """
        check_decision(decision)
        async with self._database.transaction() as repos:
            state = await repos.elections.get(election)
            row = await repos.complaints.find(state.id, number, lock=True)
            subject = say("The complaint %(number)s", number=number)
            status = move(COMPLAINT_MOVES, subject, row.status, COMPLAINT_AFTER[decision.change])
            hold_against(await self._case(repos, state, number), expected)
            await self._decide(repos, state, row, decision, status, by)
            after = await self._case(repos, state, number)
        await complaint_changed.send_async(self, election=election)
        return after

    # ---- parts ----

    async def _search(
        self, repos: Repositories, state: ElectionState, search: DeskSearch
    ) -> list[ComplaintRow]:
        units = None
        if search.unit:
            try:
                unit, _ = await repos.elections.unit(state.id, search.unit)
            except UnknownUnit as error:
                raise Invalid((FieldError("unit", error.title, error.code),)) from None
            units = await repos.complaints.below(unit)
        today = today_in(state, self._clock())
        return await repos.complaints.search(state.id, search, units=units, today=today)

    async def _case(self, repos: Repositories, state: ElectionState, number: int) -> DeskCase:
        row = await repos.complaints.find(state.id, number)
        files = await repos.complaints.files(row.id)
        return self._sealing.case(state, row, files, await repos.complaints.steps(row.id))

    async def _hold(
        self, repos: Repositories, election: str, number: int, expected: str
    ) -> tuple[ElectionState, ComplaintRow]:
        state = await repos.elections.get(election)
        row = await repos.complaints.find(state.id, number, lock=True)
        hold_against(await self._case(repos, state, number), expected)
        return state, row

    async def _settle(
        self,
        repos: Repositories,
        state: ElectionState,
        row: ComplaintRow,
        edit: DeskEdit,
        assignee: int | None,
        by: Actor,
    ) -> None:
        changes: dict[str, Any] = {}
        if edit.assignee != row.assignee:
            changes["assignee"] = [row.assignee, edit.assignee]
            await self._change(repos, state, row, assignee_id=assignee)
            await self._step(repos, row, by, "assigned", target=edit.assignee or "")
        if edit.due_on != row.due_on:
            day, before = (date and date.isoformat() for date in (edit.due_on, row.due_on))
            changes["due_on"] = [before, day]
            await self._change(repos, state, row, due_on=edit.due_on)
            await self._step(repos, row, by, "due", target=day or "")
        if changes:
            await self._record(repos, state, by, "complaint-assigned", row.number, changes)

    async def _decide(
        self,
        repos: Repositories,
        state: ElectionState,
        row: ComplaintRow,
        decision: ComplaintDecision,
        status: str,
        by: Actor,
    ) -> None:
        begun = {"status": status, "changed_at": self._clock(), "outcome": decision.outcome.strip()}
        takes = decision.change == "review" and row.assignee is None and by.member_id is not None
        if takes:
            begun["assignee_id"] = by.member_id
        await self._change(repos, state, row, **begun)
        await self._step(repos, row, by, status, text=decision.reason)
        if takes:
            await self._step(repos, row, by, "assigned", target=by.username)
        changes: dict[str, Any] = {"status": [row.status, status]}
        await self._record(repos, state, by, _MOVED[decision.change], row.number, changes, decision.outcome)

    async def _change(
        self, repos: Repositories, state: ElectionState, row: ComplaintRow, **values: Any
    ) -> None:
        change = await repos.complaints.next_change(state.id)
        await repos.complaints.change(row.id, change=change, **values)

    async def _step(
        self,
        repos: Repositories,
        row: ComplaintRow,
        by: Actor,
        action: str,
        *,
        target: str = "",
        text: str = "",
    ) -> None:
        sealed = self._sealing.seal_note(text) if text else None
        await repos.complaints.add_step(
            row.id, self._clock(), by.member_id, action, target=target, personal=sealed
        )

    async def _record(
        self,
        repos: Repositories,
        state: ElectionState,
        by: Actor,
        action: str,
        number: int,
        changes: dict[str, Any],
        reason: str = "",
    ) -> None:
        await repos.audit.add(
            by, self._clock(), action, str(number), election=state.id, changes=changes, reason=reason
        )
