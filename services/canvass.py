"""The canvass: people decide on tallies, each decision in the public log with its reason.

Every decision is made under the lock of the log's head, as intake's batches are: of two people who
decide at the same instant the second meets what the first has done.
"""

import msgspec

from models.ballot_book import BallotBook
from models.batch import Receipt, Recorded, Sender, Standing, Submission
from models.canvass import STATUS_AFTER, Case, Decided, Decision, Resolution, Verdict, sound_reason
from models.deciding import Deciding, check_canvassed, check_decision
from models.errors import FieldError, Invalid, NotSignedIn
from models.recording import Recorder
from models.rights import Actor
from models.submissions import TallySubmission, check_against
from models.wording import say
from repositories.database import Database, Repositories
from services.announcements import Announcement
from services.books import Books
from services.clock import Clock
from services.intake import looked_up
from services.signals import results_changed, telling

_ACTION: dict[Decision, str] = {
    Decision.ACCEPT: "tally-accepted",
    Decision.REJECT: "tally-rejected",
    Decision.ASK_AGAIN: "tally-asked-again",
    Decision.RESOLVE: "tally-resolved",
    Decision.ASK_RECALL: "recall-asked",
    Decision.RECALL: "tally-recalled",
    Decision.REFUSE_RECALL: "recall-refused",
}
CHANNEL = "review"
"""How a resolution comes into the log, among the channels of tallies."""


class _Made(msgspec.Struct, frozen=True):
    """A decision that was made: log entry `seq` tells of it, and whether it `lowered` a figure."""

    decision: Decision
    status: str
    reason: str
    seq: int
    lowered: bool


class Canvass:
    def __init__(self, database: Database, books: Books, clock: Clock) -> None:
        self._database = database
        self._books = books
        self._clock = clock

    async def decide(self, election: str, seq: int, verdict: Verdict, by: Actor) -> Decided:
        """Decides on the tally that log entry `seq` brought; see `Decision`.

        Raises UnknownElection, UnknownTally, Invalid for a missing reason, ElectionCertified and
        ElectionNotOpen, and what `models/deciding.py` names.
        """
        reason, member = sound_reason(verdict.reason), _member(by)
        if verdict.decision == Decision.RESOLVE:
            message = say("needs the figures that hold; send them as a resolution")
            raise Invalid((FieldError("decision", message, "figures-needed"),))
        known = await self._books.get(election)
        async with telling(results_changed, self) as news, self._database.transaction() as repos:
            book, case, standing, recorded = await self._stands(repos, known, seq)
            check_decision(case, standing, verdict.decision, member)
            deciding = Deciding(book, case, standing, recorded)
            decided = deciding.decide(verdict.decision, reason)
            made = _Made(verdict.decision, decided.status, reason, decided.seq, lowered=deciding.lowered)
            news.append(await _keep(repos, book, case, recorded, made, by))
        return decided

    async def resolve(self, election: str, seq: int, resolution: Resolution, by: Actor) -> Receipt:
        """Counts the figures that a reviewer says hold, in the place of the quarantined ones.

        `seq` is the newest of those; where two entries differ, either. What the checks find stands in
        the log entry and holds nothing up. Raises what `decide` raises, and Invalid for bad figures.
        """
        reason, member = sound_reason(resolution.reason), _member(by)
        known = await self._books.get(election)
        async with telling(results_changed, self) as news, self._database.transaction() as repos:
            book, case, standing, recorded = await self._stands(repos, known, seq)
            check_decision(case, standing, Decision.RESOLVE, member)
            tally = _resolved(case, standing, resolution, reason, recorded.seq + 1)
            if errors := check_against(tally, book):
                raise Invalid(errors)
            submission = Submission.of(tally, Sender(member, CHANNEL), book)
            receipt = await self._count(repos, book, case, standing, submission, recorded)
            status = STATUS_AFTER[Decision.RESOLVE].value
            # Whether a figure went down stands in the new tally's own row.
            made = _Made(Decision.RESOLVE, status, reason, receipt.seq, lowered=False)
            news.append(await _keep(repos, book, case, recorded, made, by))
        return receipt

    async def _count(
        self,
        repos: Repositories,
        book: BallotBook,
        case: Case,
        standing: Standing,
        submission: Submission,
        recorded: Recorded,
    ) -> Receipt:
        place = (book.contests[case.contest].id, book.precincts[case.precinct].id)
        surrounding = await repos.surroundings.of(book, [place], *looked_up(book, [submission]))
        recorder = Recorder(book, "", {place: standing}, {}, surrounding, recorded)
        return recorder.resolve(submission)

    async def _stands(
        self, repos: Repositories, known: BallotBook, seq: int
    ) -> tuple[BallotBook, Case, Standing, Recorded]:
        """Locks the log's head and reads what a decision is about; `known` may be old."""
        head = await repos.log.lock_head(known.election_id)
        state = await repos.elections.get(known.election)
        check_canvassed(state.code, state.status)
        case = await repos.canvass.case(state.id, seq)
        current = known.changed_seq == state.changed_seq
        book = known if current else await repos.elections.book(state)
        place = (book.contests[case.contest].id, book.precincts[case.precinct].id)
        batch = await repos.tallies.state(state.id, [place], [])
        return book, case, batch.standings[place], Recorded.begin(head, self._clock())


def _member(by: Actor) -> int:
    if by.member_id is None:
        raise NotSignedIn(say("Sign in first: a decision on a tally is somebody's."))
    return by.member_id


def _resolved(
    case: Case, standing: Standing, resolution: Resolution, reason: str, seq: int
) -> TallySubmission:
    return TallySubmission(
        ref=f"resolution-{seq}",
        precinct=case.precinct,
        contest=case.contest,
        votes=resolution.votes,
        ballots_cast=resolution.ballots_cast,
        overvotes=resolution.overvotes,
        undervotes=resolution.undervotes,
        write_ins=resolution.write_ins,
        rejected_ballots=resolution.rejected_ballots,
        revision=standing.revision + 1,
        reason=reason,
    )


async def _keep(
    repos: Repositories, book: BallotBook, case: Case, recorded: Recorded, made: _Made, by: Actor
) -> Announcement:
    """Writes a decision with all that it moves, who made it, and the audit trail."""
    await repos.tallies.write(book.election_id, recorded)
    await repos.canvass.add(
        book.election_id,
        seq=made.seq,
        tally=case.seq,
        decision=made.decision,
        member=_member(by),
        reason=made.reason,
        lowered=made.lowered,
        at=recorded.at,
    )
    await repos.audit.add(
        by,
        recorded.at,
        _ACTION[made.decision],
        f"{case.precinct}/{case.contest}",
        election=book.election_id,
        changes={"tally": [case.seq, case.seq], "status": [case.status, made.status]},
        reason=made.reason,
    )
    return Announcement(book.election, recorded.seq, frozenset({case.contest}))
