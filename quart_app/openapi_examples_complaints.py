"""Examples of the API's types about complaints."""

from typing import Any

import msgspec

PDF = "%PDF-1.7 …"
PICTURE = "(bytes of a picture)"

_INFO = {
    "election": "adams-2024",
    "is_test": False,
    "number": 17,
    "category": "access",
    "unit": "abbottstown",
    "contest": None,
    "status": "under_review",
    "filed_at": "2026-01-01T19:10:00Z",
    "changed_at": "2026-01-01T19:40:00Z",
}
_OUTCOME = {**_INFO, "outcome": ""}
_OWN = {
    "role": "voter",
    "text": "The ramp at the back entrance is blocked by crates, and nobody has moved them since noon.",
    "name": "Wilma Voter",
    "email": "wilma@example.org",
    "telephone": "+1 717 555 0155",
}
_DESK = {
    **_INFO,
    "change": 43,
    "role": "voter",
    "beginning": _OWN["text"],
    "attachments": 1,
    "assignee": "rosa",
    "due_on": "2026-01-03",
}
_HISTORY: list[dict[str, Any]] = [
    {"at": "2026-01-01T19:10:00Z", "by": None, "action": "filed", "to": "", "text": ""},
    {"at": "2026-01-01T19:40:00Z", "by": "rosa", "action": "under_review", "to": "", "text": ""},
    {"at": "2026-01-01T19:40:00Z", "by": "rosa", "action": "assigned", "to": "rosa", "text": ""},
    {"at": "2026-01-01T19:41:00Z", "by": "rosa", "action": "due", "to": "2026-01-03", "text": ""},
    {"at": "2026-01-01T19:55:00Z", "by": "rosa", "action": "noted", "to": "", "text": "The judge was told."},
]
_FILE = {"position": 1, "media": "image/jpeg", "size": 812345}
_CASE = {**_DESK, **_OWN, "outcome": "", "files": [_FILE], "history": _HISTORY}

COMPLAINT_EXAMPLES: dict[str, Any] = {
    "ComplaintFiling": {"category": "access", "unit": "abbottstown", "contest": "", **_OWN},
    "ComplaintFiled": {
        "election": "adams-2024",
        "is_test": False,
        "number": 17,
        "status": "filed",
        "address": "/api/v1/elections/adams-2024/complaints/17",
        "code": "7KQ2M-RRW4X-9DJ3T-HB6PE",
    },
    "ComplaintCode": {"code": "7KQ2M-RRW4X-9DJ3T-HB6PE"},
    "ComplaintInfo": _INFO,
    "ComplaintPage": {"complaints": [_INFO], "next": None},
    "ComplaintOutcome": _OUTCOME,
    "OwnComplaint": {**_OUTCOME, **_OWN, "attachments": 1},
    "DeskComplaint": _DESK,
    "DeskPage": {"complaints": [_DESK], "next": None},
    "DeskCase": _CASE,
    "DeskEdit": {"assignee": "rosa", "due_on": "2026-01-03"},
    "Note": {"text": "The judge was told."},
    "ComplaintDecision": {
        "change": "uphold",
        "outcome": "The ramp was blocked until 19:50 and is free now.",
        "reason": "The judge confirmed it by telephone; photograph 1 shows it.",
    },
}

COMPLAINT_STREAM = f"id: 43\nevent: complaint\ndata: {msgspec.json.encode(_DESK).decode()}\n\n"

COMPLAINTS_CSV = (
    "election,is_test,number,category,role,unit,contest,status,assignee,due_on,attachments,filed_at,changed_at,"
    "outcome,text\r\n"
    "adams-2024,false,17,access,voter,abbottstown,,under_review,rosa,2026-01-03,1,2026-01-01T19:10:00Z,"
    "2026-01-01T19:40:00Z,,The ramp at the back entrance is blocked by crates.\r\n"
)
