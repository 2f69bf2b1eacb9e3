"""The reviewers' desk: what waits for a person, and everything that is known of one case.

Who may look and decide is said elsewhere (`models/reviewing.py`); decisions are made in
`services/canvass.py`. What is read here for somebody is true of one moment, and may be old when they decide:
then they are told what happened meanwhile.
"""

import contextlib
import datetime
from collections.abc import Iterator

from models.batch import Standing
from models.canvass import Case, Decision
from models.check_settings import CheckName
from models.deciding import check_canvassed, check_decision
from models.errors import DomainError, EntryConcealed, FieldError, Invalid, NotFound
from models.results import ElectionState
from models.reviewing import (
    DESK,
    CaseFile,
    CaseTally,
    ReviewCase,
    ReviewQuery,
    ReviewQueue,
    differing,
    open_recall,
)
from models.rights import Identity
from models.wording import say
from repositories.database import Database, Repositories
from repositories.review_cases import CasePlace
from repositories.reviewing import places_of
from services.clock import Clock

# Complaints about a precinct that its case shows, the newest of them.
MOST_COMPLAINTS = 20


class ReviewService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def queue(self, election: str, query: ReviewQuery, who: Identity) -> ReviewQueue:
        """What waits and fits. Raises UnknownElection, and Invalid for an unknown unit or contest."""
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            return await read_queue(repos, state, query, self._clock(), who.member_id)

    async def case(self, election: str, seq: int, who: Identity) -> CaseFile:
        """All that is known of the tally of log entry `seq`, and what this person may decide.

        Raises UnknownElection, UnknownTally, and EntryConcealed for a first entry whose second has not come.
        """
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            case = await repos.canvass.case(state.id, seq)
            place = await repos.review_cases.place(state.id, seq)
            tallies = await repos.review_cases.tallies(place)
            tally = next((one for one in tallies if one.seq == seq), None)
            if tally is None:
                raise EntryConcealed
            may, barred = await _permitted(repos, state, case, place, who)
            return await self._file(repos, state, place, tally, tallies, case, may, barred, who)

    async def _file(
        self,
        repos: Repositories,
        state: ElectionState,
        place: CasePlace,
        tally: CaseTally,
        tallies: list[CaseTally],
        case: Case,
        may: list[Decision],
        barred: str,
        who: Identity,
    ) -> CaseFile:
        contests = await repos.elections.contests(state.id)
        contest = next(one for one in contests if one.code == case.contest)
        decisions = await repos.review_cases.decisions(place)
        has_twins = any(failed.check == CheckName.DUPLICATE_VECTOR for failed in tally.checks)
        counted = next((one for one in tallies if one.status == "accepted" and one.seq != tally.seq), None)
        return CaseFile(
            election=state.code,
            is_test=state.is_test,
            seq=tally.seq,
            precinct=place.precinct,
            precinct_name=place.precinct_name,
            voters_registered=place.voters_registered,
            contest=contest.code,
            contest_name=contest.name,
            votes_allowed=contest.votes_allowed,
            selections=contest.selections,
            tally=tally,
            entries=differing(tallies, tally.revision),
            counted=counted,
            newest=max(one.seq for one in tallies),
            recall=open_recall(decisions, tally),
            siblings=await repos.review_cases.siblings(place),
            others=await repos.review_cases.others(place),
            twins=await repos.review_cases.twins(state.id, tally.seq) if has_twins else [],
            tallies=tallies,
            decisions=decisions,
            complaints=await repos.complaints.about_unit(place.unit_id, MOST_COMPLAINTS),
            may=may,
            barred=barred,
            following=await self._following(repos, state, who, tally.seq),
        )

    async def _following(
        self, repos: Repositories, state: ElectionState, who: Identity, seq: int
    ) -> int | None:
        # One of the two may be this one itself.
        query = ReviewQuery(mine=True, limit=2)
        places = await _places(repos, state, query, self._clock(), who.member_id)
        others: list[ReviewCase] = await repos.reviewing.page(places)
        return next((one.seq for one in others if one.seq != seq), None)


async def read_queue(
    repos: Repositories, state: ElectionState, query: ReviewQuery, now: datetime.datetime, member: int = 0
) -> ReviewQueue:
    """What waits and fits; `member` is who `mine` asks about. Raises Invalid."""
    places = await _places(repos, state, query, now, member)
    found, waiting, oldest = await repos.reviewing.counts(places)
    return ReviewQueue(
        election=state.code,
        is_test=state.is_test,
        version=await repos.log.head(state.id),
        waiting=waiting,
        oldest=oldest,
        found=found,
        cases=await repos.reviewing.page(places),
    )


async def _places(
    repos: Repositories, state: ElectionState, query: ReviewQuery, now: datetime.datetime, member: int
) -> dict[str, object]:
    """Raises Invalid."""
    contest = unit = None
    if query.contest:
        with _at("contest"):
            contest = await repos.elections.contest_id(state.id, query.contest)
    if query.unit:
        with _at("unit"):
            unit, _ = await repos.elections.unit(state.id, query.unit)
    until = now - datetime.timedelta(minutes=query.minutes) if query.minutes else None
    return places_of(state.id, query, contest=contest, unit=unit, until=until, member=member)


@contextlib.contextmanager
def _at(field: str) -> Iterator[None]:
    """What is not there is a fault of this field. Raises Invalid."""
    try:
        yield
    except NotFound as error:
        raise Invalid((FieldError(field, error.title, error.code),)) from None


async def _permitted(
    repos: Repositories, state: ElectionState, case: Case, place: CasePlace, who: Identity
) -> tuple[list[Decision], str]:
    """What this person may decide, and why not more."""
    if who.roles.isdisjoint(DESK):
        return [], say("Reviewers and administrators decide on tallies; you can look at everything.")
    try:
        check_canvassed(state.code, state.status)
    except DomainError as error:
        return [], error.title
    spot = (place.contest_id, place.unit_id)
    standing = (await repos.tallies.state(state.id, [spot], [])).standings.get(spot, Standing())
    refused = {one: _refusal(case, standing, one, who.member_id) for one in Decision}
    may = [one for one, why in refused.items() if not why]
    # Of a quarantined tally nothing is simpler to decide than that it is rejected.
    telling = Decision.REJECT if case.status != "accepted" else Decision.RECALL
    barred = refused[telling] if case.status != "accepted" or case.recall_asked_by is not None else ""
    return may, barred


def _refusal(case: Case, standing: Standing, decision: Decision, member: int) -> str:
    """Why somebody may not decide so; empty where they may."""
    try:
        check_decision(case, standing, decision, member)
    except DomainError as error:
        return error.title
    return ""
