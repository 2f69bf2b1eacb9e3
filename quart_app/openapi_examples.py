"""One example for each type of the API, by its name, and for each status of a problem.

Tests read each of them as its type.
"""

from typing import Any

from quart_app.openapi_examples_canvass import CANVASS_EXAMPLES, CHECKS
from quart_app.openapi_examples_complaints import COMPLAINT_EXAMPLES
from quart_app.openapi_examples_members import MEMBER_EXAMPLES
from quart_app.openapi_examples_observing import OBSERVING_EXAMPLES
from quart_app.openapi_examples_places import PLACE_EXAMPLES
from quart_app.openapi_examples_reviewing import REVIEW_EXAMPLES

_HASH = "8015f5178a04e2f0a1d76d9e2a4c4b3a5f2f2ce8c0d8b6fb3b7e3b5d1d0f9c61"

_ELECTION = {
    "code": "adams-2024",
    "name": "Adams 2024",
    "date": "2024-11-05",
    "timezone": "UTC",
    "is_test": False,
    "status": "open",
    "released": True,
    "ballot_seed": None,
}
_CONTEST = {
    "code": "president",
    "name": "President",
    "district": "adams",
    "is_measure": False,
    "vote_variation": "plurality",
    "votes_allowed": 1,
    "number_elected": 1,
    "selections": [{"code": "trump-and-vance", "name": "TRUMP and VANCE", "party": "REP"}],
}
_UNIT = {
    "code": "abbottstown",
    "name": "ABBOTTSTOWN",
    "kind": "precinct",
    "voters_registered": 610,
    "parent": "adams",
}
_PARTY = {"code": "REP", "name": "Republican", "colour": "#c8102e"}
_SELECTION = {"code": "trump-and-vance", "name": "TRUMP and VANCE", "party": "REP"}
_WHOLE_CONTEST = {**_CONTEST, "ballot_order": "given", "selections": [_SELECTION], "precincts": None}
_SENT = {
    "contest": "president",
    "revision": 1,
    "status": "accepted",
    "seq": 17,
    "at": "2026-01-01T21:30:00Z",
    "by": "olga",
    "channel": "web",
    "differs": False,
    "decision": None,
    "decision_reason": "",
}
_ENTRY_PRECINCT = {
    "code": "abbottstown",
    "name": "ABBOTTSTOWN",
    "voters_registered": 610,
    "contests": ["president"],
    "sent": [_SENT],
}
_NEW_ELECTION = {
    "code": "adams-2024",
    "name": "Adams 2024",
    "date": "2024-11-05",
    "timezone": "America/New_York",
    "is_test": False,
}
_RESULTS = {
    "election": "adams-2024",
    "contest": "president",
    "unit": None,
    "name": "President",
    "version": 411,
    "updated_at": "2026-01-01T00:00:00Z",
    "status": "unofficial-complete",
    "is_test": False,
    "released": True,
    "is_measure": False,
    "vote_variation": "plurality",
    "votes_allowed": 1,
    "number_elected": 1,
    "units_reported": 51,
    "units_expected": 51,
    "voters_registered": 76008,
    "voters_registered_reported": 76008,
    "ballots_cast": 61039,
    "turnout": 0.803,
    "overvotes": 29,
    "undervotes": 139,
    "write_ins": 221,
    "rejected_ballots": 0,
    "quarantined_units": 0,
    "awaiting_units": 0,
    "outlook": {"call": "decided", "outstanding": 0, "reopened": 0, "margin": 20406},
    "recount_due": False,
    "lowered_by": None,
    "selections": [
        {
            "code": "trump-and-vance",
            "name": "TRUMP and VANCE",
            "party": "REP",
            "votes": 40248,
            "share": 0.661,
            "rank": 1,
            "margin": 20406,
            "standing": "leads",
        }
    ],
}
_VOTER_ENTRY = {
    "voter_id": "001234567-01",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "precinct": "abbottstown",
    "email": "ada@example.org",
    "mobile": "+1 717 555 0101",
    "address": "1 Main Street, Gettysburg",
}
_VOTER = {
    "id": 4711,
    **_VOTER_ENTRY,
    "registered_at": "2026-01-01T00:00:00Z",
    "changed_at": "2026-01-01T00:00:00Z",
    "removed_at": None,
    "removal_reason": "",
}
_COUNTS = {"ballots_cast": 509, "overvotes": 2, "undervotes": 0, "write_ins": 0, "rejected_ballots": 0}
_VOTES = {"harris-and-walz": 150, "trump-and-vance": 350, "oliver-and-ter-maat": 4, "stein-and-ware": 3}
_PRECINCT_TALLY = {
    "precinct": "abbottstown",
    "name": "ABBOTTSTOWN",
    "voters_registered": 610,
    "seq": 17,
    "revision": 1,
    "at": "2026-01-01T00:00:00Z",
    **_COUNTS,
    "votes": _VOTES,
}
_FIELD = {"field": "votes.haris", "message": "is not a selection of 'president'", "code": "unknown-selection"}

_RECEIPT = {
    "type": "receipt",
    "ref": "abbottstown-president-1",
    "seq": 17,
    "revision": 1,
    "status": "accepted",
    "checks": [],
    "leaf_hash": _HASH,
}
_PROBLEM_FRAME = {
    "type": "problem",
    "ref": "abbottstown-president-2",
    "status": 422,
    "code": "unknown-selection",
    "title": "votes.haris: is not a selection of 'president'",
    "errors": [_FIELD],
    "retry_after": None,
}


def _problem(status: int, code: str, title: str, **more: Any) -> dict[str, Any]:
    return {"type": "about:blank", "status": status, "code": code, "title": title, **more}


def _without_code(example: dict[str, Any]) -> dict[str, Any]:
    """What is sent to an address that has the code in it."""
    return {name: value for name, value in example.items() if name != "code"}


PROBLEMS = {
    400: _problem(400, "unreadable", "This is not JSON."),
    401: _problem(401, "not-signed-in", "This token is not known or has expired."),
    403: _problem(403, "not-your-precinct", "You are not an officer of the precinct 'arendtsville'."),
    404: _problem(404, "unknown-election", "There is no election 'adams-2025'."),
    409: _problem(409, "election-not-open", "The election 'adams-2024' is closed; …"),
    412: _problem(412, "stale", "This was changed by somebody else meanwhile: read it again, …"),
    413: _problem(413, "too-large", "1001 tallies at once; send at most 1,000."),
    414: _problem(414, "too-long", "What stands behind the ? of this address is longer than 4,096 bytes."),
    422: _problem(
        422, "unknown-selection", "votes.haris: is not a selection of 'president'", errors=[_FIELD]
    ),
    415: _problem(415, "unsupported-media-type", "Send JSON, as Content-Type: application/json."),
    428: _problem(428, "condition-needed", "Send If-Match with the ETag of what you read, …"),
    429: _problem(429, "too-many-requests", "Too many requests; wait 7 s before the next.", retry_after=7),
    503: _problem(503, "database-unavailable", "The database cannot be reached just now; …", retry_after=2),
}

_FILING = {
    "contest": "council",
    "first_name": "Ada",
    "last_name": "Abel",
    "party": "REP",
    "address": "1 Main Street, Gettysburg",
    "telephone": "+1 717 555 0101",
    "email": "ada@example.org",
}
_CANDIDATE = {
    "code": "PHL-101",
    "contest": "council",
    "first_name": "Ada",
    "last_name": "Abel",
    "party": "REP",
    "status": "qualified",
    "filed_at": "2024-03-01T09:30:00Z",
    "selection": "phl-101",
}
_BALLOT_CONTEST = {
    "code": "council",
    "name": "Council",
    "district": "adams",
    "is_measure": False,
    "vote_variation": "plurality",
    "votes_allowed": 1,
    "number_elected": 1,
    "ballot_order": "lot",
    "selections": [{"code": "phl-101", "name": "Ada Abel", "party": "REP", "sort_name": "Abel, Ada"}],
}

EXAMPLES: dict[str, Any] = {
    "ElectionInfo": _ELECTION,
    "Entry": {
        "election": "adams-2024",
        "name": "Adams 2024",
        "election_status": "open",
        "is_test": False,
        "double_entry": False,
        "checks": CHECKS,
        "timezone": "UTC",
        "username": "olga",
        "total": 1,
        "precincts": [_ENTRY_PRECINCT],
        "contests": [_CONTEST],
        "next": None,
    },
    "SentFigures": {"seq": 17, "contest": "president", "revision": 1, "votes": _VOTES, **_COUNTS},
    "NewElection": _NEW_ELECTION,
    "ElectionEdit": {**_without_code(_NEW_ELECTION), "ballot_seed": "5 11 23 31 44 46, drawn on 2024-09-12"},
    "ElectionMove": {"change": "open", "reason": ""},
    "UnitInfo": _UNIT,
    "NewUnit": _UNIT,
    "UnitEdit": _without_code(_UNIT),
    "PartyInfo": _PARTY,
    "NewParty": _PARTY,
    "PartyEdit": _without_code(_PARTY),
    "WholeContest": _WHOLE_CONTEST,
    "NewContest": _WHOLE_CONTEST,
    "ContestEdit": _without_code(_WHOLE_CONTEST),
    "SelectionInfo": _SELECTION,
    "NewSelection": _SELECTION,
    "SelectionEdit": _without_code(_SELECTION),
    "ElectionPage": {"elections": [_ELECTION], "next": None},
    "ContestPage": {"contests": [_CONTEST], "next": None},
    "UnitPage": {
        "units": [_UNIT],
        "next": "/api/v1/elections/adams-2024/units?limit=1&after=abbottstown",
    },
    "PartyPage": {"parties": [_PARTY], "next": None},
    "ContestResults": _RESULTS,
    "UnitResults": {"unit": _UNIT, "contests": [{**_RESULTS, "unit": "abbottstown"}]},
    "ElectionResults": {
        "election": "adams-2024",
        "name": "Adams 2024",
        "date": "2024-11-05",
        "version": 411,
        "updated_at": "2026-01-01T00:00:00Z",
        "election_status": "open",
        "is_test": False,
        "released": True,
        "contests": [_RESULTS],
    },
    "History": {
        "election": "adams-2024",
        "contest": "president",
        "version": 411,
        "units_expected": 51,
        "selections": ["trump-and-vance", "harris-and-walz"],
        "points": [
            {
                "seq": 17,
                "at": "2026-01-01T00:00:00Z",
                "units_reported": 1,
                "ballots_cast": 509,
                "write_ins": 0,
                "votes": [350, 150],
            }
        ],
    },
    "TallyPage": {"tallies": [_PRECINCT_TALLY], "next": None},
    "LogAnswer": {
        "entries": [
            {
                "at": "2026-01-01T00:00:00Z",
                "change": "created",
                "election": "adams-2024",
                "is_test": False,
                "kind": "election",
                "nonce": "0123456789abcdef0123456789abcdef",
                "reason": "",
                "results_released": False,
                "seq": 1,
                "status": "draft",
                "leaf_hash": _HASH,
            }
        ],
        "next": "/api/v1/elections/adams-2024/log?after=1&limit=100",
    },
    "Filing": _FILING,
    "FilingEdit": {**_FILING, "filed_at": "2024-03-01"},
    "CodedFiling": {"code": "PHL-101", **_FILING, "filed_at": "2024-03-01"},
    "Filed": {"code": "F-8015f5178a04e2f0", "status": "filed"},
    "CandidateInfo": _CANDIDATE,
    "CandidatePage": {"candidates": [_CANDIDATE], "next": None},
    "CandidateContact": {
        "address": "1 Main Street, Gettysburg",
        "telephone": "+1 717 555 0101",
        "email": "ada@example.org",
    },
    "FilingDecision": {"change": "qualify", "reason": "", "selection": None},
    "Decisions": {"codes": ["PHL-101", "PHL-102"], "change": "qualify", "reason": ""},
    "DecidedMany": {
        "decided": 1,
        "refused": 1,
        "items": [
            {"code": "PHL-101", "status": "qualified"},
            {
                "code": "PHL-102",
                "status": "refused",
                "errors": [
                    {
                        "field": "codes",
                        "message": "The candidate 'PHL-102' is rejected and cannot become qualified; …",
                        "code": "illegal-transition",
                    }
                ],
            },
        ],
    },
    "Ballot": {
        "election": "adams-2024",
        "election_status": "open",
        "is_test": False,
        "precinct": "abbottstown",
        "seed": "16 4 23 42 8 15",
        "contests": [_BALLOT_CONTEST],
    },
    "BulkAnswer": {
        "added": 1,
        "unchanged": 0,
        "refused": 1,
        "items": [
            {"row": 1, "status": "added", "code": "4711"},
            {
                "row": 2,
                "status": "refused",
                "errors": [{"field": "last_name", "message": "is missing", "code": "missing"}],
            },
        ],
    },
    "VoterEntry": _VOTER_ENTRY,
    "VoterInfo": _VOTER,
    "VoterPage": {"voters": [_VOTER], "next": None},
    "VoterSearch": {
        "voter_id": "",
        "last_name": "Lovelace",
        "email": "",
        "mobile": "",
        "precinct": "abbottstown",
        "after": 0,
        "limit": 100,
    },
    "VotersFound": {"voters": [_VOTER], "after": None},
    "Removal": {"reason": "moved to another county"},
    "Move": {"to": "arendtsville", "reason": "the polling place has burnt down"},
    "Moved": {"moved": 610},
    "TallySubmission": {
        "type": "tally",
        "ref": "abbottstown-president-1",
        "precinct": "abbottstown",
        "contest": "president",
        "votes": _VOTES,
        **_COUNTS,
    },
    "Receipt": _RECEIPT,
    "Problem": PROBLEMS[422],
    "ProblemFrame": _PROBLEM_FRAME,
    "Receipts": {"type": "receipts", "items": [_RECEIPT, _PROBLEM_FRAME]},
    "Health": {"status": "ok", "database": "ok", "broker": "ok"},
    **COMPLAINT_EXAMPLES,
    **REVIEW_EXAMPLES,
    **CANVASS_EXAMPLES,
    **MEMBER_EXAMPLES,
    **PLACE_EXAMPLES,
    **OBSERVING_EXAMPLES,
}

RESULTS_STREAM = (
    "retry: 2000\n\n"
    'id: 411\nevent: results\ndata: {"election":"adams-2024","contest":"president","version":411,…}\n\n'
    'id: 411\nevent: heartbeat\ndata: {"version":411,"at":"2026-01-01T00:00:15Z","lag":0.4,"broker":true}\n\n'
)
LOG_STREAM = (
    "retry: 2000\n\n"
    f'id: 1\nevent: entry\ndata: {{"seq":1,"kind":"election","change":"created",…,"leaf_hash":"{_HASH}"}}\n\n'
)
NDJSON_LINES = (
    '{"precinct":"abbottstown","name":"ABBOTTSTOWN","seq":17,"revision":1,…}\n'
    '{"precinct":"arendtsville","name":"ARENDTSVILLE","seq":21,"revision":1,…}\n'
)
RESULTS_CSV = (
    "election,contest,contest_name,unit,selection,selection_name,party,votes,share,rank,margin,…\r\n"
    "adams-2024,president,President,,trump-and-vance,TRUMP and VANCE,REP,40248,0.661,1,20361,…\r\n"
)
PRECINCTS_CSV = (
    "election,contest,precinct,precinct_name,voters_registered,ballots_cast,…,votes.trump-and-vance,…\r\n"
    "adams-2024,president,abbottstown,ABBOTTSTOWN,610,509,…,350,…\r\n"
)
HISTORY_CSV = (
    "election,contest,seq,at,units_reported,units_expected,ballots_cast,write_ins,votes.trump-and-vance,…\r\n"
    "adams-2024,president,17,2026-01-01T00:00:00Z,1,51,509,2,350,…\r\n"
)
LOG_CSV = (
    "election,is_test,seq,at,kind,withheld,change,precinct,contest,revision,status,…,leaf_hash\r\n"
    f"adams-2024,false,17,2026-01-01T00:00:00Z,tally,false,,abbottstown,president,1,accepted,…,{_HASH}\r\n"
)
BULK_LINES = (
    '{"row":1,"status":"added","code":"4711"}\n'
    '{"row":2,"status":"refused","errors":[{"field":"last_name","message":"is missing","code":"missing"}]}\n'
)
UNITS_CSV = (
    "code,name,kind,parent,voters_registered\n"
    "adams,Adams County,county,,\n"
    "abbottstown,ABBOTTSTOWN,precinct,adams,610\n"
)
CANDIDATES_CSV = (
    "code,contest,first_name,last_name,party,address,telephone,email,filed_at\n"
    'PHL-101,council,Ada,Abel,REP,"1 Main Street, Gettysburg",+1 717 555 0101,ada@example.org,2024-03-01\n'
)
VOTERS_CSV = (
    "voter_id,first_name,last_name,precinct,email,mobile,address\n"
    '001234567-01,Ada,Lovelace,abbottstown,ada@example.org,+1 717 555 0101,"1 Main Street, Gettysburg"\n'
)
