"""Filings of candidates: taking them in one by one and many at once, reading and correcting them."""

import datetime
import secrets
import zoneinfo
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import msgspec

from models.candidates import PUBLIC_STATUSES, CandidateInfo, CodedFiling, Filed, Filing, FilingEdit
from models.editions import changed, hold_against
from models.errors import AlreadyDecided, FieldError, Invalid, UnknownCandidate
from models.lifecycles import CandidateStatus
from models.personal import CandidateContact
from models.results import ElectionState
from models.rights import Actor
from models.wording import say
from repositories.candidates import CandidateRow, Races
from repositories.database import Database
from services.bulk import ADDED, UNCHANGED, Raw, RowResult, in_chunks, read_row, refused
from services.clock import Clock
from services.vault import Vault

CODE_PREFIX = "F-"
"""Codes of public filings are ours, so that nobody takes one that the registrars will want."""

EARLIEST = datetime.date(1900, 1, 1)

_KIND = "candidate"


class CandidateService:
    def __init__(self, database: Database, clock: Clock, vault: Vault) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault

    async def page(
        self,
        election: str,
        *,
        contest: str = "",
        status: str = "",
        after: str = "",
        limit: int = 100,
        everything: bool = False,
    ) -> list[CandidateInfo]:
        """Candidates by code, a page at a time; only those on the ballot or withdrawn but for `everything`.

        Raises UnknownElection and UnknownContest.
        """
        seen = _seen(everything)
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            if contest:
                await repos.elections.contest_id(state.id, contest)
            rows = await repos.candidates.page(
                state.id,
                contest=contest,
                statuses=[status] if status in seen else [] if status else seen,
                after=after,
                limit=limit,
            )
        return [_told(row, everything) for row in rows]

    async def get(self, election: str, code: str, *, everything: bool = False) -> CandidateInfo:
        """Raises UnknownElection, and UnknownCandidate for one that is not to be seen likewise."""
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            row = await repos.candidates.find(state.id, code, statuses=_seen(everything))
        return _told(row, everything)

    async def contact(self, election: str, code: str) -> CandidateContact:
        """How to reach a candidate. Raises UnknownElection and UnknownCandidate."""
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            return self._contact(await repos.candidates.find(state.id, code))

    async def file(self, election: str, filing: Filing, by: Actor) -> Filed:
        """Takes a filing of the public in, under a code of ours; it waits to be decided on.

        Raises UnknownElection, ElectionNotDraft and Invalid.
        """
        coded = CodedFiling(code=CODE_PREFIX + secrets.token_hex(8), **msgspec.structs.asdict(filing))
        at = self._clock()
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_draft(election)
            races = await repos.candidates.races(state.id)
            if errors := _faults(coded, races, at):
                raise Invalid(errors)
            await repos.candidates.add([self._row(state, races, coded, at)])
            changes = {"contest": [None, coded.contest], "status": [None, CandidateStatus.FILED]}
            await repos.audit.add(by, at, "candidate-filed", coded.code, election=state.id, changes=changes)
        return Filed(coded.code, CandidateStatus.FILED)

    async def file_many(
        self, election: str, chunks: AsyncIterator[list[Raw]], by: Actor
    ) -> AsyncIterator[list[RowResult]]:
        """Takes rows in, each a CodedFiling; a code that is known with the same content is unchanged.

        Before the first result it raises UnknownElection and ElectionNotDraft.
        """
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_draft(election)
            races = await repos.candidates.races(state.id)
        async for results in in_chunks(chunks, partial(self._add, state, races, by)):
            yield results

    async def correct(
        self, election: str, code: str, edit: FilingEdit, expected: str, by: Actor
    ) -> CandidateInfo:
        """Corrects a filing that nobody has decided on; `expected` is the edition that was read.

        Raises UnknownElection, UnknownCandidate, ElectionNotDraft, Stale, AlreadyDecided and Invalid.
        """
        filing = CodedFiling(code=code, **msgspec.structs.asdict(edit))
        at = self._clock()
        async with self._database.transaction() as repos:
            state = await repos.elections.hold_draft(election)
            before = (await repos.candidates.hold(state.id, [code])).get(code)
            if before is None:
                raise UnknownCandidate(code)
            hold_against(before.info(), expected)
            if before.status != CandidateStatus.FILED:
                raise AlreadyDecided(code, before.status)
            races = await repos.candidates.races(state.id)
            if errors := _faults(filing, races, at):
                raise Invalid(errors)
            await repos.candidates.change(before.id, **self._row(state, races, filing, before.filed_at))
            after = await repos.candidates.find(state.id, code)
            changes = self._changes(before, after)
            await repos.audit.add(by, at, "candidate-changed", code, election=state.id, changes=changes)
        return after.info()

    # ---- parts ----

    async def _add(self, state: ElectionState, races: Races, by: Actor, chunk: list[Raw]) -> list[RowResult]:
        """Inserts what is sound of a chunk, and answers every row."""
        at = self._clock()
        read = [(raw[0], _read(raw, races, at)) for raw in chunk]
        filings: dict[str, CodedFiling] = {}
        first: dict[str, int] = {}
        for number, filing in read:
            if isinstance(filing, CodedFiling) and filing.code not in filings:
                filings[filing.code], first[filing.code] = filing, number
        rows = [self._row(state, races, filing, at) for filing in filings.values()]
        async with self._database.transaction() as repos:
            await repos.elections.hold_draft(state.code)
            added = await repos.candidates.add(rows)
            if added:
                changes = {"added": [None, len(added)]}
                await repos.audit.add(by, at, "candidates-filed", "", election=state.id, changes=changes)
            digests = await repos.candidates.digests(state.id, filings.keys())
        return [
            RowResult(number, ADDED, filing.code)
            if isinstance(filing, CodedFiling) and filing.code in added and first[filing.code] == number
            else self._known(number, filing, digests)
            for number, filing in read
        ]

    def _known(
        self, number: int, filing: CodedFiling | tuple[FieldError, ...], digests: dict[str, bytes]
    ) -> RowResult:
        """A row that added nothing: it is wrong, or its code is there already."""
        if not isinstance(filing, CodedFiling):
            return refused(number, *filing)
        if digests[filing.code] == self._digest(filing):
            return RowResult(number, UNCHANGED, filing.code)
        message = say(
            "is filed already with other content; correct that filing, or give this one another code"
        )
        return refused(number, FieldError("code", message, "already-filed"), code=filing.code)

    def _row(
        self, state: ElectionState, races: Races, filing: CodedFiling, at: datetime.datetime
    ) -> dict[str, Any]:
        """The columns of a filing; `at` is when it was filed where it does not say so."""
        contact = CandidateContact(filing.address, filing.telephone, filing.email)
        if filing.filed_at is not None:
            zone = zoneinfo.ZoneInfo(state.timezone)
            at = datetime.datetime.combine(filing.filed_at, datetime.time(), zone)
        return {
            "election_id": state.id,
            "code": filing.code,
            "contest_id": races.contests[filing.contest],
            "party_id": races.parties[filing.party] if filing.party is not None else None,
            "first_name": filing.first_name,
            "last_name": filing.last_name,
            "personal": self._vault.seal(_KIND, contact),
            "digest": self._digest(filing),
            "filed_at": at,
            "status": CandidateStatus.FILED,
            "reason": "",
        }

    def _digest(self, filing: CodedFiling) -> bytes:
        return self._vault.digest(_KIND, msgspec.json.encode(filing, order="sorted"))

    def _contact(self, row: CandidateRow) -> CandidateContact:
        if row.personal is None:
            return CandidateContact()
        return self._vault.open(_KIND, row.personal, CandidateContact)

    def _changes(self, before: CandidateRow, after: CandidateRow) -> dict[str, Any]:
        """What the audit trail says of a correction: of personal data only the names of the fields."""
        hidden = changed(self._contact(before), self._contact(after))
        changes = changed(before.info(), after.info())
        changes |= {field: ["(not shown)", "(not shown)"] for field in hidden}
        changes.pop("filing", None)
        return changes


def _seen(everything: bool) -> tuple[str, ...]:
    return tuple(CandidateStatus) if everything else PUBLIC_STATUSES


def _told(row: CandidateRow, everything: bool) -> CandidateInfo:
    info = row.info()
    return info if everything else msgspec.structs.replace(info, reason="", filing="")


def _read(raw: Raw, races: Races, at: datetime.datetime) -> CodedFiling | tuple[FieldError, ...]:
    filing = read_row(raw, CodedFiling)
    return filing if not isinstance(filing, CodedFiling) else _faults(filing, races, at) or filing


def _faults(filing: CodedFiling, races: Races, at: datetime.datetime) -> tuple[FieldError, ...]:
    """What is wrong with a filing that can be read: nowhere to stand, nobody to stand for, no such day."""
    faults = []
    if filing.contest not in races.contests:
        message = say("this election has no contest %(contest)r", contest=filing.contest)
        faults.append(FieldError("contest", message, "unknown-contest"))
    elif filing.contest in races.measures:
        message = say("%(contest)r is a ballot measure; nobody stands in it", contest=filing.contest)
        faults.append(FieldError("contest", message, "not-a-candidate-contest"))
    if filing.party is not None and filing.party not in races.parties:
        message = say("this election has no party %(party)r; leave it out for none", party=filing.party)
        faults.append(FieldError("party", message, "unknown-party"))
    # A day has begun somewhere on earth at most 14 hours before it has in UTC.
    latest = (at + datetime.timedelta(hours=14)).date()
    if filing.filed_at is not None and not EARLIEST <= filing.filed_at <= latest:
        message = say("must lie between %(earliest)s and today", earliest=EARLIEST)
        faults.append(FieldError("filed_at", message, "impossible-date"))
    return tuple(faults)
