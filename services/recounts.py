"""Recounts: a contest is counted again before it is certified, or while a correction is on.

While it is, its tallies are taken from a closed election too, and nothing is certified.
"""

from models.canvass import sound_reason
from models.deciding import check_canvassed
from models.errors import NoRecountOn, RecountOn
from models.rights import Actor
from repositories.database import Database
from services.announcements import Announcement
from services.clock import Clock
from services.election_log import change_election
from services.signals import election_changed, telling


class RecountService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def begin(self, election: str, contest: str, reason: str, by: Actor) -> None:
        """Orders a recount, also one that is not due.

        Raises UnknownElection, UnknownContest, ElectionCertified, ElectionNotOpen, RecountOn, and Invalid
        without a reason.
        """
        await self._set(election, contest, reason, by, recounting=True)

    async def end(self, election: str, contest: str, reason: str, by: Actor) -> None:
        """Says that what is counted now holds. Raises the same, and NoRecountOn."""
        await self._set(election, contest, reason, by, recounting=False)

    async def _set(self, election: str, contest: str, reason: str, by: Actor, *, recounting: bool) -> None:
        reason = sound_reason(reason)
        async with telling(election_changed, self) as news, self._database.transaction() as repos:
            state = await repos.elections.hold(election)
            contest_id = await repos.elections.contest_id(state.id, contest)
            check_canvassed(state.code, state.status)
            if await repos.certification.recounting(contest_id) == recounting:
                raise RecountOn([contest]) if recounting else NoRecountOn(contest)
            await repos.certification.set_recounting(contest_id, recounting)
            change = "recount-ordered" if recounting else "recount-ended"
            at = self._clock()
            after = await change_election(repos, state, state, change, by, at, reason, contest=contest)
            news.append(Announcement(after.code, after.changed_seq, frozenset(), whole=True))
