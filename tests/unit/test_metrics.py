"""What the documents say of metrics is held against the registry."""

import os
import re
import tomllib

import pytest
from prometheus_client import CollectorRegistry, Metric

from quart_app.metrics.exposition import Processes
from quart_app.metrics.instruments import Instruments
from quart_app.settings import ROOT, SettingsError, load_settings
from quart_app.version import VERSION
from services.pressure import Kind

OPERATING = (ROOT / "docs" / "operating.md").read_text()
SECTION = OPERATING.partition("## What /metrics tells\n")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| `(\w+)`([^|]*)\|", SECTION, re.MULTILINE)
ALERTS = (ROOT / "deploy" / "prometheus-alerts.yml").read_text()


@pytest.fixture(scope="module")
def families() -> dict[str, Metric]:
    """Every metric by the name that it has in a query; a histogram without its endings."""
    registry = CollectorRegistry()
    Instruments(registry)
    Processes(lambda: [str(os.getpid())], registry)
    return {
        f"{family.name}_total" if family.type == "counter" else family.name: family
        for family in registry.collect()
    }


def test_every_metric_stands_in_the_document_and_no_other_does(families: dict[str, Metric]) -> None:
    documented = [name for name, _ in ROWS]
    assert sorted(documented) == sorted(families)


def test_the_labels_in_the_document_are_those_of_the_registry() -> None:
    registry = CollectorRegistry()
    made = vars(Instruments(registry)).values()
    labels = {
        metric._name + ("_total" if metric._type == "counter" else ""): list(metric._labelnames)
        for metric in made
        if hasattr(metric, "_labelnames")
    }
    documented = {name: re.findall(r"\w+", text) for name, text in ROWS if name.startswith("tallystream_")}
    assert documented == labels


def test_every_metric_says_what_it_is_in_a_sentence_and_has_its_unit_in_its_name(
    families: dict[str, Metric],
) -> None:
    for name, family in families.items():
        assert family.documentation, name
        if name.startswith("tallystream_"):
            assert family.documentation.endswith("."), name
        assert (family.type == "counter") == name.endswith("_total"), name


def test_the_alerts_ask_for_metrics_that_there_are(families: dict[str, Metric]) -> None:
    asked = set(re.findall(r"\b(?:tallystream|process)_\w+", ALERTS))
    assert asked
    assert {name.removesuffix("_bucket") for name in asked} <= families.keys()
    assert ALERTS.count("- alert: ") == ALERTS.count("summary: ") == 5


def test_what_is_shed_is_there_from_the_start_with_every_kind(families: dict[str, Metric]) -> None:
    assert [sample.labels["kind"] for sample in families["tallystream_shed_total"].samples] == list(Kind)


@pytest.mark.parametrize("token", ["two words", "ends in a line\n", "réad"])
def test_a_token_that_no_header_can_carry_is_named(token: str) -> None:
    with pytest.raises(SettingsError, match="TALLYSTREAM_METRICS_TOKEN"):
        load_settings({"TALLYSTREAM_METRICS_TOKEN": token})


def test_the_version_that_is_told_is_that_of_the_project() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
