"""Examples of what observers read for the OpenAPI document, by the name of their type."""

from typing import Any

_COUNTY = {"code": "adams", "name": "Adams", "kind": "county", "voters_registered": None, "parent": None}

OBSERVING_EXAMPLES: dict[str, Any] = {
    "ProgressPage": {
        "election": "adams-2024",
        "version": 411,
        "is_test": False,
        "released": True,
        "timezone": "America/New_York",
        "unit": _COUNTY,
        "contest": "president",
        "units_reported": 51,
        "units_expected": 51,
        "ballots_cast": 61039,
        "turnout": 0.803,
        "hours": [
            {
                "at": "2024-11-05T20:00:00-05:00",
                "tallies": 408,
                "tallies_so_far": 408,
                "precincts": 51,
                "precincts_so_far": 51,
                "ballots_cast": 61039,
                "ballots_so_far": 61039,
                "turnout": 0.803,
            }
        ],
        "units": [
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
        "next": "/api/v1/elections/adams-2024/progress?limit=1&after=abbottstown",
    },
    "Integrity": {
        "election": "adams-2024",
        "contest": "president",
        "version": 411,
        "is_test": False,
        "released": True,
        "units_reported": 51,
        "units_expected": 51,
        "selections": ["harris-and-walz", "trump-and-vance"],
        "last_digits": {
            "counts": 97,
            "needed": 50,
            "digits": [8, 11, 7, 12, 9, 10, 8, 13, 9, 10],
            "chi_square": 3.0,
            "p_value": 0.9643,
        },
        "turnout_and_share": {
            "selection": "trump-and-vance",
            "precincts": 51,
            "needed": 20,
            "correlation": -0.113,
            "slope": -0.2114,
            "intercept": 0.8321,
            "classes": [{"least": 0.7, "below": 0.8, "precincts": 51, "share": 0.664}],
            "points": [{"precinct": "abbottstown", "turnout": 0.777, "share": 0.678}],
        },
        "identical_votes": {
            "precincts": 51,
            "needed": 20,
            "groups": [{"votes": [41, 52], "write_ins": 0, "precincts": ["bendersville", "york-springs"]}],
            "sizes": [{"least": 50, "below": 100, "precincts": 51, "alike": 2}],
        },
    },
}

PROGRESS_CSV = (
    "election,unit,contest,at,tallies,tallies_so_far,precincts,precincts_so_far,ballots_cast,ballots_so_far,"
    "turnout,units_expected,is_test,version\n"
    "adams-2024,adams,president,2024-11-06T01:00:00Z,408,408,51,51,61039,61039,0.803,51,false,411\n"
)
INTEGRITY_CSV = (
    "election,contest,precinct,precinct_name,voters_registered,ballots_cast,write_ins,votes,turnout,share,alike,"
    "is_test,version\n"
    "adams-2024,president,abbottstown,ABBOTTSTOWN,610,474,1,harris-and-walz=151 trump-and-vance=320,0.777,"
    "0.678,1,false,411\n"
)
