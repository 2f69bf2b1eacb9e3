"""A language that marks what it says, so that a page shows which of its texts no catalogue holds.

Every text of the sources reads in it as itself between `⟦` and `⟧`. Letters of a page that stand outside
are data, or they were forgotten.
"""

import functools
import re
from gettext import NullTranslations
from html.parser import HTMLParser

from quart import Quart

from quart_app.languages import Language, Languages, load
from quart_app.languages.extraction import extracted
from quart_app.pages.assets import Assets

CODE = "nb"
"""A language that pages do not speak: what it calls months is no English by chance."""

OPEN, CLOSE = "⟦", "⟧"

# What stands in these is said by somebody else, or is no language: names, codes, times, what was typed.
_DATA_TAGS = {"bdi", "code", "kbd", "pre", "samp", "script", "style", "textarea", "time", "var"}
_VOID_TAGS = {"br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_SPOKEN = {"alt", "aria-description", "aria-label", "aria-roledescription", "aria-valuetext", "label"}
_SPOKEN |= {"placeholder", "title"}
_SPOKEN_META = {"description", "og:title", "og:description", "og:image:alt", "twitter:title"}
_SPOKEN_META |= {"twitter:description", "twitter:image:alt"}
# Elements that hold nothing but text, where no other element can say which part of it is a name.
_TEXT_ONLY = {"title", "option", "desc", "text", "tspan"}
_BUTTONS = {"button", "reset", "submit"}


class Marking(NullTranslations):
    """Says the texts of a catalogue between marks, and what it does not know as it is."""

    def __init__(self, known: frozenset[str]) -> None:
        super().__init__()
        self._known = known

    def gettext(self, message: str) -> str:
        return marked(message) if message in self._known else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        said = msgid1 if n == 1 else msgid2
        return marked(said) if msgid1 in self._known else said


def marked(text: str) -> str:
    return f"{OPEN}{text}{CLOSE}"


@functools.cache
def texts(catalogue: str) -> dict[str, tuple[str, ...]]:
    """Every text that extraction finds, with its forms."""
    found = {}
    for message in extracted(catalogue):
        if message.id:
            forms = (message.id,) if isinstance(message.id, str) else tuple(message.id)
            found[forms[0]] = forms
    return found


def marking_language() -> Language:
    browser: dict[str, str | dict[str, str]] = {}
    for text, forms in texts("browser").items():
        one, *many = map(marked, forms)
        browser[text] = {"one": one, "other": many[0]} if many else one
    return Language(CODE, Marking(frozenset(texts("messages"))), browser)


def speak_marked(app: Quart) -> None:
    """From now on `app` speaks the marking language too, with those who ask for `CODE`."""
    known = {language.code: language for language in load()} | {CODE: marking_language()}
    app.extensions["tallystream.languages"] = Languages(known)
    app.extensions["tallystream.assets"] = Assets(Languages(known))


class Unmarked(HTMLParser):
    """The texts of a page that stand outside the marks; `names` are those of the data that it shows.

    Where an element can say so, data is in one that does: `translate="no"`, `bdi`, `code` and the like.
    Names count only where no element can: in attributes, titles and options.
    """

    def __init__(self, page: str, names: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self._depth = 0
        self._names = _any_of(names)
        self.feed(page)
        self.close()
        if self._depth:
            self.found.append(f"{self._depth} marks were never closed: a text was cut")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        data = self._is_data(tag, given)
        if not data:
            self._look_at(tag, given)
        if tag not in _VOID_TAGS:
            self._open.append((tag, data))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID_TAGS:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        while any(name == tag for name, _ in self._open):
            if self._open.pop()[0] == tag:
                return

    def handle_data(self, data: str) -> None:
        outside = "".join(character for character in data if self._passes(character))
        tag, exempt = self._open[-1] if self._open else ("", False)
        if tag in _TEXT_ONLY:
            outside = self._names.sub("", outside)
        if not exempt and _has_letters(outside):
            self.found.append(f"<{tag}> {_short(data)}")

    def _passes(self, character: str) -> bool:
        self._depth += (character == OPEN) - (character == CLOSE)
        return self._depth == 0 and character != CLOSE

    def _is_data(self, tag: str, given: dict[str, str]) -> bool:
        if "translate" in given:
            return given["translate"] == "no"
        above = bool(self._open) and self._open[-1][1]
        foreign = "lang" in given and tag != "html" and given["lang"] != CODE
        return above or foreign or tag in _DATA_TAGS

    def _look_at(self, tag: str, given: dict[str, str]) -> None:
        spoken = {name: value for name, value in given.items() if name in _SPOKEN}
        if tag == "meta" and (given.get("name") or given.get("property")) in _SPOKEN_META:
            spoken["content"] = given.get("content", "")
        if tag == "input" and given.get("type") in _BUTTONS:
            spoken["value"] = given.get("value", "")
        for name, value in spoken.items():
            if _has_letters(self._names.sub("", _outside(value))):
                self.found.append(f"<{tag} {name}> {_short(value)}")


def unmarked_lines(text: str, names: frozenset[str]) -> list[str]:
    """The same of a plain text."""
    known = _any_of(names)
    lines = re.sub(r"https?://\S+", "", text).splitlines()
    return [_short(line) for line in lines if _has_letters(known.sub("", _outside(line)))]


def _any_of(names: frozenset[str]) -> re.Pattern[str]:
    longest_first = sorted(names | {"Tallystream"}, key=len, reverse=True)
    return re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in longest_first))


def _outside(text: str) -> str:
    """What of a text stands outside the marks."""
    while (left := re.sub(rf"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}", "", text)) != text:
        text = left
    return text


def _has_letters(text: str) -> bool:
    return any(character.isalpha() for character in text)


def _short(text: str) -> str:
    return " ".join(text.split())[:120]
