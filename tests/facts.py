"""Votes for President in the real precinct results, as their README states them, by selection code."""

PRESIDENTS = {
    "adams-2024": {
        "harris-and-walz": 19_842,
        "trump-and-vance": 40_248,
        "oliver-and-ter-maat": 342,
        "stein-and-ware": 218,
    },
    "centre-2020": {"joseph-r-biden": 40_055, "donald-j-trump": 36_372, "jo-jorgensen": 1_066},
    "allegheny-2024": {
        "kamala-d-harris": 429_916,
        "donald-j-trump": 283_595,
        "jill-stein": 3_691,
        "chase-oliver": 3_302,
    },
}
