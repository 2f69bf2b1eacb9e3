"""Every way in which the public can read of an election, and what would give away figures of votes there."""

import gzip
import html
import itertools
import json
import random
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from quart import Quart
from quart.typing import TestClientProtocol as Client
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from models.canvass import Decision, Verdict
from models.check_settings import CheckSetting, CheckSettings
from models.complaints import ComplaintFiling
from models.geojson import read_features
from models.rights import Actor, Role
from quart_app.access import every_rule
from quart_app.wiring import Services
from repositories.database import asyncpg_url
from tests.building import ALL, a_tally, tiny_election
from tests.desk import Desk, Official, define
from tests.integration.test_shapes import collection, squares

# ---- what is asked for ----

API, PAGES = "/api/v1/elections/<election>", "/elections/<election>"

HERE = {
    "contest": ("president", "council"),
    "unit": ("country", "north", "north-1"),
    "precinct": ("north-1",),
    "party": ("RED",),
    "selection": ("ada",),
    "candidate": ("PRE-1",),
    "number": ("1",),
    "tag": ("results",),
    "code": ("ar",),
    "name": ("stream.js",),
}
"""What stands in the place of each name of an address."""

_UNITS = ("", "?unit=north", "?unit=north-1")
_WAYS = ("", "?level=precincts", "?by=margin&level=precincts&words=1", "?by=turnout", "?unit=north")

DOORS: dict[str, tuple[str, ...]] = {
    f"{API}": ("",),
    f"{API}/ballot": ("",),
    f"{API}/candidates": ("",),
    f"{API}/candidates/<candidate>": ("",),
    f"{API}/certificates": ("",),
    f"{API}/complaints": ("",),
    f"{API}/complaints/<int:number>": ("",),
    f"{API}/contests": ("",),
    f"{API}/contests/<contest>": ("",),
    f"{API}/contests/<contest>/history": ("",),
    f"{API}/contests/<contest>/history.csv": ("",),
    f"{API}/contests/<contest>/integrity": ("",),
    f"{API}/contests/<contest>/integrity.csv": ("",),
    f"{API}/contests/<contest>/map": _WAYS[:2] + _WAYS[4:],
    f"{API}/contests/<contest>/map.csv": _WAYS[:2] + _WAYS[4:],
    f"{API}/contests/<contest>/results": _UNITS,
    f"{API}/contests/<contest>/results.csv": _UNITS,
    f"{API}/contests/<contest>/selections/<selection>": ("",),
    f"{API}/contests/<contest>/units": ("",),
    f"{API}/contests/<contest>/units.csv": ("",),
    f"{API}/log": ("", "?after=3&limit=2"),
    f"{API}/log.csv": ("",),
    f"{API}/parties": ("",),
    f"{API}/parties/<party>": ("",),
    f"{API}/progress": _UNITS,
    f"{API}/progress.csv": _UNITS,
    f"{API}/results": ("", "?x=1"),
    f"{API}/results.csv": ("",),
    f"{API}/units": ("",),
    f"{API}/units/<unit>": ("",),
    f"{API}/units/<unit>/place": ("",),
    f"{API}/units/<unit>/place.csv": ("",),
    f"{API}/units/<unit>/results": ("",),
    f"{API}/units/<unit>/results.csv": ("",),
    f"{API}/units/<unit>/tallies": ("",),
    f"{API}/units/<unit>/tallies.csv": ("",),
    "/api/v1/elections": ("",),
    f"{PAGES}": ("", "?show=close", "?show=incomplete", "?unit=north", "?unit=north-1"),
    f"{PAGES}.txt": ("",),
    f"{PAGES}/candidates": ("",),
    f"{PAGES}/complaints": ("",),
    f"{PAGES}/complaints/<int:number>": ("",),
    f"{PAGES}/contests/<contest>": ("", "?start=2"),
    f"{PAGES}/contests/<contest>.txt": ("",),
    f"{PAGES}/contests/<contest>/embed": ("",),
    f"{PAGES}/contests/<contest>/integrity": ("",),
    f"{PAGES}/contests/<contest>/map": _WAYS,
    f"{PAGES}/contests/<contest>/map.svg": _WAYS,
    f"{PAGES}/contests/<contest>/precincts": ("",),
    f"{PAGES}/contests/<contest>/preview.png": ("",),
    f"{PAGES}/contests/<contest>/race": ("",),
    f"{PAGES}/contests/<contest>/race.svg": ("",),
    f"{PAGES}/contests/<contest>/share": ("",),
    f"{PAGES}/file": ("",),
    f"{PAGES}/log": ("",),
    f"{PAGES}/observers": _UNITS,
    f"{PAGES}/preview.png": ("",),
    f"{PAGES}/tally": ("",),
    f"{PAGES}/tally/<precinct>": ("",),
    f"{PAGES}/tally/<precinct>/<contest>": ("",),
    f"{PAGES}/tally/manifest.webmanifest": ("",),
    f"{PAGES}/tally/shell.html": ("",),
    f"{PAGES}/tally/worker.js": ("",),
    f"{PAGES}/units": ("",),
    f"{PAGES}/units/<unit>": ("",),
    "/": ("",),
    "/docs": ("",),
    "/docs/<tag>": ("",),
    "/docs/design": ("",),
    "/embed.js": ("",),
    "/embed/<code>.json": ("",),
    "/health/live": ("",),
    "/health/ready": ("",),
    "/language/<code>": ("",),
    "/login": ("",),
    "/openapi.json": ("",),
    "/reset": ("",),
    "/robots.txt": ("",),
    "/static/<fingerprint>/<code>/<name>": ("",),
    "/static/<fingerprint>/<name>": ("",),
}
"""Every address that the public may read, with the queries that it is tried with."""

STREAMS = {f"{API}/results/stream", f"{API}/log/stream"}
"""Streams for the public; each has a test of its own here."""

SOCKETS = {f"{API}/results/ws", f"{API}/tallies/ws"}
"""WebSockets, which tell by their frames who may say what; likewise."""


def rules(app: Quart, *, public: bool) -> set[str]:
    """Addresses that can be read: those of everybody, or those of members only. No WebSockets."""
    return {
        rule.rule
        for rule, access in every_rule(app)
        if "GET" in (rule.methods or ()) and not rule.websocket and access.public == public
    }


def addresses(rule: str, election: str, app: Quart | None = None) -> Iterator[str]:
    """The rule with everything that stands in the places of its names; `app` knows where its files are."""
    names = re.findall(r"<(?:\w+:)?(\w+)>", rule)
    fingerprint = app.extensions["tallystream.assets"].fingerprint if app else "0"
    here = {**HERE, "election": (election,), "fingerprint": (fingerprint,)}
    for chosen in itertools.product(*(here.get(name, ("1",)) for name in names)):
        given = dict(zip(names, chosen, strict=True))
        yield re.sub(r"<(?:\w+:)?(\w+)>", lambda found, given=given: given[found[1]], rule)  # type: ignore[misc]


def doors_of(election: str) -> list[str]:
    """Every address of the election's doors."""
    return [
        f"{address}{query}"
        for rule, queries in DOORS.items()
        if "<election>" in rule
        for address in addresses(rule, election)
        for query in queries
    ]


def other_doors(app: Quart) -> list[str]:
    """Addresses that are of no election."""
    others = (rule for rule in DOORS if "<election>" not in rule)
    return [address for rule in others for address in addresses(rule, "", app)]


# ---- an election that is withheld ----

VOTERS = 2_000_000_000

LONG_PAST = "2026-11-03 20:00:00+00"

_STILL = (
    "UPDATE log_entries SET at = :at",
    "UPDATE tallies SET submitted_at = :at",
    "UPDATE tally_decisions SET at = :at",
    "UPDATE contest_totals SET updated_at = :at",
    "UPDATE elections SET changed_at = :at",
    "UPDATE certificates SET at = :at",
    "UPDATE complaints SET filed_at = :at, changed_at = :at",
)


async def counted(house: Services, code: str, figures: int, *, certified: bool = False) -> Desk:
    """An election with a night behind it, withheld; its figures are drawn from the seed `figures`.

    Whatever is drawn, the same tallies come in the same order and the same becomes of them. Its times are
    those of one moment, so that two of them differ in nothing but their figures.
    """
    draw = random.Random(figures)
    checks = CheckSettings(duplicate_vector=CheckSetting(on=False), same_ballots=CheckSetting(on=False))
    registered = dict.fromkeys(ALL, VOTERS)
    desk = await define(house, tiny_election(code, registered=registered, checks=checks), released=False)
    await house.shapes.replace(code, read_features(collection(squares())))
    olga = await desk.official(f"olga-{code}")
    for contest in ("president", "council"):
        await desk.receipts(a_tally("north-1", contest, **some(draw, contest)), by=olga)
        again = some(draw, contest)
        correction = {"revision": 2, "reason": f"it is {again['ballots_cast']} ballots"}
        await desk.receipts(a_tally("north-1", contest, **again, **correction), by=olga)
        await desk.receipts(a_tally("south-1", contest, **some(draw, contest)), by=olga)
        held = some(draw, contest)
        held["undervotes"] += 1 + figures
        (receipt,) = await desk.receipts(a_tally("north-2", contest, **held), by=olga)
        assert receipt.status == "quarantined"
    await _decided(desk, receipt.seq, held["ballots_cast"])
    if certified:
        await _certified(desk)
    await _complained(house, code)
    await _stand_still(desk)
    return desk


def some(draw: random.Random, contest: str) -> dict[str, Any]:
    """Figures of nine digits that balance, which occur nowhere by chance."""

    def number() -> int:
        return draw.randrange(110_000_000, 200_000_000)

    codes, allowed = {"president": (("ada", "ben", "cy"), 1), "council": (("dora", "emil", "fay"), 2)}[
        contest
    ]
    votes = {code: number() for code in codes}
    write_ins, overvotes, undervotes = number(), number(), number()
    given = sum(votes.values()) + write_ins + overvotes * allowed
    undervotes += (given + undervotes) % allowed
    return {
        "votes": votes,
        "ballots_cast": (given + undervotes) // allowed,
        "overvotes": overvotes,
        "undervotes": undervotes,
        "write_ins": write_ins,
        "rejected_ballots": number(),
    }


async def _decided(desk: Desk, seq: int, ballots: int) -> None:
    """Of two quarantined tallies the second is accepted, and somebody wants to have it out again."""
    rosa = await desk.official(f"rosa-{desk.election}", roles=[Role.REVIEWER], units=())
    for decision in (Decision.ACCEPT, Decision.ASK_RECALL):
        verdict = Verdict(decision=decision, reason=f"the paper says {ballots}")
        await desk.house.canvass.decide(
            desk.election, seq, verdict, Actor(rosa.identity.member_id, "rosa", "", "api")
        )


async def _certified(desk: Desk) -> None:
    """After a recount, although something waits; and a correction has begun."""
    ada, bob = [await _actor(desk, f"{name}-{desk.election}") for name in ("ada", "bob")]
    house, code = desk.house, desk.election
    await house.recounts.begin(code, "president", "it is so close", ada)
    await house.recounts.end(code, "president", "it is as it was", ada)
    await house.elections.move(code, "close")
    await house.certification.certify_together(code, ada, bob, "what waits changes nothing")
    await house.elections.move(code, "correct", "a sheet was found")


async def _actor(desk: Desk, username: str) -> Actor:
    official = await desk.official(username, roles=[Role.ADMINISTRATOR], units=())
    return Actor(official.identity.member_id, username, "", "api")


async def _complained(house: Services, code: str) -> None:
    filing = ComplaintFiling(category="counting", role="voter", text="It took so long.", unit="north-1")
    await house.complaint_filings.file(code, filing, [])


async def _stand_still(desk: Desk) -> None:
    engine = create_async_engine(asyncpg_url(desk.database_url), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in _STILL:
            await connection.execute(text(statement.replace(":at", f"'{LONG_PAST}'")))
    await engine.dispose()


# ---- what comes back ----


class Answer(msgspec.Struct, frozen=True):
    """`body` is as it was before it was compressed."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def tag(self) -> str:
        return self.headers.get("etag", "")

    @property
    def version(self) -> str:
        """Its tag, unless that is a hash of nothing but the answer itself."""
        return "" if _EDITION.match(self.tag) else self.tag

    @property
    def cache(self) -> str:
        return self.headers.get("cache-control", "")

    @property
    def is_picture(self) -> bool:
        return self.body.startswith(b"\x89PNG")


async def read(client: Client, address: str, method: str = "GET", **headers: str) -> Answer:
    kind = {} if address.startswith("/api/") else {"Accept": "text/html,*/*;q=0.8"}
    sent = {**kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    answer = await client.open(address, method=method, headers=sent, scheme="https")
    body: bytes = await answer.get_data(as_text=False)  # type: ignore[assignment]
    found = {name.lower(): value for name, value in answer.headers.items()}
    if found.get("content-encoding") == "gzip" and body:
        body = gzip.decompress(body)
    return Answer(answer.status_code, body, found)


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
_HASH = re.compile(r"\b[0-9a-f]{64}\b")
# Of what an answer says itself, and of its election's name with it.
_EDITION = re.compile(r'^(W/)?"[0-9a-f]{16}"$')
_NONCE = re.compile(r"""(nonce="|'nonce-|"nonce":"|name="csrf_token" value=")[\w.-]+""")


def plain(body: bytes, election: str = "") -> str:
    """A body without what is drawn by lot and without times; `election` is its code."""
    found = body.decode(errors="replace")
    for what, instead in ((_MOMENT, "MOMENT"), (_HASH, "HASH"), (_NONCE, r"\1NONCE")):
        found = what.sub(instead, found)
    return found.replace(election, "ELECTION") if election else found


class Secrets(msgspec.Struct, frozen=True):
    """Figures that nobody may see: whole numbers, and parts of a whole."""

    numbers: frozenset[int]
    parts: frozenset[float]

    def leaks(self, body: bytes | str) -> list[str]:
        """Those that stand in an answer, in the digits and with the separators of any language."""
        told = plain(body) if isinstance(body, bytes) else body
        western = html.unescape(told).translate(_WESTERN)
        joined = re.sub(r"(?<=\d)[^\w<>\"]{1,2}(?=\d)", "", western)
        runs = " ".join(set(re.findall(r"\d{8,}", joined)))
        # A comma, or its Arabic sister, stands where English has a point.
        pointed = western.replace(",", ".").replace("\u066b", ".")
        ratios = {float(found) for found in _RATIO.findall(pointed)}
        per_cents = {round(float(found) / 100, 3) for found in _PER_CENT.findall(pointed)}
        numbers = [str(number) for number in self.numbers if str(number) in runs]
        return numbers + [str(part) for part in self.parts & (ratios | per_cents)]


_WESTERN = {zero + digit: str(digit) for zero in (0x660, 0x6F0) for digit in range(10)}
_RATIO = re.compile(r"(?<![\d.])0\.\d{1,4}(?!\d)")
_PER_CENT = re.compile(r"(?<![\d.])(\d{1,2}\.\d)\s*[%\u066a]")


async def secrets(client: Client, desk: Desk, staff: Official) -> Secrets:
    """Whatever staff are told of figures, by every door that speaks JSON."""
    here = [address for address in doors_of(desk.election) if address.startswith(desk.path)]
    return secrets_in([(await read(client, address, **staff.bearer)).body for address in here])


def secrets_in(bodies: list[bytes]) -> Secrets:
    """The figures of those that are JSON, without numbers of voters; parts that are no round numbers."""
    numbers: set[int] = set()
    parts: set[float] = set()
    for body in bodies:
        for value in _leaves(json.loads(body)) if body.startswith(b"{") else ():
            if isinstance(value, int) and value > 10_000_000 and value % VOTERS:
                numbers.add(value)
            elif isinstance(value, float) and 0.001 < value < 1 and round(value * 1000) % 10:
                parts.add(value)
    return Secrets(frozenset(numbers), frozenset(parts))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    else:
        yield value
