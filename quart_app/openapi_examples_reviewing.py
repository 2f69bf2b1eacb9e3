"""Examples of the API's types about the reviewers' desk."""

from typing import Any

import msgspec

_HASH = "8015f5178a04e2f0a1d76d9e2a4c4b3a5f2f2ce8c0d8b6fb3b7e3b5d1d0f9c61"
_FAILED = {
    "check": "balance",
    "found": 561,
    "expected": 516,
    "message": "votes, write-ins, overvotes and undervotes add up to 561, "
    "but 516 ballots with 1 vote(s) each make 516",
    "about": "",
}
_CASE = {
    "kind": "tally",
    "position": 17,
    "seq": 17,
    "precinct": "abbottstown",
    "precinct_name": "ABBOTTSTOWN",
    "contest": "president",
    "contest_name": "President",
    "revision": 1,
    "checks": [_FAILED],
    "since": "2026-01-01T21:30:00Z",
    "senders": ["olga"],
    "asked_by": None,
    "reason": "",
    "asked_again": False,
    "complaints": 1,
}
_QUEUE = {
    "election": "adams-2024",
    "is_test": False,
    "version": 43,
    "waiting": 1,
    "oldest": "2026-01-01T21:30:00Z",
    "found": 1,
    "cases": [_CASE],
}
_FIGURES: dict[str, Any] = {
    "votes": {"trump-and-vance": 402, "harris-and-walz": 153},
    "ballots_cast": 516,
    "write_ins": 2,
    "overvotes": 0,
    "undervotes": 4,
    "rejected_ballots": 0,
}
_TALLY = {
    "seq": 17,
    "revision": 1,
    "entry": 0,
    "status": "quarantined",
    "at": "2026-01-01T21:30:00Z",
    "by": "olga",
    "channel": "web",
    "reason": "",
    "checks": [_FAILED],
    "lowered": False,
    **_FIGURES,
}
_DECISION = {
    "seq": 21,
    "tally": 17,
    "decision": "ask-again",
    "at": "2026-01-01T21:41:00Z",
    "by": "rosa",
    "reason": "The tape shows 357 votes.",
    "lowered": False,
}
_SPREAD = {"precincts": 50, "mean": 0.803, "least": 0.712, "most": 0.871}
_SIBLING = {
    "precinct": "arendtsville",
    "name": "ARENDTSVILLE",
    "seq": 12,
    "voters_registered": 590,
    "ballots_cast": 478,
    "turnout": 0.81,
    "shares": {"trump-and-vance": 0.64, "harris-and-walz": 0.35},
}
_SIBLINGS = {
    "unit": "adams",
    "name": "Adams",
    "turnout": _SPREAD,
    "shares": {"trump-and-vance": {"precincts": 50, "mean": 0.66, "least": 0.49, "most": 0.78}},
    "closest": [_SIBLING],
}
_FILE = {
    "election": "adams-2024",
    "is_test": False,
    "seq": 17,
    "precinct": "abbottstown",
    "precinct_name": "ABBOTTSTOWN",
    "voters_registered": 610,
    "contest": "president",
    "contest_name": "President",
    "votes_allowed": 1,
    "selections": [{"code": "trump-and-vance", "name": "TRUMP and VANCE", "party": "REP"}],
    "tally": _TALLY,
    "entries": [],
    "counted": None,
    "newest": 17,
    "recall": None,
    "siblings": _SIBLINGS,
    "others": [{"contest": "senate", "name": "Senate", "seq": 16, "status": "accepted", "ballots_cast": 516}],
    "twins": [],
    "tallies": [_TALLY],
    "decisions": [_DECISION],
    "complaints": [
        {
            "number": 17,
            "category": "counting",
            "contest": "president",
            "status": "filed",
            "filed_at": "2026-01-01T22:10:00Z",
        }
    ],
    "may": ["accept", "reject", "ask-again", "resolve"],
    "barred": "",
    "following": None,
}

REVIEW_EXAMPLES: dict[str, Any] = {
    "ReviewQueue": _QUEUE,
    "ReviewPage": {**_QUEUE, "next": None},
    "CaseFile": _FILE,
    "Verdict": {"decision": "accept", "reason": "The sheet was seen: the ballots are those of two machines."},
    "Decided": {"seq": 44, "tally": 17, "decision": "accept", "status": "accepted", "leaf_hash": _HASH},
    "Resolution": {
        **_FIGURES,
        "votes": {"trump-and-vance": 357, "harris-and-walz": 153},
        "reason": "The tape.",
    },
}

REVIEW_STREAM = f"id: 43\nevent: queue\ndata: {msgspec.json.encode(_QUEUE).decode()}\n\n"
