"""The design page: every token of the style sheet, and every macro beside the call that makes it."""

import datetime
import functools
import re

import msgspec
from quart import Blueprint, Response, current_app
from quart_schema import hide
from wtforms import SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput, ListWidget

from models.errors import FieldError, Invalid
from models.places import PartyInfo
from models.results import ElectionState
from models.wording import say
from quart_app.access import public
from quart_app.answers import SETTLED
from quart_app.pages.assets import FOLDER
from quart_app.pages.fields import CODE_WORDS, FILL_IN, code, number
from quart_app.pages.forms import PageForm
from quart_app.pages.looks import looks
from quart_app.pages.rendering import page

pages = Blueprint("design", __name__, url_prefix="/docs/design")

# Of templates/docs/examples, by what they are about; each shows a macro of that name.
EXAMPLES = {
    say("How things stand"): ("standing", "pill", "withheld", "connection", "notice", "problem", "empty"),
    say("Figures"): ("patterns", "swatch", "bar", "progress", "facts", "pairs"),
    say("Tables"): ("scroll", "downloads"),
    say("Ways"): ("crumbs", "pager"),
    say("Forms"): ("fields",),
}
# What the sheet calls its groups.
GROUPS = {
    "Ground and ink": say("Ground and ink"),
    "How things stand": say("How things stand"),
    "Figures that are drawn": say("Figures that are drawn"),
    "Space": say("Space"),
    "Type": say("Type"),
    "Shape, size and time": say("Shape, size and time"),
    "Direction": say("Direction"),
}
_COLOURS = ("#1f5fbf", "#c8202f", "#f2c230", "#2e8b57", "#7a4fa3", "#f4e9d8")

_RULE = re.compile(r"(?P<medium>@media[^{]+\{\s*)?:root \{(?P<body>.*?)\}", re.DOTALL)
_LINE = re.compile(r"/\* (?P<group>.+?) \*/|(?P<name>--[\w-]+): (?P<value>[^;]+);")
_DARK = "(prefers-color-scheme: dark)"


class Token(msgspec.Struct, frozen=True):
    """`dark` is what it is in the dark, where that differs; `group` is what stands above it in the sheet."""

    name: str
    group: str
    light: str
    dark: str = ""

    @property
    def is_colour(self) -> bool:
        return self.light.startswith(("#", "rgb"))

    @property
    def is_space(self) -> bool:
        return self.name.startswith("--space-")


class SampleForm(PageForm):
    """One field of each kind, and what is wrong with two of them."""

    class Meta(PageForm.Meta):
        csrf = False

    code = code(say("Code"))
    seats = number(say("Seats"), least=1, most=99)
    roles = SelectMultipleField(
        say("Roles"),
        choices={"officer": say("Officer"), "auditor": say("Auditor")},
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    remark = StringField(say("Remark"))


@pages.get("")
@public
@hide
async def design() -> Response:
    form = SampleForm(formdata=None, data={"code": "District 9", "roles": ["officer"]})
    faults = FieldError("code", CODE_WORDS, "bad-code"), FieldError("seats", FILL_IN, "missing")
    form.refuse(Invalid(faults))
    return await page(
        "docs/design.html",
        cache=SETTLED,
        tokens=[(GROUPS[group], members) for group, members in tokens().items()],
        examples={heading: [(name, _source(name)) for name in names] for heading, names in EXAMPLES.items()},
        parties=list(looks(PartyInfo(f"P{n}", f"Party {n}", c) for n, c in enumerate(_COLOURS, 1)).values()),
        sample=_election("open"),
        standings=[_election(status) for status in ("draft", "open", "certified", "correction")],
        form=form,
    )


@functools.cache
def tokens() -> dict[str, list[Token]]:
    """Those of `static/tokens.css`, by group, in the order of the sheet."""
    sheet = (FOLDER / "tokens.css").read_text()
    light, dark = "", ""
    for rule in _RULE.finditer(sheet):
        if not rule["medium"]:
            light = rule["body"]
        elif rule["medium"].strip() == f"@media {_DARK} {{":
            dark = rule["body"]
    in_the_dark = {line["name"]: line["value"] for line in _LINE.finditer(dark) if line["name"]}
    found: dict[str, list[Token]] = {}
    group = ""
    for line in _LINE.finditer(light):
        if line["group"]:
            group = line["group"].partition(":")[0]
        else:
            name = line["name"]
            found.setdefault(group, []).append(Token(name, group, line["value"], in_the_dark.get(name, "")))
    return found


def _source(name: str) -> str:
    """What an example consists of, as it stands in its file."""
    loader = current_app.jinja_env.loader
    assert loader is not None
    return loader.get_source(current_app.jinja_env, f"docs/examples/{name}.html")[0].strip()


def _election(status: str) -> ElectionState:
    return ElectionState(
        id=0,
        code="demo",
        name="Velmora general election",
        date=datetime.date(2026, 11, 3),
        timezone="UTC",
        is_test=True,
        status=status,
        results_released=True,
        changed_seq=1,
        changed_at=datetime.datetime(2026, 11, 3, 21, 4, 5, tzinfo=datetime.UTC),
    )
