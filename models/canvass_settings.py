"""How an election's tallies are entered and checked, and when its contests are recounted (pure)."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from models.check_settings import CheckSettings, setting_faults
from models.errors import FieldError
from models.results import ElectionState

MOST_THRESHOLD = 10_000
"""All votes, in hundredths of a percent."""


class CanvassSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an administrator sets for an election; every change of it stands in the public log.

    A check that is left out has the default of docs/checks.md.
    """

    checks: CheckSettings
    double_entry: bool
    """Whether two people enter each tally; settled once the first tally has come."""
    recount_threshold: Annotated[int, msgspec.Meta(ge=0, le=MOST_THRESHOLD)]
    """A recount is due at a margin of so many hundredths of a percent of the votes, or less; 0 for never."""

    @classmethod
    def of(cls, election: ElectionState) -> "CanvassSettings":
        return cls(
            checks=election.checks,
            double_entry=election.double_entry,
            recount_threshold=election.recount_threshold,
        )


class ChecksToPreview(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of the checks that somebody thinks of."""

    checks: CheckSettings


def check_faults(checks: CheckSettings) -> Iterator[FieldError]:
    """Every tolerance out of its bounds, as `checks.balance.tolerance`."""
    for fault in setting_faults(checks):
        yield msgspec.structs.replace(fault, field=f"checks.{fault.field}")
