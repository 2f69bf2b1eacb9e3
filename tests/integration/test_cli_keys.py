"""A new key for personal data, from its printing to the day when the old one is taken away."""

import json

import pytest

from models.members import MemberEdit
from models.rights import OPERATOR
from quart_app.keys import fresh_key
from quart_app.settings import Settings
from quart_app.wiring import Services
from tests.commands import Tallystream

EDIT = MemberEdit(name="Ada", roles=["auditor"], email="ada@example.org")


@pytest.fixture
def tallystream(settings: Settings) -> Tallystream:
    return Tallystream(settings)


async def test_what_is_stored_is_put_under_the_new_key_and_the_old_one_is_not_needed_any_more(
    tallystream: Tallystream, house: Services
) -> None:
    await house.officials.create("ada", EDIT, OPERATOR)
    old = json.loads((house.settings.data / "keys.json").read_text())["personal_keys"]
    new = fresh_key()
    listed = await tallystream.beside("official", "list", TALLYSTREAM_PERSONAL_KEYS=new)
    assert (listed.exit_code, listed.stdout) == (1, "")
    assert "is TALLYSTREAM_PERSONAL_KEYS complete?" in listed.stderr and listed.stderr.count("\n") == 1
    both = {"TALLYSTREAM_PERSONAL_KEYS": f"{new},{old}"}
    first = await tallystream.beside("reseal", **both)
    assert (first.exit_code, first.stderr) == (0, "")
    assert first.stdout == "1 value put under the newest key; no other key is needed any more.\n"
    assert (await tallystream.beside("reseal", **both)).stdout.startswith("0 values ")
    assert (await tallystream.beside("official", "list", TALLYSTREAM_PERSONAL_KEYS=new)).exit_code == 0


async def test_a_key_that_opens_nothing_changes_nothing(tallystream: Tallystream, house: Services) -> None:
    await house.officials.create("ada", EDIT, OPERATOR)
    result = await tallystream.beside("reseal", TALLYSTREAM_PERSONAL_KEYS=fresh_key())
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no key at hand opens this" in result.stderr and result.stderr.count("\n") == 1
    assert (await house.officials.get("ada")).email == "ada@example.org"
