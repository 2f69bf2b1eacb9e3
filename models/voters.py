"""The register of voters: an entry as it is sent, and a registration as the registrars see it."""

import datetime
from typing import Annotated

import msgspec

from models.drafting import Name, Named
from models.patterns import ASCII, EMAIL, SEEN, TELEPHONE

MAX_ID = 9_223_372_036_854_775_807
"""PostgreSQL's `bigint`."""

VoterNumber = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=64,
        pattern=ASCII,
        description="The voter number, in printable ASCII; one registration of an election has it",
    ),
]
Email = Annotated[str, msgspec.Meta(max_length=254, pattern=EMAIL)]
Mobile = Annotated[str, msgspec.Meta(max_length=40, pattern=TELEPHONE)]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=SEEN)]
Text = Annotated[str, msgspec.Meta(max_length=254)]
After = Annotated[int, msgspec.Meta(ge=0, le=MAX_ID, description="`id` of the last one seen")]
PageSize = Annotated[int, msgspec.Meta(ge=1, le=1000, description="Items on a page at most")]


class VoterEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is registered of a voter; `precinct` is the code of one of this election's precincts."""

    voter_id: VoterNumber
    first_name: Name
    last_name: Name
    precinct: Named
    email: Email = ""
    mobile: Mobile = ""
    address: Annotated[str, msgspec.Meta(max_length=500)] = ""


class VoterInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A registration. `id` names it in addresses; a removed one says when and why."""

    id: int
    voter_id: str
    first_name: str
    last_name: str
    precinct: str
    email: str
    mobile: str
    address: str
    registered_at: datetime.datetime
    changed_at: datetime.datetime
    removed_at: datetime.datetime | None
    removal_reason: str


class VoterSearch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of the voters that are looked for: all of it fits them, whole, in whatever case."""

    voter_id: Text = ""
    last_name: Text = ""
    email: Text = ""
    mobile: Text = ""
    precinct: Text = ""
    after: After = 0
    limit: PageSize = 100


class Removal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Reason


class Move(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All voters of a precinct go to another one; `to` is its code."""

    to: Named
    reason: Reason


class Moved(msgspec.Struct, frozen=True):
    """How many voters were moved."""

    moved: int
