"""No text for people is written in the sources without the mark by which extraction finds it.

In Python `say`, `say_many`, `gettext` and `ngettext`, in modules `t` and `n`, each around a literal.
Templates are read as pages (tests/integration/test_every_text.py).
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.jslexer import Token, tokenize

from models.errors import DomainError
from quart_app.languages.extraction import ROOT
from quart_app.pages.assets import FOLDER

SOURCES = [
    path
    for room in ("models", "repositories", "services", "quart_app")
    for path in sorted((ROOT / room).rglob("*.py"))
    if "cli" not in path.parts and "migrations" not in path.parts
]
MODULES = sorted(FOLDER.glob("*.js"))

# ---- Python ----

MARKS = ("say", "say_many", "gettext", "ngettext")
# Where a text for people is expected: the number of the argument, or its name.
TEXT_ARGUMENTS: dict[str, tuple[int | str, ...]] = {
    "FieldError": (1, "message"),
    "Invalid": (1, "title"),
    "see": (1, "notice"),
    "flash": (0,),
    "Problem": ("title",),
}
# The machinery that passes texts on, and what is for programs alone.
_PASSES_ON = {"models/wording.py", "models/errors.py"}


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _errors() -> set[str]:
    found = {DomainError.__name__}
    while True:
        more = {
            node.name
            for path in SOURCES
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ClassDef) and found & {_name(base) for base in node.bases}
        }
        if more <= found:
            return found
        found |= more


def _functions(tree: ast.Module) -> Iterator[tuple[ast.AST, dict[str, ast.expr]]]:
    """Every scope with the literals that its names stand for."""
    for scope in ast.walk(tree):
        if isinstance(scope, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef):
            body = scope.body if isinstance(scope, ast.Module) else [*ast.walk(scope)]
            named = {
                target.id: node.value
                for node in body
                if isinstance(node, ast.Assign)
                for target in node.targets
                if isinstance(target, ast.Name)
            }
            yield scope, named


def _bare(value: ast.expr, named: dict[str, ast.expr]) -> bool:
    """Whether the value is a text that nobody marked."""
    if isinstance(value, ast.Name) and value.id in named and not isinstance(named[value.id], ast.Name):
        return _bare(named[value.id], named)
    if isinstance(value, ast.IfExp):
        return _bare(value.body, named) or _bare(value.orelse, named)
    if isinstance(value, ast.BinOp):
        return _bare(value.left, named) or _bare(value.right, named)
    if isinstance(value, ast.JoinedStr):
        return True
    return isinstance(value, ast.Constant) and isinstance(value.value, str) and _has_words(value.value)


def _has_words(text: str) -> bool:
    return any(character.isalpha() for character in text)


def unmarked(path: Path, errors: set[str]) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    for scope, named in _functions(tree):
        for node in ast.walk(scope):
            if not isinstance(node, ast.Call):
                continue
            name = _name(node.func)
            places = TEXT_ARGUMENTS.get(name, (0, "title") if name in errors else ())
            given = [
                node.args[place] for place in places if isinstance(place, int) and place < len(node.args)
            ]
            given += [keyword.value for keyword in node.keywords if keyword.arg in places]
            if any(_bare(value, named) for value in given):
                yield f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)[:140]}"


def test_every_error_and_notice_is_marked_as_a_text() -> None:
    errors = _errors()
    assert {"Invalid", "NotFound"} <= errors
    wrong = [line for path in SOURCES for line in unmarked(path, errors)]
    assert not wrong, "say(…) these:\n" + "\n".join(dict.fromkeys(wrong))


def test_only_literals_are_marked() -> None:
    """Anything else would be found by nobody, and translated by nobody."""
    wrong = []
    for path in SOURCES:
        if path.is_relative_to(ROOT / "quart_app" / "languages") or str(path.relative_to(ROOT)) in _PASSES_ON:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            marks = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS
            if isinstance(node, ast.Call) and marks and node.args:
                first = node.args[0]
                kept = isinstance(first, ast.Attribute) and first.attr == "template"
                if not kept and not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)[:140]}")
    assert not wrong, "\n".join(wrong)


# ---- modules ----

_MARKS = ("t", "n")
_SENTENCE = re.compile(r"\b[A-Z]?[a-z’']+,? [a-z’']+\b")
_WORD = re.compile(r"[A-Z][a-z]+…?")
# Lists of classes and selectors are words too, but in lower case and without the signs of a sentence.
_CLASSES = re.compile(r"[a-z0-9_ -]*")
_SELECTOR = re.compile(r"(?=.*(?:[.#\[]\w| > ))[a-z0-9_#.\[\]=\"'>~+*:()$, -]*")
# Names of keys, headers, methods and events.
_NAMES = {"Accept", "Authorization", "Backspace", "Bearer", "Enter", "Escape", "Space", "Tab", "Home", "End"}
_NAMES |= {"Delete", "Language", "Tallystream"}
_FOR_PROGRAMMERS = ("Error", "TypeError", "error", "warn", "log", "info", "debug")


def _strings(path: Path) -> Iterator[tuple[Token, str, str]]:
    """Each literal with its text, and what is called with it directly."""
    calls: list[str] = []
    before = ""
    for token in tokenize(path.read_text()):
        if token.type == "operator" and token.value in ("(", "[", "{"):
            calls.append(before if token.value == "(" else "")
        elif token.type == "operator" and token.value in (")", "]", "}") and calls:
            calls.pop()
        elif token.type in ("string", "template_string"):
            text = re.sub(r"\$\{[^}]*\}", "", token.value[1:-1])
            yield token, text, calls[-1] if calls else ""
        if token.type not in ("linecomment", "multilinecomment", "whitespace"):
            before = token.value


def _is_prose(text: str) -> bool:
    if _WORD.fullmatch(text):
        return text not in _NAMES
    is_style = "{" in text and "}" in text
    if is_style or _CLASSES.fullmatch(text) or _SELECTOR.fullmatch(text):
        return False
    return bool(_SENTENCE.search(text))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_every_sentence_of_a_module_is_marked_as_a_text(path: Path) -> None:
    wrong = [
        f"{path.name}:{token.lineno}: {text}"
        for token, text, called in _strings(path)
        if called not in (*_MARKS, *_FOR_PROGRAMMERS) and _is_prose(text)
    ]
    assert not wrong, "t(…) or n(…) these:\n" + "\n".join(wrong)


# texts.js is what the marks are made of.
@pytest.mark.parametrize("path", [m for m in MODULES if m.name != "texts.js"], ids=lambda path: path.name)
def test_modules_mark_only_literals(path: Path) -> None:
    tokens = [token for token in tokenize(path.read_text()) if "comment" not in token.type]
    wrong = [
        f"{path.name}:{mark.lineno}: {mark.value}({given.value}"
        for before, mark, bracket, given in zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False)
        if mark.type == "name" and mark.value in _MARKS and bracket.value == "(" and before.value != "."
        if given.type != "string"
    ]
    assert not wrong, "\n".join(wrong)
