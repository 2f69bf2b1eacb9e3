"""What the benchmark of the pages takes out of a report of Lighthouse."""

from benchmarks.pages import told

REPORT = {
    "categories": {
        "performance": {"score": 0.97},
        "accessibility": {"score": 1},
        "best-practices": {"score": 0.96},
        "seo": {"score": 1},
    },
    "audits": {
        "total-byte-weight": {"numericValue": 43_000},
        "first-contentful-paint": {"numericValue": 1200.5},
        "largest-contentful-paint": {"numericValue": 1400},
    },
}


def test_scores_are_of_a_hundred_and_sizes_and_times_keep_their_units() -> None:
    assert told(REPORT) == {
        "speed": 97,
        "access": 100,
        "practice": 96,
        "seo": 100,
        "all_kB": 43,
        "first_paint_ms": 1200.5,
        "last_paint_ms": 1400,
    }
