"""Examples of places and maps for the OpenAPI document, by the name of their type."""

from typing import Any

_COUNTY = {"code": "adams", "name": "Adams", "kind": "county", "voters_registered": None, "parent": None}
_PRECINCT = {
    "code": "abbottstown",
    "name": "ABBOTTSTOWN",
    "kind": "precinct",
    "voters_registered": 610,
    "parent": "adams",
}

PLACE_EXAMPLES: dict[str, Any] = {
    "PlacePage": {
        "election": "adams-2024",
        "released": True,
        "unit": _COUNTY,
        "ancestors": [],
        "contest": "president",
        "children": [
            {
                "code": "abbottstown",
                "name": "ABBOTTSTOWN",
                "kind": "precinct",
                "tallies_counted": 8,
                "tallies_expected": 8,
                "units_reported": 1,
                "units_expected": 1,
                "held": 0,
                "ballots_cast": 474,
                "turnout": 0.777,
            }
        ],
        "next": "/api/v1/elections/adams-2024/units/adams/place?limit=1&after=abbottstown",
    },
    "UnitTallies": {
        "election": "adams-2024",
        "unit": "abbottstown",
        "released": True,
        "tallies": [
            {
                "seq": 17,
                "at": "2026-01-01T00:00:00Z",
                "contest": "president",
                "contest_name": "President",
                "revision": 1,
                "status": "accepted",
                "reason": "",
                "ballots_cast": 474,
                "overvotes": 0,
                "undervotes": 2,
                "write_ins": 1,
                "rejected_ballots": 0,
                "votes": {"trump-and-vance": 320, "harris-and-walz": 151},
                "checks": [],
            }
        ],
    },
    "ContestMap": {
        "election": "adams-2024",
        "contest": "president",
        "released": True,
        "unit": _COUNTY,
        "level": "below",
        "units": [
            {
                "code": "abbottstown",
                "name": "ABBOTTSTOWN",
                "kind": "precinct",
                "parent": "adams",
                "units_reported": 1,
                "units_expected": 1,
                "held": 0,
                "leader": "trump-and-vance",
                "party": "REP",
                "share": 0.678,
                "margin": 0.358,
                "turnout": 0.777,
                "ballots_cast": 474,
            }
        ],
    },
}

PLACE_CSV = (
    "election,above,unit,name,kind,units_reported,units_expected,tallies_counted,tallies_expected,held,"
    "ballots_cast,turnout,contest\n"
    "adams-2024,adams,abbottstown,ABBOTTSTOWN,precinct,1,1,8,8,0,474,0.777,president\n"
)
TALLIES_CSV = (
    "election,unit,contest,seq,at,revision,status,selection,votes,ballots_cast,overvotes,undervotes,write_ins,"
    "rejected_ballots,reason\n"
    "adams-2024,abbottstown,president,17,2026-01-01T00:00:00Z,1,accepted,trump-and-vance,320,474,0,2,1,0,\n"
)
MAP_CSV = (
    "election,contest,unit,name,kind,parent,units_reported,units_expected,held,leader,party,share,margin,"
    "turnout,ballots_cast\n"
    "adams-2024,president,abbottstown,ABBOTTSTOWN,precinct,adams,1,1,0,trump-and-vance,REP,0.678,0.358,0.777,"
    "474\n"
)
