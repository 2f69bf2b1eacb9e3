"""What a run leaves behind: the page, the drawings, `latest.json`, and the goals."""

from pathlib import Path

import msgspec
import pytest

from benchmarks import curves, report
from benchmarks.goals import GOALS, AtMost, Keeps, Times
from benchmarks.measuring import OURS, Compared, Curve, Figures
from benchmarks.paths import PATHS

FACTS: dict[str, str | int] = {"cpu": "One of 2026", "cores": 2}
CURVE = Curve(
    "Receipts as it fills",
    "tallies stored",
    "receipts/s",
    {OURS: [(1_000, 9_000), (1_000_000, 8_100)], "summed anew": [(1_000, 8_000), (1_000_000, 40)]},
)
READS = Compared(
    "requests/s",
    {
        OURS: Figures(9_000.4, {"cpu_us": 110.26}, [9_100.0, 9_000.4, 8_000.0]),
        "plain-view": Figures(4_500.2, {"cpu_us": 210.0}, [4_500.2]),
    },
    (CURVE,),
)
LIGHT, DARK = "#ffffff", "#0d1117"


def test_the_page_has_the_tables_with_ratios_what_each_row_is_and_the_goals(tmp_path: Path) -> None:
    report.write(FACTS, {"reads": READS}, tmp_path)
    page = (tmp_path / "README.md").read_text()
    assert "Machine and versions: cpu One of 2026, cores 2." in page
    assert "| ours | 9,000 |  | 110 |" in page
    assert "| plain-view | 4,500 | 2.00 × | 210 |" in page
    assert f"- **plain-view**: {PATHS['reads'].about['plain-view']}" in page
    assert "| reads | ours at least 1.8 × plain-view | 2.00 × | yes |" in page
    assert "| reads | ours at least 1.5 × flask-gunicorn | not measured |  |" in page
    assert "| 1,000,000 | 8,100 | 40.0 |" in page
    assert "(reads-receipts-as-it-fills.svg)" in page


def test_a_path_that_was_not_measured_stays_if_the_machine_is_equal_and_goes_if_not(tmp_path: Path) -> None:
    report.write(FACTS, {"reads": READS}, tmp_path)
    intake = Compared("receipts/s", {OURS: Figures(10_000.0, {}, [10_000.0])})
    report.write(FACTS, {"intake": intake}, tmp_path)
    assert "## reads" in (tmp_path / "README.md").read_text()
    assert (tmp_path / "reads-receipts-as-it-fills.svg").exists()
    report.write({**FACTS, "cores": 4}, {"intake": intake}, tmp_path)
    assert "## reads" not in (tmp_path / "README.md").read_text()
    assert list(tmp_path.glob("*.svg")) == []
    assert list(msgspec.json.decode((tmp_path / "latest.json").read_bytes())["paths"]) == ["intake"]


def test_the_file_for_programs_has_the_machine_and_each_rows_figure(tmp_path: Path) -> None:
    report.write(FACTS, {"reads": READS}, tmp_path / "results")
    found = msgspec.json.decode((tmp_path / "results" / "latest.json").read_bytes())
    assert found["machine"] == FACTS
    assert found["paths"]["reads"]["unit"] == "requests/s"
    assert found["paths"]["reads"]["rows"] == {OURS: 9_000.4, "plain-view": 4_500.2}


def test_a_path_that_is_measured_again_has_its_new_figures_only(tmp_path: Path) -> None:
    intake = Compared("receipts/s", {OURS: Figures(10_000.0, {}, [10_000.0])})
    report.write(FACTS, {"reads": READS, "intake": intake}, tmp_path)
    again = Compared("requests/s", {OURS: Figures(20.0, {}, [20.0])})
    report.write(FACTS, {"reads": again}, tmp_path)
    paths = msgspec.json.decode((tmp_path / "latest.json").read_bytes())["paths"]
    assert {path: found["rows"] for path, found in paths.items()} == {
        "reads": {OURS: 20.0},
        "intake": {OURS: 10_000.0},
    }
    assert "9,000" not in (tmp_path / "README.md").read_text()


def test_a_file_that_cannot_be_read_is_written_anew(tmp_path: Path) -> None:
    latest = tmp_path / "latest.json"
    latest.write_text("{")
    report.write(FACTS, {"reads": READS}, tmp_path)
    assert list(msgspec.json.decode(latest.read_bytes())["paths"]) == ["reads"]


def test_what_is_written_names_no_folder(tmp_path: Path) -> None:
    report.write(FACTS, {"reads": READS}, tmp_path)
    for file in tmp_path.iterdir():
        assert str(tmp_path) not in file.read_text() and "/work" not in file.read_text()


def test_a_curve_is_drawn_alike_each_time_without_a_date_and_says_what_each_line_is() -> None:
    drawing = curves.drawn(CURVE)
    assert drawing == curves.drawn(CURVE)
    text = drawing.decode()
    assert "<dc:date>" not in text
    for said in (CURVE.title, CURVE.x, CURVE.y, "summed anew", "1,000,000"):
        assert said in text


@pytest.mark.parametrize("colour", [curves.INK, *curves.COLOURS])
def test_a_curve_can_be_read_on_a_light_ground_and_on_a_dark_one(colour: str) -> None:
    for ground in (LIGHT, DARK):
        lighter, darker = sorted((luminance(colour), luminance(ground)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) > 3.9


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_goal_says_what_was_reached_and_whether_that_is_enough() -> None:
    ratio = Times(2.5, "plain-view").reached(READS)
    assert ratio is not None and (ratio.figure, ratio.met) == ("2.00 ×", False)
    bound = AtMost(120, "cpu_us").reached(READS)
    assert bound is not None and (bound.figure, bound.met) == ("110.3", True)
    kept = Keeps(0.9, OURS).reached(READS)
    assert kept is not None and (kept.figure, kept.met) == ("0.90 ×", True)
    assert Times(1, "nobody").reached(READS) is None
    assert AtMost(1, "nothing").reached(READS) is None
    assert Keeps(1, "nobody").reached(READS) is None


def test_where_less_is_better_the_ratio_is_the_right_way_round() -> None:
    slower = {OURS: Figures(100.0, {}, [100.0]), "other": Figures(300.0, {}, [300.0])}
    assert Compared("ms", slower, less_is_better=True).times_ours("other") == 3


def test_every_goal_is_one_of_a_path_and_of_rows_that_it_says_something_about() -> None:
    assert GOALS.keys() <= PATHS.keys()
    for path, goals in GOALS.items():
        for goal in goals:
            if isinstance(goal, Times):
                assert {goal.row, goal.other} <= PATHS[path].about.keys(), goal.says
