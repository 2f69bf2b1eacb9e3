"""Filings of candidates as they come, and what is told of them and of the ballot they stand on."""

import datetime
from typing import Annotated, Literal

import msgspec

from models.drafting import Named
from models.errors import FieldError
from models.lifecycles import CandidateStatus
from models.patterns import DOTTED_CODE, EMAIL, NO_NUL, PERSON_NAME

MAX_MOVES = 1000
"""Candidates that one message decides on."""

PUBLIC_STATUSES = (CandidateStatus.QUALIFIED, CandidateStatus.WITHDRAWN)
"""Of a filing nobody hears before it has qualified."""

Change = Literal["qualify", "reject", "withdraw"]

STATUS_AFTER: dict[Change, CandidateStatus] = {
    "qualify": CandidateStatus.QUALIFIED,
    "reject": CandidateStatus.REJECTED,
    "withdraw": CandidateStatus.WITHDRAWN,
}

CandidateCode = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=64,
        pattern=DOTTED_CODE,
        description="Letters and digits, with single dots, hyphens or underscores between them",
    ),
]
MAX_NAME = 99
"""`First Last` is the name of a selection, which has 200 characters at most."""

PersonName = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=MAX_NAME,
        pattern=PERSON_NAME,
        description="One line that does not begin with a space",
    ),
]
Reason = Annotated[str, msgspec.Meta(max_length=500, pattern=NO_NUL)]


class Filing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody files who wants to stand in a contest. `party` is a code."""

    contest: Named
    first_name: PersonName
    last_name: PersonName
    party: Named | None = None
    address: Annotated[str, msgspec.Meta(max_length=500)] = ""
    telephone: Annotated[str, msgspec.Meta(max_length=40)] = ""
    email: Annotated[str, msgspec.Meta(max_length=254, pattern=EMAIL)] = ""


class FilingEdit(Filing, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A filing as a registrar corrects it. Without `filed_at` its date stays."""

    filed_at: datetime.date | None = None


class CodedFiling(FilingEdit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A filing under a code of the registrar's. Without `filed_at` it was filed when it came."""

    code: CandidateCode


class Filed(msgspec.Struct, frozen=True):
    """A filing has come. It is told of when it has qualified, under this code."""

    code: str
    status: str


class CandidateInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A candidate. `selection` is the choice on the ballot that a qualified one stands behind.

    `reason` and `filing` are for the registrars: why it was decided so, and sixteen digits that
    change whenever what was filed is corrected.
    """

    code: str
    contest: str
    first_name: str
    last_name: str
    party: str | None
    status: CandidateStatus
    filed_at: datetime.datetime
    selection: str | None
    reason: str = ""
    filing: str = ""

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


class FilingDecision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of a filing. `selection` joins a ticket that is on the ballot already.

    A rejection and a withdrawal need a reason.
    """

    change: Change
    reason: Reason = ""
    selection: Named | None = None


class Decisions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same decision on many filings; each is answered on its own."""

    codes: Annotated[list[CandidateCode], msgspec.Meta(min_length=1, max_length=MAX_MOVES)]
    change: Change
    reason: Reason = ""


class FilingDecided(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of many decisions: the candidate's status now, or `refused` with what is wrong."""

    code: str
    status: str
    errors: tuple[FieldError, ...] = ()


class BallotSelection(msgspec.Struct, frozen=True):
    """A choice on the ballot. `sort_name` is what an alphabetical ballot goes by."""

    code: str
    name: str
    party: str | None
    sort_name: str


class BallotContest(msgspec.Struct, frozen=True, kw_only=True):
    """A contest with its selections in the order of the ballot, which follows the rule `ballot_order`."""

    code: str
    name: str
    district: str
    is_measure: bool
    vote_variation: str
    votes_allowed: int
    number_elected: int
    ballot_order: str
    selections: list[BallotSelection]


class Ballot(msgspec.Struct, frozen=True, kw_only=True):
    """The ballot of an election, or of one precinct. It is final once the election is no draft.

    A lot orders selections by SHA-256 of `seed`, a line feed and the selection's code.
    """

    election: str
    election_status: str
    is_test: bool
    precinct: str | None
    seed: str | None
    contests: list[BallotContest]
