"""Bad input to the canvass over HTTP: refused with its reason, and the database is as it was before.

Complaints, whose bad input is files and floods, have tests of their own (test_complaints.py).
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from models.rights import Role
from quart_app.wiring import Services
from repositories.database import asyncpg_url
from tests.building import a_tally, tiny_election, unbalanced
from tests.desk import Desk, Official, define, move
from tests.office import Office, Said
from tests.replaying import EVERYTHING, assert_replayed
from tests.sessions import cookie


class Canvassed:
    """The desk with its people, and everything that the database knows of the election."""

    def __init__(self, app: Quart, client: Client, desk: Desk, engine: Any) -> None:
        self._app = app
        self._client = client
        self.desk = desk
        self._engine = engine

    async def person(self, username: str, *roles: Role, units: tuple[str, ...] = ()) -> Official:
        return await self.desk.official(username, roles=roles, units=units)

    async def ask(self, who: Official, method: str, path: str, body: Any = None, **given: str) -> Said:
        """With a session whose password was given just now."""
        office = Office(self._app, self._client, self.desk, who)
        headers = await cookie(self._app, self.desk, who.identity)
        return await office.ask(method, path, body, headers=headers, **given)

    async def decide(self, who: Official, seq: int, decision: str) -> Said:
        return await self.ask(
            who, "POST", f"/review/{seq}", {"decision": decision, "reason": "seen on paper"}
        )

    async def everything(self) -> str:
        """As text, in which whatever changed is another."""
        async with self._engine.connect() as connection:
            found = await connection.scalar(text(EVERYTHING), {"code": self.desk.election})
        assert_replayed(found)
        return json.dumps(found, sort_keys=True)


@pytest.fixture
async def canvassed(app: Quart, client: Client, house: Services) -> AsyncIterator[Canvassed]:
    desk = await define(house, tiny_election())
    engine = create_async_engine(asyncpg_url(desk.database_url), isolation_level="AUTOCOMMIT")
    yield Canvassed(app, client, desk, engine)
    await engine.dispose()


async def test_of_two_who_decide_at_the_same_instant_one_decides(canvassed: Canvassed) -> None:
    (held,) = await canvassed.desk.receipts(unbalanced())
    people = [await canvassed.person(name, Role.REVIEWER) for name in ("rosa", "rudi", "rita")]
    decisions = ("accept", "reject", "accept")
    answers = await asyncio.gather(
        *(canvassed.decide(who, held.seq, d) for who, d in zip(people, decisions, strict=True))
    )
    refused = [answer for answer in answers if answer.status != 201]
    assert [(answer.status, answer.code) for answer in refused] == [(409, "tally-decided")] * 2
    assert str(held.seq) in refused[0].body["title"]
    log = json.loads(await canvassed.everything())["log"]
    assert [kind for _, kind, *_ in log[held.seq :]] == ["decision"]


@pytest.mark.parametrize("decision", ["accept", "reject", "ask-again"])
async def test_a_decision_on_an_old_revision_is_refused_with_the_new_one(
    canvassed: Canvassed, decision: str
) -> None:
    old, new = await canvassed.desk.receipts(unbalanced(), unbalanced(revision=2, reason="again"))
    rosa = await canvassed.person("rosa", Role.REVIEWER)
    before = await canvassed.everything()
    answer = await canvassed.decide(rosa, old.seq, decision)
    assert (answer.status, answer.code, str(new.seq) in answer.body["title"]) == (409, "newer-revision", True)
    assert await canvassed.everything() == before


async def test_a_certified_tally_is_recalled_by_nobody_and_nothing_else_is_decided_on_it(
    canvassed: Canvassed,
) -> None:
    counted, held = await canvassed.desk.receipts(a_tally(), unbalanced("north-2"))
    rosa, rudi = [await canvassed.person(name, Role.REVIEWER) for name in ("rosa", "rudi")]
    assert (await canvassed.decide(rosa, counted.seq, "ask-recall")).status == 201
    for step in ("close", "certify"):
        await move(canvassed.desk.house, "tiny", step)  # type: ignore[arg-type]
    before = await canvassed.everything()
    for seq, decision in (
        (counted.seq, "recall"),
        (counted.seq, "refuse-recall"),
        (held.seq, "accept"),
        (held.seq, "reject"),
    ):
        answer = await canvassed.decide(rudi, seq, decision)
        assert (answer.status, answer.code) == (409, "election-certified"), decision
        assert "correction" in answer.body["title"]
    assert await canvassed.everything() == before


@pytest.mark.parametrize("tolerance", ["some", "1e3", None, True, 1.5, -1, 10**12, [], {}])
async def test_a_tolerance_that_is_no_number_is_refused_at_its_field(
    canvassed: Canvassed, tolerance: Any
) -> None:
    ada = await canvassed.person("ada", Role.ADMINISTRATOR)
    found = await canvassed.ask(ada, "GET", "/canvass-settings")
    before = await canvassed.everything()
    checks = {**found.body["checks"], "balance": {"on": True, "tolerance": tolerance}}
    body = {**found.body, "checks": checks}
    answer = await canvassed.ask(ada, "PUT", "/canvass-settings", body, edition=found.etag)
    assert (answer.status, list(answer.faults)) == (422, ["checks.balance.tolerance"])
    assert await canvassed.everything() == before


async def test_a_draft_is_not_released(canvassed: Canvassed, house: Services) -> None:
    canvassed.desk = Desk(house, "drafted")
    await house.elections.define(tiny_election("drafted"))
    ada = await canvassed.person("ada", Role.ADMINISTRATOR)
    before = await canvassed.everything()
    answer = await canvassed.ask(ada, "POST", "/moves", {"change": "release", "reason": ""})
    assert (answer.status, answer.code) == (409, "illegal-transition")
    assert "open" in answer.body["title"]
    assert await canvassed.everything() == before


async def test_one_person_does_not_certify_twice(canvassed: Canvassed) -> None:
    ada = await canvassed.person("ada", Role.ADMINISTRATOR)
    await move(canvassed.desk.house, "tiny", "close")
    reason = {"reason": "nobody else reports"}
    assert (await canvassed.ask(ada, "POST", "/certification", reason)).status == 201
    before = await canvassed.everything()
    again = await canvassed.ask(ada, "POST", "/certification", reason)
    assert (again.status, again.code) == (409, "already-asked")
    alone = await asyncio.gather(
        *(canvassed.ask(ada, "POST", "/certification/confirmation") for _ in range(3))
    )
    assert {(answer.status, answer.code) for answer in alone} == {(403, "asked-by-you")}
    assert await canvassed.everything() == before


async def test_an_officer_watches_no_queue(app: Quart, client: Client, canvassed: Canvassed) -> None:
    """Neither that of the reviewers nor what waits for the officers of another precinct."""
    (held,) = await canvassed.desk.receipts(unbalanced("north-1"))
    otto = await canvassed.person("otto", Role.OFFICER, units=("south-2",))
    before = await canvassed.everything()
    for path in ("/review", "/review/stream", f"/review/{held.seq}"):
        answer = await canvassed.ask(otto, "GET", path)
        assert (answer.status, answer.code) == (403, "not-allowed"), path
    answer = await canvassed.decide(otto, held.seq, "accept")
    assert (answer.status, answer.code) == (403, "not-allowed")
    hidden = await canvassed.ask(otto, "GET", f"/entry/north-1/{held.seq}")
    assert hidden.status in (403, 404)
    own = await canvassed.ask(otto, "GET", "/entry")
    assert "north-1" not in json.dumps(own.body)
    assert await canvassed.everything() == before
