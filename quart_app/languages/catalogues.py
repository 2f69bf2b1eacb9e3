"""Message catalogues as the program uses them: what a language is called, reads like, and says."""

import functools
import io
from collections.abc import Iterator, Mapping, Sequence
from gettext import GNUTranslations, NullTranslations, c2py
from pathlib import Path
from typing import Literal

import msgspec
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

TEXTS = Path(__file__).resolve().parent / "texts"
SOURCE = "en"
"""The language of the sources, which needs no catalogue."""

# Numbers among which every plural category of every language of ours occurs; Spanish has one for millions.
_SAMPLES = (*range(200), 1_000_000)

Messages = dict[str, str | dict[str, str]]


class Language:
    """One language: `code` as in `lang` attributes, `name` in itself, and what it says."""

    def __init__(self, code: str, texts: NullTranslations, browser: Messages) -> None:
        self.code = code
        self.texts = texts
        self.browser = browser
        self.locale = Locale.parse(code)
        self.name = str(self.locale.get_display_name(code)).capitalize()
        self.direction: Literal["ltr", "rtl"] = self.locale.text_direction  # type: ignore[assignment]

    def script(self) -> bytes:
        """The module `messages.js`, which the other modules import."""
        return b"export default " + self.catalogue(self.browser) + b";\n"

    def catalogue(self, texts: Messages) -> bytes:
        """Texts as JSON, and how figures are written beside them."""
        symbols = self.locale.number_symbols["latn"]
        percent = str(self.locale.percent_formats[None].suffix[0])
        catalogue = {
            "language": self.code,
            "direction": self.direction,
            "decimal": symbols["decimal"],
            "group": symbols["group"],
            "percent": percent,
            "texts": texts,
        }
        return msgspec.json.encode(catalogue)


class Languages:
    """All languages, English first."""

    def __init__(self, known: Mapping[str, Language]) -> None:
        self._known = dict(known)

    def __iter__(self) -> Iterator[Language]:
        return iter(self._known.values())

    def get(self, code: str | None) -> Language | None:
        return self._known.get(code or "")

    @property
    def source(self) -> Language:
        return self._known[SOURCE]

    @property
    def codes(self) -> list[str]:
        return list(self._known)


@functools.cache
def load(folder: Path = TEXTS) -> Languages:
    """Every language that has a folder of catalogues, read once a process."""
    found = {SOURCE: Language(SOURCE, NullTranslations(), {})}
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            found[path.name] = Language(
                path.name, _texts(path / "messages.po"), _browser(path / "browser.po")
            )
    return Languages(found)


def _texts(path: Path) -> NullTranslations:
    """The compiled catalogue, if it is no older than the one that translators edit; else compiled here."""
    compiled = path.with_suffix(".mo")
    if compiled.exists() and compiled.stat().st_mtime >= path.stat().st_mtime:
        return GNUTranslations(io.BytesIO(compiled.read_bytes()))
    with path.open("rb") as file:
        catalogue = read_po(file)
    binary = io.BytesIO()
    write_mo(binary, catalogue)
    binary.seek(0)
    return GNUTranslations(binary)


def _browser(path: Path) -> Messages:
    """Texts by English text; those with a number as a form for each of CLDR's plural categories."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.parent.name)
    found: Messages = {}
    for message in catalogue:
        if not message.id or message.fuzzy:
            continue
        if isinstance(message.id, str):
            found[message.id] = str(message.string)
        else:
            found[message.id[0]] = _by_category(catalogue, tuple(message.string or ()))
    return {text: said for text, said in found.items() if said}


def _by_category(catalogue: Catalog, forms: Sequence[str]) -> dict[str, str]:
    """The plural forms of a text by CLDR's category, as browsers know them; gettext only numbers them."""
    number_of, category_of = c2py(catalogue.plural_expr), catalogue.locale.plural_form
    return {category_of(number): forms[number_of(number)] for number in _SAMPLES}
