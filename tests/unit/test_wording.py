"""Texts remember what they are made of, and can be said again in the language of whoever reads them."""

import re
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from quart import Quart

from models.check_settings import DOUBLE_ENTRY, CheckName, CheckSetting, CheckSettings
from models.checks import (
    FailedCheck,
    Surroundings,
    all_zero,
    balance,
    ceiling,
    failed_checks,
    turnout,
)
from models.errors import ElectionNotOpen, FieldError, Invalid
from models.moments import Moments
from models.submissions import TallySubmission
from models.wording import Figure, Worded, either, listed, say, say_many
from quart_app.languages import said, spoken
from quart_app.languages.extraction import ROOT
from quart_app.pages.words import check_words
from tests.tongue import speak

FRENCH = {
    "There is no election %(election)r.": "Il n'y a pas d'élection %(election)r.",
    "The election %(election)r is %(status)s; tallies are taken only while it is open.": (
        "L'élection %(election)r est %(status)s ; elle ne prend pas de décomptes."
    ),
    "closed": "close",
    "%(fault)s (%(number)d more)": "%(fault)s (et %(number)d de plus)",
    "%(field)s: %(fault)s": "%(field)s : %(fault)s",
    "is missing": "manque",
    "%(number)s vote": "%(number)s voix",
    "%(before)s, %(last)s": "%(before)s ; %(last)s",
    "%(one)s or %(other)s": "%(one)s ou %(other)s",
    "text": "texte",
    "100%% of it": "100 %% de cela",
    "%(found)s ballots cast, but only %(expected)s registered voters": (
        "%(found)s bulletins pour %(expected)s inscrits"
    ),
}


@pytest.fixture
async def french() -> AsyncIterator[None]:
    """Somebody who reads French is asking."""
    app = Quart(__name__)
    speak(app, fr=FRENCH)
    async with app.test_request_context("/?lang=fr"):
        yield


# ---- in English, where nobody asks ----


def test_a_text_is_english_and_remembers_its_template_and_its_parts() -> None:
    text = say("There is no election %(election)r.", election="tiny")
    assert text == "There is no election 'tiny'."
    assert (text.template, text.parts) == ("There is no election %(election)r.", {"election": "tiny"})


def test_a_per_cent_sign_is_written_twice_with_parts_or_without() -> None:
    assert say("100%% of it") == "100% of it"
    assert say("100%% of %(it)s", it="that") == "100% of that"


def test_what_is_quoted_shows_control_characters_and_never_turns_a_line() -> None:
    assert say("There is no election %(election)r.", election="a\n\u202eb\x00") == (
        "There is no election 'a\\n\\u202eb\\x00'."
    )


def test_a_part_with_per_cent_signs_is_no_template() -> None:
    assert say("%(field)s: %(fault)s", field="%(fault)s", fault="100%") == "%(fault)s: 100%"


def test_the_number_decides_the_template_and_stands_in_it_in_groups() -> None:
    assert say_many("%(number)s vote", "%(number)s votes", 1) == "1 vote"
    assert say_many("%(number)s vote", "%(number)s votes", 0) == "0 votes"
    assert say_many("%(number)s vote", "%(number)s votes", 12_345) == "12,345 votes"


def test_more_parts_can_come_later() -> None:
    assert say("%(field)s: %(fault)s") % {"field": "a", "fault": "b"} == "a: b"


def test_lists_are_texts_and_empty_where_nothing_is_in_them() -> None:
    assert listed([]) == either([]) == ""
    assert listed(["a"]) == either(["a"]) == "a"
    assert (listed("abc"), either("abc")) == ("a, b, c", "a or b or c")


def test_where_nobody_asks_all_is_english() -> None:
    assert said(say("is missing")) == "is missing"
    assert type(said(say("is missing"))) is str


def test_worded_texts_are_encoded_and_nothing_else_that_is_unknown() -> None:
    fault = FieldError("code", say("is missing"))
    assert msgspec.json.encode(fault, enc_hook=spoken) == (
        b'{"field":"code","message":"is missing","code":"invalid"}'
    )
    with pytest.raises(NotImplementedError):
        msgspec.json.encode(object(), enc_hook=spoken)


# ---- in the language of whoever asks ----


@pytest.mark.usefixtures("french")
async def test_a_text_is_said_in_the_language_of_whoever_asks_with_the_same_parts() -> None:
    assert said(say("There is no election %(election)r.", election="tiny\n")) == (
        "Il n'y a pas d'élection 'tiny\\n'."
    )


@pytest.mark.usefixtures("french")
async def test_parts_that_are_texts_are_said_too_however_deep() -> None:
    assert said(ElectionNotOpen("tiny", "closed").title) == (
        "L'élection 'tiny' est close ; elle ne prend pas de décomptes."
    )
    two = Invalid((FieldError("code", say("is missing")), FieldError("name", say("is missing"))))
    assert said(two.title) == "code : manque (et 1 de plus)"
    assert said(either([say("text"), "int"])) == "texte ou int"
    assert said(listed("ab")) == "a ; b"


@pytest.mark.usefixtures("french")
async def test_numbers_are_grouped_as_the_language_does_and_names_of_things_are_not() -> None:
    assert said(say_many("%(number)s vote", "%(number)s votes", 12_345)) == "12\u202f345 voix"
    assert said(say("%(field)s: %(fault)s", field=12_345, fault=Figure(12_345))) == "12345 : 12\u202f345"


@pytest.mark.usefixtures("french")
async def test_what_no_catalogue_has_stays_english() -> None:
    assert said(say("Nobody translated %(this)s.", this=say("text"))) == "Nobody translated texte."
    assert said("is missing") == "is missing", "it was made without say"
    assert said(say("100%% of it")) == "100 % de cela"


# ---- checks, whose messages stand in the log in English ----

TALLY = TallySubmission(ref="a", precinct="p", contest="c", votes={"it's": 9000, "ben": 1}, ballots_cast=1200)


def test_a_failed_check_is_said_with_all_its_figures_in_groups() -> None:
    checks = [balance(TALLY, 2), turnout(TALLY, 5), ceiling(TALLY)]
    assert [check_words(check) for check in checks if check is not None] == [
        "votes, write-ins, overvotes and undervotes add up to 9,001, "
        "but the ballots cast (1,200) times the votes on each (2) make 2,400",
        "1,200 ballots cast, but only 5 registered voters",
        '9,000 votes for "it\'s", but only 1,200 ballots cast',
    ]


def test_a_check_on_the_surroundings_says_what_it_is_about() -> None:
    around = Surroundings(
        ballots={"a": 1300, "b": 1300, "c": 1300},
        twin="north-2",
        turnout=Moments(20, 2_000, 200_000),
        shares={"ben": Moments(20, 11_000, 6_050_000)},
    )
    settings = CheckSettings(balance=CheckSetting(on=False), ceiling=CheckSetting(on=False))
    tally = msgspec.structs.replace(TALLY, write_ins=1, votes={"it's": 1099, "ben": 1}, undervotes=99)
    rules: dict[str, Any] = {"votes_allowed": 1, "surroundings": around}
    found = failed_checks(tally, settings, voters_registered=1500, **rules)
    assert [check_words(check) for check in found] == [
        "1,200 ballots cast, but 1,300 in the precinct's other contests",
        "all figures, with 1,101 votes, are identical with those of the precinct \u2068north-2\u2069",
        "a turnout of 80.0%, but 10.0% on average in the precincts around",
    ]
    [*_, share] = failed_checks(tally, settings, voters_registered=None, **rules)
    assert check_words(share) == (
        "a share of 0.1% for \u2068ben\u2069, but 55.0% on average in the precincts around"
    )
    nothing = TallySubmission(ref="a", precinct="p", contest="c", votes={"ben": 0}, ballots_cast=0)
    zeros = all_zero(nothing, 1500)
    assert zeros is not None
    assert check_words(zeros) == "every count is zero, but there are 1,500 registered voters"


def test_every_check_is_worded_in_pages_and_in_the_entry() -> None:
    script = (ROOT / "quart_app" / "static" / "words.js").read_text()
    by_message = {CheckName.BALANCE, CheckName.TURNOUT, CheckName.CEILING}
    for name in (*CheckName, DOUBLE_ENTRY):
        assert re.search(rf'^  "?{name}"?: \(', script, re.MULTILINE), name
        assert name in by_message or check_words(FailedCheck(name, 3, 2, "a message")) != "a message"


@pytest.mark.usefixtures("french")
async def test_a_failed_check_is_said_in_the_language_of_whoever_reads_it() -> None:
    check = turnout(TALLY, 5)
    assert check is not None
    assert not isinstance(check.message, Worded), "it is a part of the log"
    assert check_words(check) == "1\u202f200 bulletins pour 5 inscrits"
    older = msgspec.structs.replace(check, message="something that an older program wrote")
    assert check_words(older) == older.message
