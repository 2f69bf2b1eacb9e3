"""The fields of forms as pages use them: named, explained, bounded, and told about in plain words."""

from typing import Any

from markupsafe import Markup
from wtforms import HiddenField, IntegerField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import Choice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp
from wtforms.widgets import Select

from models.codes import CONTROLS
from models.wording import Figure, Worded, say, say_many
from quart_app.languages import said
from services.passwords import MAX_LENGTH, MIN_LENGTH

FILL_IN = say("Fill this in.")
NEW_PASSWORD = say_many(
    "At least %(number)s character. Several words that do not belong together are good, and easy to keep.",
    "At least %(number)s characters. Several words that do not belong together are good, and easy to keep.",
    MIN_LENGTH,
)

CODE = r"^[a-z0-9]+(-[a-z0-9]+)*\Z"
CODE_WORDS = say("Lower-case letters, digits and single hyphens between them.")
EMAIL = r"^[^@\s]+@[^@\s]+\Z"
EMAIL_WORDS = say("Write it as name@example.org.")
MOBILE = r"^[0-9 +()./-]*\Z"
MOBILE_WORDS = say("Digits, spaces and + ( ) . / - only.")
LINE = rf"^[^{CONTROLS}]*\Z"
LINE_WORDS = say("Write one line, without control characters.")
# No number of ours has so many; the checks behind it would fail on one that is no number for a float.
MOST_DIGITS = 20

PLAIN: dict[str, Any] = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
"""For codes and tokens, which no browser should guess, capitalise or correct."""


class WholeNumber(IntegerField):  # type: ignore[misc]
    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            if any(len(given) > MOST_DIGITS for given in valuelist):
                raise ValueError
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(say("Write a whole number in digits.")) from None


class _SpokenSelect(Select):  # type: ignore[misc]
    """Its choices are said in the reader's language; those that are data are worded by nobody."""

    @classmethod
    def render_option(cls, choice: Choice, **kwargs: Any) -> Markup:
        more = {} if isinstance(choice.label, Worded) else {"translate": "no"}
        return Markup(super().render_option(choice._replace(label=said(choice.label)), **more, **kwargs))


def _stripped(text: str | None) -> str:
    return (text or "").strip()


def text(
    label: str,
    hint: str = "",
    *,
    most: int = 200,
    needed: bool = True,
    written: tuple[str, str] | None = None,
    kind: type[StringField] = StringField,
    **attributes: Any,
) -> StringField:
    """A line of text, or more where `kind` takes more. `written` is a pattern and its words.

    What a form takes goes into structs, which check nothing when they are made: here it is done.
    """
    checks: list[Any] = [
        DataRequired(FILL_IN) if needed else Optional(),
        Length(max=most, message=_at_most(most)),
    ]
    if kind is StringField:
        checks.append(Regexp(LINE, message=LINE_WORDS))
    if written is not None:
        checks.append(Regexp(written[0], message=written[1]))
    attributes.setdefault("autocomplete", "off")
    return kind(label, checks, description=hint, filters=[_stripped], render_kw=attributes)


def _at_most(number: int) -> Worded:
    return say_many("At most %(number)s character.", "At most %(number)s characters.", number)


def password(label: str, hint: str = "", *, autocomplete: str) -> PasswordField:
    """As it is typed: spaces belong to it."""
    checks = [InputRequired(FILL_IN), Length(max=MAX_LENGTH, message=_at_most(MAX_LENGTH))]
    return PasswordField(label, checks, description=hint, render_kw={"autocomplete": autocomplete})


def code(label: str, hint: str = CODE_WORDS, **options: Any) -> StringField:
    return text(label, hint, written=(CODE, CODE_WORDS), most=100, **{**PLAIN, **options})


def email(label: str = say("E-mail")) -> StringField:
    return text(label, needed=False, most=254, written=(EMAIL, EMAIL_WORDS), type="email", **PLAIN)


def mobile(label: str = say("Mobile")) -> StringField:
    return text(label, needed=False, most=40, written=(MOBILE, MOBILE_WORDS), type="tel")


def lines(label: str, hint: str = "", *, most: int = 100_000, rows: int = 4) -> TextAreaField:
    """Many short things, one to a line; nothing may be one of them."""
    return text(label, hint, most=most, needed=False, kind=TextAreaField, rows=rows, **PLAIN)


def number(
    label: str, hint: str = "", *, least: int, most: int, needed: bool = True, default: int | None = None
) -> WholeNumber:
    return WholeNumber(
        label,
        [
            InputRequired(say("Give a number.")) if needed else Optional(),
            NumberRange(least, most, _from_to(least, most)),
        ],
        description=hint,
        default=default,
        render_kw={"autocomplete": "off"},
    )


def _from_to(least: int, most: int) -> Worded:
    return say("A whole number from %(least)s to %(most)s.", least=Figure(least), most=Figure(most))


def choice(label: str, hint: str = "", choices: dict[str, str] | None = None) -> SelectField:
    """One of several; a view fills in what it does not know before."""
    checks = [InputRequired(say("Choose one."))]
    return SelectField(label, checks, description=hint, choices=choices, widget=_SpokenSelect())


def maybe(label: str, hint: str = "") -> SelectField:
    """One of several, or none."""
    return SelectField(label, [Optional()], description=hint, filters=[_stripped], widget=_SpokenSelect())


def edition() -> HiddenField:
    """Which state of a thing was read (`models/editions.py`)."""
    return HiddenField()
