"""An administrator at work: what they ask of the API, and what it answers."""

import json
from typing import Any

import msgspec
from quart import Quart
from quart.typing import TestClientProtocol as Client

from models.definitions import ElectionDefinition
from models.rights import Role
from tests.desk import Desk, Official
from tests.sessions import JUST_NOW, cookie

ELECTIONS = "/api/v1/elections"
MADE = {"code": "made", "name": "Made by hand", "date": "2026-11-03", "timezone": "Europe/Rome"}


class Said(msgspec.Struct, frozen=True):
    """An answer of the API."""

    status: int
    body: Any
    etag: str

    @property
    def code(self) -> str:
        return str(self.body["code"])

    @property
    def faults(self) -> dict[str, str]:
        """Codes of the faults by their fields."""
        return {error["field"]: error["code"] for error in self.body["errors"]}


class Office:
    """`path` begins behind the election that the office works on."""

    def __init__(self, app: Quart, client: Client, desk: Desk, who: Official) -> None:
        self.app = app
        self.client = client
        self.desk = desk
        self.who = who

    @classmethod
    async def of(cls, app: Quart, client: Client, desk: Desk, username: str = "ada") -> "Office":
        return cls(app, client, desk, await desk.official(username, roles=(Role.ADMINISTRATOR,), units=()))

    async def ask(
        self,
        method: str,
        path: str = "",
        body: Any = None,
        *,
        edition: str = "",
        headers: dict[str, str] | None = None,
    ) -> Said:
        sent = {**(self.who.bearer if headers is None else headers)}
        if edition:
            sent["If-Match"] = edition
        data = body if isinstance(body, str) else None if body is None else json.dumps(body)
        if data is not None:
            sent["Content-Type"] = "application/json" if data[:1] in "[{" else "text/csv"
        address = ELECTIONS if path == ELECTIONS else f"{self.desk.path}{path}"
        response = await self.client.open(address, method=method, data=data, headers=sent, scheme="https")
        raw: bytes = await response.get_data(as_text=False)  # type: ignore[assignment]
        return Said(response.status_code, json.loads(raw) if raw else None, response.headers.get("ETag", ""))

    async def get(self, path: str = "") -> Said:
        return await self.ask("GET", path)

    async def add(self, path: str, body: Any) -> Said:
        return await self.ask("POST", path, body)

    async def put(self, path: str, **changes: Any) -> Said:
        """Changes fields of what is there, with its edition."""
        found = await self.get(path)
        return await self.ask("PUT", path, sendable(found.body) | changes, edition=found.etag)

    async def remove(self, path: str) -> Said:
        return await self.ask("DELETE", path, edition=(await self.get(path)).etag)

    async def move(self, change: str, reason: str = "") -> Said:
        """With the password given just now."""
        headers = await cookie(self.app, self.desk, self.who.identity, confirmed=JUST_NOW)
        return await self.ask("POST", "/moves", {"change": change, "reason": reason}, headers=headers)


def sendable(body: dict[str, Any]) -> dict[str, Any]:
    """What was read as it may be sent back: without what no edit changes."""
    return {name: value for name, value in body.items() if name not in ("code", "status", "released")}


async def build(office: Office, definition: ElectionDefinition) -> None:
    """Builds an election through the API, one thing after the other, and leaves it a draft."""
    whole = msgspec.to_builtins(definition)
    new = {name: whole[name] for name in ("code", "name", "date", "timezone", "is_test")}
    assert (await office.add(ELECTIONS, new)).status == 201
    added = await office.add("/units", whole["units"])
    assert added.body["added"] == len(whole["units"]), added.body
    for party in whole["parties"]:
        assert (await office.add("/parties", party)).status == 201
    for contest in whole["contests"]:
        answer = await office.add("/contests", contest)
        assert answer.status == 201, answer.body


def unit(code: str, kind: str = "precinct", **more: Any) -> dict[str, Any]:
    """A reporting unit as it is sent."""
    return {"code": code, "name": code.title(), "kind": kind, **more}


_PLACES = """
    SELECT c.code AS contest, u.code AS unit, cu.units_expected, cu.voters_registered
    FROM contest_units cu JOIN contests c ON c.id = cu.contest_id
    JOIN reporting_units u ON u.id = cu.unit_id
    JOIN elections e ON e.id = cu.election_id WHERE e.code = :code
"""
_ZEROS = """
    SELECT c.code AS contest, s.code AS selection, u.code AS unit
    FROM selection_totals t JOIN selections s ON s.id = t.selection_id
    JOIN contests c ON c.id = s.contest_id JOIN contest_totals ct USING (unit_id)
    JOIN reporting_units u ON u.id = t.unit_id
    JOIN elections e ON e.id = c.election_id WHERE e.code = :code AND ct.contest_id = c.id
"""


async def places(desk: Desk) -> set[Any]:
    """Contest, unit, precincts expected there and their registered voters."""
    return {tuple(row) for row in await desk.sql(_PLACES, code=desk.election)}


async def zeros(desk: Desk) -> set[Any]:
    """Contest, selection and unit of every total that has both its rows."""
    return {tuple(row) for row in await desk.sql(_ZEROS, code=desk.election)}


async def audited(desk: Desk, action: str) -> list[Any]:
    """The entries of the audit trail with this action, the oldest first."""
    query = "SELECT username, subject, changes, reason FROM audit_entries WHERE action = :action ORDER BY id"
    return list(await desk.sql(query, action=action))


async def shown(office: Office, contest: str = "president") -> list[str]:
    """Codes of the contest's selections in the order of the ballot."""
    return [s["code"] for s in (await office.get(f"/contests/{contest}")).body["selections"]]
