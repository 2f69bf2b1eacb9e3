"""Passwords of officials at a real terminal: asked for twice, with the policy, and never shown."""

import os
import signal
from pathlib import Path

import pytest

from models.rights import OPERATOR
from quart_app.embedded import Engines
from quart_app.wiring import Services
from tests.e2e.terminal import Terminal, typed

PASSWORD = "correct horse battery staple"
ASKED, AGAIN = "Password of ada: ", "The same again: "


@pytest.fixture
def environ(clean: Engines, tmp_path: Path) -> dict[str, str]:
    urls = {"DATABASE_URL": clean.database_url, "REDIS_URL": clean.redis_url}
    return {**os.environ, **urls, "TALLYSTREAM_DATA": str(tmp_path), "TERM": "xterm"}


async def test_a_new_administrators_password_is_asked_for_twice_and_not_shown(
    environ: dict[str, str], desk: Services
) -> None:
    terminal = Terminal(environ, "official", "add", "ada", "--role", "administrator")
    assert await typed(terminal, (ASKED, f"{PASSWORD}\n"), (AGAIN, f"{PASSWORD}\n")) == 0
    assert "12 characters or more" in terminal.seen.partition(ASKED)[0]
    assert terminal.seen.endswith("ada: administrator\n")
    assert PASSWORD not in terminal.seen
    assert (await desk.sign_in.sign_in("ada", PASSWORD, OPERATOR)).roles == ["administrator"]


async def test_who_types_two_different_passwords_is_asked_again(
    environ: dict[str, str], desk: Services
) -> None:
    await desk.officials.add("ada", ["reviewer"], [])
    terminal = Terminal(environ, "official", "password", "ada")
    turns = ((ASKED, f"{PASSWORD}\n"), (AGAIN, "something else\n"), (ASKED, f"{PASSWORD}\n"))
    assert await typed(terminal, *turns, (AGAIN, f"{PASSWORD}\n")) == 0
    assert "do not match" in terminal.seen
    assert terminal.seen.endswith("ada has a new password.\n")
    await desk.sign_in.sign_in("ada", PASSWORD, OPERATOR)


async def test_others_are_not_asked(environ: dict[str, str], desk: Services) -> None:
    terminal = Terminal(environ, "official", "add", "ada", "--role", "auditor")
    assert await typed(terminal) == 0
    assert terminal.seen == "ada: auditor\n"


async def test_ctrl_c_at_the_question_leaves_everything_as_it_was(
    environ: dict[str, str], desk: Services
) -> None:
    terminal = Terminal(environ, "official", "add", "ada", "--role", "administrator")
    assert await typed(terminal, (ASKED, "\x03")) in (1, -signal.SIGINT)
    assert "Traceback" not in terminal.seen
    assert await desk.officials.page() == []
