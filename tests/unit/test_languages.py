"""Who is spoken to in which language, and what a language is."""

import datetime
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po
from quart import Quart

from models.wording import Figure, Worded, say, say_many
from quart_app.languages import Languages, gettext, language, load, ngettext, said, spoken
from quart_app.languages.asked import COOKIE
from quart_app.languages.catalogues import TEXTS
from quart_app.languages.extraction import untranslated, update
from quart_app.languages.figures import day, figure, moment, percent, utc
from quart_app.languages.in_templates import alternates, install_languages, this_page, to

AT = datetime.datetime(2026, 11, 3, 20, 5, tzinfo=datetime.UTC)


@pytest.fixture
def app() -> Quart:
    made = Quart(__name__)
    install_languages(made)
    return made


# ---- which ----


@pytest.mark.parametrize(
    ("address", "cookie", "accepted", "expected"),
    [
        ("/", "", "", "en"),
        ("/?lang=fr", "", "", "fr"),
        ("/?lang=fr", "es", "ar", "fr"),
        ("/", "es", "ar", "es"),
        ("/", "", "ar", "ar"),
        ("/?lang=xx", "es", "ar", "es"),
        ("/?lang=xx", "yy", "ar", "ar"),
        ("/?lang=", "", "fr", "fr"),
        ("/?lang=FR", "", "", "en"),
        ("/?lang=fr&lang=ar", "", "", "fr"),
        ("/", "", "de", "en"),
        ("/", "", "de, fr;q=0.3, es;q=0.7", "es"),
        ("/", "", "fr;q=0, es;q=0.1", "es"),
        ("/", "", "es-MX", "es"),
        ("/", "", "fr-CA, en;q=0.8", "fr"),
        ("/", "", "en-GB, fr;q=0.9", "en"),
        ("/", "", "*", "en"),
        ("/", "", ";;,q=x", "en"),
        ("/?lang=../../etc", "", "", "en"),
    ],
)
async def test_the_address_comes_before_the_cookie_and_the_cookie_before_the_browser(
    app: Quart, address: str, cookie: str, accepted: str, expected: str
) -> None:
    headers = {"Cookie": f"{COOKIE}={cookie}", "Accept-Language": accepted}
    async with app.test_request_context(address, headers=headers):
        assert language().code == expected


async def test_a_websocket_is_answered_in_its_askers_language(app: Quart) -> None:
    heard = []

    @app.websocket("/ws")
    async def ws() -> None:
        heard.append(language().code)

    for headers in ({}, {"Accept-Language": "fr"}, {"Cookie": f"{COOKIE}=ar", "Accept-Language": "fr"}):
        async with app.test_client().websocket("/ws", headers=headers):
            pass
    assert heard == ["en", "fr", "ar"]


def test_outside_a_request_everything_is_english() -> None:
    assert language().code == "en"
    assert said(say("There is no election %(election)r.", election="x")) == "There is no election 'x'."
    assert gettext("Results") == "Results"
    assert ngettext("one", "many", 2) == "many"


def test_a_language_is_called_what_its_speakers_call_it() -> None:
    found = {one.code: (one.name, one.direction) for one in load()}
    assert found == {
        "en": ("English", "ltr"),
        "ar": ("العربية", "rtl"),
        "es": ("Español", "ltr"),
        "fr": ("Français", "ltr"),
    }


# ---- links ----


@pytest.mark.parametrize(
    ("address", "path", "query", "link"),
    [
        ("/", "/elections", {}, "/elections"),
        ("/?lang=ar", "/elections", {}, "/elections?lang=ar"),
        ("/?lang=ar", "/log?before=3", {"unit": "ä b"}, "/log?before=3&unit=%C3%A4+b&lang=ar"),
        ("/?lang=xx", "/elections", {}, "/elections"),
        ("/?lang=ar", "/account#tokens", {}, "/account?lang=ar#tokens"),
    ],
)
async def test_links_keep_the_language_that_the_address_names(
    app: Quart, address: str, path: str, query: dict[str, str], link: str
) -> None:
    async with app.test_request_context(address):
        assert to(path, **query) == link


async def test_a_page_has_an_address_in_every_language(app: Quart) -> None:
    async with app.test_request_context("/log?before=3&lang=fr&unit=x", headers={"Host": "results.test"}):
        assert this_page() == "/log?before=3&unit=x"
        assert alternates() == {
            code: f"http://results.test/log?before=3&unit=x&lang={code}" for code in ("en", "ar", "es", "fr")
        }


# ---- figures ----


@pytest.mark.parametrize(
    ("code", "number", "share", "date"),
    [
        ("en", "12,345", "66.1%", "November 3, 2026"),
        ("es", "12.345", "66,1\xa0%", "3 de noviembre de 2026"),
        ("fr", "12\u202f345", "66,1\xa0%", "3 novembre 2026"),
        ("ar", "12,345", "66.1%", "3 نوفمبر 2026"),
    ],
)
async def test_figures_are_written_by_locale_in_latin_digits(
    app: Quart, code: str, number: str, share: str, date: str
) -> None:
    async with app.test_request_context(f"/?lang={code}"):
        assert figure(12_345) == number
        assert percent(0.661).replace("\u200e", "") == share
        assert day(AT.date()) == date
        assert figure(None) == percent(None) == "–"
        every = (figure(9_876_543_210), percent(0.25), day(AT.date()), utc(AT), moment(AT, "Asia/Tokyo"))
        assert all(digit in "0123456789" for digit in "".join(every) if digit.isdigit())


async def test_times_name_their_timezone_or_are_those_of_the_election(app: Quart) -> None:
    async with app.test_request_context("/"):
        assert utc(AT) == "Nov 3, 2026, 8:05:00 PM UTC"
        assert moment(AT, "America/New_York") == "Nov 3, 2026, 3:05:00 PM"


@pytest.mark.parametrize(
    ("share", "written"), [(0.0625, "6.3%"), (0.1245, "12.4%"), (1.0, "100.0%"), (12.5, "1,250.0%")]
)
async def test_a_half_is_rounded_up_as_browsers_do(app: Quart, share: float, written: str) -> None:
    async with app.test_request_context("/"):
        assert percent(share) == written


# ---- texts ----


# As the header of the Arabic catalogue numbers them: 11 to 99 come last.
ARABIC = {0: 0, 1: 1, 2: 2, 3: 3, 11: 5, 100: 4, 1_000_000: 4}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Catalogues of Arabic and of a language that pages do not speak, with a text or two."""
    for code in ("ar", "cy"):
        (tmp_path / code).mkdir()
        for name in ("messages", "browser"):
            known = Catalog(locale=code, fuzzy=False)
            known.add(("%(number)s vote", "%(number)s votes"), [f"{n}: %(number)s" for n in range(6)])
            known.add("Results", f"{code} Results")
            with (tmp_path / code / f"{name}.po").open("wb") as file:
                write_po(file, known)
    return tmp_path


@pytest.fixture
async def arabic(app: Quart, folder: Path) -> AsyncIterator[None]:
    app.extensions["tallystream.languages"] = load(folder)
    async with app.test_request_context("/?lang=ar"):
        yield


@pytest.mark.parametrize(("number", "form"), ARABIC.items())
async def test_arabic_has_six_forms_for_numbers(arabic: None, number: int, form: int) -> None:
    assert ngettext("%(number)s vote", "%(number)s votes", number).startswith(f"{form}: ")
    assert said(say_many("%(number)s vote", "%(number)s votes", number)) == f"{form}: {figure(number)}"


def test_scripts_get_those_forms_by_the_names_of_their_kinds(folder: Path) -> None:
    known = load(folder).get("ar")
    assert known
    script = msgspec.json.decode(known.script().removeprefix(b"export default ").removesuffix(b";\n"))
    assert script["language"] == "ar"
    assert script["texts"]["%(number)s vote"] == {
        kind: f"{form}: %(number)s"
        for form, kind in enumerate(("zero", "one", "two", "few", "other", "many"))
    }


async def test_a_fifth_language_is_a_folder_and_nothing_else(app: Quart, folder: Path) -> None:
    app.extensions["tallystream.languages"] = known = load(folder)
    assert known.codes == ["en", "ar", "cy"]
    async with app.test_request_context("/", headers={"Accept-Language": "cy"}):
        assert language().name == "Cymraeg"
        assert gettext("Results") == "cy Results"
        assert await app.jinja_env.from_string("{{ _('Results') }}").render_async() == "cy Results"


def test_an_empty_folder_gets_its_catalogues_by_extraction(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    counts = update(tmp_path)
    assert {name: missing for name, (all_texts, missing) in counts.items() if all_texts != missing} == {}
    with (tmp_path / "it" / "messages.po").open("rb") as file:
        made = read_po(file)
    assert made.locale_identifier == "it"
    assert "Results" in set(untranslated(made))
    load.cache_clear()
    assert load(tmp_path).codes == ["en", "it"]


async def test_a_worded_text_is_said_wherever_a_template_writes_it(app: Quart, folder: Path) -> None:
    app.extensions["tallystream.languages"] = load(folder)
    word = say("Results")
    shown = app.jinja_env.from_string(
        "{{ word }}|{{ _('%(what)s!', what=word) }}|{% trans what=word %}<b>{{ what }}</b>{% endtrans %}"
    )
    async with app.test_request_context("/?lang=ar"):
        assert await shown.render_async(word=word) == "ar Results|ar Results!|<b>ar Results</b>"


# ---- worded texts on their way out ----


async def test_a_worded_text_is_plain_text_for_whoever_encodes_it(app: Quart, folder: Path) -> None:
    app.extensions["tallystream.languages"] = load(folder)
    async with app.test_request_context("/?lang=ar"):
        assert msgspec.json.encode({"title": say("Results")}, enc_hook=spoken) == b'{"title":"ar Results"}'
        assert msgspec.to_builtins([say("Results")], enc_hook=spoken) == ["ar Results"]
        with pytest.raises(NotImplementedError, match="object cannot be encoded"):
            msgspec.json.encode(object(), enc_hook=spoken)


def test_what_no_hook_knows_is_never_encoded_in_silence() -> None:
    """msgspec refuses what derives from str, so a way out that forgot its hook is found by the first text."""
    with pytest.raises(TypeError, match="Worded"):
        msgspec.json.encode(say("Results"))


async def test_the_empty_text_is_no_catalogues_header(arabic: None) -> None:
    assert said(say("")) == ""


async def test_markup_in_a_part_of_a_text_is_escaped(app: Quart) -> None:
    shown = app.jinja_env.from_string("{{ _('<b>%(name)s</b>', name=name) }}")
    async with app.test_request_context("/"):
        assert await shown.render_async(name="<script>") == "<b>&lt;script&gt;</b>"


def test_a_text_whose_parts_are_filled_in_later_is_still_worded() -> None:
    text = say("At most %(max)d characters.") % {"max": 5, "min": 1, "length": 9}
    assert isinstance(text, Worded)
    assert text == "At most 5 characters."
    assert str(say("%(n)s votes", n=Figure(1_000))) == "1,000 votes"


def test_the_catalogues_are_beside_the_program() -> None:
    assert isinstance(load(), Languages)
    assert TEXTS.is_dir()
