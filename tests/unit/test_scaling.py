"""The arithmetic of docs/scaling.md is right, and what it calls measured is what was measured."""

import math
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from quart_app.cli.fan_out import POOL_SIZE
from services.results import READ_PAUSE_SECONDS

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = (ROOT / "docs" / "scaling.md").read_text()
RESULTS = ROOT / "benchmarks" / "results" / "latest.json"
NUMBER = r"\d[\d,]*(?:\.\d+)?"
SUM = re.compile(rf"{NUMBER}(?: [×÷+] {NUMBER})+ = {NUMBER}")
MEASURED = re.compile(
    rf"^\| (?P<what>[^|]+) \| (?P<by>{NUMBER}) \| (?P<found>[^|]+) \| (?P<where>[^|]+) \|$", re.M
)
SUMS = SUM.findall(DOCUMENT)
ROWS = [match.groupdict() for match in MEASURED.finditer(DOCUMENT)]
LATER = "to be measured"


def number(text: str) -> float:
    return float(text.replace(",", ""))


@pytest.mark.parametrize("line", SUMS)
def test_every_sum_in_the_document_comes_out(line: str) -> None:
    left, right = line.split(" = ")
    terms = [
        [(sign, number(factor)) for sign, factor in re.findall(rf"([×÷]?) ?({NUMBER})", term)]
        for term in left.split(" + ")
    ]
    total = sum(math.prod(1 / factor if sign == "÷" else factor for sign, factor in term) for term in terms)
    assert number(right) == pytest.approx(total, rel=0.01)


def test_there_are_sums_and_measured_figures() -> None:
    assert len(SUMS) >= 15 and len(ROWS) >= 12


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["what"])
def test_a_measured_figure_is_that_of_the_results_and_reckoned_with_carefully(row: dict[str, str]) -> None:
    if row["found"] == LATER:
        return
    by, found = number(row["by"]), number(row["found"])
    assert by >= found if "bytes" in row["what"] else by <= found
    if row["where"] != "–" and RESULTS.exists():
        paths = msgspec.json.decode(RESULTS.read_bytes())["paths"]
        assert found == pytest.approx(_result(paths, row["where"].strip("`")), rel=0.01)


def _result(paths: dict[str, Any], key: str) -> float:
    path, row, *detail = key.split(".")
    return float(paths[path]["details"][row][detail[0]] if detail else paths[path]["rows"][row])


def test_the_figures_reckoned_with_are_those_of_the_table_above() -> None:
    reckoned = DOCUMENT[DOCUMENT.index("### What it comes to") :]
    for row in ROWS:
        used = any(re.search(rf"[×÷] {row['by']}(?![\d,])", line) for line in SUM.findall(reckoned))
        assert used or row["what"] in UNUSED, row["what"]


UNUSED = (
    "tallies a second, each in a message of its own",
    "tallies a second in frames of 100",
    "answers a second of nginx's cache",
    "bytes of all 33 contests in gzip",
)
"""What the text weighs without a sum."""


def test_what_a_process_asks_of_postgresql_is_what_the_code_does() -> None:
    assert 1 / READ_PAUSE_SECONDS == 20 and "100 × 20 = 2,000" in DOCUMENT
    assert f"40 × {POOL_SIZE} = 760" in DOCUMENT
