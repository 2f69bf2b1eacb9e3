"""Accounts by command: passwords that come over standard input, tokens with scopes, the list, the end."""

import datetime

import pytest

from models.errors import NotSignedIn
from models.rights import OPERATOR
from quart_app.settings import Settings
from quart_app.wiring import Services
from tests.commands import Tallystream
from tests.desk import Desk

PASSWORD = "correct horse battery staple"
HINT = "No password was given; set one with: tallystream official password ada\n"


@pytest.fixture
def tallystream(settings: Settings) -> Tallystream:
    return Tallystream(settings)


async def signs_in(house: Services, username: str, password: str = PASSWORD) -> bool:
    try:
        await house.sign_in.sign_in(username, password, OPERATOR)
    except NotSignedIn:
        return False
    return True


async def test_an_administrator_signs_in_with_the_line_that_standard_input_held(
    tallystream: Tallystream, house: Services
) -> None:
    result = await tallystream.beside(
        "official", "add", "ada", "--role", "administrator", stdin=f"{PASSWORD}\nmore\n"
    )
    assert (result.exit_code, result.stdout, result.stderr) == (0, "ada: administrator\n", "")
    assert await signs_in(house, "ada")
    assert not await signs_in(house, "ada", f"{PASSWORD}\nmore")


async def test_an_administrator_without_a_password_is_made_and_it_is_said_how_to_set_one(
    tallystream: Tallystream, house: Services
) -> None:
    result = await tallystream.beside("official", "add", "ada", "--role", "administrator")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "ada: administrator\n", HINT)
    assert not (await house.officials.get("ada")).has_password


@pytest.mark.parametrize("words", [("--role", "auditor"), ("--role", "administrator", "--no-password")])
async def test_where_no_password_is_asked_for_standard_input_is_left_alone(
    tallystream: Tallystream, house: Services, words: tuple[str, ...]
) -> None:
    result = await tallystream.beside("official", "add", "ada", *words, stdin=f"{PASSWORD}\n")
    assert (result.exit_code, result.stderr) == (0, "")
    assert not (await house.officials.get("ada")).has_password


async def test_any_official_has_a_password_who_wants_one(tallystream: Tallystream, house: Services) -> None:
    words = ("official", "add", "ada", "--role", "reviewer", "--password")
    assert (await tallystream.beside(*words, stdin=f"{PASSWORD}\r\n")).exit_code == 0
    assert await signs_in(house, "ada")


def test_a_password_that_was_wanted_and_did_not_come_is_one_line(tallystream: Tallystream) -> None:
    result = tallystream("official", "add", "ada", "--role", "reviewer", "--password")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: No password was given on standard input.\n"


async def test_an_administrator_who_has_a_password_keeps_it(
    tallystream: Tallystream, house: Services
) -> None:
    await house.officials.add("ada", ["administrator"], [], password=PASSWORD)
    result = await tallystream.beside(
        "official", "add", "ada", "--role", "administrator", stdin="another long password\n"
    )
    assert (result.exit_code, result.stderr) == (0, "")
    assert await signs_in(house, "ada")


@pytest.mark.parametrize("words", [("add", "ada", "--role", "administrator"), ("password", "ada")])
async def test_a_weak_password_is_explained_in_one_line_that_does_not_repeat_it(
    tallystream: Tallystream, house: Services, words: tuple[str, ...]
) -> None:
    result = await tallystream.beside("official", *words, stdin="swordfish\n")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "12 or more" in result.stderr and result.stderr.count("\n") == 1
    assert "swordfish" not in result.stderr
    assert await house.officials.page() == []


async def test_a_new_password_ends_the_sessions_and_is_in_the_audit_trail_without_itself(
    tallystream: Tallystream, desk: Desk
) -> None:
    await desk.house.officials.add("ada", ["reviewer"], [], password=PASSWORD)
    session = await desk.house.sign_in.sign_in("ada", PASSWORD, OPERATOR)
    result = await tallystream.beside("official", "password", "ada", stdin="another long password\n")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "ada has a new password.\n", "")
    assert await desk.house.credentials.by_session(session.secret) is None
    assert not await signs_in(desk.house, "ada")
    assert await signs_in(desk.house, "ada", "another long password")
    trail = await desk.sql("SELECT * FROM audit_entries")
    assert [entry.action for entry in trail].count("password-changed") == 2
    assert "another long password" not in repr(trail)


@pytest.mark.parametrize("words", [("password", "nobody"), ("disable", "nobody")])
def test_an_official_who_does_not_exist_is_one_line(tallystream: Tallystream, words: tuple[str, ...]) -> None:
    result = tallystream("official", *words, stdin=f"{PASSWORD}\n")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "'nobody'" in result.stderr and result.stderr.count("\n") == 1


async def test_the_list_shows_who_does_what_and_how_they_sign_in(
    tallystream: Tallystream, desk: Desk
) -> None:
    officials = desk.house.officials
    await officials.add("ada", ["administrator"], [], password=PASSWORD)
    await officials.add("otto", ["officer"], ["north-1", "south"], "tiny")
    await officials.add("vera", ["voter"], [])
    lines = (await tallystream.beside("official", "list")).stdout.splitlines()
    assert any("ada" in line and "administrator" in line and "password" in line for line in lines)
    assert any("otto" in line and "tiny/north-1, tiny/south" in line and "tokens" in line for line in lines)
    assert not any("vera" in line for line in lines)


async def test_whoever_is_disabled_is_out_at_once(tallystream: Tallystream, desk: Desk) -> None:
    otto = await desk.official("otto", units=["north-1"])
    result = await tallystream.beside("official", "disable", "otto")
    assert (result.exit_code, result.stdout) == (0, "otto is disabled.\n")
    with pytest.raises(NotSignedIn):
        await desk.house.credentials.by_token(otto.token)
    info = await desk.house.officials.get("otto")
    assert (info.disabled, info.precincts) == (True, ["tiny/north-1"])
    assert "disabled" in (await tallystream.beside("official", "list")).stdout


async def test_the_last_administrator_is_not_disabled(tallystream: Tallystream, house: Services) -> None:
    await house.officials.add("ada", ["administrator"], [])
    result = await tallystream.beside("official", "disable", "ada")
    assert result.exit_code == 1
    assert "make another one first" in result.stderr


async def test_a_token_acts_in_the_roles_that_it_was_made_for(
    tallystream: Tallystream, house: Services
) -> None:
    await house.officials.add("ada", ["auditor", "reviewer"], [])
    words = ("token", "ada", "--name", "nightly export", "--scope", "auditor", "--days", "2")
    result = await tallystream.beside(*words)
    assert (result.exit_code, result.stderr, result.stdout.count("\n")) == (0, "", 1)
    identity = await house.credentials.by_token(result.stdout.strip())
    assert identity.roles == {"auditor"}
    (info,) = await house.credentials.tokens(identity)
    assert info.name == "nightly export"
    assert info.expires_at - info.created_at == datetime.timedelta(days=2)


async def test_a_token_for_a_role_that_its_official_does_not_have_is_one_line(
    tallystream: Tallystream, house: Services
) -> None:
    await house.officials.add("ada", ["auditor"], [])
    result = await tallystream.beside("token", "ada", "--scope", "reviewer")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "'reviewer'" in result.stderr and result.stderr.count("\n") == 1
