"""An election as somebody hands it to us: units, parties, contests and selections, by code.

These values come out of an imported results file or the demo's generator and go into
`services.elections.define`. They know nothing of databases.
"""

import datetime
from enum import StrEnum

import msgspec

from models.ballot_order import BallotOrder
from models.check_settings import CheckSettings

RECOUNT_THRESHOLD = 50
"""Half a percent, as many laws have it, in hundredths of a percent of the votes."""


class VoteVariation(StrEnum):
    """How votes are given and counted (NIST SP 1500-100, VoteVariation)."""

    APPROVAL = "approval"
    BORDA = "borda"
    CUMULATIVE = "cumulative"
    MAJORITY = "majority"
    N_OF_M = "n-of-m"
    OTHER = "other"
    PLURALITY = "plurality"
    PROPORTIONAL = "proportional"
    RANGE = "range"
    RCV = "rcv"
    SUPER_MAJORITY = "super-majority"


class UnitDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """A reporting unit. Parents stand before their children; exactly one unit has no parent."""

    code: str
    name: str
    kind: str
    parent: str | None = None
    voters_registered: int | None = None
    """Registered voters of a precinct; None where it is not known. Sums for other units are ours."""


class PartyDefinition(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    name: str
    colour: str
    """`#rrggbb`."""


class SelectionDefinition(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    name: str
    party: str | None = None


class ContestDefinition(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    name: str
    district: str
    """Code of the smallest reporting unit that holds all of the contest's precincts."""
    selections: tuple[SelectionDefinition, ...]
    precincts: tuple[str, ...]
    """Codes of the precincts on whose ballots the contest stands."""
    vote_variation: VoteVariation = VoteVariation.PLURALITY
    votes_allowed: int = 1
    number_elected: int = 1
    ballot_order: BallotOrder = BallotOrder.GIVEN
    is_measure: bool = False


class ElectionDefinition(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    name: str
    date: datetime.date
    timezone: str = "UTC"
    is_test: bool = False
    checks: CheckSettings = CheckSettings()
    double_entry: bool = False
    """Whether two people enter each tally."""
    recount_threshold: int = RECOUNT_THRESHOLD
    """A margin of so many hundredths of a percent of the votes, or less, is recounted; 0 for none."""
    units: tuple[UnitDefinition, ...]
    parties: tuple[PartyDefinition, ...]
    contests: tuple[ContestDefinition, ...]
