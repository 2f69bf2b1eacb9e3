"""What administrators say of an election while it is a draft: each thing as it comes in.

A `New…` names a thing by its code; the rest of it can be said again. The bounds stand in the OpenAPI
document as they do here.
"""

import datetime
from typing import Annotated

import msgspec

from models.ballot_order import BallotOrder
from models.codes import MAX_CODE
from models.definitions import VoteVariation
from models.patterns import ASCII, CODE, COLOUR, DOTTED_CODE, LINE
from models.places import SelectionInfo
from models.submissions import MAX_COUNT

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_CODE, pattern=CODE)]
"""Lower-case letters, digits and single hyphens."""
PartyCode = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_CODE, pattern=DOTTED_CODE)]
"""As parties are written: `REP`, `SPD`, `D-R`."""
Named = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_CODE)]
"""The code of something that is there already."""
Name = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=200,
        pattern=LINE,
        description="One line with something to be seen in it",
    ),
]
Timezone = Annotated[str, msgspec.Meta(min_length=1, max_length=64, description="An IANA name: Europe/Rome")]
Seed = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=200,
        pattern=ASCII,
        description="Printable ASCII; public, so that everybody can draw the lots again",
    ),
]
Voters = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
Seats = Annotated[int, msgspec.Meta(ge=1, le=1000)]


class NewElection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft that consists of nothing yet."""

    code: Code
    name: Name
    date: datetime.date
    timezone: Timezone = "UTC"
    is_test: bool = False


class ElectionEdit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    date: datetime.date
    timezone: Timezone
    is_test: bool
    ballot_seed: Seed | None = None
    """By it the lot orders ballots; it stands in the public log as soon as it is given."""


class UnitEdit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reporting unit without its code. Exactly one has no parent; `precinct` is the kind of leaves."""

    name: Name
    kind: Code
    parent: Named | None = None
    voters_registered: Voters | None = None


class NewUnit(UnitEdit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: Code


class PartyEdit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    colour: Annotated[str, msgspec.Meta(min_length=7, max_length=7, pattern=COLOUR)]


class NewParty(PartyEdit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: PartyCode


class SelectionEdit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    party: Named | None = None


class NewSelection(SelectionEdit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: Code


class ContestEdit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contest without its code.

    Without `precincts` it stands on the ballot in every precinct at or below its district. Without
    `selections` those that it has stay as they are.
    """

    name: Name
    district: Named
    vote_variation: VoteVariation = VoteVariation.PLURALITY
    votes_allowed: Seats = 1
    number_elected: Seats = 1
    is_measure: bool = False
    ballot_order: BallotOrder = BallotOrder.GIVEN
    selections: Annotated[list[NewSelection], msgspec.Meta(max_length=1000)] | None = None
    precincts: Annotated[list[Named], msgspec.Meta(min_length=1, max_length=100_000)] | None = None


class NewContest(ContestEdit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: Code


class WholeContest(msgspec.Struct, frozen=True, kw_only=True):
    """A contest with everything that was said of it.

    `precincts` is null while it stands in every precinct at or below its district, however many those
    come to be; once the election is open they are all named.
    """

    code: str
    name: str
    district: str
    vote_variation: str
    votes_allowed: int
    number_elected: int
    is_measure: bool
    ballot_order: str
    selections: list[SelectionInfo]
    precincts: list[str] | None
