"""Finding every text in the sources, and keeping the catalogues of translators up to date with them.

Two catalogues a language: `messages` holds what Python and templates say, `browser` what modules say.
Sources mark a text with `say`, `say_many`, `_`, `gettext` or `ngettext`, modules with `t` or `n`.
"""

from collections.abc import Iterator
from pathlib import Path

from babel import Locale
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from quart_app.languages.catalogues import TEXTS

ROOT = Path(__file__).resolve().parent.parent.parent

_SERVER_FOLDERS = ("models", "repositories", "services", "quart_app", "templates")
_SERVER_METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
_SERVER_WORDS = {
    "say": None,
    "say_many": (1, 2),
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
_SERVER_OPTIONS = {"**.html": {"trimmed": "true"}, "**.txt": {"trimmed": "true"}}
_BROWSER_FOLDERS = ("quart_app/static",)
_BROWSER_METHODS = [("**.js", "javascript")]
_BROWSER_WORDS = {"t": None, "n": (1, 2)}
_NOTES = ("Translators:",)


def extracted(name: str) -> Catalog:
    """The texts of the sources for the catalogue `name`, `messages` or `browser`, untranslated."""
    found = Catalog(project="Tallystream", charset="utf-8")
    for file, message, comments, context in _messages(name):
        found.add(message, None, [(file, 0)], auto_comments=comments, context=context)
    return found


def _messages(name: str) -> Iterator[tuple[str, str | tuple[str, ...], list[str], str | None]]:
    browser = name == "browser"
    for folder in _BROWSER_FOLDERS if browser else _SERVER_FOLDERS:
        found = extract_from_dir(
            ROOT / folder,
            _BROWSER_METHODS if browser else _SERVER_METHODS,
            {} if browser else _SERVER_OPTIONS,
            _BROWSER_WORDS if browser else _SERVER_WORDS,
            _NOTES,
            strip_comment_tags=True,
        )
        for file, _line, message, comments, context in found:
            yield f"{folder}/{file}", message, comments, context


def update(folder: Path = TEXTS) -> dict[str, tuple[int, int]]:
    """Brings every catalogue up to date. Returns how many texts each has, and how many are untranslated."""
    counts = {}
    for language in sorted(path for path in folder.iterdir() if path.is_dir()):
        for name in ("messages", "browser"):
            path = language / f"{name}.po"
            catalogue = _updated(path, language.name, extracted(name))
            counts[f"{language.name}/{name}"] = (len(catalogue), len(list(untranslated(catalogue))))
            with path.open("wb") as file:
                write_po(
                    file, catalogue, width=100, sort_output=True, ignore_obsolete=True, include_lineno=False
                )
    return counts


def _updated(path: Path, language: str, template: Catalog) -> Catalog:
    if not path.exists():
        return _with(_new(language), template)
    with path.open("rb") as file:
        known = read_po(file, locale=language)
    # Dates would make every extraction a change.
    template.creation_date = known.creation_date
    return _with(known, template)


def _new(language: str) -> Catalog:
    name = Locale.parse(language).english_name
    return Catalog(
        locale=language,
        project="Tallystream",
        version="1",
        header_comment=f"# What Tallystream says in {name}.",
        copyright_holder="Tallystream",
        msgid_bugs_address="",
        fuzzy=False,
    )


def _with(known: Catalog, template: Catalog) -> Catalog:
    # A guess out of a similar text would be wrong more often than it helps, and nobody would notice.
    known.update(template, no_fuzzy_matching=True)
    return known


def untranslated(catalogue: Catalog) -> Iterator[str]:
    """The texts that have no translation, or only a fuzzy one."""
    for message in catalogue:
        forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.id and (message.fuzzy or not all(forms)):
            yield message.id if isinstance(message.id, str) else message.id[0]


def compiled(folder: Path = TEXTS) -> list[Path]:
    """Writes each language's `messages.mo`, which saves the program that work when it starts."""
    made = []
    for path in sorted(folder.glob("*/messages.po")):
        with path.open("rb") as file:
            catalogue = read_po(file)
        made.append(path.with_suffix(".mo"))
        with made[-1].open("wb") as binary:
            write_mo(binary, catalogue)
    return made
