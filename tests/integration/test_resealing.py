"""Putting personal data under a new key, while the election goes on."""

import base64
import secrets
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from models.candidates import Filing
from models.rights import OPERATOR
from models.voters import VoterSearch
from quart_app.settings import Settings
from quart_app.wiring import Services
from services.officials import MemberEdit
from services.vault import VaultError
from tests.building import ALL, tiny_election
from tests.complaining import PDF, filing, picture
from tests.integration.conftest import house_of

LOOKUP = base64.b64encode(b"l" * 32).decode()
OLD, NEW = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
VOTERS = 1203


async def house_with(make_app: Callable[..., Any], settings: Settings, *keys: str) -> Services:
    given = {"personal_keys": ",".join(keys), "lookup_key": LOOKUP, "cookie_key": LOOKUP}
    return house_of(await make_app(msgspec.structs.replace(settings, secrets=given)))


async def rows() -> Any:
    yield [
        (
            row,
            {
                "voter_id": f"V-{row}",
                "first_name": "Ann",
                "last_name": "Smith",
                "precinct": ALL[row % 4],
                "email": f"{row}@example.org",
            },
        )
        for row in range(1, VOTERS + 1)
    ]


@pytest.fixture
async def old(make_app: Callable[..., Any], settings: Settings) -> Services:
    """A house with the old key only, and a member, a candidate and voters sealed with it."""
    house = await house_with(make_app, settings, OLD)
    await house.elections.define(tiny_election())
    await house.officials.create(
        "mary", MemberEdit(name="Mary", roles=["reviewer"], email="mary@example.org"), OPERATOR
    )
    filing = Filing(contest="council", first_name="C", last_name="D", telephone="+1 717")
    await house.candidates.file("tiny", filing, OPERATOR)
    results = [r async for chunk in house.registration.register("tiny", rows(), OPERATOR) for r in chunk]
    assert {result.status for result in results} == {"added"}
    return house


async def everything(house: Services) -> Any:
    """All that can be read of people with a house's keys."""
    voters = await house.voters.search("tiny", VoterSearch(last_name="Smith", limit=1000))
    voters += await house.voters.page("tiny", after=voters[-1].id, limit=1000)
    [candidate] = await house.candidates.page("tiny", everything=True)
    contact = await house.candidates.contact("tiny", candidate.code)
    return voters, contact, await house.officials.page()


async def test_after_it_the_old_key_is_not_needed_any_more(
    old: Services, make_app: Callable[..., Any], settings: Settings
) -> None:
    before = await everything(old)
    assert len(before[0]) == VOTERS
    both = await house_with(make_app, settings, NEW, OLD)
    assert await everything(both) == before
    progress = [step async for step in both.resealing.reseal()]
    assert progress[0] == (0, VOTERS + 2)
    assert progress[-1] == (VOTERS + 2, VOTERS + 2)
    assert [done for done, _ in progress] == sorted({done for done, _ in progress})
    new = await house_with(make_app, settings, NEW)
    assert await everything(new) == before
    with pytest.raises(VaultError):
        await old.voters.page("tiny")
    assert [step async for step in both.resealing.reseal()] == [(0, 0)]
    [entry] = [entry for entry in await both.audit.before() if entry.action == "personal-data-resealed"]
    assert entry.changes == {"values": [None, VOTERS + 2]}


async def test_it_goes_on_where_it_was_broken_off(
    old: Services, make_app: Callable[..., Any], settings: Settings
) -> None:
    both = await house_with(make_app, settings, NEW, OLD)
    before = await everything(both)
    steps = both.resealing.reseal()
    for _ in range(4):
        done, _ = await anext(steps)
    await steps.aclose()
    assert await everything(both) == before
    assert await anext(both.resealing.reseal()) == (0, VOTERS + 2 - done)


async def test_without_the_old_key_nothing_is_changed(
    old: Services, make_app: Callable[..., Any], settings: Settings
) -> None:
    before = await everything(old)
    new = await house_with(make_app, settings, NEW)
    with pytest.raises(VaultError, match="TALLYSTREAM_PERSONAL_KEYS"):
        [step async for step in new.resealing.reseal()]
    assert await everything(old) == before


async def test_voters_can_be_changed_meanwhile(
    old: Services, make_app: Callable[..., Any], settings: Settings
) -> None:
    both = await house_with(make_app, settings, NEW, OLD)
    steps = both.resealing.reseal()
    await anext(steps)
    [voter] = await both.voters.search("tiny", VoterSearch(voter_id=f"V-{VOTERS}"))
    removed = await both.voters.remove("tiny", voter.id, "moved away", OPERATOR)
    [step async for step in steps]
    new = await house_with(make_app, settings, NEW)
    assert await new.voters.get("tiny", voter.id) == removed


async def test_complaints_their_notes_and_their_files_are_put_under_the_new_key_as_well(
    old: Services, make_app: Callable[..., Any], settings: Settings
) -> None:
    for _ in range(3):
        await old.complaint_filings.file("tiny", filing(name="Wilma"), [PDF, picture()])
    before = await old.complaint_desk.note("tiny", 1, "called back", OPERATOR)
    both = await house_with(make_app, settings, NEW, OLD)
    (*_, last) = [step async for step in both.resealing.reseal()]
    assert last == (VOTERS + 2 + 3 + 1 + 6, VOTERS + 2 + 3 + 1 + 6)
    new = await house_with(make_app, settings, NEW)
    assert await new.complaint_desk.get("tiny", 1) == before
    assert (await new.complaint_desk.attachment("tiny", 3, 1, OPERATOR)).content == PDF
