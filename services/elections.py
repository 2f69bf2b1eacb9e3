"""Defining elections, moving them along, and reading what they consist of."""

import zoneinfo
from typing import Literal

import msgspec

from models.definitions import ElectionDefinition
from models.drafting import ElectionEdit, NewElection
from models.editions import changed, hold_against
from models.errors import FieldError, IllegalTransition, Invalid, TwoPeopleNeeded
from models.lifecycles import ELECTION_MOVES, ElectionStatus
from models.places import ContestInfo, PartyInfo, UnitInfo
from models.results import ElectionState
from models.rights import OPERATOR, Actor
from models.wholeness import definition_faults
from models.wording import say
from repositories.database import Database, Repositories
from services.announcements import Announcement
from services.ballots import order_ballot
from services.clock import Clock
from services.election_log import change_election
from services.opening import make_ready
from services.signals import election_changed, telling

Change = Literal["open", "close", "release", "withhold", "certify", "correct"]

_STATUS_AFTER: dict[Change, ElectionStatus] = {
    "open": ElectionStatus.OPEN,
    "close": ElectionStatus.CLOSED,
    "certify": ElectionStatus.CERTIFIED,
    "correct": ElectionStatus.CORRECTION,
}
_ENTRY: dict[Change, str] = {
    "open": "opened",
    "close": "closed",
    "release": "released",
    "withhold": "withheld",
    "correct": "correcting",
}


def possible_changes(election: ElectionState) -> list[Change]:
    """What can be done with an election as it stands, in the order of its life.

    A draft has no results to release.
    """
    moves: list[Change] = [c for c, s in _STATUS_AFTER.items() if s in ELECTION_MOVES[election.status]]
    if election.results_released:
        moves.append("withhold")
    elif election.status != ElectionStatus.DRAFT:
        moves.append("release")
    return moves


def check_move(election: ElectionState, change: Change) -> None:
    """Raises IllegalTransition, which names what can be done."""
    allowed = possible_changes(election)
    if change in allowed:
        return
    if change in _STATUS_AFTER:
        subject = say("The election %(code)r", code=election.code)
        raise IllegalTransition(subject, election.status, _STATUS_AFTER[change], allowed)
    now = "released" if election.results_released else "withheld"
    wanted = "released" if change == "release" else "withheld"
    raise IllegalTransition(say("The publication of results"), now, wanted, allowed)


class ElectionService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def all(self) -> list[ElectionState]:
        """Every election, the newest first."""
        async with self._database.transaction() as repos:
            return await repos.elections.all()

    async def get(self, code: str) -> ElectionState:
        """Raises UnknownElection."""
        async with self._database.transaction() as repos:
            return await repos.elections.get(code)

    async def contests(self, code: str) -> list[ContestInfo]:
        """The contests with their selections, in ballot order. Raises UnknownElection."""
        async with self._database.transaction() as repos:
            return await repos.elections.contests((await repos.elections.get(code)).id)

    async def units(self, code: str, *, after: str = "", limit: int = 100) -> list[UnitInfo]:
        """Reporting units by code, a page at a time. Raises UnknownElection."""
        async with self._database.transaction() as repos:
            election = await repos.elections.get(code)
            return await repos.elections.units(election.id, after=after, limit=limit)

    async def parties(self, code: str) -> list[PartyInfo]:
        """The parties by code. Raises UnknownElection."""
        async with self._database.transaction() as repos:
            return await repos.elections.parties((await repos.elections.get(code)).id)

    async def create(self, new: NewElection, by: Actor) -> ElectionState:
        """A draft that consists of nothing yet. Raises AlreadyExists and Invalid."""
        _check_timezone(new.timezone)
        facts = msgspec.structs.asdict(new)
        return await self._define(ElectionDefinition(**facts, units=(), parties=(), contests=()), [], by)

    async def define(
        self,
        definition: ElectionDefinition,
        *,
        opened: bool = False,
        released: bool = False,
        by: Actor = OPERATOR,
    ) -> ElectionState:
        """Writes a whole election at once, as a draft; `opened` and `released` move it along with it.

        Raises AlreadyExists, or Invalid where the definition does not hang together.
        """
        if errors := tuple(definition_faults(definition)):
            raise Invalid(errors, say("The definition of the election does not hang together."))
        changes: list[Change] = ["open"] if opened else []
        return await self._define(definition, [*changes, "release"] if released else changes, by)

    async def edit(self, code: str, edit: ElectionEdit, expected: str, by: Actor) -> ElectionState:
        """Says anew what a draft is called, when it is and by what its lots are drawn.

        `expected` is the edition that was read. Raises UnknownElection, ElectionNotDraft, Stale, Invalid.
        """
        _check_timezone(edit.timezone)
        async with self._database.transaction() as repos:
            before = await repos.elections.hold_draft(code, alone=True)
            hold_against(before, expected)
            after = msgspec.structs.replace(before, **msgspec.structs.asdict(edit))
            if after == before:
                return before
            what = ", ".join(changed(before, after))
            after = await change_election(repos, before, after, "edited", by, self._clock(), what)
            await order_ballot(repos, after)
        await self._announce(after)
        return after

    async def move(self, code: str, change: Change, reason: str = "", by: Actor = OPERATOR) -> ElectionState:
        """Moves an election along its lifecycle, or switches the release of results.

        Raises UnknownElection, IllegalTransition, TwoPeopleNeeded where it could be certified
        (`services/certification.py`), and Invalid where a draft does not hang together yet or a
        correction has no reason.
        """
        if change == "correct" and not reason.strip():
            message = say("is missing; say why what was certified is corrected: it stands in the public log")
            raise Invalid((FieldError("reason", message, "missing-reason"),))
        async with telling(election_changed, self) as news, self._database.transaction() as repos:
            election = await self._move(repos, await repos.elections.hold(code), change, by, reason)
            news.append(_whole(election))
        return election

    # ---- parts ----

    async def _define(
        self, definition: ElectionDefinition, changes: list[Change], by: Actor
    ) -> ElectionState:
        state = ElectionState(
            id=0,
            code=definition.code,
            name=definition.name,
            date=definition.date,
            timezone=definition.timezone,
            is_test=definition.is_test,
            status=ElectionStatus.DRAFT,
            results_released=False,
            changed_seq=0,
            changed_at=self._clock(),
            checks=definition.checks,
            double_entry=definition.double_entry,
            recount_threshold=definition.recount_threshold,
        )
        async with self._database.transaction() as repos:
            state = msgspec.structs.replace(state, id=await repos.definitions.write(definition, state))
            state = await change_election(repos, None, state, "created", by, self._clock())
            for change in changes:
                state = await self._move(repos, state, change, by)
        await self._announce(state)
        return state

    async def _move(
        self, repos: Repositories, before: ElectionState, change: Change, by: Actor, reason: str = ""
    ) -> ElectionState:
        check_move(before, change)
        if change == "certify":
            raise TwoPeopleNeeded(before.code)
        if change == "open":
            await make_ready(repos, before, self._clock())
        after = _after(before, change)
        return await change_election(repos, before, after, _ENTRY[change], by, self._clock(), reason)

    async def _announce(self, election: ElectionState) -> None:
        await election_changed.send_async(self, announcement=_whole(election))


def _whole(election: ElectionState) -> Announcement:
    return Announcement(election.code, election.changed_seq, frozenset(), whole=True)


def _after(election: ElectionState, change: Change) -> ElectionState:
    if change in _STATUS_AFTER:
        return msgspec.structs.replace(election, status=_STATUS_AFTER[change])
    return msgspec.structs.replace(election, results_released=change == "release")


def _check_timezone(name: str) -> None:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        message = say("there is no timezone %(name)r; write an IANA name such as Europe/Rome", name=name)
        raise Invalid((FieldError("timezone", message, "unknown-timezone"),)) from None
