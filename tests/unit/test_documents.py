"""What the documents say is held against the code."""

import json
import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from models import errors
from models.check_settings import CHECKS, CheckSettings
from models.checks import (
    MIN_DEVIATION,
    MIN_FIGURES,
    MIN_SIBLINGS,
    MIN_WITNESSES,
    balance,
    ceiling,
    turnout,
)
from models.moments import MIN_WHOLE
from models.submissions import MAX_COUNT, MAX_ITEMS, TallySubmission, read_tally
from quart_app import create_app
from quart_app.api.tallies import MAX_ARRAY
from quart_app.cli import commands

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
EVERYTHING = "\n".join(document.read_text() for document in DOCUMENTS)
TALLIES = (ROOT / "docs" / "tallies.md").read_text()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
        assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_every_command_named_is_one() -> None:
    named = set(re.findall(r"(?:\$ |`)tallystream ([a-z][a-z-]*)", EVERYTHING))
    assert {"serve", "import", "replay", "results", "watch", "official", "token", "migrate"} <= named
    assert named <= set(commands.commands)


def test_every_make_target_named_is_one() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"make ([a-z]+)\b(?= |`|\n|,|\))", (ROOT / "README.md").read_text()))
    assert {"demo", "test", "check", "bench"} <= named <= targets


def test_every_address_named_is_a_route() -> None:
    rules = {re.sub(r"<[^>]+>", "X", rule.rule) for rule in create_app().url_map.iter_rules()}
    for address in re.findall(r"(/(?:api/v1|health)/[A-Za-z0-9/_-]*[A-Za-z0-9])", EVERYTHING):
        assert re.sub(r"/[A-Z]+(?=/|$)", "/X", address) in rules, address


def test_the_tally_in_the_document_can_be_read() -> None:
    blocks = [block for block in re.findall(r"```json\n(.*?)```", TALLIES, re.DOTALL) if "…" not in block]
    tallies = [block for block in blocks if json.loads(block)["type"] == "tally"]
    assert len(tallies) == 1
    tally = read_tally(tallies[0])
    assert isinstance(tally, TallySubmission)
    assert balance(tally, 1) is None and turnout(tally, 652) is None and ceiling(tally) is None


def test_every_code_of_a_problem_in_the_document_exists_and_none_is_left_out() -> None:
    table = TALLIES[TALLIES.index("| status | code |") : TALLIES.index("Close codes")]
    documented = set(re.findall(r"`([a-z-]+)`", table)) - {"ref", "errors"}
    in_code = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', (ROOT / "models" / "submissions.py").read_text()))
    in_code |= {
        kind.code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.DomainError)
    }
    assert documented <= in_code | {"invalid"}
    from_a_tally = set(
        re.findall(r', "([a-z]+(?:-[a-z]+)+)"\)', (ROOT / "models/submissions.py").read_text())
    )
    assert from_a_tally <= documented


def test_the_limits_in_the_document_are_those_of_the_code() -> None:
    for limit in (f"{MAX_COUNT:,}", f"Up to {MAX_ITEMS}", f"at most {MAX_ARRAY:,}"):
        assert limit in TALLIES
    config = tomllib.loads((ROOT / "config.toml").read_text())
    assert config["websocket_max_message_size"] == 512 * 1024 and "512 KiB" in TALLIES


def test_every_setting_says_what_it_does() -> None:
    for line in (ROOT / "config.toml").read_text().splitlines():
        assert "#" in line or not re.match(r"[a-z_0-9]+ = ", line), line


def test_the_version_is_the_change_logs() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_checks_in_the_document_have_the_bounds_and_the_defaults_of_the_code() -> None:
    document = (ROOT / "docs" / "checks.md").read_text()
    for kind in CHECKS.values():
        default = CheckSettings().of(kind.name)
        assert default.on
        row = f"| `{kind.name}` | {kind.unit} | {default.tolerance} | {kind.least} | {kind.most:,} |"
        assert row in document, row
        assert f"### {kind.name}\n" in document
        assert f"| `{kind.name}` |" in TALLIES


def test_the_constants_of_the_checks_in_the_document_are_those_of_the_code() -> None:
    document = re.sub(r"\s+", " ", (ROOT / "docs" / "checks.md").read_text())
    within = CheckSettings().outlier.tolerance * MIN_DEVIATION // 10
    for words in (
        f"begins when {MIN_SIBLINGS} siblings have reported",
        f"s counts as {MIN_DEVIATION} ‰",
        f"nothing within {within} percentage points",
        f"fewer than {MIN_WHOLE} registered voters",
        f"fewer than {MIN_WHOLE} votes",
    ):
        assert words in document, words
    assert (MIN_WITNESSES, MIN_FIGURES) == (3, 3)
    assert "**three of them** at least" in document and "at least three of the votes" in document


def test_a_receipt_in_the_document_has_the_fields_of_a_receipt() -> None:
    block = next(b for b in re.findall(r"```json\n(.*?)```", TALLIES, re.DOTALL) if '"receipt"' in b)
    assert set(msgspec.json.decode(block)) == {
        "type",
        "ref",
        "seq",
        "revision",
        "status",
        "checks",
        "leaf_hash",
    }
