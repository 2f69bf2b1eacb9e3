"""Certifying an election: one administrator asks, and another one confirms the same totals.

It is done under the lock of the log's head, so that no tally moves a total in between. The certificate
fixes the position of the log and the totals; behind it stands the election's own entry `certified`.
"""

import secrets

import msgspec

from models.canvass import sound_reason
from models.certification import (
    Asked,
    CertificateFacts,
    Certification,
    InTheWay,
    RecountFacts,
    certified_contests,
    recount_most,
    totals_hash,
)
from models.errors import (
    AlreadyAsked,
    AskedByYou,
    DomainError,
    NotReadyToCertify,
    NotSignedIn,
    RecountOn,
    TotalsMoved,
    TwoPeopleNeeded,
)
from models.lifecycles import ElectionStatus
from models.log import CertificateEntry, CertifiedContest
from models.results import ContestCount, ElectionState, contest_results
from models.rights import OPERATOR, Actor
from models.wording import say
from repositories.certification import OpenRequest
from repositories.database import Database, Repositories
from services.announcements import Announcement
from services.clock import Clock
from services.election_log import change_election
from services.elections import check_move
from services.signals import election_changed, telling


class Certificates(msgspec.Struct, frozen=True, kw_only=True):
    """The certificates of an election, the newest first; none while its results are withheld."""

    election: str
    released: bool
    certificates: tuple[CertificateFacts, ...]


class _Standing(msgspec.Struct, frozen=True):
    """How an election stands for being certified."""

    counts: list[ContestCount]
    contests: tuple[CertifiedContest, ...]
    in_the_way: InTheWay

    @property
    def hash(self) -> bytes:
        return totals_hash(self.contests)

    def moved_since(self, request: OpenRequest) -> bool:
        """Whether the totals, or what still waits, are others than when it was asked for."""
        return (request.totals_hash, request.in_the_way) != (self.hash, self.in_the_way)


class CertificationService:
    """Whoever calls has seen to it that those who act are administrators who just signed in."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def state(self, election: str) -> Certification:
        """How far it is, for staff. Raises UnknownElection."""
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            standing = await _standing(repos, state)
            request = await repos.certification.request(state.id)
            return Certification(
                election=state.code,
                status=state.status,
                is_test=state.is_test,
                in_the_way=standing.in_the_way,
                totals_hash=standing.hash.hex(),
                contests=standing.contests,
                asked=_asked(request, standing) if request else None,
                certificates=tuple(await repos.certification.certificates(state.id)),
                recounts=tuple(_recount(state, count) for count in standing.counts),
            )

    async def certificates(self, election: str, *, staff: bool = False) -> Certificates:
        """For everybody: no figure can be guessed from the hashes before results are released.

        Raises UnknownElection.
        """
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            shown = staff or state.results_released
            found = await repos.certification.certificates(state.id) if shown else []
        facts = tuple(signed.certificate for signed in found)
        return Certificates(election=state.code, released=shown, certificates=facts)

    async def ask(self, election: str, by: Actor, reason: str = "") -> None:
        """The first of two people asks to certify the totals as they stand.

        `reason` is for what still waits, and stands in the public log. Raises UnknownElection,
        IllegalTransition, AlreadyAsked, RecountOn, NotReadyToCertify and Invalid.
        """
        member, reason, at = _member(by), _given(reason), self._clock()
        async with self._database.transaction() as repos:
            state, standing = await _hold(repos, election)
            if await repos.certification.request(state.id):
                raise AlreadyAsked
            _check_ready(standing.in_the_way, reason)
            await repos.certification.ask(
                state.id,
                member=member,
                at=at,
                totals_hash=standing.hash,
                in_the_way=standing.in_the_way,
                reason=reason,
            )
            changes = {"totals_hash": [None, standing.hash.hex()]}
            await repos.audit.add(
                by, at, "certification-asked", state.code, election=state.id, changes=changes, reason=reason
            )

    async def confirm(self, election: str, by: Actor) -> ElectionState:
        """The second person agrees, and it is certified.

        Raises UnknownElection, IllegalTransition, NobodyAsked, AskedByYou, RecountOn, NotReadyToCertify
        where something waits that nobody gave a reason for, and TotalsMoved, which ends the request.
        """
        member = _member(by)
        async with telling(election_changed, self) as news, self._database.transaction() as repos:
            state, standing = await _hold(repos, election)
            request = await repos.certification.needed_request(state.id)
            if request.member_id == member:
                raise AskedByYou
            # What ends the request has to be kept, so that this is told once the transaction is over.
            outcome = await self._confirmed(repos, state, standing, request, by)
            if not isinstance(outcome, DomainError):
                news.append(_whole(outcome))
        if isinstance(outcome, DomainError):
            raise outcome
        return outcome

    async def take_back(self, election: str, by: Actor) -> None:
        """Ends a request; any administrator may. Raises UnknownElection and NobodyAsked."""
        async with self._database.transaction() as repos:
            state = await repos.elections.hold(election)
            request = await repos.certification.needed_request(state.id)
            await self._end(repos, state, request, by, "certification-taken-back")

    async def certify_together(
        self, election: str, asker: Actor, confirmer: Actor, reason: str = ""
    ) -> ElectionState:
        """Two people at the server's own machine, who have both given their passwords just now.

        Raises what `ask` and `confirm` raise.
        """
        if asker.member_id == confirmer.member_id:
            raise AskedByYou
        await self.ask(election, asker, reason)
        return await self.confirm(election, confirmer)

    async def certify_test(self, election: str, reason: str = "") -> ElectionState:
        """A test election is certified by a command alone; the certificate names nobody.

        Raises TwoPeopleNeeded for any other, UnknownElection, IllegalTransition, RecountOn,
        NotReadyToCertify and Invalid.
        """
        reason = _given(reason)
        async with telling(election_changed, self) as news, self._database.transaction() as repos:
            state, standing = await _hold(repos, election)
            if not state.is_test:
                raise TwoPeopleNeeded(election)
            _check_ready(standing.in_the_way, reason)
            after = await self._certify(repos, state, standing, reason, None, OPERATOR)
            news.append(_whole(after))
        return after

    # ---- parts ----

    async def _confirmed(
        self,
        repos: Repositories,
        state: ElectionState,
        standing: _Standing,
        request: OpenRequest,
        by: Actor,
    ) -> ElectionState | DomainError:
        _check_ready(standing.in_the_way, request.reason)
        if standing.moved_since(request):
            await self._end(repos, state, request, by, "certification-lapsed")
            return TotalsMoved()
        return await self._certify(repos, state, standing, request.reason, request, by)

    async def _certify(
        self,
        repos: Repositories,
        state: ElectionState,
        standing: _Standing,
        reason: str,
        request: OpenRequest | None,
        by: Actor,
    ) -> ElectionState:
        at = self._clock()
        position = await repos.log.lock_head(state.id)
        entry = CertificateEntry(
            seq=position + 1,
            at=at,
            election=state.code,
            is_test=state.is_test,
            position=position,
            quarantined=standing.in_the_way.quarantined,
            awaiting=standing.in_the_way.awaiting,
            reason=reason,
            contests=standing.contests,
            nonce=secrets.token_hex(16),
        )
        await repos.log.append(state.id, entry.seq, at, entry)
        asked_by = request.member_id if request else None
        await repos.certification.certify(state.id, entry, asked_by=asked_by, confirmed_by=by.member_id)
        await repos.certification.end_request(state.id, at)
        changes = {"totals_hash": [None, standing.hash.hex()]}
        if request:
            changes |= {"asked_by": [None, request.username], "confirmed_by": [None, by.username]}
        await repos.audit.add(
            by, at, "certificate-signed", state.code, election=state.id, changes=changes, reason=reason
        )
        after = msgspec.structs.replace(state, status=ElectionStatus.CERTIFIED)
        return await change_election(repos, state, after, "certified", by, at, reason)

    async def _end(
        self, repos: Repositories, state: ElectionState, request: OpenRequest, by: Actor, action: str
    ) -> None:
        at = self._clock()
        await repos.certification.end_request(state.id, at)
        changes = {"asked_by": [request.username, None]}
        await repos.audit.add(by, at, action, state.code, election=state.id, changes=changes)


def _whole(election: ElectionState) -> Announcement:
    return Announcement(election.code, election.changed_seq, frozenset(), whole=True)


async def _hold(repos: Repositories, election: str) -> tuple[ElectionState, _Standing]:
    """The election and how it stands; no tally moves it until the commit.

    Raises UnknownElection and IllegalTransition.
    """
    state = await repos.elections.hold(election)
    check_move(state, "certify")
    await repos.log.lock_head(state.id)
    return state, await _standing(repos, state)


async def _standing(repos: Repositories, state: ElectionState) -> _Standing:
    root = await repos.elections.root(state.id)
    counts: list[ContestCount] = []
    if root is not None and state.status != ElectionStatus.DRAFT:
        counts = await repos.results.counts(state.id, root, precinct=False)
    waiting = await repos.certification.waiting(state.id)
    missing = sum(count.units_expected - count.units_reported for count in counts) - waiting.places
    in_the_way = InTheWay(
        quarantined=waiting.quarantined,
        awaiting=waiting.awaiting,
        missing=missing,
        recalls=waiting.recalls,
        recounts=tuple(count.code for count in counts if count.recounting),
    )
    return _Standing(counts, certified_contests(counts), in_the_way)


def _check_ready(in_the_way: InTheWay, reason: str) -> None:
    """Raises RecountOn, and NotReadyToCertify where something waits and nobody says why."""
    if in_the_way.recounts:
        raise RecountOn(in_the_way.recounts)
    if not in_the_way.is_clear and not reason:
        raise NotReadyToCertify(tuple(in_the_way.said()))


def _asked(request: OpenRequest, standing: _Standing) -> Asked:
    return Asked(
        by=request.username,
        at=request.at,
        reason=request.reason,
        totals_hash=request.totals_hash.hex(),
        moved=standing.moved_since(request),
    )


def _recount(state: ElectionState, count: ContestCount) -> RecountFacts:
    results = contest_results(state, count)
    margin = results.outlook.margin if results.outlook else None
    all_votes = sum(selection.votes for selection in count.selections) + count.write_ins
    return RecountFacts(
        contest=count.code,
        name=count.name,
        margin=margin,
        most=None if margin is None else recount_most(all_votes, state.recount_threshold),
        due=results.recount_due,
        recounting=count.recounting,
    )


def _given(reason: str) -> str:
    """Raises Invalid for one that will not do; none is fine where nothing waits."""
    return sound_reason(reason) if reason.strip() else ""


def _member(by: Actor) -> int:
    if by.member_id is None:
        raise NotSignedIn(say("Sign in first: two people certify, each under their own name."))
    return by.member_id
