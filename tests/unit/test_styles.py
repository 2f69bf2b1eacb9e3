"""Style sheets keep to the tokens, run in both directions and name nothing that is not there."""

import re
from collections.abc import Iterator

import pytest

from quart_app.languages.extraction import ROOT
from quart_app.pages.assets import FOLDER
from quart_app.pages.design import EXAMPLES, GROUPS, Token, tokens

SHEETS = sorted(FOLDER.glob("*.css"))
EVERY_SHEET = pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)

DECLARATION = re.compile(r"(?<![\w-])([a-z-]+):\s*([^;{}]+)(?=[;}])")
PHYSICAL = re.compile(
    r"^(left|right|top|bottom|(margin|padding|scroll-margin|scroll-padding)-(left|right|top|bottom)"
    r"|border-(left|right|top|bottom).*|border-(top|bottom)-(left|right)-radius)$"
)
# `margin: a b c d` and its like name four sides, of which the second is the right one.
SIDES = {"margin", "padding", "inset", "border-width", "border-style", "border-color", "scroll-padding"}
COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\(", re.IGNORECASE)
NAMED = re.compile(r"\b(white|black|red|green|blue|yellow|orange|gr[ae]y|silver|gold|navy|teal|purple)\b")


def rules(path: object) -> str:
    """A sheet without its comments and without what stands in quotes."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)  # type: ignore[attr-defined]
    return re.sub(r'"[^"]*"', '""', text)


def declarations(path: object) -> Iterator[tuple[str, str]]:
    for found in DECLARATION.finditer(rules(path)):
        yield found[1], found[2].strip()


@EVERY_SHEET
def test_no_sheet_says_left_or_right(sheet: object) -> None:
    wrong = []
    for name, value in declarations(sheet):
        sides = re.sub(r"\([^)]*\)", "()", value).split()
        four = name in SIDES and len(sides) == 4 and sides[1] != sides[3]
        turned = name in ("float", "clear", "text-align", "justify-content") and value in ("left", "right")
        if PHYSICAL.match(name) or turned or four:
            wrong.append(f"{name}: {value}")
    assert wrong == []


@EVERY_SHEET
def test_colours_stand_among_the_tokens_only(sheet: object) -> None:
    if sheet.name == "tokens.css":  # type: ignore[attr-defined]
        return
    wrong = [
        f"{name}: {value}"
        for name, value in declarations(sheet)
        if COLOUR.search(value) or NAMED.search(value)
    ]
    assert wrong == []


@EVERY_SHEET
def test_every_token_that_is_used_is_defined(sheet: object) -> None:
    defined = set(re.findall(r"(--[\w-]+):", rules(FOLDER / "tokens.css")))
    assert set(re.findall(r"var\((--[\w-]+)", rules(sheet))) - defined == set()


@EVERY_SHEET
def test_every_class_that_has_a_look_is_given_to_something(sheet: object) -> None:
    places = [
        *(ROOT / "templates").rglob("*.html"),
        *FOLDER.glob("*.js"),
        *(ROOT / "quart_app").rglob("*.py"),
    ]
    named = set(re.findall(r"[\w-]+", " ".join(path.read_text() for path in places)))
    selectors = re.sub(r"\{[^{}]*\}", "{}", rules(sheet))
    assert set(re.findall(r"\.([a-zA-Z][\w-]*)", selectors)) - named == set()


@EVERY_SHEET
def test_what_is_drawn_for_a_reader_of_one_direction_is_turned_for_the_other(sheet: object) -> None:
    """Nothing is moved sideways by `translate` or a fixed `scaleX`; `--mirror` says which way to go."""
    moved = [value for name, value in declarations(sheet) if name == "transform" and "X(" in value]
    assert [value for value in moved if "var(--mirror)" not in value] == []


# ---- the tokens ----


def shades(dark: bool) -> dict[str, str]:
    return {
        token.name: (token.dark or token.light) if dark else token.light
        for group in tokens().values()
        for token in group
        if token.is_colour
    }


def luminance(colour: str) -> float:
    """Relative luminance of `#rgb` or `#rrggbb`, from 0 to 1 (WCAG 2.2)."""
    digits = colour.removeprefix("#")
    whole = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(whole[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 to 21 (WCAG 2.2)."""
    dim, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dim + 0.05)


TEXTS = (
    *(
        (ink, ground)
        for ink in ("ink", "quiet", "accent", "good", "bad-ink", "warn-ink")
        for ground in ("page", "card")
    ),
    ("on-accent", "accent"),
    ("ink", "accent-soft"),
    ("accent", "accent-soft"),
    ("quiet", "accent-soft"),
    ("ink", "good-soft"),
    ("good", "good-soft"),
    ("warn-ink", "warn"),
    ("bad-ink", "bad"),
    ("ink", "moved"),
    ("test-ink", "test"),
    ("test-ink", "test-stripe"),
    ("ink", "track"),
)
PICTURES = (
    *(("edge", ground) for ground in ("page", "card")),
    *(("focus", ground) for ground in ("page", "card", "accent-soft")),
    *((drawn, ground) for drawn in ("bar", "bar-line", "meter") for ground in ("track", "card")),
)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXTS, 4.5), (PICTURES, 3.0)], ids=["texts", "pictures"])
def test_tokens_that_meet_can_be_told_apart(
    dark: bool, pairs: tuple[tuple[str, str], ...], least: float
) -> None:
    known = shades(dark)
    found = {(one, other): contrast(known[f"--{one}"], known[f"--{other}"]) for one, other in pairs}
    assert {pair: round(reached, 2) for pair, reached in found.items() if reached < least} == {}


def test_every_colour_has_a_value_of_its_own_in_the_dark_or_needs_none() -> None:
    known = [token for group in tokens().values() for token in group if token.is_colour]
    assert {token.name for token in known if not token.dark} == {"--test-ink"}


def test_the_tokens_are_read_in_groups_as_they_stand() -> None:
    assert tokens()["Ground and ink"][0] == Token("--page", "Ground and ink", "#f4f6f5", "#0e1514")
    assert list(tokens()) == list(GROUPS)
    assert "--space-1" in [token.name for token in tokens()["Space"]]


# ---- the design page ----


def test_every_macro_of_the_design_stands_on_its_page() -> None:
    folder = ROOT / "templates"
    macros = {
        name
        for path in (folder / "design").glob("*.html")
        for name in re.findall(r"\{% macro ([a-z]\w*)", path.read_text())
    }
    shown = " ".join(
        (folder / "docs" / "examples" / f"{name}.html").read_text()
        for names in EXAMPLES.values()
        for name in names
    )
    assert {name for name in macros if f"{name}(" not in shown} == set()
