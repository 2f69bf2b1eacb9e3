"""Complaints as they are filed, and what the public, the filer and the desk are told of them.

A complaint is known by its `number`, counted from 1 in each election without a gap. The filer gets a
secret `code` besides, which is shown once.
"""

import datetime
from typing import Annotated, Literal, get_args

import msgspec

from models.lifecycles import ComplaintStatus
from models.patterns import EMAIL, NO_NUL, SEEN, TELEPHONE, USERNAME
from models.rights import Role
from models.wording import Worded, say

MAX_TEXT = 5000
"""Characters of a complaint at most."""
MAX_OUTCOME = 2000
MAX_NOTE = 2000
MAX_ATTACHMENTS = 5
MAX_ATTACHMENT_BYTES = 5 * 1024 * 1024
MAX_NUMBER = 9_223_372_036_854_775_807
"""PostgreSQL's `bigint`."""
BEGINNING = 160
"""Characters of a complaint's text that the desk's list shows."""

DESK = (Role.REVIEWER, Role.ADMINISTRATOR)
"""Who works on complaints, and whom they can be assigned to."""
DESK_READERS = (*DESK, Role.AUDITOR)

Category = Literal["polling", "counting", "results", "access", "conduct", "other"]
"""What a complaint is about."""
Standing = Literal["voter", "observer", "agent", "candidate", "other"]
"""As whom somebody complains; `agent` is a party's."""
Media = Literal["image/jpeg", "image/png", "image/webp", "application/pdf"]
"""What an attachment can be."""

CATEGORIES: tuple[Category, ...] = get_args(Category)
STANDINGS: tuple[Standing, ...] = get_args(Standing)
MEDIA: tuple[Media, ...] = get_args(Media)

CATEGORY_WORDS: dict[str, Worded] = {
    "polling": say("polling"),
    "counting": say("counting"),
    "results": say("results"),
    "access": say("access"),
    "conduct": say("conduct"),
    "other": say("other"),
}
STANDING_WORDS: dict[str, Worded] = {
    "voter": say("voter"),
    "observer": say("observer"),
    "agent": say("party agent"),
    "candidate": say("candidate"),
    "other": say("other"),
}

Code = Annotated[str, msgspec.Meta(max_length=100, pattern=NO_NUL)]
"""The code of a unit or contest that there is already; empty for none."""
Email = Annotated[str, msgspec.Meta(max_length=254, pattern=EMAIL)]
Telephone = Annotated[str, msgspec.Meta(max_length=40, pattern=TELEPHONE)]
Username = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=USERNAME)]
NobodyOrUsername = Annotated[
    str,
    msgspec.Meta(
        max_length=64,
        pattern=NO_NUL,
        description="Only those of this member of staff; - for those that nobody has",
    ),
]
NoteText = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NOTE, pattern=SEEN)]
After = Annotated[int, msgspec.Meta(ge=0, le=MAX_NUMBER, description="`number` of the last one seen")]
PageSize = Annotated[int, msgspec.Meta(ge=1, le=1000, description="Items on a page at most")]

NOBODY = "-"
"""In a search, that a complaint is assigned to nobody; no username is written so."""


# ---- from the public ----


class ComplaintFiling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A complaint as it is filed. `unit` and `contest` are codes, and may be left out, as may who files it.

    `text`, `name`, `email` and `telephone` are stored sealed and seen by the filer and the desk only.
    """

    category: Category
    role: Standing
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT, pattern=SEEN)]
    unit: Code = ""
    contest: Code = ""
    name: Annotated[str, msgspec.Meta(max_length=200, pattern=NO_NUL)] = ""
    email: Email = ""
    telephone: Telephone = ""


class ComplaintFiled(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint is stored. `address` tells everybody how it stands.

    With the `code`, which is told once and stored as a hash only, the filer reads their own text and takes
    the complaint back while nobody has begun on it.
    """

    election: str
    is_test: bool
    number: int
    status: ComplaintStatus
    address: str
    code: str


class ComplaintCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code that the filer was given. Capitals, spaces and hyphens do not matter."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=NO_NUL)]


# ---- to the public ----


class ComplaintInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What everybody may know of a complaint; `changed_at` is when its status last moved."""

    election: str
    is_test: bool
    number: int
    category: Category
    unit: str | None
    contest: str | None
    status: ComplaintStatus
    filed_at: datetime.datetime
    changed_at: datetime.datetime


class ComplaintOutcome(ComplaintInfo, frozen=True, kw_only=True):
    """The same with the `outcome` that staff wrote for the public; empty until it is decided."""

    outcome: str


class OwnComplaint(ComplaintOutcome, frozen=True, kw_only=True):
    """A complaint as its filer sees it."""

    role: Standing
    text: str
    name: str
    email: str
    telephone: str
    attachments: int


# ---- the desk ----


class DeskComplaint(ComplaintInfo, frozen=True, kw_only=True):
    """A complaint as the desk's list and stream show it.

    `change` counts the changes of all complaints of the election: of two states of a complaint the one
    with the greater `change` is the newer. `beginning` is how its text begins.
    """

    change: int
    role: Standing
    beginning: str
    attachments: int
    assignee: str | None
    """The username of a member of staff."""
    due_on: datetime.date | None
    """The last day on which it should be decided, in the election's own time zone."""

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    def is_overdue(self, today: datetime.date) -> bool:
        return self.is_open and self.due_on is not None and self.due_on < today


OPEN = (ComplaintStatus.FILED, ComplaintStatus.UNDER_REVIEW)
"""What the desk still has to do something about."""

Action = Literal["filed", "assigned", "due", "noted", "under_review", "upheld", "dismissed", "withdrawn"]
ACTIONS: tuple[Action, ...] = get_args(Action)


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a complaint's private history, which only grows.

    `by` is a username, None for the filer. `to` is whom it was assigned to or the day on which it is due,
    empty for nobody and no day; `text` is the note, or the private reason of a decision.
    """

    at: datetime.datetime
    by: str | None
    action: Action
    to: str = ""
    text: str = ""


class AttachmentInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment as it is stored; `position` counts from 1, `size` is in bytes."""

    position: int
    media: Media
    size: int


class DeskCase(DeskComplaint, frozen=True, kw_only=True):
    """Everything about a complaint, for the desk. Its edition is what a change is held against."""

    text: str
    name: str
    email: str
    telephone: str
    outcome: str
    files: list[AttachmentInfo]
    history: list[HistoryEntry]


class DeskSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Which complaints the desk's list shows, all by default; `unit` stands for all below it too."""

    status: Annotated[
        Literal["", "open", "filed", "under_review", "upheld", "dismissed", "withdrawn"],
        msgspec.Meta(description="Only these; `open` for the filed and those under review"),
    ] = ""
    category: Annotated[
        Literal["", "polling", "counting", "results", "access", "conduct", "other"],
        msgspec.Meta(description="Only this category"),
    ] = ""
    unit: Annotated[Code, msgspec.Meta(description="Only about this unit and those below it")] = ""
    assignee: NobodyOrUsername = ""
    overdue: Annotated[bool, msgspec.Meta(description="Only open ones whose day is past")] = False
    after: After = 0
    limit: PageSize = 100


class DeskEdit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is to see to a complaint, and until which day; null takes either away."""

    assignee: Username | None
    due_on: datetime.date | None


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A note for colleagues. It can be neither changed nor taken away."""

    text: NoteText


ComplaintChange = Literal["review", "uphold", "dismiss"]

COMPLAINT_AFTER: dict[ComplaintChange, ComplaintStatus] = {
    "review": ComplaintStatus.UNDER_REVIEW,
    "uphold": ComplaintStatus.UPHELD,
    "dismiss": ComplaintStatus.DISMISSED,
}


class ComplaintDecision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of a complaint.

    To uphold or dismiss it needs an `outcome`, which everybody reads, and a `reason`, which only the desk
    reads; `review` begins to look into it and takes neither. Whoever begins is assigned it where nobody is.
    """

    change: ComplaintChange
    outcome: Annotated[str, msgspec.Meta(max_length=MAX_OUTCOME, pattern=NO_NUL)] = ""
    reason: Annotated[str, msgspec.Meta(max_length=MAX_NOTE, pattern=NO_NUL)] = ""


# ---- beside a tally ----


class UnitComplaint(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint about a unit, as reviewers see it beside that unit's tallies."""

    number: int
    category: Category
    contest: str | None
    status: ComplaintStatus
    filed_at: datetime.datetime
