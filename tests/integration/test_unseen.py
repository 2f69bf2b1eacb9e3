"""Nobody sees the other person's entry before both are in: every way to read anything, tried by everybody."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from models.canvass import Resolution
from models.rights import Actor
from models.submissions import TallySubmission
from quart_app.access import every_rule
from quart_app.api.exports import result_rows
from quart_app.wiring import Services
from tests.building import a_tally, tiny_election
from tests.desk import Desk, Official, define, soon
from tests.sessions import cookie
from tests.streams import Stream
from tests.visitor import HTML

# Figures with so many digits that nothing holds them by chance, and reasons that nobody else would give.
MISTYPED, SECRET = 1_234_567_890, 1_234_567_891
REASON = "known-to-olga-alone"
HIDDEN = (str(MISTYPED), str(SECRET), REASON)

ROLES = {
    "otto": ("officer",),
    "ada": ("officer", "administrator"),
    "rita": ("reviewer",),
    "aude": ("auditor",),
    "reg": ("registrar",),
    "vera": ("voter",),
}


def entry(votes: int, **changes: Any) -> TallySubmission:
    zeros = {"overvotes": 0, "undervotes": 0, "write_ins": 0}
    return a_tally(votes={"ada": votes, "ben": 0, "cy": 0}, ballots_cast=votes, **zeros, **changes)


class Waiting:
    """A first entry that its sender has corrected, and so two of them, `seqs`, that nobody else may see.

    Before them two entries came that differ: these, `held`, may be seen.
    """

    def __init__(self, app: Quart, desk: Desk, held: list[int], seqs: list[int]) -> None:
        self.app = app
        self.desk = desk
        self.held = held
        self.seqs = seqs
        self.officials: dict[str, Official] = {}
        self.sessions: dict[str, dict[str, str]] = {"": {}}

    async def second(self) -> None:
        again = entry(SECRET, revision=3, reason="second entry")
        await self.desk.receipts(again, by=self.officials["otto"])


@pytest.fixture(params=[False, True], ids=["withheld", "released"])
async def waiting(request: pytest.FixtureRequest, app: Quart, house: Services) -> AsyncIterator[Waiting]:
    registered = dict.fromkeys(("north-1", "north-2", "south-1", "south-2"), 2_000_000_000)
    definition = tiny_election(registered=registered, double_entry=True)
    desk = await define(house, definition, released=request.param)
    olga = await desk.official("olga")
    held = [
        *await desk.receipts(entry(7), by=olga),
        *await desk.receipts(entry(8), by=await desk.official("omar")),
    ]
    hidden = entry(MISTYPED, revision=2, reason="again"), entry(SECRET, revision=3, reason=REASON)
    seqs = [receipt.seq for receipt in await desk.receipts(*hidden, by=olga)]
    made = Waiting(app, desk, [receipt.seq for receipt in held], seqs)
    for username, roles in ROLES.items():
        official = await desk.official(username, roles=roles, units=["country"] if "officer" in roles else [])
        made.officials[username] = official
        made.sessions[username] = await cookie(app, desk, official.identity)
    made.sessions["olga"] = await cookie(app, desk, olga.identity)
    yield made


def addresses(app: Quart, seqs: list[int]) -> Iterator[str]:
    """Every address that can be read and whose parts are known, whoever may, in a few variations."""
    known = {"election": "tiny", "contest": "president", "unit": "north-1", "precinct": "north-1"}
    known |= {"username": "olga", "number": "1", "selection": "ada", "party": "BLU", "tag": "tallies"}
    for rule, _ in every_rule(app):
        arguments = {*known, "seq"}
        if "GET" not in (rule.methods or ()) or rule.websocket or not rule.arguments <= arguments:
            continue
        if rule.rule.endswith("/stream"):
            continue
        for seq in seqs if "seq" in rule.arguments else [0]:
            parts = {**known, "seq": str(seq)}
            address = re.sub(r"<(?:\w+:)?(\w+)>", lambda name, parts=parts: parts[name[1]], rule.rule)
            yield address
            if "contest" in rule.arguments and "precinct" not in rule.arguments:
                yield f"{address}?unit=north-1&level=precincts"


async def read(client: Client, address: str, headers: dict[str, str]) -> tuple[int, str]:
    kind = {} if address.startswith("/api/") else HTML
    response = await client.get(address, headers={**kind, **headers}, scheme="https")
    body: bytes = await response.get_data(as_text=False)  # type: ignore[assignment]
    # What groups digits is left out, in whatever language.
    return response.status_code, re.sub(r"(?<=\d)[\W_]+(?=\d)", "", body.decode(errors="replace"))


def told(text: str) -> list[str]:
    return [hidden for hidden in HIDDEN if hidden in text]


@pytest.mark.parametrize("username", ["", *ROLES])
async def test_no_address_shows_anybody_else_a_first_entry(
    waiting: Waiting, client: Client, username: str
) -> None:
    opened = 0
    for address in addresses(waiting.app, waiting.held + waiting.seqs):
        status, text = await read(client, address, waiting.sessions[username])
        assert told(text) == [], address
        opened += status == 200
    assert opened > 60


async def test_who_sent_a_first_entry_sees_it(waiting: Waiting, client: Client) -> None:
    found = set()
    for address in addresses(waiting.app, waiting.held + waiting.seqs):
        _, text = await read(client, address, waiting.sessions["olga"])
        if told(text):
            found.add(address.partition("?")[0])
    api, page = "/api/v1/elections/tiny/entry/north-1", "/elections/tiny/tally/north-1/president"
    assert found == {page, *(f"{place}/{seq}" for place in (api, page) for seq in waiting.seqs)}


async def test_once_both_are_here_staff_see_both_and_all_that_was_before(
    waiting: Waiting, client: Client
) -> None:
    await waiting.second()
    for username in ("otto", "ada", "rita", "aude"):
        texts = [
            (await read(client, address, waiting.sessions[username]))[1]
            for address in addresses(waiting.app, waiting.held + waiting.seqs)
        ]
        # An officer sees what the own precinct sent, as JSON and in two pages, before results are released.
        least = 3 if username == "otto" else 6
        assert sum(str(SECRET) in text for text in texts) >= least, username
    _, log = await read(client, f"{waiting.desk.path}/log", waiting.sessions["rita"])
    assert told(log) == list(HIDDEN)


@pytest.mark.parametrize("username", ["", "otto", "ada", "rita", "aude"])
async def test_no_stream_shows_anybody_else_a_first_entry(
    waiting: Waiting, client: Client, username: str
) -> None:
    here, headers = waiting.desk.path, waiting.sessions[username]
    last = {"Last-Event-ID": str(waiting.seqs[0] - 1), **headers}
    async with (
        Stream(client, f"{here}/log/stream", headers) as whole,
        Stream(client, f"{here}/log/stream", last) as resumed,
        Stream(client, f"{here}/results/stream", headers) as results,
    ):
        await whole.events(waiting.seqs[-1], "entry")
        entries = await resumed.events(2, "entry")
        await results.events(3, "results")
        # One more comes while they watch, and is read from what the process keeps.
        third = entry(SECRET, revision=4, reason=REASON)
        await waiting.desk.receipts(third, by=await waiting.desk.official("olga"))
        entries.append(await resumed.event("entry"))
        await whole.event("entry")
        await results.event("results")
        async with Stream(client, f"{here}/log/stream", last) as again:
            await again.events(3, "entry")
        raw = whole.raw + resumed.raw + results.raw + again.raw
    assert told(raw.decode()) == []
    assert {entry.data.get("withheld") for entry in entries} == {True}


async def test_a_stream_of_the_log_that_is_taken_up_again_shows_what_is_no_longer_hidden(
    waiting: Waiting, client: Client
) -> None:
    path, staff = f"{waiting.desk.path}/log/stream?after={waiting.seqs[0] - 1}", waiting.sessions["rita"]
    async with Stream(client, path, staff) as watching:
        assert [event.data["withheld"] for event in await watching.events(2, "entry")] == [True, True]
        await waiting.second()
        assert (await watching.event("entry")).data["second_of"] == waiting.seqs[1]
        async with Stream(client, path, staff) as later:
            events = await later.events(3, "entry")
        assert [event.data["votes"]["ada"] for event in events] == [MISTYPED, SECRET, SECRET]


async def test_a_stream_taken_up_again_shows_a_first_entry_that_a_reviewer_has_overruled(
    waiting: Waiting, client: Client, house: Services
) -> None:
    path, staff = f"{waiting.desk.path}/log/stream?after={waiting.seqs[0] - 1}", waiting.sessions["rita"]
    votes = {"ada": 7, "ben": 0, "cy": 0}
    figures = Resolution(votes=votes, ballots_cast=7, reason="Seen on paper")
    rita = waiting.officials["rita"].identity
    async with Stream(client, path, staff) as watching:
        assert [event.data["withheld"] for event in await watching.events(2, "entry")] == [True, True]
        by = Actor(rita.member_id, rita.username, "", "web")
        await house.canvass.resolve("tiny", waiting.held[-1], figures, by)
        assert (await watching.event("entry")).data["status"] == "accepted"
        async with Stream(client, path, staff) as later:
            events = await later.events(3, "entry")
        assert [event.data["votes"]["ada"] for event in events] == [MISTYPED, SECRET, 7]


async def test_no_websocket_shows_anybody_else_a_first_entry(waiting: Waiting, client: Client) -> None:
    heard = []
    for official in waiting.officials.values():
        headers = official.bearer
        async with client.websocket(f"{waiting.desk.path}/results/ws", headers=headers) as ws:
            await ws.send('{"type": "subscribe", "contests": ["president"]}')
            heard.append(str(await soon(ws.receive())))
            await ws.send('{"type": "count", "contest": "president", "selection": "ada", "unit": "north-1"}')
            heard.append(str(await soon(ws.receive())))
    otto = waiting.officials["otto"].bearer
    async with client.websocket(f"{waiting.desk.path}/tallies/ws", headers=otto) as ws:
        heard.append(str(await soon(ws.receive())))
        for revision in (1, 2, 4):
            wrong = msgspec.to_builtins(entry(7, revision=revision, reason="a guess"))
            await ws.send(json.dumps(wrong))
            problem = json.loads(await soon(ws.receive()))
            assert (problem["status"], problem["code"]) == (409, "second-entry-needed")
            heard.append(json.dumps(problem))
    assert told("".join(heard)) == []


async def test_nobody_decides_on_a_first_entry_or_learns_of_it_by_trying(
    waiting: Waiting, client: Client
) -> None:
    for username in ("rita", "ada"):
        for seq in waiting.seqs:
            for decision in ("accept", "reject", "ask-again", "ask-recall", "recall"):
                answer = await client.post(
                    f"{waiting.desk.path}/review/{seq}",
                    json={"decision": decision, "reason": "to see it"},
                    headers=waiting.officials[username].bearer,
                )
                assert answer.status_code >= 400
                assert told(await answer.get_data(as_text=True)) == []


async def test_the_audit_trail_and_the_command_for_results_hold_nothing_of_it(waiting: Waiting) -> None:
    rows = await waiting.desk.sql("SELECT row_to_json(a)::text AS told FROM audit_entries a")
    assert told(" ".join(row.told for row in rows)) == []
    view = await waiting.desk.house.results.current("tiny")
    said = [str(row) for one in view.staff_contests.values() for row in result_rows(one.results)]
    assert told("".join(said) + view.json(staff=True).decode()) == []


async def test_it_stays_hidden_where_double_entry_is_given_up_meanwhile(
    waiting: Waiting, client: Client
) -> None:
    """It waits for nobody then; it is shown once something else has taken its place."""
    await waiting.desk.sql("UPDATE elections SET double_entry = false")
    for username in ("", "otto", "rita"):
        for path in ("log", "units/north-1/tallies", f"entry/north-1/{waiting.seqs[1]}"):
            _, text = await read(client, f"{waiting.desk.path}/{path}", waiting.sessions[username])
            assert told(text) == [], path
