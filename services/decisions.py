"""Deciding on filings: qualified candidates stand on the ballot, rejected and withdrawn ones do not.

No server needs to be told of a draft's ballot: it is read each time until the election opens.
"""

import datetime

from models.candidates import STATUS_AFTER, CandidateInfo, Decisions, FilingDecided, FilingDecision
from models.errors import DomainError, ElectionNotDraft, FieldError, Invalid, UnknownCandidate
from models.lifecycles import CANDIDATE_MOVES, CandidateStatus, ElectionStatus, move
from models.results import ElectionState
from models.rights import Actor
from models.wording import say
from repositories.candidates import CandidateRow
from repositories.database import Database, Repositories
from services.ballots import join, leave, order_ballot, stand
from services.clock import Clock


class DecisionService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def decide(self, election: str, code: str, decision: FilingDecision, by: Actor) -> CandidateInfo:
        """Qualifies, rejects or withdraws a candidate.

        Raises UnknownElection, UnknownCandidate, IllegalTransition, ElectionNotDraft for who would come
        onto a ballot that is settled, and Invalid.
        """
        _check(decision)
        async with self._database.transaction() as repos:
            state = await repos.elections.hold(election)
            found = await repos.candidates.hold(state.id, [code])
            if fault := _fault(found, code, decision, state):
                raise fault
            await self._apply(repos, state, [found[code]], decision, by)
            return (await repos.candidates.find(state.id, code)).info()

    async def decide_many(self, election: str, decisions: Decisions, by: Actor) -> list[FilingDecided]:
        """The same decision on many candidates, each answered once, in the order they were named.

        Raises UnknownElection and Invalid.
        """
        decision = FilingDecision(change=decisions.change, reason=decisions.reason)
        _check(decision)
        async with self._database.transaction() as repos:
            state = await repos.elections.hold(election)
            found = await repos.candidates.hold(state.id, decisions.codes)
            sound: dict[str, CandidateRow] = {}
            faults: dict[str, DomainError] = {}
            for code in dict.fromkeys(decisions.codes):
                if fault := _fault(found, code, decision, state):
                    faults[code] = fault
                else:
                    sound[code] = found[code]
            await self._apply(repos, state, list(sound.values()), decision, by)
        return [_answer(code, decision, faults.get(code)) for code in dict.fromkeys(decisions.codes)]

    async def _apply(
        self,
        repos: Repositories,
        state: ElectionState,
        rows: list[CandidateRow],
        decision: FilingDecision,
        by: Actor,
    ) -> None:
        at = self._clock()
        selections = await _selections(repos, state, rows, decision)
        await repos.candidates.change_all(
            [
                {
                    "id": row.id,
                    "status": STATUS_AFTER[decision.change],
                    "selection_id": selections[row.code],
                    "decided_at": at,
                    "reason": decision.reason,
                }
                for row in rows
            ]
        )
        if state.status == ElectionStatus.DRAFT and decision.change != "reject":
            await leave(repos, state, rows)
            await order_ballot(repos, state, {row.contest_id for row in rows})
        for row in rows:
            await _record(repos, state, row, decision, by, at)


async def _selections(
    repos: Repositories, state: ElectionState, rows: list[CandidateRow], decision: FilingDecision
) -> dict[str, int | None]:
    """What each candidate stands behind after the decision; a printed ballot stays as it is."""
    if decision.change == "qualify":
        if decision.selection is not None:
            return {row.code: await join(repos, row, decision.selection) for row in rows}
        return dict(await stand(repos, rows))
    settled = state.status != ElectionStatus.DRAFT
    return {row.code: row.selection_id if settled else None for row in rows}


async def _record(
    repos: Repositories,
    state: ElectionState,
    row: CandidateRow,
    decision: FilingDecision,
    by: Actor,
    at: datetime.datetime,
) -> None:
    status: CandidateStatus = STATUS_AFTER[decision.change]
    await repos.audit.add(
        by,
        at,
        f"candidate-{status}",
        row.code,
        election=state.id,
        changes={"status": [row.status, status]},
        reason=decision.reason,
    )


def _check(decision: FilingDecision) -> None:
    """Raises Invalid."""
    if decision.change != "qualify" and not decision.reason.strip():
        message = say("is missing; say why, as for everybody who is rejected or withdrawn")
        raise Invalid((FieldError("reason", message, "missing-reason"),))
    if decision.change != "qualify" and decision.selection is not None:
        message = say("is only for those who qualify; leave it out")
        raise Invalid((FieldError("selection", message, "needless-selection"),))


def _fault(
    found: dict[str, CandidateRow], code: str, decision: FilingDecision, state: ElectionState
) -> DomainError | None:
    """What keeps a candidate from being decided on so."""
    if code not in found:
        return UnknownCandidate(code)
    try:
        subject = say("The candidate %(code)r", code=code)
        move(CANDIDATE_MOVES, subject, found[code].status, STATUS_AFTER[decision.change])
    except DomainError as error:
        return error
    if decision.change == "qualify" and state.status != ElectionStatus.DRAFT:
        return ElectionNotDraft(state.code, state.status)
    return None


def _answer(code: str, decision: FilingDecision, fault: DomainError | None) -> FilingDecided:
    if fault is None:
        return FilingDecided(code, STATUS_AFTER[decision.change])
    return FilingDecided(code, "refused", (FieldError("codes", fault.title, fault.code),))
