"""Every catalogue says every text of the sources, whole, and fits the places where it is said."""

import os
import re
import shutil
from collections.abc import Iterator
from gettext import c2py
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

from quart_app.languages.catalogues import SOURCE, TEXTS, load
from quart_app.languages.extraction import compiled, update
from tests.pseudo import texts

LANGUAGES = sorted(path.name for path in TEXTS.iterdir() if path.is_dir())
CATALOGUES = [(language, name) for language in LANGUAGES for name in ("messages", "browser")]

each_catalogue = pytest.mark.parametrize(("language", "name"), CATALOGUES)


def catalogue(language: str, name: str, folder: Path = TEXTS) -> Catalog:
    with (folder / language / f"{name}.po").open("rb") as file:
        return read_po(file, locale=language)


def messages(language: str, name: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], Message]]:
    """Forms of the source, forms of the translation, and the message itself."""
    for message in catalogue(language, name):
        if message.id:
            source = (message.id,) if isinstance(message.id, str) else tuple(message.id)
            said = (message.string,) if isinstance(message.id, str) else tuple(message.string or ())
            yield source, tuple(form or "" for form in said), message


def told(wrong: list[str]) -> None:
    assert not wrong, f"{len(wrong)} to mend:\n" + "\n".join(wrong)


def places(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)[a-z]", text))


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(f"{tag} {sorted(attrs)}")


def tags(text: str) -> list[str]:
    """Tags and what stands in them; their order is the translator's."""
    return sorted(_Tags(text).found)


def test_english_spanish_french_and_arabic_are_spoken() -> None:
    assert set(load().codes) >= {SOURCE, "es", "fr", "ar"}


@each_catalogue
def test_a_catalogue_holds_every_text_of_the_sources_and_nothing_else(language: str, name: str) -> None:
    """`tallystream texts extract` brings them together."""
    known = {source[0] for source, _, _ in messages(language, name)}
    found = texts(name).keys()
    told([f"missing: {text}" for text in sorted(found - known)])
    told([f"nowhere said: {text}" for text in sorted(known - found)])


@each_catalogue
def test_every_text_is_translated(language: str, name: str) -> None:
    wrong = []
    for source, said, message in messages(language, name):
        if message.fuzzy or not said or not all(said):
            wrong.append(source[0])
    told(wrong)


@each_catalogue
def test_a_text_has_a_form_for_every_kind_of_number(language: str, name: str) -> None:
    needed = get_plural(language).num_plurals
    wrong = []
    for source, said, _ in messages(language, name):
        if len(source) > 1 and len(said) != needed:
            wrong.append(f"{len(said)} of {needed} forms: {source[0]}")
    told(wrong)


def numbers_by_form(language: str, name: str) -> dict[int, set[int]]:
    """Which numbers take which form, among those where every form occurs."""
    number_of = c2py(catalogue(language, name).plural_expr)
    found: dict[int, set[int]] = {}
    for number in (*range(200), 1_000_000):
        found.setdefault(number_of(number), set()).add(number)
    return found


@each_catalogue
def test_a_translation_has_the_places_of_its_text(language: str, name: str) -> None:
    """A form that is for one number only may say it in a word; no form has a place of its own."""
    numbers = numbers_by_form(language, name)
    wrong = []
    for source, said, _ in messages(language, name):
        needed = set.intersection(*map(places, source))
        allowed = set.union(*map(places, source))
        for index, form in enumerate(said):
            found = places(form)
            in_words = len(source) > 1 and len(numbers[index]) == 1
            # Of none, there is no part either.
            may_lack = (2 if numbers[index] == {0} else 1) if in_words else 0
            if form and (len(needed - found) > may_lack or found - allowed):
                wrong.append(f"{sorted(found)} for {sorted(allowed)}: {form}")
    told(wrong)


@each_catalogue
def test_a_translation_has_the_tags_of_its_text(language: str, name: str) -> None:
    wrong = []
    for source, said, _ in messages(language, name):
        kinds = [tags(form) for form in source]
        wrong += [form for form in said if form and tags(form) not in kinds]
    told(wrong)


@each_catalogue
def test_a_translation_begins_and_ends_with_the_same_white_space(language: str, name: str) -> None:
    def edges(text: str) -> tuple[str, str]:
        return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]

    wrong = []
    for source, said, _ in messages(language, name):
        wrong += [repr(form) for form in said if form and edges(form) != edges(source[0])]
    told(wrong)


@each_catalogue
def test_per_cent_signs_of_a_translation_can_be_filled_in(language: str, name: str) -> None:
    """A single one is the begin of a place; two stand for one."""
    wrong = []
    for _, said, _ in messages(language, name):
        wrong += [form for form in said if re.search(r"%(?!\(\w+\)[srd]|%)", form.replace("%%", ""))]
    told(wrong)


def copied(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    shutil.copytree(TEXTS, folder, ignore=shutil.ignore_patterns("*.mo"))
    return folder


def test_extracting_twice_changes_nothing(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    update(folder)
    once = {path: path.read_bytes() for path in folder.rglob("*.po")}
    update(folder)
    assert {path: path.read_bytes() for path in folder.rglob("*.po")} == once


def test_what_is_extracted_is_committed(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    update(folder)
    changed = [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*.po"))
        if path.read_bytes() != (TEXTS / path.relative_to(folder)).read_bytes()
    ]
    assert changed == [], "run `tallystream texts extract` and translate what it names"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_compiled_catalogue_says_the_same(tmp_path: Path, language: str) -> None:
    folder = copied(tmp_path)
    plain = load(folder).get(language)
    assert len(compiled(folder)) == len(LANGUAGES)
    load.cache_clear()
    quick = load(folder).get(language)
    load.cache_clear()
    assert plain and quick
    for text, forms in texts("messages").items():
        assert quick.texts.gettext(text) == plain.texts.gettext(text)
        for number in (0, 1, 2, 3, 11, 100) if len(forms) > 1 else ():
            assert quick.texts.ngettext(*forms, number) == plain.texts.ngettext(*forms, number)


def test_an_older_compiled_catalogue_is_not_believed(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    compiled(folder)
    path = folder / "es" / "messages.po"
    path.write_text(f'{path.read_text()}\nmsgid "Brand-new"\nmsgstr "Nuevecito"\n')
    later = path.with_suffix(".mo").stat().st_mtime + 10
    os.utime(path, (later, later))
    load.cache_clear()
    spanish = load(folder).get("es")
    load.cache_clear()
    assert spanish and spanish.texts.gettext("Brand-new") == "Nuevecito"
