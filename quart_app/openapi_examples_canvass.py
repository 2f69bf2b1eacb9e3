"""Examples of checks, certificates and recounts for the OpenAPI document, by the name of their type."""

from typing import Any

_HASH = "8015f5178a04e2f0a1d76d9e2a4c4b3a5f2f2ce8c0d8b6fb3b7e3b5d1d0f9c61"
_REASON = "Lost at sea; the count by hand is in the minutes."

CHECKS = {
    "balance": {"on": True, "tolerance": 0},
    "turnout": {"on": True, "tolerance": 0},
    "ceiling": {"on": True, "tolerance": 0},
    "same-ballots": {"on": True, "tolerance": 20},
    "all-zero": {"on": True, "tolerance": 0},
    "duplicate-vector": {"on": True, "tolerance": 50},
    "outlier": {"on": False, "tolerance": 6},
}
_FAILED = {
    "check": "turnout",
    "message": "652 ballots cast, but only 610 registered voters",
    "found": 652,
    "expected": 610,
}
_CERTIFICATE = {
    "seq": 413,
    "position": 412,
    "at": "2026-01-01T00:00:00Z",
    "totals_hash": _HASH,
    "leaf_hash": _HASH,
    "quarantined": 0,
    "awaiting": 0,
    "reason": _REASON,
}

CANVASS_EXAMPLES: dict[str, Any] = {
    "CanvassSettings": {"checks": CHECKS, "double_entry": False, "recount_threshold": 50},
    "ChecksToPreview": {"checks": CHECKS},
    "ChecksPreview": {
        "held": 14,
        "of": 1327,
        "checks": [
            {
                "check": "turnout",
                "held": 14,
                "examples": [{"precinct": "abbottstown", "contest": "president", "failed": _FAILED}],
            }
        ],
    },
    "CertificationRequest": {"reason": _REASON},
    "RecountMove": {"change": "begin", "reason": "The margin is below half a percent."},
    "Certificates": {"election": "adams-2024", "released": True, "certificates": [_CERTIFICATE]},
    "Certification": {
        "election": "adams-2024",
        "status": "closed",
        "is_test": False,
        "in_the_way": {"quarantined": 0, "awaiting": 0, "missing": 1, "recalls": 0, "recounts": []},
        "totals_hash": _HASH,
        "contests": [
            {
                "contest": "president",
                "units_reported": 50,
                "units_expected": 51,
                "ballots_cast": 60530,
                "overvotes": 27,
                "undervotes": 139,
                "write_ins": 221,
                "rejected_ballots": 0,
                "votes": {"harris-and-walz": 19692, "trump-and-vance": 39898},
            }
        ],
        "asked": {
            "by": "ada",
            "at": "2026-01-01T00:00:00Z",
            "reason": _REASON,
            "totals_hash": _HASH,
            "moved": False,
        },
        "certificates": [{"certificate": _CERTIFICATE, "asked_by": "ada", "confirmed_by": "ben"}],
        "recounts": [
            {
                "contest": "president",
                "name": "President",
                "margin": 20206,
                "most": 299,
                "due": None,
                "recounting": False,
            }
        ],
    },
}
