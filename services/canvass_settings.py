"""An election's checks, double entry and recount threshold: reading, setting, and previewing the checks."""

import asyncio

import msgspec

from models.canvass_settings import CanvassSettings, check_faults
from models.check_preview import ChecksPreview, CountedTally, previewed
from models.check_settings import CheckSettings
from models.editions import hold_against
from models.errors import ElectionCertified, Invalid, TalliesSent
from models.lifecycles import ElectionStatus
from models.rights import Actor
from repositories.database import Database
from services.announcements import Announcement
from services.clock import Clock
from services.election_log import change_election
from services.signals import election_changed, telling


class CanvassSettingsService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        # A preview holds every counted tally in memory while it lasts.
        self._previewing = asyncio.Lock()

    async def get(self, election: str) -> CanvassSettings:
        """Raises UnknownElection."""
        async with self._database.snapshot() as repos:
            return CanvassSettings.of(await repos.elections.get(election))

    async def set(
        self, election: str, settings: CanvassSettings, expected: str, by: Actor
    ) -> CanvassSettings:
        """Sets them for all tallies that come from here on; `expected` is the edition that was read.

        It does not matter where they are set so already, as by whoever pressed a button twice.
        Those that are counted or quarantined stay so. Raises UnknownElection, Invalid, Stale,
        ElectionCertified, and TalliesSent where double entry would begin or end among them.
        """
        _check(settings.checks)
        async with telling(election_changed, self) as news, self._database.transaction() as repos:
            before = await repos.elections.hold(election)
            if before.status == ElectionStatus.CERTIFIED:
                raise ElectionCertified(election)
            after = msgspec.structs.replace(before, **msgspec.structs.asdict(settings))
            if after == before:
                return settings
            hold_against(CanvassSettings.of(before), expected)
            await repos.log.lock_head(before.id)
            if after.double_entry != before.double_entry and await repos.certification.any_tally(before.id):
                raise TalliesSent
            after = await change_election(repos, before, after, "canvass-set", by, self._clock())
            news.append(Announcement(after.code, after.changed_seq, frozenset(), whole=True))
        return settings

    async def preview(self, election: str, checks: CheckSettings) -> ChecksPreview:
        """What these settings would make of everything that is counted; nothing changes.

        It takes a thread of its own, and one preview at a time. Raises UnknownElection and Invalid.
        """
        _check(checks)
        async with self._previewing:
            counted: list[CountedTally] = []
            async with self._database.snapshot() as repos:
                state = await repos.elections.get(election)
                async for some in repos.previewing.counted(state.id):
                    counted += some
            return await asyncio.to_thread(previewed, checks, counted)


def _check(checks: CheckSettings) -> None:
    """Raises Invalid."""
    if faults := tuple(check_faults(checks)):
        raise Invalid(faults)
