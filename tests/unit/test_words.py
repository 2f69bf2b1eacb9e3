"""How pages write what is not a figure, and that they have a word for every code."""

import ast
import inspect
import textwrap
from collections.abc import Collection
from typing import Any, get_args

import msgspec
import pytest

from models.ballot_order import BallotOrder
from models.candidates import CandidateInfo
from models.definitions import PartyDefinition, VoteVariation
from models.drafting import ContestEdit, ElectionEdit, UnitEdit
from models.lifecycles import CandidateStatus, ElectionStatus
from models.members import MemberInfo
from models.results import ResultsStatus
from models.rights import ROLES, role_word
from models.voters import VoterInfo
from models.wording import Worded
from quart_app.languages.extraction import ROOT
from quart_app.pages.audit_words import AUDIT_WORDS, FIELD_WORDS
from quart_app.pages.form_words import WORDS
from quart_app.pages.forms import PageForm
from quart_app.pages.words import (
    CANDIDATE_WORDS,
    ELECTION_WORDS,
    MOVE_WORDS,
    ORDER_WORDS,
    STATUS_WORDS,
    VARIATION_WORDS,
    browser,
)
from services.elections import Change


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/19.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        ("python-httpx/0.28", "A browser"),
        ("", "A browser"),
    ],
)
def test_a_browser_is_named_by_what_it_says_of_itself(agent: str, said: str) -> None:
    assert browser(agent) == said


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (ELECTION_WORDS, list(ElectionStatus)),
        (STATUS_WORDS, get_args(ResultsStatus)),
        (CANDIDATE_WORDS, list(CandidateStatus)),
        (VARIATION_WORDS, list(VoteVariation)),
        (ORDER_WORDS, list(BallotOrder)),
        (MOVE_WORDS, get_args(Change)),
    ],
)
def test_every_code_has_a_word_that_can_be_translated(words: dict[str, Any], codes: Collection[str]) -> None:
    assert set(words) == set(codes)
    for word in words.values():
        assert all(isinstance(one, Worded) for one in (word if isinstance(word, tuple) else (word,)))


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_a_word_that_can_be_translated(role: str) -> None:
    assert isinstance(role_word(role), Worded)


def actions() -> set[str]:
    """What services write into the audit trail, as their sources say."""
    found = {"candidate-qualified", "candidate-rejected", "candidate-withdrawn"}
    for path in (ROOT / "services").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".audit.add", "_record")):
                found |= {
                    part.value
                    for argument in node.args
                    for part in ast.walk(argument)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str) and "-" in part.value
                }
    return found


def test_every_action_of_the_audit_trail_has_a_word() -> None:
    found = actions()
    found.discard("candidate-")
    assert {"member-added", "units-added", "contest-removed"} <= found
    assert found - AUDIT_WORDS.keys() == set()


@pytest.mark.parametrize(
    "kind",
    [CandidateInfo, ContestEdit, ElectionEdit, MemberInfo, PartyDefinition, UnitEdit, VoterInfo],
)
def test_every_field_that_the_audit_trail_may_tell_of_has_a_word(kind: type[msgspec.Struct]) -> None:
    fields = set(kind.__struct_fields__) - {"id", "reason", "filing", "filed_at", "changed_at"}
    assert fields - FIELD_WORDS.keys() == set()


def kinds(form: type) -> set[type]:
    """Every kind of field that forms of pages have, with what they inherit from."""
    found = set()
    for one in form.__subclasses__():
        for field in vars(one).values():
            if hasattr(field, "field_class"):
                found |= set(field.field_class.__mro__)
        found |= kinds(one)
    return found


def test_what_wtforms_says_of_our_fields_is_said_in_our_words() -> None:
    """A new kind of field may have messages of its own; they want words in `form_words.py`."""
    said = set()
    for kind in kinds(PageForm):
        if not kind.__module__.startswith("wtforms.fields.") or kind.__name__ == "Field":
            continue
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(kind)))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("self.gettext", "self.ngettext"):
                said.add(ast.literal_eval(node.args[0]))
    assert "Not a valid choice." in said
    # What only a mistake of ours brings up, and what a day says where it is no more than a time's ancestor.
    assert said - WORDS.keys() <= {"Choices cannot be None.", "Not a valid datetime value."}
