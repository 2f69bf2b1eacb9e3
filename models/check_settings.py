"""Which soft checks an election makes, and how much each of them lets pass (pure).

An administrator sets both for each election. A tolerance is a whole number in the check's own unit, so
that it can stand in the public log, whose canonical form has no other numbers.
"""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from models.errors import FieldError
from models.wording import Figure, say

DOUBLE_ENTRY = "double-entry"
"""The name under which two entries that differ are quarantined; it is no setting."""


class CheckName(StrEnum):
    BALANCE = "balance"
    TURNOUT = "turnout"
    CEILING = "ceiling"
    SAME_BALLOTS = "same-ballots"
    ALL_ZERO = "all-zero"
    DUPLICATE_VECTOR = "duplicate-vector"
    OUTLIER = "outlier"


class CheckSetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a check is made, and its tolerance in the check's unit (`CHECKS`)."""

    on: bool = True
    tolerance: int = 0


class CheckSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """The settings of an election; whatever check is absent has the default of docs/checks.md."""

    balance: CheckSetting = CheckSetting()
    turnout: CheckSetting = CheckSetting()
    ceiling: CheckSetting = CheckSetting()
    same_ballots: CheckSetting = CheckSetting(tolerance=20)
    all_zero: CheckSetting = CheckSetting()
    duplicate_vector: CheckSetting = CheckSetting(tolerance=50)
    outlier: CheckSetting = CheckSetting(tolerance=6)

    def of(self, check: CheckName) -> CheckSetting:
        setting: CheckSetting = getattr(self, check.name.lower())
        return setting


class CheckKind(msgspec.Struct, frozen=True):
    """A check for whoever sets it: the tolerance lies from `least` to `most`, and `unit` says of what."""

    name: CheckName
    label: str
    unit: str
    explanation: str
    least: int
    most: int


_KINDS = (
    CheckKind(
        CheckName.BALANCE,
        say("Balance"),
        say("ballots"),
        say(
            "Votes, write-ins, overvotes and undervotes add up to the ballots cast, "
            "give or take this many ballots."
        ),
        0,
        1_000,
    ),
    CheckKind(
        CheckName.TURNOUT,
        say("Turnout"),
        say("ballots"),
        say("There are at most this many more ballots cast than registered voters."),
        0,
        100_000,
    ),
    CheckKind(
        CheckName.CEILING,
        say("Ceiling"),
        say("votes"),
        say("No selection has more than this many votes above the ballots cast."),
        0,
        100_000,
    ),
    CheckKind(
        CheckName.SAME_BALLOTS,
        say("Same ballots"),
        say("ballots"),
        say("A precinct's contests have the same ballots cast, give or take this many."),
        0,
        100_000,
    ),
    CheckKind(
        CheckName.ALL_ZERO,
        say("All zero"),
        say("registered voters"),
        say("Nothing but zeros is only believed of a precinct with at most this many registered voters."),
        0,
        100_000,
    ),
    CheckKind(
        CheckName.DUPLICATE_VECTOR,
        say("Identical figures"),
        say("votes"),
        say("No two precincts have identical figures for a contest, if they have at least this many votes."),
        1,
        100_000,
    ),
    CheckKind(
        CheckName.OUTLIER,
        say("Outlier"),
        say("standard deviations"),
        say(
            "Turnout and each selection's share lie at most this many standard deviations "
            "from the mean of the precincts around, once enough of them have reported."
        ),
        1,
        100,
    ),
)

CHECKS: dict[CheckName, CheckKind] = {kind.name: kind for kind in _KINDS}
"""Every check that can be set, in the order in which they are made."""


def setting_faults(settings: CheckSettings) -> Iterator[FieldError]:
    """Every tolerance that lies outside its bounds, as `balance.tolerance`; also of a check that is off."""
    for kind in CHECKS.values():
        if not kind.least <= settings.of(kind.name).tolerance <= kind.most:
            message = say(
                "must be a whole number of %(unit)s from %(least)s to %(most)s",
                unit=kind.unit,
                least=Figure(kind.least),
                most=Figure(kind.most),
            )
            yield FieldError(f"{kind.name}.tolerance", message, "bad-tolerance")
