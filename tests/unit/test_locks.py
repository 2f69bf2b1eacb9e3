"""The locked requirements: hashed, complete, and the same in production as in development."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def locked(name: str) -> set[str]:
    """`package==version ; marker` of every requirement."""
    text = (ROOT / name).read_text()
    return set(re.findall(r"^([a-z0-9._-]+==[^\\\n]+?) *\\?$", text, re.MULTILINE))


def names(requirements: set[str]) -> set[str]:
    return {requirement.split("==")[0] for requirement in requirements}


def test_production_gets_the_versions_that_were_tested() -> None:
    assert locked("requirements.lock") and locked("requirements.lock") <= locked("requirements-dev.lock")


def test_every_requirement_is_hashed_and_no_registry_is_named() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / lock).read_text()
        assert "://" not in text
        blocks = re.split(r"\n(?=[a-z0-9])", text.strip())
        assert all("--hash=sha256:" in block for block in blocks)


def test_every_dependency_of_the_project_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[\[><=; ]", dependency)[0] for dependency in project["dependencies"]}
    assert wanted <= names(locked("requirements.lock"))
