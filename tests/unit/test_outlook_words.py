"""What is said of what is still possible, in English."""

from typing import Any

import msgspec
import pytest

from models.outlook import Outlook
from models.results import ContestResults, contest_results
from quart_app.cli.results import outlook as in_commands
from quart_app.languages.figures import fine_percent
from quart_app.pages.outlooks import is_to_be_recounted, outlook_words
from tests.unit.test_results import count, election


def results(call: Any, *possible: int | None, **changes: Any) -> ContestResults:
    outstanding, reopened, margin = possible
    found = Outlook(call=call, outstanding=outstanding, reopened=reopened, margin=margin)
    plain = contest_results(election(), count())
    return msgspec.structs.replace(plain, **{"outlook": found, **changes})


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (results("decided", 0, 0, 5), "Decided: no vote is outstanding."),
        (results("decided", 4, 0, 5), "Decided: no outstanding vote can change who is elected."),
        (
            results("decided", 4, 0, 5, is_measure=True),
            "Decided: no outstanding vote can change the outcome.",
        ),
        (results("tied", 0, 0, 0), "Tied: no vote is outstanding that could change it."),
        (results("open", 1, 0, 1), "Open: up to 1 vote is outstanding, the margin is 1."),
        (results("open", 1234, 0, 56), "Open: up to 1,234 votes are outstanding, the margin is 56."),
        (
            results("open", 0, 300, 56),
            "Open: up to 300 votes are outstanding or may change sides, the margin is 56.",
        ),
        (
            results("open", 40, 0, 56),
            "Open: up to 40 votes are outstanding, and somebody who is written in may win.",
        ),
        (
            results("open", 40, 0, None),
            "Open: up to 40 votes are outstanding, and somebody who is written in may win.",
        ),
        (results("open", None, 0, 56), "Open: nobody can say how many votes are outstanding."),
        (results("open", 0, None, 56), "Open: nobody can say how many votes are outstanding."),
        (
            results("open", 0, 0, 56),
            "Open: no vote is outstanding, but these counts alone do not tell who is elected.",
        ),
        (results("open", None, 0, 56, status="recount"), "Open: the votes are counted again."),
        (results("decided", 0, 0, 5, status="certified"), ""),
        (results("open", 0, 0, 5, outlook=None), ""),
    ],
)
def test_a_sentence_says_what_is_still_possible(found: ContestResults, words: str) -> None:
    assert outlook_words(found) == words


@pytest.mark.parametrize(
    ("due", "status", "said"),
    [
        (True, "unofficial-complete", True),
        (True, "recount", False),
        (True, "certified", False),
        (False, "unofficial-complete", False),
        (None, "unofficial-partial", False),
    ],
)
def test_a_recount_is_said_to_be_due_until_it_begins(due: bool | None, status: str, said: bool) -> None:
    assert is_to_be_recounted(results("open", 0, 0, 0, recount_due=due, status=status)) is said


def test_a_threshold_has_the_digits_that_it_takes() -> None:
    assert [fine_percent(part) for part in (0.005, 0.0025, 0.01, 1)] == ["0.5%", "0.25%", "1%", "100%"]


def test_commands_say_it_in_a_few_words() -> None:
    for found, words in (
        (results("decided", 4, 0, 5), "decided"),
        (results("open", 1234, 6, 56), "open: outstanding 1,240, margin 56"),
        (results("open", None, 6, None), "open: outstanding unknown, margin –"),
    ):
        assert found.outlook is not None
        assert in_commands(found.outlook) == words
